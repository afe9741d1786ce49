"""Home, used by keyboard and mouse: what a first-time user sees, and what a person with sessions can do."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from taken_orders import take_orders

from hpo_core.journal.events import (
    AttemptEnded,
    AttemptStarted,
    EngineOptions,
    EngineStarted,
    EngineStopped,
    QueuePaused,
    ResumeQueue,
)
from hpo_core.journal.lock import SessionLock
from hpo_core.journal.writer import JournalWriter
from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder
from hpo_core.session.status import LiveStatus, Machine, write_status
from hpo_tui.desk.family import Branch
from hpo_tui.desk.sessions import CardReader, Live
from hpo_tui.panes.home_lines import Columns, line_row
from hpo_tui.screens.home_keys import HOME_KEYS
from hpo_tui.widgets.cell_pane import CellPane

SIZES = [(80, 24), pytest.param((120, 40), marks=pytest.mark.long), (200, 60)]
SYNTHETIC = (
    EngineStarted(
        host="box", boot_id="b", pid=1, version="0.1.0", workers=2, options=EngineOptions(workload="synthetic")
    ),
    EngineStopped(reason="stopped"),
)


@pytest.fixture(autouse=True)
def fast(monkeypatch) -> None:
    monkeypatch.setenv("HPO_SYNTHETIC_SECONDS_PER_EPOCH", "0.01")


def screen(see) -> str:
    return type(see.app.screen).__name__


def chosen(see) -> str:
    return next(line for line in see.text("sessions").splitlines() if line.startswith(" > "))


def notes(see) -> str:
    return "\n".join(str(note.message) for note in see.app._notifications)


@pytest.mark.parametrize("size", SIZES)
async def test_a_first_time_user_is_offered_the_demo_first(open_app, size) -> None:
    async with open_app(size=size) as see:
        await see.shows("sessions", "No sessions here yet. Enter starts the demo")
        assert "Demo" in chosen(see)
        assert "no data and no network" in " ".join(see.text("detail").split())
        await see.press("down")
        assert "New grid" in chosen(see)


async def test_enter_on_the_demo_trains_it_and_shows_it(open_app, sessions: Path) -> None:
    async with open_app(options=EngineOptions(workload="synthetic")) as see:
        await see.shows("sessions", "Demo")
        await see.press("enter")
        await see.shows("header", "of 120")
        await see.until(lambda: read_session(SessionFolder(sessions / "demo")).engine is not None)


@pytest.mark.parametrize("size", SIZES)
async def test_each_session_has_its_progress_best_score_age_and_size(make_session, open_app, size) -> None:
    make_session("whole")
    make_session("part", done=4)
    async with open_app(size=size) as see:
        await see.shows("sessions", "24 of 24")
        row = next(line for line in see.text("sessions").splitlines() if "whole" in line)
        for fact in ("finished", "↑", "0.9450", "just now", "kB"):
            assert fact in row
        await see.press("home")
        assert "12 trials × 2" in see.text("detail")


@pytest.mark.parametrize("size", SIZES)
async def test_a_training_session_has_a_bar_that_moves(make_session, open_app, size) -> None:
    folder = make_session("live", done=4)
    with SessionLock(folder.lock):
        write_status(folder.status, LiveStatus(1, 1, 0.0, 2, 2, (), eta=58.0))
        async with open_app(size=size) as see:
            await see.shows("sessions", "━")
            before = chosen(see)
            assert "training" in before
            assert "0:58 left" in see.text("detail")
            writer = JournalWriter(folder.path, 2, 1000)
            for event in _more(folder):
                writer.append(event)
            writer.close()
            await see.until(lambda: chosen(see).count("━") > before.count("━"))


def _more(folder: SessionFolder) -> list:
    events: list = []
    for trial in range(5, 13):
        ids = {"trial": trial, "replicate": 1, "attempt": 1}
        events += [AttemptStarted(**ids, seed=7, worker=1), AttemptEnded(**ids, status="failed", seconds=1)]
    return events


async def test_resume_trains_what_waits_with_what_trained_before(make_session, open_app) -> None:
    folder = make_session("half", done=22, extra=SYNTHETIC)
    async with open_app() as see:
        await see.shows("sessions", "22 of 24")
        assert "R goes on with 2" in see.text("detail")
        await see.press("R")
        await see.shows("sessions", "24 of 24")
        await see.until(lambda: not folder.engine_runs())
        await see.shows("sessions", "finished")


async def test_resume_says_why_not(make_session, open_app) -> None:
    make_session("whole")
    async with open_app() as see:
        await see.shows("sessions", "whole")
        await see.press("R")
        await see.until(lambda: "Nothing waits in whole" in notes(see))


async def test_resume_goes_on_with_a_paused_queue(make_session, open_app) -> None:
    folder = make_session("held", done=4, extra=(QueuePaused(reason="by you"),))
    with SessionLock(folder.lock):
        async with open_app() as see:
            await see.shows("sessions", "paused")
            await see.press("R")
            await see.until(lambda: any(folder.control.iterdir()))
            assert take_orders(folder.control) == ([ResumeQueue()], [])


async def test_copy_opens_the_form_filled_from_the_session(make_session, open_app) -> None:
    make_session("first")
    async with open_app() as see:
        await see.shows("sessions", "first")
        await see.press("c")
        await see.until(lambda: screen(see) == "NewGridScreen")
        texts = see.app.screen.texts
        assert texts["learning_rate"] == "0.0001, 0.001, 0.01"
        assert texts["epochs"] == "3"
        assert texts["name"] == "first-2"
        await see.press("escape")
        await see.until(lambda: screen(see) == "HomeScreen")


async def test_read_only_only_looks(make_session, open_app, sessions: Path) -> None:
    make_session("half", done=4)
    async with open_app(read_only=True) as see:
        await see.shows("sessions", "read-only")
        for key in ("R", "c", "d", "n", "D", "N", "r", "E"):
            await see.press(key)
        assert screen(see) == "HomeScreen"
        assert "opened read-only" in notes(see)
        assert [path.name for path in sessions.iterdir()] == ["half"]
        await see.press("enter")
        await see.shows("header", "half")


async def test_the_help_and_the_footer_come_from_the_table(make_session, open_app) -> None:
    make_session("first")
    async with open_app() as see:
        await see.shows("footer", "new grid")
        for word in ("open", "resume", "copy as new", "delete", "demo", "quit"):
            assert word in see.text("footer")
        await see.press("question_mark")
        await see.until(lambda: screen(see) == "HelpScreen")
        shown = str(see.app.screen.query_one("Static").content)
        assert all(key.help in shown for key in HOME_KEYS if key.keys not in ("down,j",))


async def test_a_click_chooses_and_a_second_click_opens(make_session, open_app) -> None:
    make_session("one")
    make_session("two")
    async with open_app() as see:
        await see.shows("sessions", "one")
        pane = see.app.screen.query_one("#sessions", CellPane)
        other = next(y for y, row in enumerate(pane.rows) if "one" in "".join(text for text, _ in row))
        await see.pilot.click("#sessions", offset=(10, other + 1))
        await see.pilot.pause()
        assert "one" in chosen(see)
        await see.pilot.click("#sessions", offset=(10, other + 1))
        await see.shows("header", "one")


async def test_more_sessions_than_lines_scroll_with_the_cursor(make_session, open_app) -> None:
    for number in range(30):
        make_session(f"s{number:02}", done=0)
    async with open_app(size=(80, 24)) as see:
        await see.shows("sessions", "30 sessions")
        await see.press("end")
        assert "Demo" in chosen(see)
        await see.press("home")
        assert "s29" in chosen(see)


async def test_a_session_that_cannot_be_read_says_why_and_goes_to_the_trash(open_app, sessions: Path) -> None:
    (sessions / "broken").mkdir()
    (sessions / "broken" / "spec.toml").write_text("[data]\nsource = '[bold red]x'\n")
    async with open_app() as see:
        await see.shows("sessions", "cannot be opened")
        assert "source must be one of" in " ".join(see.text("detail").split())
        assert "[bold red]x" in see.text("detail")
        await see.press("c")
        await see.press("d", "down", "enter")
        await see.until(lambda: "broken" not in see.text("sessions"))
        assert not (sessions / "broken").exists()
        assert (sessions / ".trash" / "broken" / "spec.toml").is_file()


def test_a_journal_that_grows_is_read_on_and_a_session_made_anew_from_its_start(
    make_session, sessions: Path
) -> None:
    folder = make_session("first", done=4)
    reader = CardReader(sessions)
    assert reader.cards()[0].ended == 4
    writer = JournalWriter(folder.path, 2, 1000)
    for event in _more(folder):
        writer.append(event)
    writer.close()
    assert reader.cards()[0].ended == 12
    shutil.rmtree(folder.path)
    assert reader.cards() == []
    make_session("first", done=2)
    assert reader.cards()[0].ended == 2


async def test_a_slash_filters_the_list_as_one_types_and_escape_shows_all(make_session, open_app) -> None:
    make_session("fruits")
    make_session("grid", done=4)
    async with open_app(size=(80, 24)) as see:
        await see.shows("sessions", "2 sessions")
        await see.press("slash", *"learning fru")
        await see.shows("sessions", "1 of 2 sessions")
        assert "fruits" in chosen(see)
        await see.press("enter")
        assert "/ learning fru" in see.text("sessions")
        await see.press("slash", "x")
        await see.shows("detail", "No session has these words")
        await see.press("escape")
        await see.shows("sessions", "2 sessions")
        assert screen(see) == "HomeScreen"


async def test_a_session_is_noted_and_renamed_by_keys(make_session, open_app, sessions: Path) -> None:
    make_session("grid")
    async with open_app(size=(80, 24)) as see:
        await see.shows("sessions", "24 of 24")
        await see.press("home", "N", *"why", "enter")
        await see.shows("detail", "note: why")
        await see.press("r", "minus", "2", "enter")
        await see.shows("sessions", "grid-2 ")
        assert (sessions / "grid-2" / "note.txt").read_text() == "why\n"
        await see.press("r", "slash", "enter")
        await see.until(lambda: "'grid-2/' cannot name a session" in notes(see))


async def test_the_trash_is_emptied_after_saying_how_much_is_in_it(make_session, open_app, sessions: Path) -> None:
    make_session("one")
    make_session("two")
    async with open_app() as see:
        await see.shows("sessions", "2 sessions")
        await see.press("E")
        await see.until(lambda: "The trash is empty" in notes(see))
        await see.press("home", "d", "down", "enter")
        await see.shows("sessions", "1 session ")
        await see.press("E")
        await see.until(lambda: screen(see) == "Choice")
        said = str(see.app.screen.query_one(".words").content)
        assert "Delete 1 session (" in said
        assert "kB) in" in said
        await see.press("enter")
        assert len(list((sessions / ".trash").iterdir())) == 1, "keeping is the default"
        await see.press("E")
        await see.until(lambda: screen(see) == "Choice")
        await see.press("down", "enter")
        await see.until(lambda: "1 session deleted for good." in notes(see))
        assert not list((sessions / ".trash").iterdir())


def test_of_a_live_session_whose_engine_works_where_is_read(make_session, sessions: Path) -> None:
    folder = make_session("live", done=4)
    with SessionLock(folder.lock):
        write_status(folder.status, LiveStatus(1, 1, 0.0, 3, 2, machine=Machine(gpu_name="NVIDIA H100")))
        [card] = CardReader(sessions).cards()
    assert card.live == Live("box", 1, 3, "cpu", "NVIDIA H100")
    assert card.owner
    assert not card.foreign
    line = line_row(Branch(card), True, False, Columns.fitting([Branch(card)], 118), 118)
    assert f"{card.owner}@box, cpu" in "".join(text for text, _ in line)


async def test_back_from_a_session_the_cursor_is_at_it(make_session, open_app) -> None:
    make_session("first")
    make_session("second")
    async with open_app(size=(80, 24)) as see:
        await see.shows("sessions", "2 sessions")
        await see.press("down")
        name = chosen(see).split()[1]
        await see.press("enter")
        await see.shows("header", name)
        await see.press("h")
        await see.shows("sessions", "2 sessions")
        assert chosen(see).split()[1] == name
