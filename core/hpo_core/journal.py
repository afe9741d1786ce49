"""The journal: what happened in a session, append-only, one JSON object a line, each with seq, gen and crc.

A record is the event's own JSON object with its envelope around it::

    {"seq":12,"gen":1,"time":1700000000.5,"event":{"type":"EpochEnded",...},"crc":"9ae0daaf"}

The CRC (CRC-32, hexadecimal) is over every byte before ``,"crc"``. The engine is the only writer. After a failed
fsync nothing more is written to that file: a new segment (``journal-2.jsonl``, ...) begins with everything that
was not known to be on the disk. Readers take all segments in order and count each ``seq`` once, so a record that
stands in two segments is one record.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from hpo_core.errors import JournalError
from hpo_core.events import Envelope, Event
from hpo_core.files import REAL_FILES, Files, write_all
from hpo_core.text import clean

FIRST_SEGMENT = "journal.jsonl"
SYNC_SECONDS = 1.0
"""An epoch row is on the disk at most this long after it was written."""

_CRC_MARK = b',"crc":"'
_TAIL_LENGTH = len(_CRC_MARK) + 8 + 2  # mark, eight digits, "}
_SEGMENT_NAME = re.compile(r"journal-(\d+)\.jsonl")
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Envelope)


@dataclass(frozen=True, slots=True)
class Damage:
    """A stretch of the journal that could not be read: which file, which line (1-based), and why."""

    segment: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.segment}, line {self.line}: {self.reason}"


def encode_record(envelope: Envelope) -> bytes:
    """Return the record's line, newline included."""
    body = _encoder.encode(envelope)[:-1]
    return body + _CRC_MARK + b"%08x" % zlib.crc32(body) + b'"}\n'


def checked_body(line: bytes) -> bytes:
    """Return a line's record without its checksum, as it was written. Raises ``JournalError`` for damage."""
    body, tail = line[:-_TAIL_LENGTH], line[-_TAIL_LENGTH:]
    if not (tail.startswith(_CRC_MARK) and tail.endswith(b'"}')):
        raise JournalError("not a journal record")
    if b"%08x" % zlib.crc32(body) != tail[len(_CRC_MARK) : -2]:
        raise JournalError("the checksum does not match")
    return body


def decode_record(line: bytes) -> Envelope:
    """Return the record in ``line`` (without its newline). Raises ``JournalError`` with the reason."""
    body = checked_body(line)
    try:
        return _decoder.decode(body + b"}")
    except msgspec.DecodeError as error:
        raise JournalError(f"written by a newer hpo-tui, or not a journal record ({clean(error, 120)})") from None


def segments(folder: Path) -> list[Path]:
    """Return the journal's files in the order in which they were written."""
    later = sorted(
        (int(match[1]), path)
        for path in folder.glob("journal-*.jsonl")
        if (match := _SEGMENT_NAME.fullmatch(path.name))
    )
    first = folder / FIRST_SEGMENT
    return ([first] if first.exists() else []) + [path for _, path in later]


class JournalReader:
    """Follows a session's journal: ``poll`` returns what was appended since the last call.

    Whole lines only; a damaged line in the middle is skipped, and stands in ``damage``. Records of an engine that
    was superseded (a lower ``gen`` than one already seen) and records already seen are left out.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.damage: list[Damage] = []
        self.last_seq = 0
        self.gen = 0
        self._offsets: dict[str, int] = {}
        self._lines: dict[str, int] = {}

    def poll(self) -> list[Envelope]:
        """Return the new records, oldest first; an empty list where there are none."""
        return [envelope for path in segments(self.folder) for envelope in self._read(path)]

    def torn_tail(self) -> tuple[Path, int, bytes] | None:
        """Return (segment, offset, bytes) of a last line without an end, or None; call it after ``poll``."""
        for path in reversed(segments(self.folder)):
            offset = self._offsets.get(path.name, 0)
            with path.open("rb") as file:
                file.seek(offset)
                rest = file.read()
            if rest:
                return path, offset, rest
        return None

    def _read(self, path: Path) -> Iterator[Envelope]:
        offset = self._offsets.get(path.name, 0)
        try:
            if path.stat().st_size <= offset:
                return
            with path.open("rb") as file:
                file.seek(offset)
                data = file.read()
        except FileNotFoundError:
            return
        end = data.rfind(b"\n") + 1
        for line in data[:end].split(b"\n")[:-1]:
            self._lines[path.name] = self._lines.get(path.name, 0) + 1
            envelope = self._accept(path, line)
            if envelope is not None:
                yield envelope
        self._offsets[path.name] = offset + end

    def _accept(self, path: Path, line: bytes) -> Envelope | None:
        try:
            envelope = decode_record(line)
        except JournalError as error:
            reason = "zero-filled" if line.strip(b"\0") == b"" else str(error)
            self.damage.append(Damage(path.name, self._lines[path.name], reason))
            return None
        if envelope.gen < self.gen or envelope.seq <= self.last_seq:
            return None
        self.gen, self.last_seq = envelope.gen, envelope.seq
        return envelope


class JournalWriter:
    """Appends events; made by the engine once it holds the session's lock.

    ``append`` returns once the system has the bytes (an epoch shown as saved survives ``kill -9``); ``sync`` once
    the disk has them. ``sync_if_due`` is called often and syncs within ``SYNC_SECONDS``. Raises ``OSError`` where
    a record cannot be written; it is then not in the journal, and the call can be made again.
    """

    def __init__(self, folder: Path, gen: int, last_seq: int, files: Files = REAL_FILES) -> None:
        self.folder = folder
        self.gen = gen
        self.last_seq = last_seq
        self._files = files
        present = segments(folder)
        self._path = present[-1] if present else folder / FIRST_SEGMENT
        self._fd = files.open_append(self._path)
        self._size = os.fstat(self._fd).st_size
        self._unsynced: list[bytes] = []
        self._oldest_unsynced = 0.0
        self._ragged = False  # bytes of a record that failed stand at the file's end
        self._doubtful = False  # an fsync of this file failed: it is not written to again
        if not present:
            files.sync_folder(folder)

    def append(self, event: Event, now: float | None = None) -> Envelope:
        """Write one event and return its record."""
        written = time.time() if now is None else now
        envelope = Envelope(self.last_seq + 1, self.gen, round(written, 3), event)
        self._write(encode_record(envelope))
        self.last_seq = envelope.seq
        return envelope

    def sync(self) -> None:
        """Put everything appended so far on the disk; after a failed fsync, by way of a new segment."""
        if self._doubtful:
            self._begin_segment()
        if not self._unsynced:
            return
        try:
            self._files.sync(self._fd)
        except OSError:
            self._doubtful = True
            raise
        self._unsynced.clear()

    def sync_if_due(self) -> None:
        """Sync where the oldest unsynced record is older than ``SYNC_SECONDS``."""
        if self._unsynced and time.monotonic() - self._oldest_unsynced >= SYNC_SECONDS:
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
            self.sync()
        finally:
            self._files.close(self._fd)

    def _write(self, line: bytes) -> None:
        if self._doubtful:
            self._begin_segment()
        if self._ragged:
            self._cut_ragged_end()
        try:
            write_all(self._files, self._fd, line)
        except OSError:
            self._ragged = True
            with contextlib.suppress(OSError):  # tried again before the next record
                self._cut_ragged_end()
            raise
        self._size += len(line)
        if not self._unsynced:
            self._oldest_unsynced = time.monotonic()
        self._unsynced.append(line)

    def _cut_ragged_end(self) -> None:
        self._files.truncate(self._fd, self._size)
        self._ragged = False

    def _begin_segment(self) -> None:
        """Go on in a new file with all that the failed fsync left in doubt: its pages may be dropped."""
        numbers = [
            int(match[1]) for path in segments(self.folder) if (match := _SEGMENT_NAME.fullmatch(path.name))
        ]
        path = self.folder / f"journal-{max([1, *numbers]) + 1}.jsonl"
        fd = self._files.open_append(path)
        try:
            write_all(self._files, fd, b"".join(self._unsynced))
        except OSError:
            self._files.close(fd)
            path.unlink(missing_ok=True)
            raise
        self._files.close(self._fd)
        self._path, self._fd = path, fd
        self._size = sum(map(len, self._unsynced))
        self._ragged = self._doubtful = False
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
    aside.mkdir(mode=0o700, exist_ok=True)
    copy = files.open_append(aside / f"{path.stem}-{offset}.part")
    try:
        write_all(files, copy, rest)
        files.sync(copy)
    finally:
        files.close(copy)
    fd = files.open_append(path)
    try:
        files.truncate(fd, offset)
        files.sync(fd)
    finally:
        files.close(fd)
    return len(rest)
