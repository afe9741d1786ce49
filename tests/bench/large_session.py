"""A session as large as asked for, as an engine would have written it: for tests and benchmarks of large ones."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from hpo_core.journal.events import (
    AttemptEnded,
    AttemptStarted,
    EngineStarted,
    EngineStopped,
    Envelope,
    EpochEnded,
    Event,
)
from hpo_core.journal.records import encode_record
from hpo_core.plan.spec import SessionSpec
from hpo_core.session import store
from hpo_core.session.binding import plan_of
from hpo_core.session.paths import SessionFolder

SPEC = """
[data]
source = "fruit"
[grid]
learning_rate = {rates}
filters = {filters}
batch_size = {batches}
dropout = [0.0, 0.1, 0.2, 0.3, 0.4]
[fixed]
epochs = {epochs}
[session]
replicates = {replicates}
"""


def spec_of(trials: int, replicates: int, epochs: int) -> SessionSpec:
    """The spec of a grid of so many trials, a multiple of 500, over four hyperparameters."""
    rates = [round(1e-4 * 1.1**n, 9) for n in range(10)]
    batches = [2**n for n in range(1, 11)]
    filters = list(range(1, trials // 500 + 1))
    return SessionSpec.parse(
        SPEC.format(rates=rates, batches=batches, filters=filters, epochs=epochs, replicates=replicates)
    )


def events_of(spec: SessionSpec, epochs: int, ended: int) -> Iterator[Event]:
    """Yield what happens in the first trainings, ``ended`` of them."""
    chance = random.Random(1)
    for key in list(spec.grid.jobs(spec.replicates))[:ended]:
        best = chance.random()
        yield AttemptStarted(trial=key.trial, replicate=key.replicate, attempt=1, seed=1, worker=0)
        for epoch in range(1, epochs + 1):
            seen = best * (1 - 0.5**epoch)
            metrics = {"accuracy": seen, "loss": 1 - seen, "val_accuracy": seen * 0.9, "val_loss": 1.1 - seen}
            yield EpochEnded(
                trial=key.trial,
                replicate=key.replicate,
                attempt=1,
                epoch=epoch,
                metrics=dict(metrics),
                seconds=1.0,
            )
        yield AttemptEnded(
            trial=key.trial, replicate=key.replicate, attempt=1, status="complete", seconds=20.0, epochs=epochs
        )


def _events(spec: SessionSpec, epochs: int, ended: int) -> Iterator[Event]:
    yield EngineStarted(host="here", boot_id="b", pid=1, version="0", schema=3, workers=4)
    yield plan_of(spec)
    yield from events_of(spec, epochs, ended)
    yield EngineStopped(reason="finished")


def write_session(
    sessions: Path, name: str, trials: int, replicates: int = 2, epochs: int = 20, ended: int | None = None
) -> SessionFolder:
    """Write a session of so many trials, of which ``ended`` trainings have ended (None: all)."""
    spec = spec_of(trials, replicates, epochs)
    folder = store.create(sessions, name, spec)
    with (folder.path / "journal.jsonl").open("wb") as file:
        events = _events(spec, epochs, trials * replicates if ended is None else ended)
        for seq, event in enumerate(events, 1):
            file.write(encode_record(Envelope(seq, 1, 1.7e9 + seq * 0.01, event)))
    return folder
