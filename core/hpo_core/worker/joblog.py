"""Where the worker's stdout and stderr go: one file for each attempt, of which the last 64 KB are kept.

The files are put under the file descriptors 1 and 2 themselves, so that what C libraries print arrives too. No
training fails for its log: what cannot be written is lost, and where a log cannot be opened, the worker's first
one takes its words.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import sys
from pathlib import Path

from hpo_core.journal.files import make_own_folder, open_own, write_atomically
from hpo_core.text import clean

log = logging.getLogger(__name__)

KEEP_BYTES = 64 * 1024
"""So much of a log is kept: its end."""


class JobLog:
    """The file behind fd 1 and 2; ``switch`` changes it, ``trim`` cuts it down to its end."""

    def __init__(self, path: str) -> None:
        self._first = self._path = Path(path)
        self.switch(path)

    def switch(self, path: str) -> None:
        """Append stdout and stderr to ``path`` from now on, or else to the worker's first log."""
        _flush()
        try:
            self._attach(Path(path))
        except OSError as error:
            try:
                self._attach(self._first)
            except OSError:
                self._attach(Path(os.devnull))
            log.warning("What follows stands here, for its own log, %s: %s.", clean(path), error.strerror)

    def keep_small(self) -> None:
        """Trim a log that has grown well past what is kept; cheap to call often."""
        if os.fstat(2).st_size > 2 * KEEP_BYTES:
            self.trim()

    def trim(self) -> None:
        """Keep the last 64 KB, from the start of a line; the file is replaced, never half written."""
        _flush()
        size = os.fstat(2).st_size
        if size <= KEEP_BYTES:
            return
        with contextlib.suppress(OSError):  # one that cannot be replaced stays long
            with os.fdopen(open_own(self._path), "rb") as file:
                file.seek(size - KEEP_BYTES)
                end = file.read()
            write_atomically(self._path, end[end.find(b"\n") + 1 :], durable=False)
            self._attach(self._path)

    def _attach(self, path: Path) -> None:
        if path == Path(os.devnull):
            fd = os.open(path, os.O_WRONLY)
        else:
            make_own_folder(path.parent)
            fd = open_own(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(fd, 1)
        os.dup2(fd, 2)
        os.close(fd)
        self._path = path


class _Lossy(io.FileIO):
    """A file for which a failed write is none."""

    def write(self, data: object) -> int:
        """Write, or lose, all of ``data``."""
        view = memoryview(data)  # type: ignore[arg-type]
        with contextlib.suppress(OSError):
            return super().write(view)
        return view.nbytes


def print_without_fail() -> None:
    """Let no ``print`` raise because the disk is full: Python's stdout and stderr lose what they cannot write."""
    for name, fd in (("stdout", 1), ("stderr", 2)):
        _flush()
        raw = io.BufferedWriter(_Lossy(fd, "wb", closefd=False))
        setattr(sys, name, io.TextIOWrapper(raw, "utf-8", "backslashreplace", line_buffering=True))


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
