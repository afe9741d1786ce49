"""What a session's journal adds up to, at one moment: frozen, so that whoever holds it may read in peace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import Literal

import msgspec
from msgspec import Struct

from hpo_core.journal.events import DataPrepared, EngineStarted, EngineStopped, Noted, PlanRecorded, WiringProbed
from hpo_core.plan.grid import JobKey
from hpo_core.plan.metrics import Direction
from hpo_core.plan.setting import Value
from hpo_core.plan.spec import SessionSpec
from hpo_core.session.epochs import Epoch, column, last_names, last_number, last_value

Status = Literal["waiting", "running", "complete", "diverged", "pruned", "failed", "stopped"]
STATUSES: tuple[Status, ...] = ("waiting", "running", "complete", "diverged", "pruned", "failed", "stopped")
ENDED: frozenset[Status] = frozenset({"complete", "diverged", "pruned", "failed", "stopped"})


class Replicate(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One independent training of a trial, as far as it has come; ``attempt`` counts the tries from 1.

    ``started`` and ``ended`` are seconds since 1970; ``seconds`` is the training's own time. ``origin`` says where
    a result came from that was not trained here. ``ended_after`` is how many epochs an attempt had that has ended,
    None where the journal does not say; ``data`` is the fingerprint of the images that it was trained on.
    """

    key: JobKey
    status: Status = "waiting"
    attempt: int = 0
    seed: int | None = None
    epochs: Sequence[Epoch] = ()
    seconds: float = 0.0
    reason: str = ""
    kind: str = ""
    worker: int | None = None
    parameters: int | None = None
    origin: str = ""
    started: float = 0.0
    ended: float = 0.0
    ended_after: int | None = None
    data: str = ""

    @property
    def last(self) -> Epoch | None:
        """The last epoch that ended; None before there is one, and where its record is lost."""
        return self.epochs[-1] if self._has_last else None

    @property
    def _has_last(self) -> bool:
        if not self.epochs:
            return False
        return self.ended_after is None or last_number(self.epochs) >= self.ended_after

    @property
    def had(self) -> int:
        """How many epochs the training has had, those whose records are lost included."""
        last = last_number(self.epochs) if self.epochs else 0
        return max(self.ended_after or 0, last)

    @property
    def missing(self) -> tuple[int, ...]:
        """The epochs that the training had, and whose records are lost."""
        had = 0 if self.origin else self.had  # of a result from elsewhere, only the last epoch may be known
        if had <= len(self.epochs):  # their numbers rise from 1
            return ()
        there = {epoch.number for epoch in self.epochs}
        return tuple(number for number in range(1, had + 1) if number not in there)

    def metric(self, name: str) -> float | None:
        """The metric's value at the last epoch; None where there is none, or where that epoch's record is lost."""
        return last_value(self.epochs, name) if self._has_last else None

    def best(self, name: str, better: Direction) -> float | None:
        """The metric's value at the epoch where it was best; None where a lost record may hold a better one."""
        if self.missing:
            return None
        found = [value for value in column(self.epochs, name) if value is not None]
        return (max if better == "max" else min)(found, default=None)

    def result(self, name: str) -> float | None:
        """The metric's value of a finished training; None unless the status is complete."""
        return self.metric(name) if self.status == "complete" else None


class Snapshot(Struct, frozen=True, dict=True, weakref=True):
    """A session at one moment. Nothing in it changes; the next moment is another snapshot."""

    spec: SessionSpec
    version: int
    replicates: Mapping[JobKey, Replicate]
    """Those that have begun or ended; every other job of the grid waits."""
    queue: tuple[JobKey, ...]
    """The waiting jobs, next first."""
    replicate_counts: Mapping[int, int]
    """Trials whose number of replicates differs from the spec's."""
    engine: EngineStarted | None
    stopped: EngineStopped | None
    paused: str | None
    data: DataPrepared | None
    plan: PlanRecorded | None
    """Which values the trials have that the results belong to; None in journals that never recorded it."""
    disagreement: str
    """Where the spec does not agree with that plan; empty where it does."""
    advised: Mapping[str, tuple[Value, ...]]
    """What the plan may propose of some hyperparameters, since a person has trimmed the others away."""
    probed: WiringProbed | None
    """What probes say of each hyperparameter; None where there were none."""
    notes: tuple[Noted, ...]
    damage: tuple[str, ...]
    began: float
    time: float

    @property
    def trainings(self) -> int:
        """How many trainings there are in all, those of the trials that the plan is still to add included."""
        extra = sum(count - self.spec.replicates for count in self.replicate_counts.values())
        return self.spec.trainings + extra + self.to_be_added * self.spec.replicates

    def replicate_count(self, trial: int) -> int:
        """How many replicates ``trial`` has."""
        return self.replicate_counts.get(trial, self.spec.replicates)

    def replicate(self, key: JobKey) -> Replicate:
        """The replicate's state; one that nothing was said of yet waits."""
        return self.replicates.get(key) or Replicate(key)

    def replicates_of(self, trial: int) -> Iterator[Replicate]:
        """Every replicate of ``trial``, in order."""
        return (self.replicate(JobKey(trial, n)) for n in range(1, self.replicate_count(trial) + 1))

    @cached_property
    def counts(self) -> Mapping[Status, int]:
        """Replicates by status."""
        counts: dict[Status, int] = dict.fromkeys(STATUSES, 0)
        for entry in self.replicates.values():
            counts[entry.status] += 1
        counts["waiting"] += self.trainings - len(self.replicates)
        return MappingProxyType(counts)

    @property
    def ended(self) -> int:
        """How many trainings have ended, in whatever way."""
        return sum(self.counts[status] for status in ENDED)

    @property
    def finished(self) -> bool:
        """Whether nothing waits and nothing runs."""
        return self.counts["waiting"] == 0 and self.counts["running"] == 0

    @property
    def to_be_added(self) -> int:
        """How many trials the plan is still to add."""
        return max(self.spec.trials_asked - len(self.spec.grid), 0) if self.spec.trainable else 0

    @cached_property
    def incomplete(self) -> tuple[Replicate, ...]:
        """The complete trainings of which epochs are lost: those have no result, or no best epoch."""
        found = (entry for entry in self.replicates.values() if entry.status == "complete" and entry.missing)
        return tuple(sorted(found, key=lambda entry: (entry.key.trial, entry.key.replicate)))

    @cached_property
    def fingerprints(self) -> Mapping[str, int]:
        """The fingerprints of the images that the complete trainings were trained on, and how many each has."""
        known = Counter(e.data for e in self.replicates.values() if e.data and e.status == "complete")
        return MappingProxyType(dict(known))

    @cached_property
    def metrics(self) -> tuple[str, ...]:
        """The metrics seen so far: the objective's first, the others in the order of their first appearance."""
        names: dict[str, None] = {self.spec.objective.metric: None}
        known: tuple[str, ...] = ()
        for entry in self.replicates.values():
            if entry.epochs and (found := last_names(entry.epochs)) is not known:
                known = found
                names.update(dict.fromkeys(found))
        return tuple(names)


def session_status(snapshot: Snapshot, engine_runs: bool | None = None, held: str = "") -> str:
    """Return what the session is doing, in a word or two.

    ``engine_runs`` says whether an engine holds the session's lock; where it is not given, the journal alone
    decides, which cannot know of an engine that was killed. ``held`` is why the disk holds the queue up.
    """
    if not snapshot.spec.trainable:
        return "imported"
    running = engine_runs if engine_runs is not None else snapshot.engine is not None and snapshot.stopped is None
    if running and not (snapshot.finished and snapshot.stopped is not None):
        return "paused" if held or snapshot.paused is not None else "training"
    if snapshot.finished:
        return "finished"
    if snapshot.engine is None:
        return "not started"
    return "stopped" if snapshot.stopped is not None else "engine gone"
