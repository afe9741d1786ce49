"""A copy of the journal from memory, for when the file was deleted or cut under the engine's hands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

from hpo_core.events import (
    AttemptEnded,
    AttemptStarted,
    AttemptStatus,
    Envelope,
    EpochEnded,
    Event,
    QueuePaused,
    ResultAdopted,
)
from hpo_core.files import write_atomically
from hpo_core.journal import encode_record
from hpo_core.state import ENDED, Replicate, Snapshot

RECOVERED = "journal-recovered.jsonl"
"""No reader takes this name for a segment of the journal; renamed to ``journal.jsonl`` it is one."""


def write_recovery_copy(folder: Path, snapshot: Snapshot, gen: int) -> Path:
    """Write all that the engine knows as a journal of its own, and return its path. Raises ``OSError``."""
    events = [event for entry in snapshot.replicates.values() for event in _events(entry)]
    if snapshot.engine is not None:
        events.insert(0, (snapshot.began, snapshot.engine))
    if snapshot.data is not None:
        events.insert(1, (snapshot.began, snapshot.data))
    if snapshot.paused is not None:
        events.append((snapshot.time, QueuePaused(reason=snapshot.paused)))
    lines = [encode_record(Envelope(seq, gen, time, event)) for seq, (time, event) in enumerate(events, 1)]
    path = folder / RECOVERED
    write_atomically(path, b"".join(lines))
    return path


def _events(entry: Replicate) -> Iterator[tuple[float, Event]]:
    trial, replicate = entry.key.trial, entry.key.replicate
    if entry.origin and entry.status in ENDED:
        yield (
            entry.ended,
            ResultAdopted(
                trial=trial,
                replicate=replicate,
                status=cast(AttemptStatus, entry.status),
                origin=entry.origin,
                epochs=tuple(dict(epoch.metrics) for epoch in entry.epochs),
                last_epoch=entry.epochs[-1].number if entry.epochs else 0,
                seconds=entry.seconds,
                seed=entry.seed,
                reason=entry.reason,
                parameters=entry.parameters,
            ),
        )
        return
    yield (
        entry.started,
        AttemptStarted(
            trial=trial,
            replicate=replicate,
            attempt=entry.attempt,
            seed=entry.seed or 0,
            worker=entry.worker or 0,
        ),
    )
    for epoch in entry.epochs:
        yield (
            entry.started,
            EpochEnded(
                trial=trial,
                replicate=replicate,
                attempt=entry.attempt,
                epoch=epoch.number,
                metrics=dict(epoch.metrics),
                seconds=epoch.seconds,
            ),
        )
    if entry.status in ENDED:
        yield (
            entry.ended,
            AttemptEnded(
                trial=trial,
                replicate=replicate,
                attempt=entry.attempt,
                status=cast(AttemptStatus, entry.status),
                seconds=entry.seconds,
                reason=entry.reason,
                kind=entry.kind,
                parameters=entry.parameters,
            ),
        )
