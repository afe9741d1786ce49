"""How fast a session trains, measured over all of it: what a grid like it is expected to take.

While a session trains its engine knows more, and says it in ``status.json``.
"""

from __future__ import annotations

from msgspec import Struct

from hpo_core.plan.spec import SessionSpec
from hpo_core.session.snapshot import Snapshot


class Speed(Struct, frozen=True):
    """Seconds for an epoch, on the mean over a session's trainings, and how many of these ran at a time."""

    epoch_seconds: float
    workers: int

    def seconds(self, epochs: float, trainings: int) -> float:
        """Return how long so many epochs take, in so many trainings."""
        return self.epoch_seconds * epochs / max(min(self.workers, trainings), 1)


def measured_speed(snapshot: Snapshot) -> Speed | None:
    """Return a session's own speed, None before a training has ended in it."""
    trained = [entry for entry in snapshot.replicates.values() if entry.seconds > 0 and entry.last is not None]
    epochs = sum(entry.last.number for entry in trained if entry.last is not None)
    if not epochs:
        return None
    workers = snapshot.engine.workers if snapshot.engine is not None else 1
    return Speed(sum(entry.seconds for entry in trained) / epochs, workers)


def epochs_in_all(spec: SessionSpec) -> float:
    """Return the epochs of all trainings of ``spec``: each value of ``epochs`` stands in equally many trials."""
    values = spec.epochs_asked
    return spec.trainings_asked * sum(values) / len(values)
