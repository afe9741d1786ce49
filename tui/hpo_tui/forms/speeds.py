"""How long a new grid will take, from the speed of an earlier session on the same data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hpo_core.errors import HpoError
from hpo_core.plan.data import DataSpec
from hpo_core.plan.spec import SessionSpec
from hpo_core.session.opening import read_session
from hpo_core.session.snapshot import Snapshot
from hpo_core.session.store import list_sessions

SESSIONS_READ = 20
"""So many sessions, those last worked on, are asked for their speed."""


@dataclass(frozen=True, slots=True)
class Speed:
    """Seconds for an epoch on some data, on the mean over a session's trainings, and how many ran at a time."""

    session: str
    data: DataSpec
    epoch_seconds: float
    workers: int

    def seconds(self, spec: SessionSpec) -> float:
        """Return how long every training of ``spec`` takes together."""
        values = next((f.values for f in spec.grid.hyperparameters if f.name == "epochs"), (spec.epochs_of(1),))
        epochs = spec.trainings * sum(float(value) for value in values) / len(values)
        return self.epoch_seconds * epochs / max(min(self.workers, spec.trainings), 1)


def measured_speed(session: str, snapshot: Snapshot) -> Speed | None:
    """Return a session's own speed, None before a training has ended in it."""
    trained = [entry for entry in snapshot.replicates.values() if entry.seconds > 0 and entry.last is not None]
    epochs = sum(entry.last.number for entry in trained if entry.last is not None)
    if not epochs:
        return None
    workers = snapshot.engine.workers if snapshot.engine is not None else 1
    return Speed(session, snapshot.spec.data, sum(entry.seconds for entry in trained) / epochs, workers)


def measured_speeds(sessions: Path, workload: str) -> list[Speed]:
    """Return the speeds of the folder's sessions with this workload, the one last worked on first."""
    speeds = []
    for folder in list_sessions(sessions)[:SESSIONS_READ]:
        try:
            snapshot = read_session(folder)
        except (HpoError, OSError):
            continue  # a session that cannot be read says so on the home screen
        speed = measured_speed(folder.name, snapshot)
        if speed is not None and snapshot.engine is not None and snapshot.engine.options.workload == workload:
            speeds.append(speed)
    return speeds


def speed_on(speeds: list[Speed], data: DataSpec) -> Speed | None:
    """Return the first speed that was measured on this data."""
    return next((speed for speed in speeds if speed.data == data), None)
