"""The journal cut at every byte and its bits flipped: always a correct prefix, never another value."""

from __future__ import annotations

import random
from pathlib import Path

from drill_tools import Figures, UnsyncedFiles, finished_session

from hpo_core.errors import JournalError
from hpo_core.events import Envelope, Noted
from hpo_core.journal import JournalReader, JournalWriter, decode_record, set_torn_tail_aside


def cut_everywhere(sessions: Path, step: int = 1) -> Figures:
    """Cut a session's journal at every ``step``-th byte; open it, append, open it again."""
    whole = _journal(sessions, "to-cut", rates=2, filters=1)
    records = [decode_record(line) for line in whole.splitlines()]
    ends = [place + 1 for place, byte in enumerate(whole) if byte == ord("\n")]
    cuts = range(0, len(whole), step)
    figures = Figures("journal cut at every byte", len(cuts))
    folder = sessions / "cut"
    folder.mkdir()
    for cut in cuts:
        kept = records[: sum(end <= cut for end in ends)]
        after = _open_append_open(folder, whole[:cut])
        figures.lost += max(len(kept) - len(after), 0)
        figures.doubled += len(after) - len({record.seq for record in after})
        figures.wrong += after != kept
    return figures


def flip_bits(sessions: Path, rounds: int, seed: int = 3) -> Figures:
    """Flip a bit ``rounds`` times and read what is around it; what is accepted must be what was written."""
    lines = _journal(sessions, "to-flip", rates=3, filters=2, replicates=2).split(b"\n")[:-1]
    written = {record.seq: record for record in map(decode_record, lines)}
    figures = Figures("flipped bits in the journal", rounds)
    chance = random.Random(seed)
    for _ in range(rounds):
        place = chance.randrange(len(lines) - 1)
        pair = bytearray(lines[place] + b"\n" + lines[place + 1])
        pair[chance.randrange(len(lines[place]) + 1)] ^= 1 << chance.randrange(8)
        accepted = [record for line in pair.split(b"\n") if (record := _accept(line)) is not None]
        figures.wrong += sum(written.get(record.seq) != record for record in accepted)
        figures.wrong += len(accepted) == 2  # a change that nobody noticed
        joined = len(pair.split(b"\n")) == 1
        figures.lost += not accepted and not joined  # the record that was not touched
    return figures


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
