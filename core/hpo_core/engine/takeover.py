"""A session that an engine on another host left locked: its lock is never stolen, and taken over when asked for.

No lock tells whether that engine still runs: the file system may not carry locks between two hosts. Only a person
can know, so the screen asks and the command line has ``--take-over``.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

from hpo_core.errors import SessionError, SessionLocked
from hpo_core.journal.lock import Holder, SessionLock, read_holder
from hpo_core.session.paths import SessionFolder


class HeldElsewhere(SessionLocked):
    """The lock names another host; ``holder`` is who it names."""

    def __init__(self, folder: SessionFolder, holder: Holder) -> None:
        super().__init__(
            f"The session was last held on another host ({holder.describe()}), where an engine may still run; "
            f"stop it there. If it is gone, 'hpo-tui resume {folder.name} --take-over' goes on, and so does R on "
            "the session's screen, which asks first."
        )
        self.holder = holder


def check_held_here(folder: SessionFolder) -> None:
    """Raise ``HeldElsewhere`` where the lock names another host."""
    holder = read_holder(folder.lock)
    if holder is not None and holder.host != socket.gethostname():
        raise HeldElsewhere(folder, holder)


def take_over(folder: SessionFolder) -> None:
    """Take the session from the other host and say so in its journal; an engine here can then have it.

    The journal's records then carry a higher ``gen``: an engine that still runs there sees it and stops. Raises
    ``SessionError``.
    """
    from hpo_core.engine.recorder import Recorder  # not needed to look at a session

    with _taken(folder) as lock:
        if lock.stale is not None:
            recorder = Recorder(folder, lock)
            recorder.note("info", f"Taken over, as was asked for, from {lock.stale.describe()}.")
            recorder.close()


def forget_other_host(folder: SessionFolder) -> None:
    """Take the lock from the other host, and write nothing to the journal. Raises ``SessionError``."""
    with _taken(folder):
        pass


@contextlib.contextmanager
def _taken(folder: SessionFolder) -> Iterator[SessionLock]:
    lock = SessionLock(folder.lock)
    try:
        lock.acquire(take_from_other_host=True)
        yield lock
    except OSError as error:
        raise SessionError(f"The session cannot be taken over: {error.strerror}.") from None
    finally:
        lock.release()
