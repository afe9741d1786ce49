"""A part of a large journal, read by a process of its own: several cores have it sooner than one.

    python -m hpo_core.session.parts FOLDER START END > PART

To check and decode the lines takes most of the time of reading them, and needs to know of nothing before. What
a part tells is put together there, so that little is left to do: epochs of one training become one ``Run``. Of
records that are not one after the other as an engine writes them, no part is made: the process ends with status 1,
and the journal is read from its beginning to its end, as ever.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import tempfile
import zlib
from array import array
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

import msgspec

from hpo_core.errors import JournalError
from hpo_core.journal.events import AttemptEnded, Envelope, EpochEnded
from hpo_core.journal.files import open_own
from hpo_core.journal.reader import Mark
from hpo_core.journal.records import decode_block
from hpo_core.journal.segments import FIRST_SEGMENT, in_order
from hpo_core.session.epochs import Epochs, Gathered
from hpo_core.session.paths import SessionFolder

_PIECE_BYTES = 1 << 17
"""So much is decoded at a time: it fits into a processor's cache."""
_SUMMED_BYTES = 1 << 20


class Run(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Epochs of one attempt, one after the other, that tell of the same metrics: the first one's number, how many.

    ``seq`` is the number of the last one's record, ``cells`` are those of ``Epochs``.
    """

    trial: int
    replicate: int
    attempt: int
    seq: int
    first: int
    count: int
    names: tuple[str, ...]
    cells: bytes

    def epochs(self) -> Epochs:
        """Return the epochs."""
        return Epochs(range(self.first, self.first + self.count), self.names, array("d", self.cells))


class Part(msgspec.Struct, frozen=True, array_like=True):
    """What stands between two marks of a journal; ``time`` is the last record's.

    ``others`` are the records that tell of no epoch, each with the number of ``runs`` before it.
    """

    before: Mark
    after: Mark
    time: float
    runs: list[Run]
    others: list[tuple[int, Envelope]]


_decoder = msgspec.msgpack.Decoder(Part)


class _Told:
    """The runs and the other records of a part that is being read."""

    def __init__(self) -> None:
        self.runs: list[Run] = []
        self.others: list[tuple[int, Envelope]] = []
        self._epochs: dict[tuple[int, int], list[EpochEnded]] = {}
        self._seqs: dict[tuple[int, int], int] = {}

    def take(self, records: Sequence[Envelope]) -> None:
        """Take more records.

        A run stands before whatever else is told of its training; of other trainings only ends may pass it, which
        nothing else depends on.
        """
        epochs, seqs = self._epochs, self._seqs
        for record in records:
            event = record.event
            if type(event) is EpochEnded:
                key = event.trial, event.replicate
                known = epochs.get(key)
                if known and known[-1].epoch + 1 == event.epoch and known[-1].attempt == event.attempt:
                    known.append(event)
                else:
                    self._put_together(key)
                    epochs[key] = [event]
                seqs[key] = record.seq
            else:
                if isinstance(event, AttemptEnded):
                    self._put_together((event.trial, event.replicate))
                else:
                    self.put_all_together()
                self.others.append((len(self.runs), record))

    def put_all_together(self) -> None:
        """Make runs of all epochs."""
        for key in list(self._epochs):
            self._put_together(key)

    def _put_together(self, key: tuple[int, int]) -> None:
        if told := self._epochs.pop(key, None):
            self._run(told, self._seqs.pop(key))

    def _run(self, told: list[EpochEnded], seq: int) -> None:
        gathered, first = Gathered(), told[0]
        gathered.add([e.epoch for e in told], [e.metrics for e in told], [e.seconds for e in told])
        epochs = gathered.epochs()
        if isinstance(epochs, Epochs):
            trial, replicate, attempt, cells = first.trial, first.replicate, first.attempt, epochs.cells.tobytes()
            self.runs.append(Run(trial, replicate, attempt, seq, first.epoch, len(told), epochs.names, cells))
        else:  # they do not tell of the same metrics
            for event in told:
                self._run([event], seq)


def read_part(file: BinaryIO, start: int, end: int) -> Part:
    """Return what a journal tells from ``start``, where a line begins, to the last line that ends before ``end``.

    Raises ``JournalError`` where a record is damaged, or none, or not the next one.
    """
    status = os.fstat(file.fileno())
    lines = crc = 0
    for piece in _pieces(file, start, _SUMMED_BYTES):
        lines, crc = lines + piece.count(b"\n"), zlib.crc32(piece, crc)
    inode, told, before, after, time, rest = (status.st_dev, status.st_ino), _Told(), None, None, 0.0, b""
    at = start
    for piece in _pieces(file, end - start, _PIECE_BYTES):
        whole, newline, rest = (rest + piece).rpartition(b"\n")
        if not newline:
            continue
        records = decode_block(whole + newline)
        if after is None:
            after = before = Mark(inode, at, lines, crc, records[0].seq - 1, records[0].gen)
        if in_order(records, after.seq, after.gen) != records or records[-1].seq - after.seq != len(records):
            raise JournalError("records are missing, or superseded")
        told.take(records)
        at, lines, crc = at + len(whole) + 1, lines + len(records), zlib.crc32(whole + newline, crc)
        after, time = Mark(inode, at, lines, crc, records[-1].seq, records[-1].gen), records[-1].time
    if before is None or after is None:
        raise JournalError("no record")
    told.put_all_together()
    return Part(before, after, time, told.runs, told.others)


def _pieces(file: BinaryIO, size: int, each: int) -> Iterator[bytes]:
    while size and (piece := file.read(min(size, each))):
        size -= len(piece)
        yield piece


class PartReader:
    """A process that reads the part of a session's journal from ``start`` on; it ends by itself."""

    def __init__(self, folder: SessionFolder, start: int, end: int) -> None:
        self.start = start
        self._told = tempfile.TemporaryFile()  # noqa: SIM115 - closed by who asks for the part
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "hpo_core.session.parts", str(folder.path), str(start), str(end)],
            stdin=subprocess.DEVNULL,
            stdout=self._told,
            stderr=subprocess.DEVNULL,  # what is wrong, who reads the journal after it finds as well
        )

    def part(self) -> Part | None:
        """Wait for the part, and return it; None where none could be made."""
        failed = self._process.wait()
        with self._told:
            self._told.seek(0)
            return None if failed else _decoder.decode(self._told.read())

    def stop(self) -> None:
        """End the process."""
        self._process.kill()
        self.part()


def read_in_parts(folder: SessionFolder, start: int, size: int, parts: int) -> list[PartReader]:
    """Begin to read a journal from ``start`` to ``size`` in so many parts, but for the first of them.

    That is half as large again as each of the others: who reads it needs not begin first.

    Raises ``OSError`` where that cannot be.
    """
    cuts = [start]
    with os.fdopen(open_own(folder.path / FIRST_SEGMENT), "rb") as file:
        for number in range(1, parts):
            file.seek(start + (size - start) * (2 * number + 1) // (2 * parts + 1))
            file.readline()
            cuts.append(file.tell())
    return [PartReader(folder, *cut) for cut in pairwise([*cuts[1:], size])]


def main() -> None:
    """Read a part, and write it out."""
    folder, start, end = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    gc.disable()  # there are no cycles, and each look goes through all
    with os.fdopen(open_own(folder / FIRST_SEGMENT), "rb") as file:
        part = read_part(file, start, end)
    sys.stdout.buffer.write(msgspec.msgpack.encode(part))


if __name__ == "__main__":
    try:
        main()
    except (JournalError, OSError):
        sys.exit(1)
