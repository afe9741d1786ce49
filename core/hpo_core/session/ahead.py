"""A large session, read from the first moment on, while the screen is imported and first drawn.

    python -m hpo_core.session.ahead FOLDER

Where an index stands for its journal, a thread reads that. Where there is none, or it stands for too little, a
process beside the screen's reads the journal: where there are two cores it is there in half the time, and no key
waits for the reading. It ends with the index kept, from which the screen goes on; where none can be kept, it ends
with nothing, and the screen reads the journal itself, as it does without one. Nothing is imported here until there
is something to read: all sessions begin here.
"""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from hpo_core.errors import HpoError
from hpo_core.journal.segments import FIRST_SEGMENT
from hpo_core.session.paths import SessionFolder

if TYPE_CHECKING:
    from hpo_core.session.opening import SessionReader

LARGE_BYTES = 1 << 25
"""A smaller journal is read sooner than another process has begun."""

_PERCENT = 100


class Ahead:
    """A process that reads a journal; it ends by itself, also where whoever began it has ended."""

    def __init__(self, folder: SessionFolder) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", __name__, str(folder.path.absolute())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # what is wrong, who reads the journal after it finds as well, and says
        )

    def share(self, seconds: float) -> float | None:
        """Return how much it has read, told within so many seconds; 0 where it told nothing, None at its end."""
        assert self._process.stdout is not None
        told = self._process.stdout.fileno()
        if not select.select([told], [], [], seconds)[0]:
            return 0.0
        if percents := os.read(told, 1 << 16):
            return percents[-1] / _PERCENT
        self.stop()
        return None

    def stop(self) -> None:
        """End it, if it still runs."""
        assert self._process.stdout is not None
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()


class _Begun(threading.Thread):
    """Reads what a session begins with; ``found`` once it has been joined, None where it cannot be read."""

    def __init__(self, folder: SessionFolder) -> None:
        super().__init__(name=f"open {folder.name}", daemon=True)
        self._folder = folder
        self._beside = None if folder.index.exists() else _beside(folder, _journal_bytes(folder))
        self.found: tuple[SessionReader, Ahead | None] | None = None

    def run(self) -> None:
        """Read it."""
        try:
            self.found = _first_read(self._folder, self._beside)
        except (HpoError, OSError):  # who reads it once more says it
            if self._beside is not None:
                self._beside.stop()


_begun: dict[Path, _Begun] = {}


def begin(folder: SessionFolder) -> None:
    """Begin to read a session, if its journal is large."""
    if _journal_bytes(folder) >= LARGE_BYTES:
        _begun[folder.path] = begun = _Begun(folder)
        begun.start()


def begun(folder: SessionFolder) -> tuple[SessionReader, Ahead | None]:
    """Return what has read a session's index, if one stands for its journal, and a piece of its journal.

    And the process that reads the rest, where that is much. Begun now at the latest. Raises ``HpoError`` or
    ``OSError`` where the session cannot be read.
    """
    if (early := _begun.pop(folder.path, None)) is not None:
        early.join()
        if early.found is not None:
            return early.found
    return _first_read(folder)


def _first_read(folder: SessionFolder, beside: Ahead | None = None) -> tuple[SessionReader, Ahead | None]:
    from hpo_core.session.opening import PIECE_BYTES, SessionReader

    reader = SessionReader(folder, indexed=True)
    reader.poll(PIECE_BYTES)
    return reader, beside or _beside(folder, reader.left)


def _journal_bytes(folder: SessionFolder) -> int:
    with contextlib.suppress(OSError):
        return (folder.path / FIRST_SEGMENT).stat().st_size
    return 0


def _beside(folder: SessionFolder, left: int) -> Ahead | None:
    """Return a process that reads so many bytes, if they are many and it would be of use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    keeps = os.access(folder.path, os.W_OK)  # else all would be read twice
    if left >= LARGE_BYTES and cores > 1 and keeps:
        with contextlib.suppress(OSError):  # no room for a process
            return Ahead(folder)
    return None


def main() -> None:
    """Read the journal, tell how far, one byte for each piece, and keep its index."""
    from hpo_core.session.opening import PIECE_BYTES, SessionReader

    reader = SessionReader(SessionFolder(Path(sys.argv[1])), indexed=True)
    while reader.poll(PIECE_BYTES) and reader.share < 1 and not reader.damaged:
        os.write(sys.stdout.fileno(), bytes([int(reader.share * _PERCENT)]))
    reader.keep_index()


if __name__ == "__main__":
    main()
