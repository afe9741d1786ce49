"""What a large journal adds up to, in a file beside it, so that it is not read again: disposable, never the truth.

An engine at its end, and a screen that has read a large journal, write ``journal.index``; screens go by it where
program, spec and every byte of the journal that it stands for are still the same; what the journal has beyond is
then read as ever. Anything else in its place is no error: the journal is read. What it says is held to
the bounds of a journal's records. Commands, engines and a repair go by the journal alone.

Two lines of JSON, then the cells of all epochs as the machine's doubles, then a checksum of all before.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import zlib
from array import array
from collections.abc import Iterator, Sequence
from functools import cache
from operator import lt
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, get_type_hints

import msgspec
from msgspec.structs import force_setattr

from hpo_core.journal.events import TrialsAdded
from hpo_core.journal.files import open_own, write_atomically
from hpo_core.journal.reader import JournalReader, Mark
from hpo_core.journal.segments import FIRST_SEGMENT
from hpo_core.plan.grid import JobKey
from hpo_core.plan.setting import Value
from hpo_core.plan.spec import SessionSpec
from hpo_core.session.bounds import MAX_EPOCHS
from hpo_core.session.epochs import Epochs, Gathered, one_of
from hpo_core.session.paths import SessionFolder
from hpo_core.session.snapshot import Replicate
from hpo_core.session.state import SessionState

WORTH_BYTES = 1 << 23
"""So much of a journal is read without an index in less than a third of a second."""

_MEANS = (
    "journal/events.py",
    *(f"session/{name}.py" for name in ("bounds", "epochs", "index", "snapshot", "state")),
)
"""Where it stands what a journal adds up to."""

_CRC_BYTES, _CELL_BYTES, _PIECE_BYTES = 4, 8, 1 << 20


def _plain_epochs(told: object) -> object:
    if isinstance(told, Epochs):
        return [] if isinstance(told.numbers, range) else list(told)
    if isinstance(told, MappingProxyType):
        return dict(told)
    raise NotImplementedError(type(told))


_encoder = msgspec.json.Encoder(enc_hook=_plain_epochs)


class _Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What must agree before anything else is looked at."""

    program: str
    spec: str
    mark: Mark


class _Body(msgspec.Struct, forbid_unknown_fields=True):
    """A session's state, but for the cells of those epochs that ``runs`` tells of."""

    plain: msgspec.Raw
    trials: tuple[tuple[Value, ...], ...]
    """Those that the plan has added to the spec's."""
    queue: list[JobKey]
    counts: dict[int, int]
    running: dict[int, JobKey]
    epoch_seqs: list[tuple[JobKey, int]]
    replicates: list[Replicate]
    names: list[tuple[str, ...]]
    runs: list[tuple[int, int, int]]
    """For each replicate the number of its first epoch, how many there are, and which of ``names`` they tell."""


_OTHERWISE = {"spec", "_growing", *(f"_{name}" for name in _Body.__struct_fields__)}
_PLAIN = {name: kind for name, kind in get_type_hints(SessionState).items() if name not in _OTHERWISE}
"""Those fields of a state that are kept as they are, with their types: all that a body does not tell otherwise."""

_Plain = msgspec.defstruct("_Plain", _PLAIN.items(), forbid_unknown_fields=True)


def keep_index(
    folder: SessionFolder, spec: SessionSpec, state: SessionState, journal: JournalReader, kept_to: int = 0
) -> None:
    """Keep what was read of a session that began with ``spec``, if that is much more than ``kept_to`` bytes.

    Nothing is kept of a journal that is damaged or says what cannot be, in another user's folder, and where it
    cannot be, as on a disk that has little room left.
    """
    mark = journal.mark()
    if mark is None or mark.seq != state._last_seq or mark.offset - kept_to < WORTH_BYTES or state._bounds.broken:
        return
    with contextlib.suppress(OSError):
        room = shutil.disk_usage(folder.path).free > mark.offset
        if room and folder.path.stat().st_uid == os.geteuid():
            for half in folder.path.glob(f".{folder.index.name}.*.part"):
                half.unlink(missing_ok=True)  # of a program that was killed; or of another at work, which gives up
            head = _Head(_program(), spec.to_toml(), mark)
            write_atomically(folder.index, _parts(head, state, len(spec.grid)), durable=False)


def read_index(folder: SessionFolder, spec: SessionSpec, journal: JournalReader) -> SessionState | None:
    """Return the state that the index keeps, with ``journal`` gone on to where it ends; None where it is void."""
    try:
        with os.fdopen(open_own(folder.index), "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > (folder.path / FIRST_SEGMENT).stat().st_size:
                return None  # the journal always is the larger one
            line = file.readline()
            head = msgspec.json.decode(line, type=_Head)
            if head.program != _program() or head.spec != spec.to_toml():
                return None
            state = _read_state(file, size, zlib.crc32(line), spec)
            return state if journal.go_on_from(head.mark) else None
    except (OSError, EOFError, ValueError, RecursionError, msgspec.DecodeError):
        return None


@cache
def _program() -> str:
    """Return what says how a journal adds up: a program that was changed in that goes by no index of before."""
    crc = 0
    for name in _MEANS:
        crc = zlib.crc32((Path(__file__).parents[1] / name).read_bytes(), crc)
    return f"{crc:08x}, {sys.byteorder} endian"


def _parts(head: _Head, state: SessionState, trials: int) -> Iterator[bytes]:
    """Yield the file piece by piece: the epochs of a large session once more are half of its memory."""
    state._settle_all()
    names: dict[tuple[str, ...], int] = {}
    kept, runs = list(state._replicates.values()), []
    for epochs in (entry.epochs for entry in kept):
        run = (0, 0, 0)
        if isinstance(epochs, Epochs) and isinstance(epochs.numbers, range):
            run = (epochs.numbers.start, len(epochs), names.setdefault(epochs.names, len(names)))
        runs.append(run)
    body = _Body(
        plain=msgspec.Raw(_encoder.encode({name: getattr(state, name) for name in _PLAIN})),
        trials=(state.spec.grid.listed or ())[trials:],
        queue=list(state._queue),
        counts=state._counts,
        running=state._running,
        epoch_seqs=list(state._epoch_seqs.items()),
        replicates=kept,
        names=list(names),
        runs=runs,
    )
    crc = 0
    for part in _in_pieces(_encoder.encode(head), _encoder.encode(body), kept, runs):
        crc = zlib.crc32(part, crc)
        yield part
    yield crc.to_bytes(_CRC_BYTES, "big")


def _in_pieces(
    head: bytes, body: bytes, kept: list[Replicate], runs: list[tuple[int, int, int]]
) -> Iterator[bytes]:
    piece = bytearray(b"%s\n%s\n" % (head, body))
    for entry, (_, count, _) in zip(kept, runs, strict=True):
        if count and isinstance(entry.epochs, Epochs):
            piece += entry.epochs.cells
        if len(piece) >= _PIECE_BYTES:
            yield bytes(piece)
            piece.clear()
    yield bytes(piece)


def _read_state(file: BinaryIO, size: int, crc: int, spec: SessionSpec) -> SessionState:
    """Return the state in the rest of ``file``. Raises ``ValueError`` where that is damaged, or cannot be."""
    line = file.readline()
    body = msgspec.json.decode(line, type=_Body)
    crc = zlib.crc32(line, crc)
    names = [one_of(each) for each in body.names]
    cells = sum(count * (len(names[which]) + 1) for _, count, which in body.runs if count)
    left = size - file.tell() - _CRC_BYTES
    _must(left == cells * _CELL_BYTES and all(count >= 0 for _, count, _ in body.runs))
    found, end = array("d"), 0
    found.fromfile(file, cells)
    _must(file.read() == zlib.crc32(found, crc).to_bytes(_CRC_BYTES, "big"))
    state = SessionState(spec)
    for entry, (first, count, which) in zip(body.replicates, body.runs, strict=True):
        if count:
            start, end = end, end + count * (len(names[which]) + 1)
            force_setattr(entry, "epochs", Epochs(range(first, first + count), names[which], found[start:end]))
        else:
            force_setattr(entry, "epochs", Gathered(entry.epochs).epochs() if entry.epochs else ())
    if body.trials:
        state._add_trials(TrialsAdded(trials=body.trials))
    for trial, count in body.counts.items():
        _must(state.possible(JobKey(trial, count)))
        state._note_replicate(JobKey(trial, count))
    state._replicates = {entry.key: entry for entry in body.replicates}
    state._queue = dict.fromkeys(body.queue)
    state._running = body.running
    state._epoch_seqs = dict(body.epoch_seqs)
    plain = msgspec.json.decode(body.plain, type=_Plain)
    for name in _PLAIN:
        setattr(state, name, getattr(plain, name))
    _must(not state._bounds.broken and all(map(_possible, body.replicates)))
    _must(all(key in state._replicates for key in body.running.values()))
    there = (*state._replicates, *state._queue, *state._epoch_seqs)
    _must(all(0 < key.replicate <= state.replicate_count(key.trial) and state.possible(key) for key in there))
    return state


def _possible(entry: Replicate) -> bool:
    """Whether a replicate's epochs may be: they rise, and are as many as may be at most."""
    if entry.ended_after is not None and not 0 <= entry.ended_after <= MAX_EPOCHS:
        return False
    if not entry.epochs:
        return True
    numbers: Sequence[int] = (
        entry.epochs.numbers if isinstance(entry.epochs, Epochs) else [epoch.number for epoch in entry.epochs]
    )
    rise = isinstance(numbers, range) or all(map(lt, numbers, numbers[1:]))
    return numbers[0] >= 1 and numbers[-1] <= MAX_EPOCHS and rise


def _must(holds: bool) -> None:
    if not holds:
        raise ValueError("no state")
