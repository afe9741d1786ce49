"""A session's folder is moved: to another name, or into the trash beside it, which is emptied on request only.

A session at which an engine works stays where it is, and no symbolic link is followed.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
from pathlib import Path

from hpo_core.errors import SessionError, SessionLocked
from hpo_core.journal.files import FOLDER_MODE
from hpo_core.journal.lock import SessionLock
from hpo_core.session.paths import SessionFolder
from hpo_core.session.store import check_name, free_name, sessions_folder
from hpo_core.text import clean

TRASH = ".trash"
"""The folder for deleted sessions, beside the others; no session can have this name."""


def rename(folder: SessionFolder, new: str) -> SessionFolder:
    """Give a session another name in the folder where it is. Raises ``SessionError``."""
    place = _place(folder)
    wanted = place.parent / check_name(new)
    if os.path.lexists(wanted):
        raise SessionError(f"There is a {new!r} already in {clean(place.parent)}; choose another name.")
    return _move(folder, place, wanted)


def throw_away(folder: SessionFolder) -> SessionFolder:
    """Move a session into the trash beside it, under a name that is free there. Raises ``SessionError``."""
    place = _place(folder)
    trash = place.parent / TRASH
    try:
        trash.mkdir(mode=FOLDER_MODE, exist_ok=True)
    except FileExistsError:
        pass  # something else has the name, or a link: told below
    except OSError as error:
        raise SessionError(f"{clean(trash)} cannot be made: {error.strerror}.") from None
    _check_trash(trash)
    return _move(folder, place, trash / free_name(trash, place.name))


def in_trash(sessions: Path) -> tuple[int, int]:
    """Return how many sessions lie in the trash of a folder of sessions, and their bytes on the disk."""
    trash = sessions / TRASH
    try:
        there = [SessionFolder(path) for path in trash.iterdir()] if not trash.is_symlink() else []
    except OSError:
        return 0, 0
    return len(there), sum(folder.disk_size() for folder in there)


def empty_trash(sessions: Path) -> int:
    """Delete for good what is in the trash of a folder of sessions; return how many there were.

    Raises ``SessionError``; nothing is deleted where an engine works on one of them.
    """
    trash = sessions / TRASH
    if not os.path.lexists(trash):
        return 0
    _check_trash(trash)
    try:
        there = sorted(trash.iterdir())
        for path in there:
            if not path.is_symlink() and SessionFolder(path).engine_runs():
                raise SessionError(f"An engine works on {clean(path)}; stop it first.")
        for path in there:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
    except OSError as error:
        what = clean(error.filename or trash)
        raise SessionError(f"{what} cannot be deleted: {error.strerror}.") from None
    return len(there)


def emptying_words(thrown: SessionFolder) -> str:
    """Return the command that empties the trash in which a session lies; it names the folder where it must."""
    home = thrown.path.parents[1]
    where = "" if home == sessions_folder().resolve() else f" --sessions {shlex.quote(clean(home))}"
    return f"'hpo-tui delete --empty-trash{where}' deletes for good all that is there."


def _place(folder: SessionFolder) -> Path:
    """Return where a session's folder really is."""
    if folder.path.is_symlink():
        raise SessionError(f"{clean(folder.path)} is a symbolic link; name the folder that it points to.")
    return folder.path.resolve()


def _check_trash(trash: Path) -> None:
    if trash.is_symlink() or not trash.is_dir():
        raise SessionError(f"{clean(trash)} is no plain folder; take it away, and there is a trash again.")


def _move(folder: SessionFolder, place: Path, to: Path) -> SessionFolder:
    """Move a session's folder while nobody else can begin to work on it."""
    lock = SessionLock(folder.lock)
    try:
        with contextlib.suppress(OSError):  # a full disk takes no name into the lock: what is held is held without
            lock.acquire()
    except SessionLocked:
        if folder.engine_runs():
            said = f"An engine works on {folder.name!r}; stop it first: hpo-tui stop {folder.name}."
        else:
            said = (
                f"An engine on another host may still work on {folder.name!r}: stop it there. If it is gone, "
                f"'hpo-tui resume {folder.name} --take-over', then 'hpo-tui stop {folder.name}' free the session."
            )
        raise SessionError(said) from None
    try:
        place.rename(to)
    except OSError as error:
        raise SessionError(f"{clean(place)} cannot be moved to {clean(to)}: {error.strerror}.") from None
    finally:
        lock.release()
    return SessionFolder(to)
