"""Hostile words from elsewhere, in every place where they can stand: shown literally, and nothing happens."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from drill_app import Drawn, opened
from drill_tools import UnsyncedFiles, finished_session

from hpo_core.interop.import_table import import_table
from hpo_core.journal.events import AttemptEnded, AttemptStarted, DataPrepared, Noted
from hpo_core.journal.lock import SessionLock
from hpo_core.journal.reader import JournalReader
from hpo_core.journal.writer import JournalWriter
from hpo_core.plan.grid import JobKey
from hpo_core.plan.spec import SessionSpec
from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder
from hpo_core.session.store import create
from hpo_tui.cli import cli
from hpo_tui.commands.headless import summary
from hpo_tui.desk.view_file import load_view
from hpo_tui.views import VIEWS

HOSTILE = {
    "markup": "[/]",
    "link": "[@click=app.exit]x[/]",
    "escape": "\x1b[2J",
    "title": "\x1b]0;owned\x07",
    "bidi": "a\u202eb\u200b",
    "long": "w" * 300,
}
WORDS = list(HOSTILE.values())


@pytest.fixture
def sessions(tmp_path: Path) -> Path:
    folder = tmp_path / "sessions"
    folder.mkdir()
    return folder


def assert_harmless(text: str) -> None:
    """Nothing stands there that a terminal would act on."""
    bad = {char for char in text if char != "\n" and unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co")}
    assert not bad, bad


async def look_everywhere(see: Drawn) -> str:
    """Go through all views of a session; return all that was drawn."""
    await see.shows("val_accuracy")
    seen = []
    for _ in VIEWS:
        assert_harmless(see.text)
        assert "could not be drawn" not in see.text
        seen.append(see.text)
        await see.press("right_square_bracket")
    await see.press("down", "t")  # and what is in view, in words
    assert_harmless(see.text)
    seen.append(see.text)
    await see.press("escape")
    assert see.app.is_running
    return "\n".join(seen)


def printed(*arguments: str) -> str:
    result = raw(*arguments)
    assert result.exit_code == 0, result.output
    return result.output


def raw(*arguments: str) -> Result:
    """Run a verb as on a terminal, where nothing is stripped from what it prints; check that it is harmless."""
    result = CliRunner().invoke(cli, arguments, prog_name="hpo-tui", color=True)
    assert_harmless(result.output)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def table(sessions: Path) -> SessionFolder:
    """A session imported from a table whose header and cells are hostile."""
    path = sessions.parent / "table.csv"
    cells = [word.replace("\x00", "") for word in WORDS]
    rows = [f'"{cell}",{number},0.{number + 1}' for number, cell in enumerate(cells)]
    path.write_text(
        "\n".join(['"[@click=app.exit]n[/]\x1b[2J",filters,val_accuracy', *rows, ""]), encoding="utf-8"
    )
    return import_table(path, sessions, "table").folder


@pytest.mark.fault(37)
async def test_cells_of_a_table_are_shown_literally_in_every_view(sessions: Path) -> None:
    folder = table(sessions)
    async with opened(sessions, folder) as see:
        drawn = await look_everywhere(see)
        assert "[@click=app.exit]" in drawn
        assert "␛[2J" in drawn
        assert "<U+202E>" in drawn
    for page in (printed("show", str(folder.path)), printed("list", "--sessions", str(sessions))):
        assert_harmless(page)
    assert "[@click=app.exit]n" in printed("show", str(folder.path))
    as_json = printed("show", str(folder.path), "--json")
    assert as_json.isascii(), "for programs: values as they are, all but ASCII escaped"
    assert [trial["values"]["[@click=app.exit]n[/]\x1b[2J"] for trial in json.loads(as_json)["trials"]] == WORDS
    printed("plot", str(folder.path), "ranking")


@pytest.mark.fault(37)
async def test_the_form_of_the_next_grid_shows_hostile_values_literally(sessions: Path) -> None:
    folder = table(sessions)
    async with opened(sessions, folder) as see:
        await see.shows("val_accuracy")
        before = see.app.screen
        await see.press("r")
        await see.until(lambda: see.app.screen is not before, "the form")
        await see.shows("filters")
        assert_harmless(see.text)
        assert see.app.is_running


@pytest.mark.fault(37)
@pytest.mark.parametrize(
    "words", [WORDS[:-1], pytest.param(WORDS[-1:], marks=pytest.mark.long)], ids=["hostile", "long"]
)
async def test_class_names_notes_and_reasons_are_shown_literally(sessions: Path, words: list[str]) -> None:
    folder = finished_session(sessions, "words")
    reader = JournalReader(folder.path)
    last = reader.poll()[-1].seq
    writer = JournalWriter(folder.path, 2, last, UnsyncedFiles())
    writer.append(
        DataPrepared(fingerprint="f", train=1, validation=1, classes=(*words, "b"), image_size=(9, 9), seconds=0.0)
    )
    for attempt, word in enumerate(words, 2):
        ids = {"trial": 1, "replicate": 1, "attempt": attempt}
        writer.append(Noted(level="warning", text=f"note {word}"))
        writer.append(AttemptStarted(**ids, seed=1, worker=1))
        writer.append(AttemptEnded(**ids, status="failed", reason=f"reason {word}", kind="error"))
    writer.close()
    log = folder.log_of(JobKey(1, 1), len(words) + 1)
    log.write_text("".join(f"the log says {word}\n" for word in words), encoding="utf-8")
    async with opened(sessions, folder) as see:
        drawn = await look_everywhere(see)
        assert "note " in drawn
        await see.press("tab", "tab", "L")
        await see.shows("Log")
        assert_harmless(see.text)
        await see.press("escape")
        assert see.app.is_running
    page = printed("show", str(folder.path))
    assert "warning: note " in page


@pytest.mark.fault(37)
async def test_folders_with_hostile_names_are_listed_literally_and_cannot_be_named(sessions: Path) -> None:
    spec = SessionSpec.parse('[data]\nsource = "fruit"\n[grid]\nfilters = [12, 24]\n')
    names = [word.replace("/", "|") for word in WORDS[:-1]]
    for name in names:
        create(sessions, "plain", spec).path.rename(sessions / name)
    listed = printed("list", "--sessions", str(sessions))
    assert len(listed.splitlines()) > len(names)
    async with opened(sessions) as see:
        await see.shows("not started")
        for _ in names:
            assert_harmless(see.text)
            await see.press("down", "enter")
        assert_harmless(see.text)
        assert see.app.is_running
    for name in names:
        assert raw("show", name, "--sessions", str(sessions)).exit_code == 2


HOSTILE_PATH = "\x1b]0;owned\x07\x1b[41m\x9b2J\u202e\u200b"
VERBS: list[list[str]] = [
    ["show"],
    ["show", "--json"],
    ["effects"],
    ["effects", "--json"],
    ["plot", "ranking"],
    ["plot", "curves"],
    ["export"],
    ["pause"],
    ["stop"],
    ["resume"],
    ["repair"],
    ["repair", "--recovered"],
    ["refine", "--name", "next", "--dry-run"],
]


@pytest.mark.fault(37)
@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_a_session_in_a_folder_with_a_hostile_name_is_named_literally_by_every_verb(
    sessions: Path, verb: list[str]
) -> None:
    place = finished_session(sessions, "plain").path.rename(sessions / HOSTILE_PATH)
    said = raw(verb[0], str(place), *verb[1:]).output
    if verb[0] in ("show", "pause", "stop", "resume", "export"):
        assert "owned" in said
    listed = json.loads(printed("list", "--json", "--sessions", str(sessions)))
    assert listed["sessions"][0]["path"] == str(place)


@pytest.mark.fault(37)
def test_the_orders_to_an_engine_and_its_progress_name_the_session_literally(sessions: Path) -> None:
    folder = finished_session(sessions, "plain")
    folder = SessionFolder(folder.path.rename(sessions / HOSTILE_PATH))
    with SessionLock(folder.lock):
        for verb in (["pause"], ["resume"], ["stop", "--after-running"]):
            assert "owned" in raw(verb[0], str(folder.path), *verb[1:]).output
    assert_harmless(summary(read_session(folder), folder))
    svg = sessions.parent / "o.svg"
    printed("plot", str(folder.path), "ranking", "--svg", str(svg))
    assert_harmless(svg.read_text(encoding="utf-8"))


@pytest.mark.fault(37)
async def test_a_foreign_view_brings_no_text_that_nobody_types(sessions: Path) -> None:
    folder = finished_session(sessions, "plain")
    for where in WORDS[2:5]:
        folder.view.write_text(json.dumps({"where": where, "metric": where, "view": "ranking"}))
        state = load_view(folder.view, folder.load_spec().grid)
        assert (state.where, state.metric, state.view) == ("", None, "ranking")
    folder.view.write_text(json.dumps({"where": "filters > 12", "metric": "no_such_metric"}))
    async with opened(sessions, folder) as see:
        await see.shows("2 of 4")
        await see.shows("/ filters > 12")
        await see.shows("↑ val_accuracy")


@pytest.mark.fault(37)
def test_a_hostile_file_name_in_the_images_is_named_literally(sessions: Path) -> None:
    images = sessions.parent / "images"
    for part in ("Training", "Test"):
        for name in ("apple", "pear\x1b[2J"):
            (images / part / name).mkdir(parents=True)
            (images / part / name / "[@click=app.exit]\u202e.png").write_bytes(b"no image")
    spec = sessions.parent / "spec.toml"
    spec.write_text(
        f'[data]\nsource = "folder"\npath = "{images}"\nimage_size = [8, 8]\n[grid]\nfilters = [2, 4]\n'
    )
    result = CliRunner().invoke(
        cli, ["run", str(spec), "--headless", "--workload", "synthetic", "--sessions", str(sessions)]
    )
    assert result.exit_code == 2
    assert "[@click=app.exit]<U+202E>.png" in result.stderr
    assert_harmless(result.stderr)
    assert list(sessions.iterdir()) == []
