"""A copy of the journal from memory, for when the file was deleted or cut under the engine's hands.

It is no record of what happened, but leads to the same session: every training as far as it had come, the queue in
its order, the notes, whether it was paused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import cast

from hpo_core.journal.events import (
    AttemptEnded,
    AttemptStarted,
    AttemptStatus,
    Envelope,
    EpochEnded,
    Event,
    JobsMoved,
    JobsQueued,
    QueuePaused,
    TrialsAdded,
    ValuesAdvised,
)
from hpo_core.journal.files import write_atomically
from hpo_core.journal.records import encode_record
from hpo_core.refine.reuse import as_adopted
from hpo_core.session.binding import as_written
from hpo_core.session.snapshot import ENDED, Replicate, Snapshot
from hpo_core.session.state import SessionState

RECOVERED = "journal-recovered.jsonl"
"""No reader takes this name for a segment of the journal; renamed to ``journal.jsonl`` it is one."""

Timed = tuple[float, Event]


def write_recovery_copy(folder: Path, snapshot: Snapshot, gen: int) -> Path:
    """Write all that the engine knows as a journal of its own, and return its path. Raises ``OSError``."""
    events: list[Timed] = []
    if snapshot.engine is not None:
        events.append((snapshot.began, snapshot.engine))
    if snapshot.plan is not None:
        events.append((snapshot.began, snapshot.plan))
        added = (snapshot.spec.grid.listed or ())[len(snapshot.plan.trials or ()) :]
        if added:
            events.append((snapshot.began, TrialsAdded(trials=added)))
    if snapshot.advised:
        events.append((snapshot.began, ValuesAdvised(values=dict(snapshot.advised))))
    events += ((snapshot.began, event) for event in (snapshot.data, snapshot.probed) if event is not None)
    events += [event for entry in snapshot.replicates.values() for event in _events(entry)]
    events += ((snapshot.time, event) for event in _queue(snapshot, events, gen))
    events += ((snapshot.time, note) for note in snapshot.notes)
    if snapshot.paused is not None:
        events.append((snapshot.time, QueuePaused(reason=snapshot.paused)))
    path = folder / RECOVERED
    write_atomically(path, b"".join(map(encode_record, _records(events, gen))))
    return path


def _records(events: Iterable[Timed], gen: int) -> Iterator[Envelope]:
    return (Envelope(seq, gen, time, event) for seq, (time, event) in enumerate(events, 1))


def _queue(snapshot: Snapshot, events: Iterable[Timed], gen: int) -> Iterator[Event]:
    """Yield what makes the queue that of the snapshot, after ``events``."""
    state = SessionState(as_written(snapshot.spec, snapshot.plan))
    for record in _records(events, gen):
        state.apply(record)
    there = set(state.waiting())
    lacking = tuple((key.trial, key.replicate) for key in snapshot.queue if key not in there)
    if lacking:
        queued = JobsQueued(jobs=lacking, reason="recovered")
        state.apply(Envelope(0, gen, snapshot.time, queued))
        yield queued
    if tuple(state.waiting()) != snapshot.queue:
        yield JobsMoved(jobs=tuple((key.trial, key.replicate) for key in snapshot.queue), to="back")


def _events(entry: Replicate) -> Iterator[Timed]:
    if entry.origin and entry.status in ENDED:
        yield entry.ended, as_adopted(entry, entry.key.trial, entry.origin)
        return
    ids = {"trial": entry.key.trial, "replicate": entry.key.replicate, "attempt": entry.attempt}
    if entry.attempt:
        yield entry.started, AttemptStarted(**ids, seed=entry.seed or 0, worker=entry.worker or 0)
    for epoch in entry.epochs:
        metrics = dict(epoch.metrics)
        yield entry.started, EpochEnded(**ids, epoch=epoch.number, metrics=metrics, seconds=epoch.seconds)
    if entry.status == "running" or (entry.status == "waiting" and not entry.attempt):
        return
    ended = entry.status in ENDED  # one that waits again has been interrupted, or was queued again
    yield (
        entry.ended,
        AttemptEnded(
            **ids,
            status=cast(AttemptStatus, entry.status) if ended else "stopped",
            seconds=entry.seconds,
            reason=entry.reason,
            kind=entry.kind,
            parameters=entry.parameters,
            epochs=entry.ended_after,
            data=entry.data,
        ),
    )
