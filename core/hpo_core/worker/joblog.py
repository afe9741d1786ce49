"""Where the worker's stdout and stderr go: one file for each attempt, of which the last 64 KB are kept.

The files are put under the file descriptors 1 and 2 themselves, so that what C libraries print arrives too.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from hpo_core.journal.files import FILE_MODE, FOLDER_MODE

KEEP_BYTES = 64 * 1024
"""So much of a log is kept: its end."""


class JobLog:
    """The file behind fd 1 and 2; ``switch`` changes it, ``trim`` cuts it down to its end."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self.switch(path)

    def switch(self, path: str) -> None:
        """Append stdout and stderr to ``path`` from now on."""
        sys.stdout.flush()
        sys.stderr.flush()
        self._path = Path(path)
        self._path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        self._attach(self._path)

    def keep_small(self) -> None:
        """Trim a log that has grown well past what is kept; cheap to call often."""
        if os.fstat(2).st_size > 2 * KEEP_BYTES:
            self.trim()

    def trim(self) -> None:
        """Keep the last 64 KB, from the start of a line; the file is replaced, never half written."""
        sys.stdout.flush()
        sys.stderr.flush()
        size = os.fstat(2).st_size
        if size <= KEEP_BYTES or not self._path.is_file():
            return
        with self._path.open("rb") as file:
            file.seek(size - KEEP_BYTES)
            end = file.read()
        end = end[end.find(b"\n") + 1 :]
        beside = self._path.with_name(f"{self._path.name}.{os.getpid()}.tmp")
        beside.touch(FILE_MODE)
        beside.write_bytes(end)
        beside.replace(self._path)
        self._attach(self._path)

    def _attach(self, path: Path) -> None:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, FILE_MODE)
        os.dup2(fd, 1)
        os.dup2(fd, 2)
        os.close(fd)
