"""What of a session is damaged, and how it is set aside: nothing is ever deleted, and no value is guessed.

A record whose checksum does not match cannot be mended; it is taken out of the journal so that what is left is
whole, and the file as it was goes into ``damaged/``. A session that was repaired says so in its notes.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from hpo_core.engine.recorder import Recorder
from hpo_core.engine.recovery import RECOVERED
from hpo_core.errors import JournalError, SessionError
from hpo_core.journal.events import Envelope
from hpo_core.journal.files import REAL_FILES, Files, make_own_folder, open_own, write_atomically
from hpo_core.journal.lock import SessionLock
from hpo_core.journal.reader import Damage
from hpo_core.journal.records import checked_body, decode_record
from hpo_core.journal.segments import FIRST_SEGMENT, in_order, segments
from hpo_core.session.damage import lost_epochs, name_lost
from hpo_core.session.opening import check_readable
from hpo_core.session.paths import SessionFolder
from hpo_core.session.snapshot import Snapshot
from hpo_core.session.state import SessionState
from hpo_core.text import clean, plural

ASIDE = "damaged"


class Segment(Struct, frozen=True):
    """One file of the journal: its whole lines that hold, those that do not, and the bytes after the last line."""

    path: Path
    good: tuple[bytes, ...]
    damage: tuple[Damage, ...]
    tail: bytes

    @property
    def sound(self) -> bool:
        """Whether every byte is part of a record."""
        return not self.damage and not self.tail


class Findings(Struct, frozen=True):
    """The state of a session's files. ``snapshot`` is what its whole records add up to.

    ``missing`` counts the records whose numbers are nowhere; ``recovered`` is what the copy holds that an engine
    wrote from memory when its journal was taken away; ``leftovers`` are files that somebody was killed over while
    writing them.
    """

    folder: SessionFolder
    segments: tuple[Segment, ...]
    snapshot: Snapshot
    missing: int
    leftovers: tuple[Path, ...]
    recovered: Snapshot | None

    @property
    def sound(self) -> bool:
        """Whether there is nothing to set aside."""
        return all(segment.sound for segment in self.segments) and not self.leftovers


def examine(folder: SessionFolder) -> Findings:
    """Look at a session's files without changing one. Raises ``HpoError`` where the spec cannot be read."""
    found = tuple(_read_segment(path) for path in segments(folder.path))
    snapshot, missing = _add_up(folder, found)
    check_readable(snapshot, folder)
    copy = folder.path / RECOVERED
    recovered = _add_up(folder, (_read_segment(copy),))[0] if copy.is_file() and not copy.is_symlink() else None
    leftovers = tuple(sorted(folder.path.glob(".*.part")))
    return Findings(folder, found, snapshot, missing, leftovers, recovered)


def repair(folder: SessionFolder, use_recovered: bool = False, files: Files = REAL_FILES) -> list[Path]:
    """Set aside what is damaged and return where it is now; with ``use_recovered``, the whole journal.

    Raises ``SessionLocked`` while an engine works on the session, and ``SessionError`` where it cannot be written.
    """
    lock = SessionLock(folder.lock)
    try:
        lock.acquire()
        findings = examine(folder)  # again, now that nobody else writes
        moved = _put_recovered(findings, files) if use_recovered else _set_damage_aside(findings, files)
        if use_recovered or not all(segment.sound for segment in findings.segments):
            _note(folder, lock, findings, use_recovered, files)
        return moved
    except OSError as error:
        raise SessionError(f"The session cannot be repaired: {clean(error.filename)}: {error.strerror}.") from None
    finally:
        lock.release()


def _whole(path: Path) -> bytes:
    with os.fdopen(open_own(path), "rb") as file:
        return file.read()


def _read_segment(path: Path) -> Segment:
    *lines, tail = _whole(path).split(b"\n")
    good, damage = [], []
    for number, line in enumerate(lines, 1):
        try:
            checked_body(line)
        except JournalError as error:
            damage.append(Damage(path.name, number, str(error)))
        else:
            good.append(line + b"\n")
    return Segment(path, tuple(good), tuple(damage), tail)


def _add_up(folder: SessionFolder, found: tuple[Segment, ...]) -> tuple[Snapshot, int]:
    """Return the session of these records, and how many numbers between the first and the last are missing."""
    state, last, missing = SessionState(folder.load_spec()), 0, 0
    for record in in_order(_records(found)):
        missing += record.seq - last - 1
        last = record.seq
        state.apply(record)
    damage = tuple(str(entry) for segment in found for entry in segment.damage)
    return name_lost(state.snapshot(damage)), missing


def _records(found: tuple[Segment, ...]) -> Iterator[Envelope]:
    for line in (line for segment in found for line in segment.good):
        with contextlib.suppress(JournalError):  # whole, but of a newer hpo-tui: left where it is
            yield decode_record(line[:-1])


def _set_damage_aside(findings: Findings, files: Files) -> list[Path]:
    moved = []
    for segment in findings.segments:
        if not segment.sound:
            aside = _free_place(findings.folder, segment.path.name)
            write_atomically(aside, _whole(segment.path), files)
            write_atomically(segment.path, b"".join(segment.good), files)
            moved.append(aside)
    return moved + [_move_aside(findings.folder, path, files) for path in findings.leftovers]


def _put_recovered(findings: Findings, files: Files) -> list[Path]:
    folder = findings.folder
    if findings.recovered is None:
        raise SessionError(f"The session {folder.name!r} has no {RECOVERED}; no engine had to write one.")
    moved = [_move_aside(folder, segment.path, files) for segment in findings.segments]
    files.replace(folder.path / RECOVERED, folder.path / FIRST_SEGMENT)
    files.sync_folder(folder.path)
    return moved or [folder.path / FIRST_SEGMENT]


def _move_aside(folder: SessionFolder, path: Path, files: Files) -> Path:
    aside = _free_place(folder, path.name)
    files.replace(path, aside)
    files.sync_folder(aside.parent)
    return aside


def _free_place(folder: SessionFolder, name: str) -> Path:
    """Return a path in ``damaged/`` that nothing has: what was set aside before stays."""
    aside = folder.path / ASIDE
    make_own_folder(aside)
    stem = f"{time.strftime('%Y%m%d-%H%M%S')}-{name.lstrip('.')}"
    places = (aside / (stem if number == 1 else f"{stem}.{number}") for number in range(1, 10_000))
    return next(place for place in places if not place.exists())


def _note(folder: SessionFolder, lock: SessionLock, findings: Findings, recovered: bool, files: Files) -> None:
    if recovered:
        text = f"Repaired: the engine's copy from memory is the journal; the one before it is in {ASIDE}/."
    else:
        damaged = sum(len(segment.damage) for segment in findings.segments)
        lost = f"{plural(damaged, 'damaged record')} taken out" if damaged else "a cut-off end taken out"
        means = lost_epochs(findings.snapshot)
        text = f"Repaired: {lost}; the files as they were are in {ASIDE}/. {means}".strip()
    recorder = Recorder(folder, lock, files)
    recorder.note("warning", text)
    recorder.close()


def kept_in_words(snapshot: Snapshot) -> str:
    """Return "8 trainings: 6 complete, 2 waiting; 24 epochs"."""
    counts = ", ".join(f"{count:,} {status}" for status, count in snapshot.counts.items() if count)
    epochs = sum(len(entry.epochs) for entry in snapshot.replicates.values())
    return f"{plural(snapshot.trainings, 'training')}: {counts}; {plural(epochs, 'epoch')}"
