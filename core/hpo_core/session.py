"""A session folder: its name, its paths, how it is created, found, listed and opened by replay."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from hpo_core import lock
from hpo_core.damage import damage_in_words, name_lost
from hpo_core.errors import SessionError
from hpo_core.events import SCHEMA_VERSION, Event
from hpo_core.files import FILE_MODE, FOLDER_MODE, REAL_FILES, Files, write_atomically
from hpo_core.grid import JobKey
from hpo_core.journal import Damage, JournalReader, JournalWriter, segments
from hpo_core.spec import SessionSpec
from hpo_core.state import SessionState, Snapshot
from hpo_core.text import clean

__all__ = [
    "SessionFolder",
    "SessionReader",
    "check_name",
    "check_schema",
    "create",
    "create_with_events",
    "damage_in_words",
    "delete",
    "find",
    "free_name",
    "list_sessions",
    "read_session",
    "sessions_folder",
]

DEFAULT_FOLDER = Path("sessions")
FOLDER_VARIABLE = "HPO_TUI_SESSIONS"
NAME_RULE = "letters, digits, '.', '_' and '-', 1 to 64 of them, the first a letter or digit"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class SessionFolder:
    """The paths inside one session's folder."""

    path: Path

    @property
    def name(self) -> str:
        """The session's name: its folder's, made harmless (a folder from elsewhere may be called anything)."""
        return clean(self.path.name)

    @property
    def spec(self) -> Path:
        """What was asked; never rewritten."""
        return self.path / "spec.toml"

    @property
    def status(self) -> Path:
        """Where the running jobs are right now."""
        return self.path / "status.json"

    @property
    def control(self) -> Path:
        """Orders from screens and commands."""
        return self.path / "control"

    @property
    def logs(self) -> Path:
        """Each attempt's stdout and stderr, and the engine's."""
        return self.path / "logs"

    @property
    def exports(self) -> Path:
        """The CSVs."""
        return self.path / "exports"

    @property
    def view(self) -> Path:
        """How this person last looked at the session."""
        return self.path / "view.json"

    @property
    def lock(self) -> Path:
        """The file that the engine holds locked."""
        return self.path / "lock"

    def log_of(self, key: JobKey, attempt: int) -> Path:
        """The log of one attempt."""
        return self.logs / f"trial-{key.trial:05d}-r{key.replicate:02d}-a{attempt:02d}.log"

    @property
    def engine_log(self) -> Path:
        """The engine's own stdout and stderr."""
        return self.logs / "engine.log"

    def engine_runs(self) -> bool:
        """Whether an engine on this machine holds the session."""
        return lock.is_held(self.lock)

    def check(self) -> None:
        """Raise ``SessionError`` where this is no session, or one that may not be looked into."""
        try:
            found = self.spec.is_file()
        except PermissionError:
            raise SessionError(
                f"{clean(self.path)} belongs to another user, who keeps it private; ask for the right to read it."
            ) from None
        if not found:
            raise SessionError(f"{clean(self.path)} is not a session: it has no spec.toml.")

    def load_spec(self) -> SessionSpec:
        """Read the spec back. Raises ``SessionError`` or ``SpecError``."""
        self.check()
        return SessionSpec.load(self.spec)

    def disk_size(self) -> int:
        """Bytes on the disk, all files together."""
        return sum(
            file.stat().st_size for file in self.path.rglob("*") if file.is_file() and not file.is_symlink()
        )


def sessions_folder(given: str | None = None) -> Path:
    """Return the folder that holds the sessions: as given, by the environment, or ``./sessions``."""
    return Path(given or os.environ.get(FOLDER_VARIABLE) or DEFAULT_FOLDER).expanduser()


def check_name(name: str) -> str:
    """Return ``name`` if it may name a session, or raise ``SessionError`` with the rule."""
    if not _NAME.fullmatch(name):
        raise SessionError(f"{clean(name, 80)!r} cannot name a session; use {NAME_RULE}.")
    return name


def create(sessions: Path, name: str, spec: SessionSpec, files: Files = REAL_FILES) -> SessionFolder:
    """Make a new session's folder with its spec, or nothing.

    Raises ``SessionError`` where it exists or cannot be made.
    """
    folder = SessionFolder(sessions / check_name(name))
    try:
        sessions.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        folder.path.mkdir(mode=FOLDER_MODE)
        try:
            for inner in (folder.control, folder.logs):
                inner.mkdir(mode=FOLDER_MODE)
            write_atomically(folder.spec, spec.to_toml().encode(), files)
            folder.spec.chmod(FILE_MODE)
        except OSError:
            shutil.rmtree(folder.path, ignore_errors=True)
            raise
        files.sync_folder(sessions)
    except FileExistsError:
        raise SessionError(
            f"There is a session {name!r} already in {clean(sessions)}; give another --name, or open that one."
        ) from None
    except OSError as error:
        raise SessionError(f"The session cannot be created in {clean(sessions)}: {error.strerror}.") from None
    return folder


def create_with_events(
    sessions: Path, name: str, spec: SessionSpec, events: Iterable[Event], files: Files = REAL_FILES
) -> SessionFolder:
    """Make a session whose journal begins with ``events``, before any engine's (gen 0).

    Raises ``SessionError``; the folder is then taken away again.
    """
    folder = create(sessions, name, spec, files)
    try:
        journal = JournalWriter(folder.path, gen=0, last_seq=0, files=files)
        try:
            for event in events:
                journal.append(event)
        finally:
            journal.close()
    except BaseException as error:
        shutil.rmtree(folder.path, ignore_errors=True)
        if isinstance(error, OSError):
            raise SessionError(f"The session {name!r} cannot be written: {error.strerror}.") from None
        raise
    return folder


def free_name(sessions: Path, wanted: str) -> str:
    """Return ``wanted``, or the first of ``wanted-2``, ``wanted-3``... that no session has."""
    base = re.sub(r"[^A-Za-z0-9._-]", "-", wanted).lstrip("._-")[:56] or "session"
    names = (base, *(f"{base}-{number}" for number in range(2, 100_000)))
    return next(name for name in names if not (sessions / name).exists())


def find(sessions: Path, session: str) -> SessionFolder:
    """Return the folder of SESSION: a name inside ``sessions``, or a path to a session's folder.

    A name is resolved inside the sessions folder and no symbolic link is followed out of it. Raises
    ``SessionError`` with what to do.
    """
    if _NAME.fullmatch(session) and (inside := sessions / session).exists():
        if inside.is_symlink():
            raise SessionError(
                f"The session {session!r} is a symbolic link; open the folder that it points to by path."
            )
        folder = SessionFolder(inside)
    elif "/" in session and (outside := Path(session).expanduser()).is_dir():
        folder = SessionFolder(outside)
    else:
        known = ", ".join(clean(found.name, 64) for found in list_sessions(sessions)[:8]) or "none yet"
        raise SessionError(f"There is no session {clean(session, 80)!r} in {clean(sessions)} (there: {known}).")
    folder.check()
    return folder


def list_sessions(sessions: Path) -> list[SessionFolder]:
    """Return the sessions of a folder, the one last worked on first; one that is kept private is among them."""

    def found() -> Iterator[tuple[float, SessionFolder]]:
        for path in sessions.iterdir() if sessions.is_dir() else ():
            folder = SessionFolder(path)
            try:
                if not path.is_symlink() and folder.spec.is_file():
                    yield max(file.stat().st_mtime for file in (folder.spec, *segments(path))), folder
            except OSError:  # private, or damaged: it is listed, and says so itself when it is opened
                yield _modified(path), folder

    return [folder for _, folder in sorted(found(), key=lambda item: -item[0])]


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def delete(folder: SessionFolder) -> None:
    """Delete a session for good. Raises ``SessionError`` while an engine works on it."""
    if folder.engine_runs():
        raise SessionError(f"The session {folder.name!r} is being worked on; stop it first.")
    shutil.rmtree(folder.path)


class SessionReader:
    """Opens a session by replaying its journal, then follows it; never writes and never starts work."""

    def __init__(self, folder: SessionFolder) -> None:
        self.folder = folder
        self.state = SessionState(folder.load_spec())
        self._spec = self.state.spec
        self._journal = JournalReader(folder.path)
        self._restarts = 0
        self._damage_seen: list[Damage] = []

    def poll(self) -> bool:
        """Take in what was appended since the last call; return whether anything was."""
        records = self._journal.poll()
        anew = self._journal.restarts != self._restarts
        if anew:  # the journal was repaired, or a record came to light that was missing: what was read is void
            self._restarts = self._journal.restarts
            self.state = SessionState(self._spec)
        for record in records:
            self.state.apply(record)
        damaged = self._journal.damage != self._damage_seen
        self._damage_seen = self._journal.damage
        return bool(records) or damaged or anew

    def snapshot(self) -> Snapshot:
        """Return the session as far as it has been read."""
        return name_lost(self.state.snapshot(tuple(str(entry) for entry in self._journal.damage)))


def read_session(folder: SessionFolder) -> Snapshot:
    """Return a session as it stands on the disk now. Raises ``SessionError`` for one of a newer schema."""
    reader = SessionReader(folder)
    reader.poll()
    snapshot = reader.snapshot()
    check_schema(snapshot, folder)
    return snapshot


def check_schema(snapshot: Snapshot, folder: SessionFolder) -> None:
    """Raise ``SessionError`` where a newer hpo-tui has written the session."""
    if snapshot.engine is not None and snapshot.engine.schema > SCHEMA_VERSION:
        raise SessionError(
            f"The session {folder.name!r} was written by hpo-tui {clean(snapshot.engine.version, 20)} (layout "
            f"{snapshot.engine.schema}; this one reads up to {SCHEMA_VERSION}); update hpo-tui to open it."
        )
