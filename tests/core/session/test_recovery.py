"""The copy from memory leads to the session as the engine knew it: results, queue, notes, pause."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hpo_core.engine.recovery import write_recovery_copy
from hpo_core.journal.events import (
    AttemptEnded,
    AttemptStarted,
    EngineStarted,
    Envelope,
    EpochEnded,
    Event,
    JobsMoved,
    JobsQueued,
    Noted,
    QueuePaused,
    ResultAdopted,
    WiringProbed,
)
from hpo_core.journal.reader import JournalReader
from hpo_core.plan.probes import Finding
from hpo_core.plan.spec import SessionSpec
from hpo_core.session.state import SessionState


def started(trial: int, worker: int = 1) -> AttemptStarted:
    return AttemptStarted(trial=trial, replicate=1, attempt=1, seed=5, worker=worker)


def epoch(trial: int, number: int) -> EpochEnded:
    return EpochEnded(trial=trial, replicate=1, attempt=1, epoch=number, metrics={"loss": 0.5 / number})


STORY: list[Event] = [
    EngineStarted(host="box", boot_id="b", pid=1, version="0"),
    Noted(level="warning", text="something to know"),
    WiringProbed(
        findings=(Finding(hyperparameter="filters", verdict="nothing", values=(12, 24), steps=8),),
        probes=4,
        steps=32,
        seconds=0.5,
    ),
    ResultAdopted(trial=4, replicate=2, status="complete", origin="a.csv", epochs=({"loss": 0.1},), last_epoch=2),
    started(1),
    epoch(1, 1),
    epoch(1, 2),
    AttemptEnded(trial=1, replicate=1, attempt=1, status="complete", seconds=2.0, epochs=2, data="abc"),
    started(2),
    AttemptEnded(trial=2, replicate=1, attempt=1, status="failed", reason="no", kind="error", epochs=0),
    AttemptEnded(trial=3, replicate=1, attempt=0, status="stopped", reason="taken out", kind="stopped"),
    JobsQueued(jobs=((2, 1), (1, 3), (1, 4))),
    JobsMoved(jobs=((4, 1), (1, 4)), to="front"),
    started(1).__class__(trial=1, replicate=2, attempt=1, seed=6, worker=1),
    QueuePaused(reason="lunch"),
]


def test_the_session_is_the_same_after_every_event(tmp_path: Path, make_spec: Callable[..., SessionSpec]) -> None:
    state = SessionState(make_spec())
    for seq, event in enumerate(STORY, 1):
        state.apply(Envelope(seq, 1, 100.0 + seq, event))
        known = state.snapshot()
        copy = write_recovery_copy(tmp_path, known, 1)
        copy.rename(tmp_path / "journal.jsonl")
        again = SessionState(make_spec())
        reader = JournalReader(tmp_path)
        for record in reader.poll():
            again.apply(record)
        seen = again.snapshot()
        assert reader.damage == []
        assert seen.queue == known.queue
        assert (seen.notes, seen.paused, seen.counts) == (known.notes, known.paused, known.counts)
        assert seen.replicate_counts == known.replicate_counts
        assert seen.probed == known.probed
        for key, entry in known.replicates.items():
            other = seen.replicate(key)
            assert (other.status, other.attempt, other.epochs) == (entry.status, entry.attempt, entry.epochs)
            assert (other.data, other.origin, other.seconds) == (entry.data, entry.origin, entry.seconds)
