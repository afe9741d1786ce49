"""Sessions in their folder: how one is named, created, found, listed.

Opened, see ``SessionReader``; renamed and deleted, see ``moving``.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from hpo_core.errors import SessionError
from hpo_core.journal.events import Event
from hpo_core.journal.files import FILE_MODE, FOLDER_MODE, REAL_FILES, Files, write_atomically
from hpo_core.journal.segments import segments
from hpo_core.journal.writer import JournalWriter
from hpo_core.plan.spec import SessionSpec
from hpo_core.session import code
from hpo_core.session.binding import plan_of
from hpo_core.session.lineage import Parent
from hpo_core.session.paths import SessionFolder
from hpo_core.text import clean, expanded

DEFAULT_FOLDER = Path("sessions")
FOLDER_VARIABLE = "HPO_TUI_SESSIONS"
NAME_RULE = "letters, digits, '.', '_' and '-', 1 to 64 of them, the first a letter or digit"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def sessions_folder(given: str | None = None) -> Path:
    """Return the folder that holds the sessions: as given, by the environment, or ``./sessions``."""
    return expanded(given or os.environ.get(FOLDER_VARIABLE) or DEFAULT_FOLDER, SessionError)


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
            code.keep(folder, spec)
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
    sessions: Path,
    name: str,
    spec: SessionSpec,
    events: Iterable[Event],
    files: Files = REAL_FILES,
    parent: Parent | None = None,
) -> SessionFolder:
    """Make a session whose journal begins with its plan and ``events``, before any engine's (gen 0).

    ``parent`` is the session that it was refined from. Raises ``SessionError``; the folder is then taken away.
    """
    folder = create(sessions, name, spec, files)
    try:
        journal = JournalWriter(folder.path, gen=0, last_seq=0, files=files)
        try:
            for event in (plan_of(spec, parent), *events):
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
    names = chain([base], (f"{base}-{number}" for number in range(2, 100_000)))
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
    elif "/" in session and (outside := expanded(session, SessionError)).is_dir():
        folder = SessionFolder(outside)
    else:
        known = ", ".join(clean(found.name, 64) for found in list_sessions(sessions)[:8])
        there = f" (there: {known})" if known else ": it has no sessions yet; hpo-tui demo makes one"
        raise SessionError(f"There is no session {clean(session, 80)!r} in {clean(sessions)}{there}.")
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
