"""What the processes of a user tell each other on one machine: a locked file for each thing that one of them has.

A lock ends with its process, however that ends; a file that nobody holds is swept away by the next one who looks.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from hpo_core.journal.lock import boot_id
from hpo_core.workloads.images.cache_place import cache_path

MOST_BYTES = 1 << 16


def machine_folder() -> Path:
    """Return the folder of this machine's claims: a home folder, and so the cache, may be several machines'."""
    return cache_path() / "machines" / boot_id()


class Claims:
    """The claims of one kind: files of ``folder``, those of this object and those of others."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._own: dict[str, tuple[int, Path]] = {}

    def make(self, what: str, said: bytes = b"") -> None:
        """Claim something, and say so; where the folder cannot be written or locked, nobody is told."""
        if what in self._own:
            return
        path = self._folder / f"{what.replace('/', '_')}@{os.getpid()}-{id(self)}"
        fresh = path.with_name(f".{path.name}")  # it is seen only once it is held: nobody sweeps it away before
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            fd = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.write(fd, said)
                fresh.replace(path)
            except OSError:
                os.close(fd)
                raise
            self._own[what] = fd, path

    def end(self, what: str) -> None:
        """Claim it no more."""
        if what in self._own:
            fd, path = self._own.pop(what)
            with contextlib.suppress(OSError):
                path.unlink()
            os.close(fd)

    def of_others(self) -> Iterator[tuple[str, int, bytes]]:
        """Yield what others claim, the process that does so, and what it says."""
        own = {path for _, path in self._own.values()}
        for path in self._folder.glob("[!.]*@*-*"):
            what, _, who = path.name.rpartition("@")
            pid = who.partition("-")[0]
            if path not in own and pid.isdecimal() and (said := _held(path)) is not None:
                yield what, int(pid), said


def _held(path: Path) -> bytes | None:
    """Return what a file says that another process holds; one that nobody holds is removed."""
    with contextlib.suppress(OSError):
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
        except BlockingIOError:
            return os.read(fd, MOST_BYTES)
        finally:
            os.close(fd)
    return None
