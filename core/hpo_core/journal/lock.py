"""The session's lock: one engine for a session, by flock on a file that is never unlinked.

The file says who holds it (host, boot id, pid, since when), for the error message of whoever comes second. The
lock itself is the kernel's: it ends with the process that holds it, so a stale file needs no cleaning up. Where
the holder's line names another host, the file system may not carry locks between the two, so nothing is stolen.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import time
from functools import cache
from pathlib import Path
from types import TracebackType

import msgspec

from hpo_core.errors import SessionLocked
from hpo_core.journal.files import open_own
from hpo_core.text import clean

HOLDER_BYTES = 4096
"""No engine's name is longer."""


class Holder(msgspec.Struct, frozen=True):
    """Who holds, or last held, a session's lock; times in seconds since 1970."""

    host: str
    boot_id: str
    pid: int
    since: float
    started: float = 0.0

    @classmethod
    def this_process(cls) -> Holder:
        """The calling process, from now."""
        import psutil  # who only looks has no need of it

        return cls(socket.gethostname(), boot_id(), os.getpid(), time.time(), psutil.Process().create_time())

    def describe(self) -> str:
        """Return "host box, process 4711, since 2026-01-31 12:00:00"."""
        since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self.since))
        return f"host {clean(self.host)}, process {self.pid}, since {since}"


@cache
def boot_id() -> str:
    """Return what tells one boot of this machine from the next."""
    with contextlib.suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    import psutil

    return str(int(psutil.boot_time()))


def read_holder(path: Path) -> Holder | None:
    """Return who the lock file names, or None where it names nobody."""
    try:
        with os.fdopen(open_own(path), "rb") as file:
            return msgspec.json.decode(file.read(HOLDER_BYTES), type=Holder)
    except (OSError, msgspec.DecodeError):
        return None


def is_held(path: Path) -> bool:
    """Whether some process holds the lock now."""
    try:
        fd = open_own(path)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(fd)
    return False


def _lock(fd: int) -> bool:
    """Take the lock; a viewer that only asks ``is_held`` has it for an instant, so once is not enough."""
    for pause in (0.0, 0.05, 0.1, 0.2):
        time.sleep(pause)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            continue
        return True
    return False


def _await_name(path: Path) -> Holder | None:
    """Return who holds the lock; whoever has just taken it needs an instant to write its name."""
    for _ in range(10):
        if (holder := read_holder(path)) is not None:
            return holder
        time.sleep(0.02)
    return None


class SessionLock:
    """Holds a session's lock from ``acquire`` to ``release``; ``stale`` is who was named in the file before."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.stale: Holder | None = None
        self._fd: int | None = None
        self._name = b""

    def acquire(self, take_from_other_host: bool = False) -> None:
        """Take the lock, or raise ``SessionLocked`` with who holds it.

        A lock file that an engine on another host left behind is respected unless ``take_from_other_host``.
        """
        fd = open_own(self.path, os.O_RDWR | os.O_CREAT)
        if not _lock(fd):
            os.close(fd)
            holder = _await_name(self.path)
            who = holder.describe() if holder else "a process that has not said its name"
            raise SessionLocked(f"Another engine works on this session: {who}; stop that one first.")
        previous = read_holder(self.path)
        if previous is not None and previous.host != socket.gethostname() and not take_from_other_host:
            os.close(fd)
            raise SessionLocked(
                f"The session was last held on another host ({previous.describe()}), where an engine may still "
                "run; stop it there, or pass --take-over if it is gone."
            )
        self.stale = previous
        self._fd = fd
        self._name = msgspec.json.encode(Holder.this_process())
        self._write(self._name)

    def is_ours(self) -> bool:
        """Whether the path still leads to the file that is held; False once somebody replaced or removed it."""
        if self._fd is None:
            return False
        try:
            there, ours = self.path.stat(), os.fstat(self._fd)
        except FileNotFoundError:
            return False
        except OSError:
            return True  # a file system that does not answer is no proof
        return (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino)

    def release(self) -> None:
        """Give the lock back; the file stays, empty.

        Where the file system carries no locks between hosts, a newer engine may have put its name there: it stays.
        """
        if self._fd is not None:
            if os.pread(self._fd, len(self._name) + 1, 0) == self._name:
                self._write(b"")
            os.close(self._fd)
            self._fd = None

    def _write(self, data: bytes) -> None:
        assert self._fd is not None
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, data, 0)

    def __enter__(self) -> SessionLock:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
