"""Reads a session's journal and follows it: whole lines only, all segments together, each record once."""

from __future__ import annotations

import os
import zlib
from bisect import bisect_right
from pathlib import Path

from msgspec import Struct, field

from hpo_core.errors import JournalError
from hpo_core.journal.events import Envelope
from hpo_core.journal.files import open_own
from hpo_core.journal.records import decode_block, decode_record
from hpo_core.journal.segments import FIRST_SEGMENT, in_order, segments

_PIECE_BYTES = 1 << 20


class Damage(Struct, frozen=True):
    """A stretch of the journal that could not be read: which file, which line (1-based), and why."""

    segment: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.segment}, line {self.line}: {self.reason}"


class _Place(Struct):
    """How far a segment has been read: which file it is, bytes, lines and their checksum."""

    file: tuple[int, int]
    offset: int = 0
    lines: int = 0
    crc: int = 0


class Mark(Struct, frozen=True):
    """How far a whole journal of one file has been read: all that a reader must know to go on from there.

    ``file`` is its device and inode: a copy of a journal has no marks.
    """

    file: tuple[int, int]
    offset: int
    lines: int
    crc: int
    seq: int
    gen: int


class _Gaps(Struct):
    """Stretches of numbers that no record has (yet), in rising order: the first and the last of each."""

    firsts: list[int] = field(default_factory=list)
    lasts: list[int] = field(default_factory=list)

    def add(self, first: int, last: int) -> None:
        self.firsts.append(first)
        self.lasts.append(last)

    def __contains__(self, seq: int) -> bool:
        at = bisect_right(self.firsts, seq) - 1
        return at >= 0 and seq <= self.lasts[at]

    def __bool__(self) -> bool:
        return bool(self.firsts)


class JournalReader:
    """Follows a session's journal: ``poll`` returns what was appended since the last call.

    A damaged line in the middle is skipped, and stands in ``damage``; records of an engine that was superseded
    and records already seen are left out. Where the journal was replaced, as by a repair, or where a record came
    to light that was missing before others, all of it is read anew: ``restarts`` then counts one more, and
    ``poll`` returns it from its beginning.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.restarts = 0
        self._forget()

    def _forget(self) -> None:
        self.last_seq = 0
        self.gen = 0
        self._damage: list[Damage] = []
        self._gaps = _Gaps()
        self._places: dict[str, _Place] = {}
        self._read_bytes = self._all_bytes = 0

    @property
    def damage(self) -> list[Damage]:
        """What could not be read, without what a later segment has again: nothing of that is missing."""
        if self._gaps or not self._damage:
            return list(self._damage)
        last = list(self._places)[-1]
        return [entry for entry in self._damage if entry.segment == last]

    def poll(self, at_most: int | None = None) -> list[Envelope]:
        """Return the new records, oldest first; an empty list where there are none.

        ``at_most`` is about how many bytes to read now, None for all of them; ``share`` tells what was left.
        """
        found = None if self._replaced() else self._new_records(at_most)
        if found is None or (self._gaps and any(record.seq in self._gaps for record in found)):
            self._forget()
            self.restarts += 1
            found = self._new_records(at_most)
        kept = in_order(found, self.last_seq, self.gen)
        if kept and kept[-1].seq - self.last_seq == len(kept):  # their numbers rise: none is missing
            self.gen, self.last_seq = kept[-1].gen, kept[-1].seq
            return kept
        for record in kept:
            if record.seq > self.last_seq + 1:
                self._gaps.add(self.last_seq + 1, record.seq - 1)
            self.gen, self.last_seq = record.gen, record.seq
        return kept

    @property
    def share(self) -> float:
        """How much of the journal was read by the last ``poll``: 1 where nothing was left."""
        return self._read_bytes / self._all_bytes if self._all_bytes else 1.0

    @property
    def left(self) -> int:
        """How many bytes of the journal the last ``poll`` has left."""
        return self._all_bytes - self._read_bytes

    def mark(self) -> Mark | None:
        """Return how far all was read; None where some is left, damaged, missing, or in another file."""
        place = self._places.get(FIRST_SEGMENT)
        if place is None or len(self._places) > 1 or self._damage or self._gaps or self.share < 1:
            return None
        return Mark(place.file, place.offset, place.lines, place.crc, self.last_seq, self.gen)

    def go_on_from(self, mark: Mark) -> bool:
        """Go on from ``mark``, where every byte before it is as it was; return whether that is so."""
        paths = segments(self.folder)
        if [path.name for path in paths] != [FIRST_SEGMENT]:
            return False
        with os.fdopen(open_own(paths[0]), "rb") as file:
            status = os.fstat(file.fileno())
            if (status.st_dev, status.st_ino) != mark.file or status.st_size < mark.offset:
                return False
            left, crc = mark.offset, 0
            while piece := file.read(min(left, _PIECE_BYTES)):
                left, crc = left - len(piece), zlib.crc32(piece, crc)
        if left or crc != mark.crc:
            return False
        self._forget()
        self._places[FIRST_SEGMENT] = _Place(mark.file, mark.offset, mark.lines, mark.crc)
        self.last_seq, self.gen = mark.seq, mark.gen
        return True

    def torn_tail(self) -> tuple[Path, int, bytes] | None:
        """Return (segment, offset, bytes) of a last line without an end, or None; call it after ``poll``."""
        for path in reversed(segments(self.folder)):
            place = self._places.get(path.name)
            offset = place.offset if place is not None else 0
            with os.fdopen(open_own(path), "rb") as file:
                file.seek(offset)
                rest = file.read()
            if rest:
                return path, offset, rest
        return None

    def _replaced(self) -> bool:
        """Whether a file that was read is another one now, or was cut."""
        for name, place in self._places.items():
            try:
                status = (self.folder / name).stat()
            except OSError:
                continue  # gone: what was read of it stays
            if (status.st_dev, status.st_ino) != place.file or status.st_size < place.offset:
                return True
        return False

    def _new_records(self, at_most: int | None) -> list[Envelope]:
        paths = segments(self.folder)
        if len(paths) != 1:  # records of several segments are put in order all together
            at_most = None
        self._read_bytes = self._all_bytes = 0
        found: list[Envelope] = []
        for path in paths:
            found += self._read(path, at_most)
        return found

    def _read(self, path: Path, at_most: int | None) -> list[Envelope]:
        try:
            status = path.stat()
            place = self._places.setdefault(path.name, _Place((status.st_dev, status.st_ino)))
            if status.st_size <= place.offset:
                return []
            with os.fdopen(open_own(path), "rb") as file:
                file.seek(place.offset)
                data = file.read(-1 if at_most is None else at_most)
                left = status.st_size - place.offset - len(data)
                if left > 0:  # up to the end of a line
                    data += file.readline()
        except FileNotFoundError:
            return []
        end = data.rfind(b"\n") + 1
        place.offset += end
        if left > 0 and end:  # what has no end yet is not waited for
            self._read_bytes, self._all_bytes = place.offset, status.st_size
        block = data[:end]
        place.crc = zlib.crc32(block, place.crc)
        try:
            records = decode_block(block)
            place.lines += len(records)
        except JournalError:
            records = []
            for line in block.split(b"\n")[:-1]:
                place.lines += 1
                try:
                    records.append(decode_record(line))
                except JournalError as error:
                    self._damage.append(Damage(path.name, place.lines, str(error)))
        return records
