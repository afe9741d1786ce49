"""A journal that is read in parts by several processes adds up to what it adds up to when it is read in one."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from large_session import spec_of, write_session

from hpo_core.errors import JournalError
from hpo_core.journal.events import (
    AttemptEnded,
    AttemptStarted,
    EngineStarted,
    EngineStopped,
    Envelope,
    EpochEnded,
    Event,
    JobsQueued,
    Noted,
    QueuePaused,
)
from hpo_core.journal.records import encode_record
from hpo_core.session import ahead, index, parts, store
from hpo_core.session.opening import SessionReader
from hpo_core.session.paths import SessionFolder

SPEC = spec_of(500, 2, 4)
METRICS: dict[str, float | None] = {"accuracy": 0.5, "val_accuracy": None}
ENGINE = EngineStarted(host="box", boot_id="b", pid=1, version="0", schema=3, workers=3)


def training(trial: int, worker: int, attempt: int = 1, end: Any = "complete") -> list[Event]:
    """What is told of a training; the third tells of one metric more at its end."""
    ids = {"trial": trial, "replicate": 1, "attempt": attempt}
    told: list[Event] = [AttemptStarted(**ids, seed=trial, worker=worker)]
    for epoch in range(1, 5):
        more = {"more": 1.0} if trial == 3 and epoch > 2 else {}
        told.append(EpochEnded(**ids, epoch=epoch, metrics={**METRICS, **more}, seconds=epoch / 7))
    return [*told, AttemptEnded(**ids, status=end, seconds=2.0, epochs=4)]


def several_workers() -> list[Event]:
    """Trainings side by side on three workers; a pause, jobs that were asked for, two engines."""
    chance = random.Random(5)
    told: list[Event] = [ENGINE]
    waiting = [[*training(trial, trial % 3)] for trial in range(1, 13)]
    at_work = [waiting.pop(0) for _ in range(3)]
    while at_work:
        one = chance.choice(at_work)
        told.append(one.pop(0))
        if not one:
            at_work.remove(one)
            at_work += [waiting.pop(0)] if waiting else []
        if len(told) in (20, 40):
            told += [
                QueuePaused(reason="lunch"),
                JobsQueued(jobs=((1, 2), (20, 1))),
                Noted(level="info", text="a"),
            ]
    told += training(30, 0)[:4]
    return [*told, EngineStopped(reason="stopped"), ENGINE, *training(30, 0, attempt=2), *training(31, 1)[:3]]


STRAY: list[Event] = [
    ENGINE,
    *training(1, 0),
    training(1, 0)[2],  # of a training that has ended
    training(2, 0)[1],  # of one whose start was never told
    *training(4, 0)[:3],
    training(4, 0)[1],  # once more
    *training(4, 0)[3:],
]


def told(folder: Path, events: list[Event], gens: Callable[[int], int] = lambda seq: 1) -> SessionFolder:
    """Write a session of these events."""
    made = store.create(folder, "told", SPEC)
    lines = (encode_record(Envelope(seq, gens(seq), 100.0 + seq, event)) for seq, event in enumerate(events, 1))
    (made.path / "journal.jsonl").write_bytes(b"".join(lines))
    return made


def kept(reader: SessionReader) -> bytes:
    """Return the index of what was read."""
    reader.folder.index.unlink(missing_ok=True)
    index.keep_index(reader.folder, SPEC, reader.state, reader._journal)
    return reader.folder.index.read_bytes() if reader.folder.index.exists() else b""


def read(folder: SessionFolder, cuts: list[int]) -> SessionReader | None:
    """Read a session up to the first cut, then part by part; None where a part does not go on plainly."""
    reader = SessionReader(folder)
    with (folder.path / "journal.jsonl").open("rb") as journal:
        size = journal.seek(0, 2)
        while reader.rest[0] < cuts[0]:
            reader.poll(1)
        for start, end in zip(cuts, [*cuts[1:], size], strict=True):
            journal.seek(0)
            part = parts.read_part(journal, start, end)
            if not reader.take(parts._decoder.decode(parts.msgspec.msgpack.encode(part))):
                return None
    reader.poll()
    return reader


def line_ends(folder: SessionFolder) -> list[int]:
    """Return after which bytes of a journal a line begins."""
    data = (folder.path / "journal.jsonl").read_bytes()
    return [place + 1 for place, byte in enumerate(data[:-1]) if byte == 10]


@pytest.fixture(autouse=True)
def worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """An index is kept of every journal, and no piece is the whole of it."""
    monkeypatch.setattr(index, "WORTH_BYTES", 1)
    monkeypatch.setattr(parts, "_PIECE_BYTES", 700)


def test_wherever_a_journal_is_cut_its_parts_add_up_to_the_whole(tmp_path: Path) -> None:
    folder = told(tmp_path, several_workers(), gens=lambda seq: 1 + seq // 70)
    alone = SessionReader(folder)
    alone.poll()
    whole, ends = kept(alone), line_ends(folder)
    for number, cut in enumerate(ends):
        for cuts in ([cut], [cut, *ends[number + 7 :: 11]]):
            through = read(folder, cuts)
            assert through is not None
            assert kept(through) == whole
            assert through.snapshot() == alone.snapshot()


def test_what_does_not_go_on_plainly_is_refused_and_never_another_result(tmp_path: Path) -> None:
    folder = told(tmp_path, STRAY)
    alone = SessionReader(folder)
    alone.poll()
    whole = kept(alone)
    found = [read(folder, [cut]) for cut in line_ends(folder)]
    assert [kept(through) for through in found if through is not None] == [whole] * 3, (
        "after the last stray record"
    )


@pytest.mark.parametrize("harm", ["a flipped bit", "a record is missing", "an older engine", "nothing"])
def test_of_records_that_are_damaged_or_do_not_follow_on_no_part_is_made(tmp_path: Path, harm: str) -> None:
    older = {"gens": lambda seq: 1 if seq == 20 else 2} if harm == "an older engine" else {}
    folder = told(tmp_path, several_workers(), **older)
    journal, ends = folder.path / "journal.jsonl", line_ends(folder)
    data = journal.read_bytes()
    if harm == "a flipped bit":
        data = data[: ends[20] + 5] + b"~" + data[ends[20] + 6 :]
    elif harm == "a record is missing":
        data = data[: ends[20]] + data[ends[21] :]
    journal.write_bytes(data)
    with journal.open("rb") as file, pytest.raises(JournalError):
        parts.read_part(file, len(data) if harm == "nothing" else ends[5], len(data))


def test_a_part_is_not_taken_where_it_does_not_begin_where_was_read_to(tmp_path: Path) -> None:
    folder = told(tmp_path, several_workers())
    ends = line_ends(folder)
    with (folder.path / "journal.jsonl").open("rb") as journal:
        part = parts.read_part(journal, ends[9], ends[30])
    reader = SessionReader(folder)
    while reader.rest[0] < ends[8]:
        reader.poll(1)
    assert not reader.take(part)
    reader.poll(1)
    assert reader.take(part)
    assert not reader.take(part)


@pytest.mark.parametrize("damaged", [False, True])
def test_processes_that_read_a_large_journal_together_keep_the_same_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damaged: bool
) -> None:
    folder = write_session(tmp_path, "large", trials=1_000, replicates=1, epochs=8)
    journal = folder.path / "journal.jsonl"
    if damaged:
        data = journal.read_bytes()
        journal.write_bytes(data[:-3000] + b"~" + data[-2999:])
    began: list[int] = []
    begin = parts.read_in_parts

    def counted(*arguments: Any) -> list[parts.PartReader]:
        found = begin(*arguments)
        began.append(len(found))
        return found

    monkeypatch.setattr(parts, "read_in_parts", counted)
    monkeypatch.setattr(ahead, "LARGE_BYTES", 1 << 18)
    monkeypatch.setattr(ahead, "_tell", lambda share: None)
    monkeypatch.setattr(sys, "argv", ["ahead", str(folder.path)])
    found = []
    for cores in (1, 4):
        monkeypatch.setattr(ahead, "_cores", lambda count=cores: count)
        ahead.main()
        found.append(folder.index.read_bytes() if folder.index.exists() else b"")
        folder.index.unlink(missing_ok=True)
    assert began == [0, 2]
    assert found[0] == found[1]
    assert bool(found[0]) is not damaged
