"""The journal cut at every byte and its bits flipped: always a correct prefix, never another value."""

from __future__ import annotations

import random
from pathlib import Path

from drill_tools import Figures, UnsyncedFiles, finished_session

from hpo_core.errors import JournalError
from hpo_core.journal.events import Envelope, EpochEnded, Noted
from hpo_core.journal.reader import JournalReader
from hpo_core.journal.records import decode_record
from hpo_core.journal.writer import JournalWriter, set_torn_tail_aside
from hpo_core.plan.spec import SessionSpec
from hpo_core.session.snapshot import Snapshot
from hpo_core.session.state import SessionState


def cut_everywhere(sessions: Path, step: int = 1) -> Figures:
    """Cut a session's journal at every ``step``-th byte; open it, append, open it again."""
    whole = _journal(sessions, "to-cut", rates=2, filters=1)
    records = [decode_record(line) for line in whole.splitlines()]
    ends = [place + 1 for place, byte in enumerate(whole) if byte == ord("\n")]
    cuts = range(0, len(whole), step)
    figures = Figures("journal cut at every byte", len(cuts), lost=0, doubled=0, wrong=0)
    folder = sessions / "cut"
    folder.mkdir()
    for cut in cuts:
        kept = records[: sum(end <= cut for end in ends)]
        after = _open_append_open(folder, whole[:cut])
        figures.add(
            lost=max(len(kept) - len(after), 0),
            doubled=len(after) - len({record.seq for record in after}),
            wrong=after != kept,
        )
    return figures


def flip_bits(sessions: Path, rounds: int, seed: int = 3) -> Figures:
    """Flip a bit ``rounds`` times and read what is around it; what is accepted must be what was written.

    What the session then says is equal to what it said undisturbed, or missing: see ``Without``.
    """
    folder = finished_session(sessions, "to-flip", rates=3, filters=2, replicates=2)
    lines = (folder.path / "journal.jsonl").read_bytes().split(b"\n")[:-1]
    written = {record.seq: record for record in map(decode_record, lines)}
    without = Without(folder.load_spec(), list(written.values()))
    figures = Figures("flipped bits in the journal", rounds, lost=0, doubled=0, wrong=0)
    chance = random.Random(seed)
    for _ in range(rounds):
        place = chance.randrange(len(lines) - 1)
        pair = bytearray(lines[place] + b"\n" + lines[place + 1])
        pair[chance.randrange(len(lines[place]) + 1)] ^= 1 << chance.randrange(8)
        accepted = [record for line in pair.split(b"\n") if (record := _accept(line)) is not None]
        joined = len(pair.split(b"\n")) == 1
        figures.add(
            wrong=sum(written.get(record.seq) != record for record in accepted) + (len(accepted) == 2),
            lost=not accepted and not joined,  # the record that was not touched
            doubled=len(accepted) - len({record.seq for record in accepted}),
        )
        gone = {place + 1, place + 2} - {record.seq for record in accepted}
        figures.add(*without.compare(frozenset(gone)))
    return figures


class Without:
    """What a session says without some of its records: so many (lost, doubled, orphaned, wrong) rows."""

    def __init__(self, spec: SessionSpec, records: list[Envelope]) -> None:
        self._spec, self._records = spec, records
        self._whole = self._replay(frozenset())
        self._known: dict[frozenset[int], tuple[int, int, int, int]] = {}

    def compare(self, gone: frozenset[int]) -> tuple[int, int, int, int]:
        """Compare the session without the records of these numbers with the whole one."""
        if gone not in self._known:
            self._known[gone] = self._compare(gone)
        return self._known[gone]

    def _replay(self, gone: frozenset[int]) -> Snapshot:
        state = SessionState(self._spec)
        for record in self._records:
            if record.seq not in gone:
                state.apply(record)
        return state.snapshot()

    def _compare(self, gone: frozenset[int]) -> tuple[int, int, int, int]:
        seen, lost, doubled, wrong = self._replay(gone), 0, 0, 0
        metrics = self._whole.metrics
        for key, entry in self._whole.replicates.items():
            other = seen.replicate(key)
            rows = {epoch.number: epoch for epoch in entry.epochs}
            wrong += sum(rows.get(epoch.number) != epoch for epoch in other.epochs)
            doubled += len(other.epochs) - len({epoch.number for epoch in other.epochs})
            wrong += sum(other.result(name) not in (entry.result(name), None) for name in metrics)
            wrong += sum(other.best(name, "max") not in (entry.best(name, "max"), None) for name in metrics)
        if len(gone) == 1:  # a single record takes itself along, and no other row
            shown = sum(len(entry.epochs) for entry in seen.replicates.values())
            there = sum(isinstance(r.event, EpochEnded) and r.seq not in gone for r in self._records)
            lost = there - shown + self._whole.counts["complete"] - seen.counts["complete"]
        return lost, doubled, 0, wrong


def _journal(sessions: Path, name: str, **spec: int) -> bytes:
    return (finished_session(sessions, name, **spec).path / "journal.jsonl").read_bytes()


def _accept(line: bytes) -> Envelope | None:
    try:
        return decode_record(line)
    except JournalError:
        return None


def _open_append_open(folder: Path, content: bytes) -> list[Envelope]:
    """Return the records of a journal of these bytes, once a writer has opened it and appended one of its own."""
    files = UnsyncedFiles()
    (folder / "journal.jsonl").write_bytes(content)
    reader = JournalReader(folder)
    before = reader.poll()
    set_torn_tail_aside(folder, reader, files)
    writer = JournalWriter(folder, reader.gen + 1, reader.last_seq, files)
    added = writer.append(Noted(level="info", text="on"))
    writer.close()
    again = JournalReader(folder)
    after = again.poll()
    whole = after == [*before, added] and not again.damage
    for part in (folder / "damaged").glob("*.part"):
        part.unlink()
    return after[:-1] if whole else []
