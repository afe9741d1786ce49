"""Whose session it is: made for its owner alone; another user's is looked at, or refused with the reason."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from drill_app import opened
from drill_tools import UnsyncedFiles, finished_session, new_session, small_spec, wait

from hpo_core.engine.engine import Engine
from hpo_core.engine.launch import start_engine
from hpo_core.errors import SessionError
from hpo_core.executors.replay import ReplayExecutor
from hpo_core.journal.events import EngineOptions
from hpo_core.session import store as session
from hpo_core.session.paths import SessionFolder
from hpo_tui.cli import cli
from hpo_tui.desk.view_file import ViewFile
from hpo_tui.desk.view_state import ViewState

NOBODY = 65534


def call(*arguments: str) -> Result:
    result = CliRunner().invoke(cli, arguments, prog_name="hpo-tui")
    assert "Traceback" not in result.output + result.stderr
    return result


@pytest.fixture
def open_place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that every user may look into (pytest's own is its owner's alone), with a cache for all."""
    place = Path(tempfile.mkdtemp())
    place.chmod(0o755)
    (place / "cache").mkdir()
    (place / "cache").chmod(0o777)
    monkeypatch.setenv("HPO_TUI_CACHE", str(place / "cache"))
    yield place
    shutil.rmtree(place)


@contextlib.contextmanager
def as_another_user() -> Iterator[None]:
    """Run a block with the rights of a user to whom nothing belongs."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def test_what_a_session_holds_is_for_its_owner_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HPO_SYNTHETIC_SECONDS_PER_EPOCH", "0.01")
    umask = os.umask(0o022)
    try:
        folder = new_session(tmp_path / "sessions", "mine")
        start_engine(folder, EngineOptions(workload="synthetic", workers=1))
        wait(lambda: not folder.engine_runs(), "the end")
        spec = folder.load_spec()
        ViewFile(folder.view, spec.grid, len(spec.grid)).save(ViewState(view="ranking"))
        assert call("export", str(folder.path)).exit_code == 0
        assert call("pause", str(folder.path)).exit_code == 2
    finally:
        os.umask(umask)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (folder.path, *folder.path.rglob("*"))}
    names = {path.name for path in modes}
    assert {"journal.jsonl", "status.json", "lock", "view.json", "trials.csv", "engine.log"} <= names
    wrong = {str(p): oct(mode) for p, mode in modes.items() if mode != (0o700 if p.is_dir() else 0o600)}
    assert not wrong


@pytest.mark.fault(22)
@pytest.mark.parametrize("number", [errno.EDQUOT, errno.EROFS, errno.EACCES])
def test_a_quota_or_a_read_only_folder_is_said_before_any_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(self: UnsyncedFiles, path: Path) -> int:
        raise OSError(number, os.strerror(number), str(path))

    for way in ("open_append", "create"):
        monkeypatch.setattr(f"hpo_core.journal.files.Files.{way}", refuse)
    with pytest.raises(SessionError, match=os.strerror(number)):
        session.create(tmp_path / "sessions", "full", small_spec())
    assert list((tmp_path / "sessions").iterdir()) == []
    monkeypatch.undo()
    folder = new_session(tmp_path / "sessions", "later")
    for way in ("open_append", "create"):
        monkeypatch.setattr(f"hpo_core.journal.files.Files.{way}", refuse)
    with pytest.raises(SessionError, match=os.strerror(number)):
        Engine(folder, ReplayExecutor())
    assert not folder.engine_runs()


@pytest.mark.fault(22)
def test_run_in_a_folder_of_another_user_is_refused_before_training(
    open_place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions = open_place / "sessions"
    sessions.mkdir()
    spec = open_place / "grid.toml"
    spec.write_text(small_spec().to_toml())
    arguments = ("run", str(spec), "--headless", "--workload", "synthetic", "--sessions", str(sessions))
    call(*arguments[:-1], str(open_place / "warm"))  # what is imported on demand is imported by now
    monkeypatch.setenv("HPO_TUI_CACHE", str(open_place / "cache" / "own"))
    with as_another_user():
        result = call(*arguments)
    assert result.exit_code == 2
    assert "The session cannot be created" in result.stderr
    assert "Permission denied" in result.stderr
    assert list(sessions.iterdir()) == []


@pytest.fixture
def theirs(open_place: Path) -> Callable[[int, int], SessionFolder]:
    """A finished session whose folders and files have these modes, in a folder that all may look into."""

    def make(folder_mode: int, file_mode: int) -> SessionFolder:
        folder = finished_session(open_place / "sessions", "theirs")
        finished_session(open_place / "sessions", "other")
        for path in (open_place / "sessions" / "other").rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
        (open_place / "sessions" / "other").chmod(0o755)
        (open_place / "sessions").chmod(0o755)
        for path in folder.path.rglob("*"):
            path.chmod(folder_mode if path.is_dir() else file_mode)
        folder.path.chmod(folder_mode)
        for verb in (("show",), ("export", "--to", str(open_place / "warm"))):
            call(*verb, str(folder.path))  # what is imported on demand is imported by now
        return folder

    return make


async def warm_up(sessions: Path, folder: SessionFolder | None) -> None:
    """Open the screen once with all rights: another user may not read the modules that it imports on demand."""
    async with opened(sessions, folder) as see:
        await see.shows("4 of 4")


@pytest.mark.fault(40)
async def test_another_users_session_that_may_be_read_is_looked_at_and_not_written(
    theirs: Callable[[int, int], SessionFolder], open_place: Path
) -> None:
    folder = theirs(0o755, 0o644)
    await warm_up(open_place / "sessions", folder)
    before = {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file()}
    with as_another_user():
        assert "4 trainings: 4 complete" in call("show", str(folder.path)).output
        assert "theirs" in call("list", "--sessions", str(open_place / "sessions")).output
        exported = call("export", str(folder.path))
        assert exported.exit_code == 2
        assert "Permission denied" in exported.stderr
        with pytest.raises(SessionError, match="Permission denied"):
            Engine(folder, ReplayExecutor())
        with pytest.raises(SessionError, match="Permission denied"):
            start_engine(folder, EngineOptions(workload="synthetic"))
        async with opened(open_place / "sessions", folder) as see:
            await see.shows("finished 4 of 4")
            await see.press("1", "e")
            await see.tells("Permission denied")
    assert {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file()} == before


@pytest.mark.fault(40)
async def test_another_users_session_that_may_not_be_read_is_refused_and_hides_no_other(
    theirs: Callable[[int, int], SessionFolder], open_place: Path
) -> None:
    folder = theirs(0o700, 0o600)
    await warm_up(open_place / "sessions", None)
    with as_another_user():
        shown = call("show", str(folder.path))
        assert shown.exit_code == 2
        assert "belongs to another user" in shown.stderr
        by_name = call("show", "theirs", "--sessions", str(open_place / "sessions"))
        assert (by_name.exit_code, by_name.stderr) == (2, shown.stderr)
        listed = call("list", "--sessions", str(open_place / "sessions")).output
        assert "belongs to another user" in listed
        assert "4 of 4" in listed
        async with opened(open_place / "sessions") as see:
            await see.shows("cannot be opened")
            await see.shows("4 of 4")
