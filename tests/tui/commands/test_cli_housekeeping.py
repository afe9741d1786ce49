"""A person keeps the sessions in order: rename, delete to a trash, empty it; never what an engine works on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hpo_core.journal.lock import SessionLock
from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder
from hpo_core.session.store import list_sessions
from hpo_tui.cli import cli

MakeSession = Callable[..., SessionFolder]


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def names(sessions: Path) -> set[str]:
    return {folder.name for folder in list_sessions(sessions)}


def test_a_renamed_session_has_every_result_under_its_new_name(make_session: MakeSession, sessions: Path) -> None:
    make_session("grid")
    done = call("rename", "grid", "fruits")
    assert (done.exit_code, done.stdout) == (0, "grid: is fruits now.\n")
    assert names(sessions) == {"fruits"}
    assert read_session(SessionFolder(sessions / "fruits")).counts["complete"] == 24


def test_a_deleted_session_lies_in_the_trash_until_that_is_emptied(
    make_session: MakeSession, sessions: Path
) -> None:
    trash = sessions / ".trash"
    for place in ("grid", "grid-2"):
        make_session("grid")
        done = call("delete", "grid")
        assert done.exit_code == 0, done.output
        assert f"grid: moved to {trash / place}; move it back to have it again." in done.stdout
        assert "'hpo-tui delete --empty-trash' deletes for good all that is there." in done.stdout
        assert names(sessions) == set()
        assert read_session(SessionFolder(trash / place)).counts["complete"] == 24
    make_session("kept")
    assert call("delete", "--empty-trash").stdout == f"{trash}: 2 sessions deleted for good.\n"
    assert list(trash.iterdir()) == []
    assert call("delete", "--empty-trash").stdout == f"{trash}: there was nothing in it.\n"
    assert names(sessions) == {"kept"}


def test_a_session_elsewhere_goes_into_the_trash_beside_it_and_its_emptying_names_that_folder(
    make_session: MakeSession, sessions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_session("grid")
    monkeypatch.setenv("HPO_TUI_SESSIONS", str(sessions.parent / "others"))
    monkeypatch.chdir(folder.path)
    for arguments in (("./",), ("grid", "--sessions", sessions)):
        done = call("delete", *arguments)
        assert f"'hpo-tui delete --empty-trash --sessions {sessions}' deletes" in done.stdout
        assert (sessions / ".trash" / "grid" / "spec.toml").is_file()
        monkeypatch.chdir(sessions)
        (sessions / ".trash" / "grid").rename(folder.path)


def test_emptying_follows_no_link_out_of_the_trash(make_session: MakeSession, sessions: Path) -> None:
    kept = make_session("kept")
    call("delete", make_session("grid").path)
    (sessions / ".trash" / "link").symlink_to(kept.path)
    (sessions / ".trash" / "grid" / "inner").symlink_to(kept.path)
    assert call("delete", "--empty-trash").exit_code == 0
    assert read_session(kept).counts["complete"] == 24


@pytest.mark.parametrize("arguments", [("rename", "grid", "new"), ("delete", "grid")])
def test_what_an_engine_works_on_stays_where_it_is(
    make_session: MakeSession, sessions: Path, arguments: tuple[str, ...]
) -> None:
    with SessionLock(make_session("grid").lock):
        done = call(*arguments)
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert "stop it first: hpo-tui stop grid." in done.stderr
    assert names(sessions) == {"grid"}


def test_what_an_engine_on_another_host_may_work_on_stays_too(make_session: MakeSession, sessions: Path) -> None:
    lock = make_session("grid").lock
    lock.write_text('{"host": "elsewhere", "boot_id": "b", "pid": 1, "since": 1.0}')
    done = call("delete", "grid")
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert "If it is gone, 'hpo-tui resume grid --take-over'" in done.stderr
    assert names(sessions) == {"grid"}


def test_a_full_disk_keeps_no_session_from_the_trash(
    make_session: MakeSession, sessions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    make_session("grid")
    monkeypatch.setattr("hpo_core.journal.lock.os.pwrite", full)
    assert call("delete", "grid").exit_code == 0
    assert names(sessions) == set()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("rename", "grid", "../out"), "'../out' cannot name a session; use letters"),
        (("rename", "grid", ".trash"), "'.trash' cannot name a session"),
        (("rename", "grid", "empty"), "There is a 'empty' already in"),
        (("rename", "grid", "dangling"), "There is a 'dangling' already in"),
        (("rename", "nowhere", "new"), "There is no session 'nowhere'"),
        (("rename", "./sessions/link", "new"), "is a symbolic link; name the folder that it points to"),
        (("delete", "./sessions/link"), "is a symbolic link; name the folder that it points to"),
        (("delete", "link"), "'link' is a symbolic link"),
        (("delete", "grid"), ".trash is no plain folder"),
        (("delete", "--empty-trash"), ".trash is no plain folder"),
        (("delete", "grid", "--empty-trash"), "Name a session to delete, or give --empty-trash alone."),
        (("delete",), "Name a session to delete, or give --empty-trash alone."),
    ],
)
def test_a_call_that_would_lose_or_leave_something_is_refused_in_one_sentence(
    make_session: MakeSession,
    sessions: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    words: str,
) -> None:
    monkeypatch.chdir(sessions.parent)
    folder = make_session("grid")
    (sessions / "empty").mkdir()
    (sessions / "dangling").symlink_to(sessions / "gone")
    (sessions / "link").symlink_to(folder.path)
    (sessions / ".trash").symlink_to(sessions / "empty")
    done = call(*arguments)
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert words in done.stderr
    assert names(sessions) == {"grid"}
    assert list((sessions / "empty").iterdir()) == []


def test_a_note_stands_with_its_session_and_goes_with_it(make_session: MakeSession, sessions: Path) -> None:
    folder = make_session("grid")
    assert call("note", "grid").stdout == ""
    assert call("note", "grid", "the  first\n", "one \x1b[31m").exit_code == 0
    assert call("note", "grid").stdout == "the first one ␛[31m\n"
    assert "\n  note: the first one" in call("list").stdout
    assert "note: the first one" in call("show", "grid").stdout
    told = json.loads(call("list", "--json").stdout)["sessions"][0]
    assert (told["note"], told["parent"], told["engine"]) == ("the first one ␛[31m", None, None)
    assert json.loads(call("show", "grid", "--json").stdout)["note"] == "the first one ␛[31m"
    call("rename", "grid", "fruits")
    assert call("note", "fruits").stdout.startswith("the first one")
    assert call("note", "fruits", "").exit_code == 0
    assert not (sessions / "fruits" / folder.note.name).exists()
    refused = call("note", "fruits", "x" * 201)
    assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1)
    assert "at most 200 characters; this one has 201" in refused.stderr
