"""Appends to a session's journal, on disks that may be full or failing; made by the engine under its lock."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path

from hpo_core.journal.events import Envelope, Event
from hpo_core.journal.files import REAL_FILES, Files, make_own_folder, write_all
from hpo_core.journal.reader import JournalReader
from hpo_core.journal.records import encode_record
from hpo_core.journal.segments import FIRST_SEGMENT, next_segment, segments

SYNC_SECONDS = 1.0
"""An epoch row is on the disk at most this long after it was written."""

FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 1.0, 60.0
"""A disk that fails again in a new segment is tried again after so long, each time twice as long, at most so."""


class JournalWriter:
    """Appends events.

    ``append`` returns once the system has the bytes (an epoch shown as saved survives ``kill -9``); ``sync`` once
    the disk has them. ``sync_if_due`` is called often and syncs within ``SYNC_SECONDS``. Raises ``OSError`` where
    a record cannot be written; it is then not in the journal, and the call can be made again.

    After a failed fsync that file is never synced again, since its pages may be dropped: a new segment begins with
    all that was not synced. A segment that has never been synced holds nothing else, so that it is written anew in
    its own place when the disk fails there too, after a while: a bad disk makes no heap of segments.
    """

    def __init__(
        self,
        folder: Path,
        gen: int,
        last_seq: int,
        files: Files = REAL_FILES,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self.folder = folder
        self.gen = gen
        self.last_seq = last_seq
        self._files = files
        self._steady = steady
        present = segments(folder)
        self._path = present[-1] if present else folder / FIRST_SEGMENT
        self._fd = files.open_append(self._path)
        self._size = os.fstat(self._fd).st_size
        self._unsynced: list[bytes] = []
        self._oldest_unsynced = 0.0
        self._ragged = b""  # what of a record that failed stands at the file's end
        self._failed: OSError | None = None  # an fsync of this file failed: it is not synced again
        self._proven = True  # it may hold records that stand nowhere else
        self._pause = 0.0
        self._retry_at = 0.0
        if not present:
            files.sync_folder(folder)

    @property
    def failing(self) -> bool:
        """Whether the last fsync failed: what was written since the one before is in doubt."""
        return self._failed is not None

    @property
    def unsafe_since(self) -> float | None:
        """Since when (steady clock) nothing reaches the disk, not even by way of a new segment; else None."""
        return None if self._proven or not self._unsynced or self._failed is None else self._oldest_unsynced

    def append(self, event: Event, now: float | None = None) -> Envelope:
        """Write one event and return its record."""
        written = time.time() if now is None else now
        envelope = Envelope(self.last_seq + 1, self.gen, round(written, 3), event)
        self._write(encode_record(envelope))
        self.last_seq = envelope.seq
        return envelope

    def sync(self, at_once: bool = False) -> None:
        """Put everything appended so far on the disk; after a failed fsync, by way of a new segment.

        While a disk is left alone that has failed again and again, its error is raised, unless ``at_once``.
        """
        if self._failed is not None:
            if not at_once and self._steady() < self._retry_at:
                raise self._failed
            self._begin_segment()
        if not self._unsynced:
            return
        try:
            self._files.sync(self._fd)
        except OSError as error:
            self._sync_failed(error)
            raise
        self._unsynced.clear()
        self._proven, self._pause = True, 0.0

    def sync_if_due(self) -> None:
        """Sync where the oldest unsynced record is older than ``SYNC_SECONDS``, and the disk is not left alone."""
        now = self._steady()
        if self._unsynced and now - self._oldest_unsynced >= SYNC_SECONDS and now >= self._retry_at:
            self.sync()

    def is_whole(self) -> bool:
        """Whether what was written is still there: nobody has deleted, replaced or cut the file."""
        try:
            there, ours = self._path.stat(), os.fstat(self._fd)
        except FileNotFoundError:
            return False
        except OSError:
            return True  # a file system that does not answer is no proof
        return (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino) and there.st_size >= self._size

    def close(self) -> None:
        """Sync and close."""
        try:
            self.sync(at_once=True)
        finally:
            self._files.close(self._fd)

    def _sync_failed(self, error: OSError) -> None:
        self._failed = error
        if self._proven:  # what was not synced goes into a new segment at once
            self._retry_at = self._steady()
            return
        self._pause = min(max(2 * self._pause, FIRST_RETRY_SECONDS), LAST_RETRY_SECONDS)
        self._retry_at = self._steady() + self._pause

    def _write(self, line: bytes) -> None:
        if self._failed is not None and self._proven:
            self._begin_segment()
        if self._ragged:
            self._cut_ragged_end()
        written = 0
        try:
            while written < len(line):
                written += self._files.write(self._fd, line[written:])
        except OSError:
            self._ragged = line[:written]
            with contextlib.suppress(OSError):  # tried again before the next record
                self._cut_ragged_end()
            raise
        self._size += len(line)
        if not self._unsynced:
            self._oldest_unsynced = self._steady()
        self._unsynced.append(line)

    def _cut_ragged_end(self) -> None:
        """Cut off what is ours at the end, and nothing else: a newer engine may have written before it."""
        at = os.fstat(self._fd).st_size - len(self._ragged)
        if self._ragged and at >= 0 and os.pread(self._fd, len(self._ragged), at) == self._ragged:
            self._files.truncate(self._fd, at)
        self._ragged = b""

    def _begin_segment(self) -> None:
        """Go on in a new file with all that the failed fsync left in doubt.

        A segment that was never synced is replaced: the old one is there until the new one is whole.
        """
        path = next_segment(self.folder) if self._proven else self._path
        beside = path.with_name(f".{path.name}.{os.getpid()}.part")
        beside.unlink(missing_ok=True)
        fd = self._files.create(beside)
        try:
            write_all(self._files, fd, b"".join(self._unsynced))
            self._files.replace(beside, path)
        except OSError:
            self._files.close(fd)
            beside.unlink(missing_ok=True)
            raise
        self._files.close(self._fd)
        self._path, self._fd = path, fd
        self._size = sum(map(len, self._unsynced))
        self._ragged, self._failed, self._proven = b"", None, False
        self._files.sync_folder(self.folder)


def set_torn_tail_aside(folder: Path, reader: JournalReader, files: Files = REAL_FILES) -> int:
    """Move every last line without an end into ``damaged/`` and cut it off; return the number of bytes moved.

    To be called by the holder of the session's lock, after ``reader.poll()``. Raises ``OSError``.
    """
    moved = 0
    while (torn := reader.torn_tail()) is not None:
        moved += _set_aside(folder, *torn, files)
    return moved


def _set_aside(folder: Path, path: Path, offset: int, rest: bytes, files: Files) -> int:
    aside = folder / "damaged"
    make_own_folder(aside)
    copy = files.open_append(aside / f"{path.stem}-{offset}.part")
    try:
        write_all(files, copy, rest)
        files.sync(copy)
    finally:
        files.close(copy)
    for changed in (aside, folder):  # the copy's name must be on the disk before the original is cut
        files.sync_folder(changed)
    fd = files.open_append(path)
    try:
        files.truncate(fd, offset)
        files.sync(fd)
    finally:
        files.close(fd)
    return len(rest)
