"""Hostile words from elsewhere, in every place where they can stand: shown literally, and nothing happens."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from click.testing import CliRunner
from drill_app import Drawn, opened
from drill_tools import UnsyncedFiles, finished_session

from hpo_core.events import AttemptEnded, AttemptStarted, DataPrepared, Noted
from hpo_core.grid import JobKey
from hpo_core.interop.table import import_table
from hpo_core.journal import JournalReader, JournalWriter
from hpo_core.session import SessionFolder, create
from hpo_core.spec import SessionSpec
from hpo_tui.cli import cli
from hpo_tui.viewstate import VIEWS

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
    result = CliRunner().invoke(cli, arguments, prog_name="hpo-tui")
    assert result.exit_code == 0, result.output
    assert_harmless(result.output)
    return result.output


def table(sessions: Path) -> SessionFolder:
    """A session imported from a table whose header and cells are hostile."""
    path = sessions.parent / "table.csv"
    cells = [word.replace("\x00", "") for word in WORDS]
    rows = [f'"{cell}",{number},0.{number + 1}' for number, cell in enumerate(cells)]
    path.write_text(
        "\n".join(['"[@click=app.exit]n[/]\x1b[2J",filters,val_accuracy', *rows, ""]), encoding="utf-8"
    )
    return import_table(path, sessions, "table").folder


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
    as_json = CliRunner().invoke(cli, ["show", str(folder.path), "--json"]).output
    assert "\x1b" not in as_json, "for programs: values as they are, control characters escaped"
    printed("plot", str(folder.path), "ranking")


async def test_the_form_of_the_next_grid_shows_hostile_values_literally(sessions: Path) -> None:
    folder = table(sessions)
    async with opened(sessions, folder) as see:
        await see.shows("val_accuracy")
        await see.press("r")
        await see.pilot.pause(0.3)
        assert_harmless(see.text)
        assert see.app.is_running


@pytest.mark.parametrize("word", WORDS, ids=HOSTILE)
async def test_class_names_notes_and_reasons_are_shown_literally(sessions: Path, word: str) -> None:
    folder = finished_session(sessions, "words")
    reader = JournalReader(folder.path)
    last = reader.poll()[-1].seq
    writer = JournalWriter(folder.path, 2, last, UnsyncedFiles())
    ids = {"trial": 1, "replicate": 1, "attempt": 2}
    data = DataPrepared(
        fingerprint="f", train=1, validation=1, classes=(word, "b"), image_size=(9, 9), seconds=0.0
    )
    for event in (
        data,
        Noted(level="warning", text=f"note {word}"),
        AttemptStarted(**ids, seed=1, worker=1),
        AttemptEnded(**ids, status="failed", reason=f"reason {word}", kind="error"),
    ):
        writer.append(event)
    writer.close()
    log = folder.log_of(JobKey(1, 1), 2)
    log.write_text(f"the log says {word}\n", encoding="utf-8")
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


@pytest.mark.parametrize("word", WORDS[:5], ids=list(HOSTILE)[:5])
async def test_a_folder_with_a_hostile_name_is_listed_literally_and_cannot_be_named(
    sessions: Path, word: str
) -> None:
    spec = SessionSpec.parse('[data]\nsource = "fruit"\n[grid]\nfilters = [12, 24]\n')
    folder = create(sessions, "plain", spec)
    name = word.replace("/", "|")
    folder.path.rename(sessions / name)
    listed = printed("list", "--sessions", str(sessions))
    assert len(listed.splitlines()) >= 2
    async with opened(sessions) as see:
        await see.shows("not started")
        assert_harmless(see.text)
        await see.press("up", "down", "enter")
        await see.pilot.pause(0.2)
        assert_harmless(see.text)
        assert see.app.is_running
    refused = CliRunner().invoke(cli, ["show", name, "--sessions", str(sessions)], prog_name="hpo-tui")
    assert refused.exit_code == 2
    assert_harmless(refused.stderr)


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
        cli, ["run", str(spec), "--headless", "--trainer", "synthetic", "--sessions", str(sessions)]
    )
    assert result.exit_code == 2
    assert "[@click=app.exit]<U+202E>.png" in result.stderr
    assert_harmless(result.stderr)
    assert list(sessions.iterdir()) == []
