"""A large journal, read by a process beside the screen's: where there are two cores it is there in half the time.

    python -m hpo_core.session.ahead FOLDER

The screen is imported and first drawn meanwhile, and no key waits for the reading. The process ends with the index
kept, from which the screen goes on; where none can be kept, it ends with nothing, and the screen reads the journal
itself, as it does without one. Nothing is imported here until there is something to read: all sessions begin here.
"""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
from pathlib import Path

from hpo_core.journal.segments import FIRST_SEGMENT
from hpo_core.session.paths import SessionFolder

LARGE_BYTES = 1 << 25
"""A smaller journal is read sooner than another process has begun."""

_PERCENT = 100


class Ahead:
    """Such a process; it ends by itself, also where whoever began it has ended."""

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


_begun: dict[Path, Ahead] = {}


def begin(folder: SessionFolder) -> None:
    """Begin to read a session's journal, if it is large and no index was kept since it last grew."""
    with contextlib.suppress(OSError):  # no index, or no journal
        kept, grown = folder.index.stat().st_mtime_ns, (folder.path / FIRST_SEGMENT).stat().st_mtime_ns
        if kept >= grown:  # whether it holds, who reads it finds
            return
    _begin(folder)


def _begin(folder: SessionFolder) -> None:
    with contextlib.suppress(OSError):  # no journal, or no room for a process
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        large = (folder.path / FIRST_SEGMENT).stat().st_size >= LARGE_BYTES
        keeps = os.access(folder.path, os.W_OK)  # else all would be read twice
        if large and cores > 1 and keeps and folder.path not in _begun:
            _begun[folder.path] = Ahead(folder)


def begun(folder: SessionFolder) -> Ahead | None:
    """Return the process that reads a journal that no index stands for, begun now at the latest; or None."""
    _begin(folder)
    return _begun.pop(folder.path, None)


def main() -> None:
    """Read the journal, tell how far, one byte for each piece, and keep its index."""
    from hpo_core.session.opening import PIECE_BYTES, SessionReader

    reader = SessionReader(SessionFolder(Path(sys.argv[1])), indexed=True)
    while reader.poll(PIECE_BYTES) and reader.share < 1 and not reader.damaged:
        os.write(sys.stdout.fileno(), bytes([int(reader.share * _PERCENT)]))
    reader.keep_index()


if __name__ == "__main__":
    main()
