"""Refine, used by keyboard: the proposal edited, counted, launched; what was trained is never trained again."""

from __future__ import annotations

import shutil
import time
import tomllib
from pathlib import Path

import pytest
import tomli_w
from places import PAPER

from hpo_core.engine.launch import start_engine
from hpo_core.journal.events import EngineOptions
from hpo_core.plan.spec import SessionSpec
from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder
from hpo_core.session.store import create

SPEC = """
[data]
source = "fruit"
image_size = [16, 16]
classes = 3
train_per_class = 4
validation_per_class = 2

[grid]
learning_rate = [1e-4, 1e-3, 1e-2]
filters = [12, 24]

[fixed]
epochs = 2
batch_size = 4

[session]
replicates = 2
"""
SIZES = [(80, 24), *(pytest.param(size, marks=pytest.mark.long) for size in ((120, 40), (200, 60)))]


@pytest.fixture(autouse=True)
def fast(monkeypatch) -> None:
    monkeypatch.setenv("HPO_SYNTHETIC_SECONDS_PER_EPOCH", "0.01")


@pytest.fixture(scope="module")
def trained_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the first test that needs the session below leaves a copy of it for the others."""
    return tmp_path_factory.mktemp("trained") / "coarse"


@pytest.fixture
def trained(sessions: Path, trained_once: Path) -> SessionFolder:
    """A session of 6 trials × 2 that a real engine has worked off; its best learning rate is 0.001."""
    if trained_once.exists():
        return SessionFolder(shutil.copytree(trained_once, sessions / "coarse"))
    folder = create(sessions, "coarse", SessionSpec.parse(SPEC))
    start_engine(folder, EngineOptions(workload="synthetic", workers=2))
    until = time.monotonic() + 60
    while folder.engine_runs():
        assert time.monotonic() < until
        time.sleep(0.02)
    shutil.copytree(folder.path, trained_once)
    return folder


@pytest.fixture
def imported(sessions: Path) -> SessionFolder:
    shutil.copytree(PAPER, sessions / "paper")
    return SessionFolder(sessions / "paper")


def screen(see) -> str:
    return type(see.app.screen).__name__


def notes(see) -> str:
    return "\n".join(str(note.message) for note in see.app._notifications)


async def begin(see) -> None:
    await see.press("r")
    await see.until(lambda: screen(see) == "RefineScreen")
    await see.shows("summary", "trial")


def text_of(see, key: str) -> str:
    return see.app.screen.row(key).text


def new_of(see, key: str) -> list[tuple[str, bool]]:
    return list(see.app.screen.row(key).toggles.entries)


async def fill(see, key: str, text: str) -> None:
    see.app.screen.row(key).field.focus()
    await see.pilot.pause()
    await see.press("end", "ctrl+u", *text)


@pytest.mark.parametrize("size", SIZES)
async def test_the_proposal_drops_what_loses_and_marks_finer_values_as_new(trained, open_app, size) -> None:
    async with open_app(trained, size) as see:
        await see.shows("header", "finished 12 of 12")
        await see.press("3")  # learning rate 0.01 out of view
        await see.shows("values", "4 of 6")
        await begin(see)
        assert text_of(see, "learning_rate") == "0.000316, 0.001, 0.00316"
        assert new_of(see, "learning_rate") == [("0.000316", True), ("0.00316", True)]
        assert text_of(see, "epochs") == "2"
        assert text_of(see, "replicates") == "2"
        assert text_of(see, "name") == "coarse-finer"
        assert "1 re-used" in see.text("summary")
        assert "expected time: about 0:0" in see.text("summary")
        assert "fixed as before: batch_size 4" in see.text("summary")
        for name in ("deed-launch", "deed-keep"):
            assert see.app.screen.query_one(f"#{name}").region.height == 1


async def test_new_values_are_taken_and_left_by_space_and_the_counts_follow(trained, open_app) -> None:
    async with open_app(trained) as see:
        await see.shows("header", "finished")
        await begin(see)
        await fill(see, "filters", "12,24")
        await see.shows("summary", "6 trials: 4 new, 2 re-used; 8 trainings to run")
        see.app.screen.row("learning_rate").field.focus()
        await see.press("tab", "space")
        await see.shows("summary", "4 trials: 2 new, 2 re-used; 4 trainings to run")
        assert text_of(see, "learning_rate") == "0.001, 0.00316"
        assert new_of(see, "learning_rate") == [("0.000316", False), ("0.00316", True)]
        await see.press("right", "space")
        await see.shows("summary", "nothing to train: every result is there already")
        await see.press("left", "space")
        await see.shows("summary", "4 trials: 2 new")
        see.app.screen.row("learning_rate").field.focus()
        await see.press("ctrl+t")  # all that is proposed in, and out again
        await see.shows("summary", "6 trials")
        await see.press("ctrl+t")
        await see.shows("summary", "2 trials")
        await fill(see, "learning_rate", "0.002")
        assert new_of(see, "learning_rate") == [("0.000316", False), ("0.00316", False), ("0.002", True)]
        await fill(see, "epochs", "3")
        await see.shows("summary", "0 re-used")


async def test_launch_re_uses_every_result_and_trains_only_the_rest(trained, open_app, sessions: Path) -> None:
    async with open_app(trained) as see:
        await see.shows("header", "finished")
        await begin(see)
        await fill(see, "filters", "24")
        await fill(see, "name", "fine")
        await see.shows("summary", "3 trials: 2 new, 1 re-used; 4 trainings to run")
        await see.press(*["down"] * 2)
        assert see.app.screen.focused.id == "deed-launch"
        await see.press("enter")
        await see.shows("header", "fine")
        await see.shows("header", "finished 6 of 6")
        assert len(see.app.screen_stack) == 2
    snapshot = read_session(SessionFolder(sessions / "fine"))
    origins = [entry.origin for entry in snapshot.replicates.values()]
    assert sum(origin.startswith("coarse trial") for origin in origins) == 2
    assert origins.count("") == 4
    assert snapshot.spec.fixed["filters"] == 24
    assert read_session(trained).spec.trainings == 12  # the old session stays as it was


async def test_create_only_makes_the_session_and_trains_nothing(trained, open_app, sessions: Path) -> None:
    async with open_app(trained) as see:
        await see.shows("header", "finished")
        await begin(see)
        await see.press("ctrl+s")
        await see.shows("header", "coarse-finer  not started")
        folder = SessionFolder(sessions / "coarse-finer")
        assert not folder.engine_runs()
        assert read_session(folder).ended == 2


@pytest.mark.parametrize("size", SIZES)
async def test_what_is_wrong_stands_beside_the_field_and_escape_goes_back_and_makes_nothing(
    trained, open_app, sessions: Path, size
) -> None:
    async with open_app(trained, size) as see:
        await see.shows("header", "finished")
        await begin(see)
        for key, text, words in (
            ("learning_rate", "0.1,x", "'x' is not a number"),
            ("filters", "", "filters has no values; give at least one."),
            ("replicates", "many", "replicates must be a whole number"),
            ("name", "coarse", "There is a session 'coarse' already"),
        ):
            await fill(see, key, text)
            assert words in see.app.screen.row(key).note
        await see.shows("summary", "Not in order yet: learning_rate, filters, replicates, session name")
        await see.press("ctrl+l")
        assert see.app.screen.focused_row().key == "learning_rate"
        await see.press("escape")
        await see.until(lambda: screen(see) == "SessionScreen")
        assert [path.name for path in sessions.iterdir()] == ["coarse"]


async def test_only_what_the_filter_line_leaves_is_refined(trained, open_app) -> None:
    async with open_app(trained) as see:
        await see.shows("header", "finished")
        await see.press("slash", *"filters=12", "enter")
        await see.shows("values", "3 of 6")
        await begin(see)
        assert "24" not in text_of(see, "filters").split(", ")


async def test_a_session_without_results_can_be_refined_by_hand(make_session, open_app) -> None:
    async with open_app(make_session(done=0)) as see:
        await see.shows("header", "of 24")
        await begin(see)
        assert text_of(see, "learning_rate") == "0.0001, 0.001, 0.01"
        await see.shows("summary", "unknown, nothing was trained in this session yet")


async def test_nothing_in_view_is_said_in_a_sentence(make_session, open_app) -> None:
    async with open_app(make_session()) as see:
        await see.press("1", "2", "3", "r")
        await see.until(lambda: "No trial is in view" in notes(see))
        assert screen(see) == "SessionScreen"


async def test_read_only_says_how_to_refine(make_session, open_app) -> None:
    async with open_app(make_session(), read_only=True) as see:
        await see.press("r")
        await see.until(lambda: "open read-only" in notes(see))
        assert screen(see) == "SessionScreen"


async def test_an_imported_grid_is_saved_as_a_spec_to_be_given_data(
    imported, open_app, tmp_path: Path, monkeypatch, sessions: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    async with open_app(imported) as see:
        await begin(see)
        assert "nothing to train on" in str(see.app.screen.query_one(".lead").content)
        assert text_of(see, "learning_rate").startswith("0.0005, 0.000707")
        await see.press("ctrl+s")
        await see.until(lambda: (tmp_path / "paper-finer.toml").exists())
        text = (tmp_path / "paper-finer.toml").read_text()
        assert "filter_size is no hyperparameter of hpo-tui" in text
        assert 'objective = "accuracy"' in text
        assert [path.name for path in sessions.iterdir()] == ["paper"]
    tables = tomllib.loads(text)
    assert tables["grid"].pop("filter_size") == [12, 24, 36, 42, 48, 60]  # unsure: it goes on being varied
    del tables["fixed"]["optimizer"]  # as the comments in the file advise
    spec = SessionSpec.parse(tomli_w.dumps(tables))
    assert spec.grid.names == ("learning_rate",)


async def test_an_imported_grid_goes_on_to_the_form_that_asks_for_data(imported, open_app) -> None:
    async with open_app(imported) as see:
        await begin(see)
        await see.press("ctrl+l")
        await see.until(lambda: screen(see) == "NewGridScreen")
        assert text_of(see, "learning_rate").startswith("0.0005, 0.000707")
        assert "filter_size" in str(see.app.screen.query_one(".lead").content)
        await see.press("escape")
        await see.until(lambda: screen(see) == "RefineScreen")
        await see.press("escape")
        await see.until(lambda: screen(see) == "SessionScreen")


async def test_numbers_of_an_imported_grid_stay_numbers_and_texts_texts(
    imported, open_app, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with open_app(imported) as see:
        await begin(see)
        for key, typed, why in (
            ("learning_rate", "0.001, abc", "not a number"),
            ("learning_rate", "0.001, -1", "out of range"),
            ("filter_size", "12, abc", "not a number"),
            ("filter_size", "12, inf", "not a number"),
        ):
            row = see.app.screen.row(key)
            row.text = typed
            await see.until(lambda row=row, why=why: why in row.note)
            await see.press("ctrl+s")
            assert not list(tmp_path.glob("*.toml"))
            row.text = "12, 18"
            await see.until(lambda row=row, why=why: why not in row.note)
        see.app.screen.row("optimizer").text = "p, 7"
        await see.pilot.pause()
        await see.press("ctrl+s")
        await see.until(lambda: (tmp_path / "paper-finer.toml").exists())
        assert tomllib.loads((tmp_path / "paper-finer.toml").read_text())["grid"]["optimizer"] == ["p", "7"]
        assert "change optimizer and filter_size as it says" in notes(see)
