"""What a session's journal adds up to: ``SessionState.apply`` is the only mutation; immutable snapshots out.

Engine, screen and commands replay the same journal through this one class, so they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Literal

from hpo_core.events import (
    AttemptEnded,
    AttemptStarted,
    DataPrepared,
    EngineStarted,
    EngineStopped,
    Envelope,
    EpochEnded,
    JobsMoved,
    JobsQueued,
    Noted,
    QueuePaused,
    QueueResumed,
    ResultAdopted,
)
from hpo_core.grid import JobKey, replicate_seed
from hpo_core.spec import SessionSpec

Status = Literal["waiting", "running", "complete", "diverged", "failed", "stopped"]
STATUSES: tuple[Status, ...] = ("waiting", "running", "complete", "diverged", "failed", "stopped")
ENDED: frozenset[Status] = frozenset({"complete", "diverged", "failed", "stopped"})


@dataclass(frozen=True, slots=True)
class Epoch:
    """One epoch's metrics; a metric that was NaN or infinite is None. ``seconds`` is the epoch's own time."""

    number: int
    metrics: Mapping[str, float | None]
    seconds: float


@dataclass(frozen=True, slots=True)
class Replicate:
    """One independent training of a trial, as far as it has come; ``attempt`` counts the tries from 1.

    ``started`` and ``ended`` are seconds since 1970; ``seconds`` is the training's own time. ``origin`` says where
    a result came from that was not trained here.
    """

    key: JobKey
    status: Status = "waiting"
    attempt: int = 0
    seed: int | None = None
    epochs: tuple[Epoch, ...] = ()
    seconds: float = 0.0
    reason: str = ""
    kind: str = ""
    worker: int | None = None
    parameters: int | None = None
    origin: str = ""
    started: float = 0.0
    ended: float = 0.0

    @property
    def last(self) -> Epoch | None:
        """The last epoch that ended, or None."""
        return self.epochs[-1] if self.epochs else None

    def metric(self, name: str) -> float | None:
        """The metric's value at the last epoch; None where there is none."""
        return self.epochs[-1].metrics.get(name) if self.epochs else None

    def result(self, name: str) -> float | None:
        """The metric's value of a finished training; None unless the status is complete."""
        return self.metric(name) if self.status == "complete" else None


@dataclass(frozen=True)
class Snapshot:
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
    notes: tuple[Noted, ...]
    damage: tuple[str, ...]
    began: float
    time: float

    @property
    def trainings(self) -> int:
        """How many trainings there are in all."""
        extra = sum(count - self.spec.replicates for count in self.replicate_counts.values())
        return self.spec.trainings + extra

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

    @cached_property
    def metrics(self) -> tuple[str, ...]:
        """The metrics seen so far: the objective's first, the others in the order of their first appearance."""
        names: dict[str, None] = {self.spec.objective.metric: None}
        for entry in self.replicates.values():
            if entry.epochs:
                names.update(dict.fromkeys(entry.epochs[-1].metrics))
        return tuple(names)


def session_status(snapshot: Snapshot, engine_runs: bool | None = None) -> str:
    """Return what the session is doing, in a word or two.

    ``engine_runs`` says whether an engine holds the session's lock; where it is not given, the journal alone
    decides, which cannot know of an engine that was killed.
    """
    if not snapshot.spec.trainable:
        return "imported"
    running = engine_runs if engine_runs is not None else snapshot.engine is not None and snapshot.stopped is None
    if running and not (snapshot.finished and snapshot.stopped is not None):
        return "paused" if snapshot.paused is not None else "training"
    if snapshot.finished:
        return "finished"
    if snapshot.engine is None:
        return "not started"
    return "stopped" if snapshot.stopped is not None else "engine gone"


@dataclass
class SessionState:
    """The mutable side: apply the journal's records in order, take a snapshot whenever one is wanted."""

    spec: SessionSpec
    _replicates: dict[JobKey, Replicate] = field(default_factory=dict)
    _queue: dict[JobKey, None] = field(default_factory=dict)
    _counts: dict[int, int] = field(default_factory=dict)
    _engine: EngineStarted | None = None
    _stopped: EngineStopped | None = None
    _paused: str | None = None
    _data: DataPrepared | None = None
    _notes: list[Noted] = field(default_factory=list)
    _version: int = 0
    _began: float = 0.0
    _time: float = 0.0

    def __post_init__(self) -> None:
        if self.spec.trainable:
            self._queue = dict.fromkeys(self.spec.grid.jobs(self.spec.replicates))

    def snapshot(self, damage: tuple[str, ...] = ()) -> Snapshot:
        """Return the session as it is now; ``damage`` names what of the journal could not be read."""
        return Snapshot(
            spec=self.spec,
            version=self._version,
            replicates=MappingProxyType(dict(self._replicates)),
            queue=tuple(self._queue),
            replicate_counts=MappingProxyType(dict(self._counts)),
            engine=self._engine,
            stopped=self._stopped,
            paused=self._paused,
            data=self._data,
            notes=tuple(self._notes),
            damage=damage,
            began=self._began,
            time=self._time,
        )

    def apply(self, record: Envelope) -> None:
        """Take one record of the journal into account."""
        self._version += 1
        self._time = record.time
        self._began = self._began or record.time
        match record.event:
            case EngineStarted() as event:
                self._take_over(event)
            case EngineStopped() as event:
                self._requeue_running()
                self._stopped = event
            case DataPrepared() as event:
                self._data = event
            case AttemptStarted() as event:
                self._start(event, record.time)
            case EpochEnded() as event:
                self._add_epoch(event)
            case AttemptEnded() as event:
                self._end(event, record.time)
            case ResultAdopted() as event:
                self._adopt(event, record.time)
            case QueuePaused() as event:
                self._paused = event.reason
            case QueueResumed():
                self._paused = None
            case JobsQueued() as event:
                self._enqueue([JobKey(*pair) for pair in event.jobs])
            case JobsMoved() as event:
                self._move([JobKey(*pair) for pair in event.jobs], event.to)
            case Noted() as event:
                self._notes.append(event)

    def _known(self, key: JobKey) -> bool:
        return 1 <= key.trial <= len(self.spec.grid) and key.replicate >= 1

    def _take_over(self, event: EngineStarted) -> None:
        self._requeue_running()
        self._engine, self._stopped = event, None

    def _requeue_running(self) -> None:
        """A training that was under way when its engine ended starts again from epoch 1, before all others."""
        interrupted = [key for key, entry in self._replicates.items() if entry.status == "running"]
        for key in interrupted:
            entry = self._replicates[key]
            self._replicates[key] = replace(entry, status="waiting", epochs=(), worker=None, reason="interrupted")
        if interrupted:
            self._queue = dict.fromkeys([*interrupted, *self._queue])

    def _start(self, event: AttemptStarted, time: float) -> None:
        key = JobKey(event.trial, event.replicate)
        if not self._known(key):
            return
        self._queue.pop(key, None)
        self._note_replicate(key)
        self._replicates[key] = Replicate(
            key, "running", event.attempt, event.seed, worker=event.worker, started=time
        )

    def _add_epoch(self, event: EpochEnded) -> None:
        entry = self._replicates.get(JobKey(event.trial, event.replicate))
        if entry is None or entry.status != "running" or entry.attempt != event.attempt:
            return
        if entry.last is not None and event.epoch <= entry.last.number:
            return
        epoch = Epoch(event.epoch, MappingProxyType(event.metrics), event.seconds)
        self._replicates[entry.key] = replace(entry, epochs=(*entry.epochs, epoch))

    def _end(self, event: AttemptEnded, time: float) -> None:
        key = JobKey(event.trial, event.replicate)
        entry = self._replicates.get(key)
        if entry is None or entry.status != "running" or entry.attempt != event.attempt:
            if event.status != "stopped" or key not in self._queue:
                return
            entry = self._replicates.get(key) or Replicate(key)  # a waiting job taken out of the queue
            self._queue.pop(key)
        self._replicates[key] = replace(
            entry,
            status=event.status,
            seconds=event.seconds,
            reason=event.reason,
            kind=event.kind,
            parameters=event.parameters,
            ended=time,
        )

    def _adopt(self, event: ResultAdopted, time: float) -> None:
        key = JobKey(event.trial, event.replicate)
        if not self._known(key) or self.status_of(key) in ENDED:
            return
        first = event.last_epoch - len(event.epochs) + 1 if event.last_epoch else 1
        epochs = tuple(Epoch(first + n, MappingProxyType(row), 0.0) for n, row in enumerate(event.epochs))
        self._queue.pop(key, None)
        self._note_replicate(key)
        self._replicates[key] = Replicate(
            key,
            event.status,
            1,
            event.seed,
            epochs,
            event.seconds,
            event.reason,
            parameters=event.parameters,
            origin=event.origin,
            ended=time,
        )

    def _enqueue(self, keys: list[JobKey]) -> None:
        for key in keys:
            if not self._known(key) or self.status_of(key) == "running" or key in self._queue:
                continue
            self._note_replicate(key)
            entry = self._replicates.get(key)
            if entry is not None:
                self._replicates[key] = replace(entry, status="waiting", epochs=(), reason="", kind="", origin="")
            self._queue[key] = None

    def _note_replicate(self, key: JobKey) -> None:
        if key.replicate > self._counts.get(key.trial, self.spec.replicates):
            self._counts[key.trial] = key.replicate

    def _move(self, keys: list[JobKey], to: str) -> None:
        moved = {key: None for key in keys if key in self._queue}
        rest = [key for key in self._queue if key not in moved]
        self._queue = dict.fromkeys([*moved, *rest] if to == "front" else [*rest, *moved])

    # Read by the engine, which holds the state itself --------------------------------------------------------

    def status_of(self, key: JobKey) -> Status:
        """The replicate's status."""
        entry = self._replicates.get(key)
        return entry.status if entry is not None else "waiting"

    def attempt_of(self, key: JobKey) -> int:
        """How many attempts the replicate has had."""
        entry = self._replicates.get(key)
        return entry.attempt if entry is not None else 0

    def waiting(self) -> Iterator[JobKey]:
        """The waiting jobs, next first."""
        return iter(self._queue)

    def running(self) -> Iterator[Replicate]:
        """The replicates under way."""
        return (entry for entry in self._replicates.values() if entry.status == "running")

    @property
    def paused(self) -> str | None:
        """Why the queue is paused, or None."""
        return self._paused

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the images last trained on; empty before there were any."""
        return self._data.fingerprint if self._data is not None else ""

    def replicate_count(self, trial: int) -> int:
        """How many replicates ``trial`` has."""
        return self._counts.get(trial, self.spec.replicates)

    def seed_of(self, key: JobKey) -> int:
        """The seed of the replicate: the same for every trial."""
        return replicate_seed(self.spec.seed, key.replicate)
