"""What a session's journal adds up to: ``SessionState.apply`` is the only mutation; immutable snapshots out.

Engine, screen and commands replay the same journal through this one class, so they cannot disagree. It bears the
loss of any record: what follows tells most of what was lost, and what cannot be known is missing, never guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, KeysView, Mapping, Sequence
from types import MappingProxyType
from typing import assert_never

from msgspec import Struct, field, structs
from msgspec.structs import replace

from hpo_core.journal.events import (
    AttemptEnded,
    AttemptStarted,
    DataPrepared,
    EngineStarted,
    EngineStopped,
    Envelope,
    EpochEnded,
    Event,
    JobsMoved,
    JobsQueued,
    Noted,
    PlanRecorded,
    QueuePaused,
    QueueResumed,
    ResultAdopted,
    TrialsAdded,
    ValuesAdvised,
    WiringProbed,
)
from hpo_core.plan.grid import JobKey
from hpo_core.plan.setting import Value
from hpo_core.plan.spec import SessionSpec
from hpo_core.session.binding import disagreement
from hpo_core.session.bounds import MAX_EPOCHS, Bounds
from hpo_core.session.epochs import Epoch, Gathered
from hpo_core.session.snapshot import ENDED, Replicate, Snapshot, Status

END_LOST = "how it ended is lost from the journal; all of its epochs are there"
"""The reason of a training that is complete by its epochs alone."""

MOST_LEFT = 4096
"""The queue is made anew after so many have left it, of a long one after a quarter."""


class _Growing(Gathered):
    """The epochs of the attempt under way, of ``most`` at most; ``seq`` is the number of the last one's record.

    ``told`` are the newest, which are taken together.
    """

    __slots__ = ("attempt", "most", "seq", "told")

    def __init__(self, attempt: int, most: int, epochs: Sequence[Epoch] = ()) -> None:
        super().__init__(epochs)
        self.attempt = attempt
        self.most = most
        self.seq = 0
        self.told: list[EpochEnded] = []

    def take(self) -> None:
        """Take what has been told."""
        told = self.told
        if told:
            self.add([e.epoch for e in told], [e.metrics for e in told], [e.seconds for e in told])
            told.clear()

    def epochs(self) -> Sequence[Epoch]:
        """Return those that have come."""
        self.take()
        return super().epochs()


_TOGETHER = 256
"""So many epochs of a training are taken at once, at most."""


class SessionState(Struct, dict=True):
    """The mutable side: apply the journal's records in order, take a snapshot whenever one is wanted."""

    spec: SessionSpec
    _replicates: dict[JobKey, Replicate] = field(default_factory=dict)
    _queue: dict[JobKey, None] = field(default_factory=dict)
    _counts: dict[int, int] = field(default_factory=dict)
    _engine: EngineStarted | None = None
    _stopped: EngineStopped | None = None
    _paused: str | None = None
    _data: DataPrepared | None = None
    _plan: PlanRecorded | None = None
    _disagreement: str = ""
    _advised: ValuesAdvised | None = None
    _probed: WiringProbed | None = None
    _notes: list[Noted] = field(default_factory=list)
    _running: dict[int, JobKey] = field(default_factory=dict)
    """Which training each worker has begun last."""
    _growing: dict[tuple[int, int], _Growing] = field(default_factory=dict)
    """The epochs of trainings under way, until somebody asks: see ``_settle``."""
    _epoch_seqs: dict[JobKey, int] = field(default_factory=dict)
    """The number of the last epoch's record, of each training that has not ended."""
    _last_seq: int = 0
    _gap: int = 0
    """The number of the record after the last that is missing."""
    _version: int = 0
    _began: float = 0.0
    _time: float = 0.0

    def __post_init__(self) -> None:
        self._bounds = Bounds(self.spec)
        self._left = 0  # how many have left the queue since it was made
        if self.spec.trainable:
            self._queue = dict.fromkeys(self.spec.grid.jobs(self.spec.replicates))

    @property
    def disagreement(self) -> str:
        """In what the spec is not the one that the results belong to; empty where it is."""
        return self._disagreement

    def snapshot(self, damage: tuple[str, ...] = ()) -> Snapshot:
        """Return the session as it is now; ``damage`` names what of the journal could not be read."""
        self._settle_all()
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
            plan=self._plan,
            disagreement=self._disagreement,
            advised=self.advised,
            probed=self._probed,
            notes=tuple(self._notes),
            damage=(*damage, *self._bounds.broken),
            began=self._began,
            time=self._time,
        )

    def apply(self, record: Envelope) -> None:
        """Take one record of the journal into account."""
        self.apply_all((record,))

    def apply_all(self, records: Sequence[Envelope]) -> None:
        """Take records of the journal into account, in their order."""
        last, growing = self._last_seq, self._growing
        for record in records:
            seq, event = record.seq, record.event
            if seq > last + 1:
                self._gap = seq
            last = seq
            if type(event) is EpochEnded:  # most of a journal is epochs, and most of those of trainings under way
                found = growing.get((event.trial, event.replicate))
                if found is not None and event.attempt == found.attempt and found.last < event.epoch <= found.most:
                    found.told.append(event)
                    found.last, found.seq = event.epoch, seq
                    if len(found.told) >= _TOGETHER:
                        found.take()
                    continue
            self._last_seq, self._time = seq, record.time
            self._take(event, record.time)
        if records:
            self._last_seq, self._time = last, records[-1].time
            self._version += len(records)

    def _take(self, event: Event, time: float) -> None:
        if isinstance(event, EpochEnded):
            self._add_epoch(event, time)
            return
        self._began = self._began or time
        match event:
            case AttemptStarted() as event:
                self._start(event, time)
            case AttemptEnded() as event:
                self._end(event, time)
            case ResultAdopted() as event:
                self._adopt(event, time)
            case EngineStarted() as event:
                self._take_over(event)
            case EngineStopped() as event:
                self._requeue_running()
                self._stopped = event
            case PlanRecorded() as event:
                self._plan = self._plan or event
                self._disagreement = self._disagreement or disagreement(event, self.spec)
            case TrialsAdded() as event:
                self._add_trials(event)
            case ValuesAdvised() as event:
                self._advised = event
            case DataPrepared() as event:
                self._data = event
            case WiringProbed() as event:
                self._probed = event
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
            case _:
                assert_never(event)

    def possible(self, key: JobKey) -> bool:
        """Whether there may be such a training: its trial is in the grid, and the session grows not too long."""
        return self._bounds.allow(key, self.replicate_count(key.trial))

    def _known(self, key: JobKey) -> bool:
        return self.possible(key) or self._bounds.refuse(self._last_seq, f"{key}")

    def _add_trials(self, event: TrialsAdded) -> None:
        """Number the trials that the plan goes on with, and put them into the queue, first replicates first."""
        before, width = len(self.spec.grid), len(self.spec.grid.hyperparameters)
        if self.spec.grid.listed is None or any(len(row) != width for row in event.trials):
            self._bounds.refuse(self._last_seq, f"a trial {before + 1} of this plan")
            return
        self.spec = replace(self.spec, grid=self.spec.grid.with_trials(event.trials))
        self._bounds.take(self.spec)
        for replicate in range(1, self.spec.replicates + 1):
            for trial in range(before + 1, len(self.spec.grid) + 1):
                self._queue[JobKey(trial, replicate)] = None

    def _take_over(self, event: EngineStarted) -> None:
        self._requeue_running()
        self._engine, self._stopped = event, None

    def _requeue_running(self) -> None:
        """A training that was under way when its engine ended starts again from epoch 1, before all others."""
        self._settle_all()
        for key in [key for key, entry in self._replicates.items() if entry.status == "running"]:
            self._end_by_epochs(key)
        interrupted = [key for key, entry in self._replicates.items() if entry.status == "running"]
        for key in interrupted:
            entry = self._replicates[key]
            self._replicates[key] = structs.replace(
                entry, status="waiting", epochs=(), worker=None, reason="interrupted"
            )
        if interrupted:
            self._queue = dict.fromkeys([*interrupted, *self._queue])
        self._running.clear()
        self._epoch_seqs.clear()

    def _end_by_epochs(self, key: JobKey) -> None:
        """End a training whose end is lost: records are missing after its last epoch, and it has every epoch.

        Where none is missing it was interrupted before its end was recorded, and starts again as ever.
        """
        entry = self._replicates[key]
        if entry.status != "running":
            return
        entry, epochs = self._settle(key, entry), self._bounds.epochs(key.trial)
        if self._gap <= self._epoch_seqs.get(key, self._gap):
            return
        if epochs and len(entry.epochs) == epochs == entry.epochs[-1].number:
            self._replicates[key] = structs.replace(
                entry, status="complete", reason=END_LOST, ended=self._time, ended_after=epochs
            )

    def _start(self, event: AttemptStarted, time: float) -> None:
        key = JobKey(event.trial, event.replicate)
        if not self._known(key):
            return
        before = self._running.get(event.worker)
        if before is not None and before != key:  # a worker has one training at a time
            self._end_by_epochs(before)
        self._running[event.worker] = key
        self._begin(key, event.attempt, event.seed, event.worker, time)

    def _leave_queue(self, key: JobKey) -> None:
        """Take a job out of the queue where it is in it.

        Who asks for the next job goes past the places of all that have left: with many, the queue is made anew.
        """
        if key not in self._queue:
            return
        del self._queue[key]
        self._left += 1
        if self._left > max(MOST_LEFT, len(self._queue) // 4):
            self._queue, self._left = dict.fromkeys(self._queue), 0

    def _begin(self, key: JobKey, attempt: int, seed: int | None, worker: int | None, time: float) -> Replicate:
        self._leave_queue(key)
        self._note_replicate(key)
        self._epoch_seqs.pop(key, None)
        self._growing[key] = _Growing(attempt, self._bounds.epochs(key.trial) or MAX_EPOCHS)
        entry = Replicate(key, "running", attempt, seed, worker=worker, started=time)
        self._replicates[key] = entry
        return entry

    def _attempt(self, event: EpochEnded | AttemptEnded, time: float) -> Replicate | None:
        """Return the running attempt of which ``event`` tells, or None where it is over.

        A higher attempt than the one that is known has begun, whose start is lost from the journal.
        """
        key = JobKey(event.trial, event.replicate)
        entry = self._replicates.get(key)
        if event.attempt > (entry.attempt if entry is not None else 0) and self._known(key):
            return self._begin(key, event.attempt, self.seed_of(key) if self.spec.trainable else None, None, time)
        if entry is None or entry.status != "running" or entry.attempt != event.attempt:
            return None
        return entry

    def _add_epoch(self, event: EpochEnded, time: float) -> None:
        if not self._bounds.epoch(event.trial, event.epoch):
            self._bounds.refuse(self._last_seq, f"epoch {event.epoch} of trial {event.trial}")
            return
        entry = self._attempt(event, time)
        if entry is None:
            return
        entry = self._settle(entry.key, entry)
        growing = _Growing(event.attempt, self._bounds.epochs(event.trial) or MAX_EPOCHS, entry.epochs)
        if event.epoch <= growing.last:
            return
        growing.told.append(event)
        growing.last, growing.seq = event.epoch, self._last_seq
        self._growing[entry.key] = growing

    def _settle(self, key: JobKey, entry: Replicate) -> Replicate:
        """Give a training the epochs that were told since it was last asked for, and return it.

        They are gathered in a list until then: to make it anew for each epoch took most of the time of opening.
        """
        growing = self._growing.pop(key, None)
        if growing is not None and growing.last:
            entry = self._replicates[key] = structs.replace(entry, epochs=growing.epochs())
            self._epoch_seqs[key] = growing.seq
        return entry

    def _settle_all(self) -> None:
        for pair in list(self._growing):
            key = JobKey(*pair)
            self._settle(key, self._replicates[key])

    def _end(self, event: AttemptEnded, time: float) -> None:
        key = JobKey(event.trial, event.replicate)
        entry = self._attempt(event, time)
        if entry is None:
            if event.status not in ("stopped", "pruned") or key not in self._queue:
                return
            entry = self._replicates.get(key) or Replicate(key)  # a waiting job taken out of the queue
            self._leave_queue(key)
        growing = self._growing.pop(key, None)
        epochs = event.epochs
        if epochs is None and event.status == "complete":  # written before ends said how many
            epochs = self._bounds.epochs(key.trial) or None
        self._epoch_seqs.pop(key, None)
        self._replicates[key] = structs.replace(
            entry,
            epochs=growing.epochs() if growing is not None and growing.last else entry.epochs,
            status=event.status,
            seconds=event.seconds,
            reason=event.reason,
            kind=event.kind,
            parameters=event.parameters,
            ended=time,
            ended_after=epochs,
            data=event.data,
        )

    def _adopt(self, event: ResultAdopted, time: float) -> None:
        key = JobKey(event.trial, event.replicate)
        if not self._known(key) or self.status_of(key) in ENDED:
            return
        if not self._bounds.adopted(event):
            self._bounds.refuse(self._last_seq, f"epoch {event.last_epoch} of {key}")
            return
        count, gathered = len(event.epochs), Gathered()
        if count:
            first = event.last_epoch - count + 1 if event.last_epoch else 1
            times = (*event.epoch_seconds, *[0.0] * count)[:count]
            gathered.add(range(first, first + count), event.epochs, times)
        self._leave_queue(key)
        self._growing.pop(key, None)
        self._note_replicate(key)
        self._replicates[key] = Replicate(
            key,
            event.status,
            1,
            event.seed,
            gathered.epochs() if event.epochs else (),
            event.seconds,
            event.reason,
            parameters=event.parameters,
            origin=event.origin,
            ended=time,
            data=event.data,
        )

    def _enqueue(self, keys: list[JobKey]) -> None:
        for key in keys:
            if not self._known(key) or self.status_of(key) == "running" or key in self._queue:
                continue
            self._note_replicate(key)
            entry = self._replicates.get(key)
            if entry is not None:
                self._replicates[key] = structs.replace(
                    entry, status="waiting", epochs=(), reason="", kind="", origin="", ended_after=None, data=""
                )
            self._queue[key] = None

    def _note_replicate(self, key: JobKey) -> None:
        count = self.replicate_count(key.trial)
        if key.replicate > count:
            self._bounds.grown += key.replicate - count
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

    def scores_of(self, trial: int) -> list[float]:
        """The objective of each of a trial's complete replicates."""
        keys = (JobKey(trial, number) for number in range(1, self.replicate_count(trial) + 1))
        entries = (self._replicates[key] for key in keys if key in self._replicates)
        found = (entry.result(self.spec.objective.metric) for entry in entries)
        return [score for score in found if score is not None]

    def attempt_of(self, key: JobKey) -> int:
        """How many attempts the replicate has had."""
        entry = self._replicates.get(key)
        return entry.attempt if entry is not None else 0

    def waiting(self) -> KeysView[JobKey]:
        """The waiting jobs, next first."""
        return self._queue.keys()

    def next_waiting(self) -> JobKey | None:
        """The job that is next, None where none waits."""
        return next(iter(self._queue), None)

    def replicates(self) -> Iterable[Replicate]:
        """The replicates that have begun or ended."""
        self._settle_all()
        return self._replicates.values()

    def running(self) -> Iterator[Replicate]:
        """The replicates under way."""
        self._settle_all()
        return (entry for entry in self._replicates.values() if entry.status == "running")

    @property
    def paused(self) -> str | None:
        """Why the queue is paused, or None."""
        return self._paused

    @property
    def version(self) -> int:
        """How many records have been taken into account."""
        return self._version

    @property
    def plan(self) -> PlanRecorded | None:
        """The plan that the results belong to; None before one was recorded."""
        return self._plan

    @property
    def advised(self) -> Mapping[str, tuple[Value, ...]]:
        """What the plan may propose of some hyperparameters; see ``ValuesAdvised``."""
        return self._advised.values if self._advised is not None else {}

    @property
    def probed(self) -> bool:
        """Whether it was looked if each hyperparameter reaches the training."""
        return self._probed is not None

    @property
    def device(self) -> str:
        """What the last engine's workers computed on; empty before there was one."""
        return self._engine.device if self._engine is not None else ""

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the images last trained on; empty before there were any."""
        return self._data.fingerprint if self._data is not None else ""

    def replicate_count(self, trial: int) -> int:
        """How many replicates ``trial`` has."""
        return self._counts.get(trial, self.spec.replicates)

    def seed_of(self, key: JobKey) -> int:
        """The seed that the replicate is trained with; see ``SessionSpec.seed_of``."""
        return self.spec.seed_of(key)
