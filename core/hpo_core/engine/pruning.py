"""The session's pruner at work: what it takes out is recorded as pruned, so that the next engine knows.

What it decides follows from the journal alone. What a person asked for beyond the spec is never taken out.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator

from hpo_core.engine.dispatch import BY_PLAN
from hpo_core.engine.recorder import Recorder
from hpo_core.engine.supervisor import Slot, Supervisor, Task
from hpo_core.executors.executor import WorkerDied
from hpo_core.journal.events import AttemptEnded, Envelope, EpochEnded, JobsMoved, JobsQueued, WorkerEvent
from hpo_core.plan.grid import JobKey
from hpo_core.plan.halving import bracket_of, goes_on, rungs
from hpo_core.plan.plans import NO_PRUNER
from hpo_core.session.epochs import value_at
from hpo_core.text import percent, plural

FIRST = 1
"""The replicate that decides whether a trial gets more of them; those are then trained to their ends."""

STEP = 1.02
"""The race is looked at again when there are so many times the trainings."""


def look(trainings: int) -> int:
    """Return after how many trainings the race is looked at last, of so many; the same for every engine."""
    at = 0
    while (following := int(at * STEP) + 1) <= trainings:
        at = following
    return at


class Pruning:
    """Ends trainings that lag behind, and takes replicates out of the queue that a trial has not earned."""

    def __init__(self, recorder: Recorder, supervisor: Supervisor) -> None:
        self._recorder = recorder
        self._state = recorder.state
        self._supervisor = supervisor
        self._pruner = recorder.state.spec.search.pruner
        self._judged = look(len(self._told()) - 1) if self._pruner == "racing" else 0
        """At which look the race is; an engine that was killed may not have seen what ended last."""
        self._told_at_most = 0
        """How many trainings can have ended so far; they are counted where that is enough for the next look."""
        self._pruned: set[int] | None = None
        """Trials whose first replicate was pruned since the queue was looked at; None is to look at all of it."""
        self._news = True
        recorder.watch(self._observe)

    def _observe(self, record: Envelope) -> None:
        """Take note of what may be a reason to prune: a long queue is not gone through for nothing."""
        event = record.event
        if isinstance(event, AttemptEnded):
            self._told_at_most += 1
            self._news = True
            if event.status == "pruned" and event.replicate == FIRST and self._pruned is not None:
                self._pruned.add(event.trial)
        elif isinstance(event, JobsQueued):
            self._pruned, self._news = None, True

    def begin(self) -> None:
        """Let the race for a grid begin with trials that tell most of all the others."""
        spec = self._state.spec
        self._told_at_most = len(self._told()) if self._pruner == "racing" else 0
        if self._pruner == "racing" and spec.grid.listed is None and not any(self._state.replicates()):
            from hpo_core.plan.racing import opening  # brings in scipy, which no full grid needs

            first = tuple((trial, FIRST) for trial in opening(spec.grid, spec.seed))
            self._recorder.record(JobsMoved(jobs=first, to="front"), durable=True)

    def take(self, slot: Slot, task: Task | None, event: WorkerEvent | WorkerDied) -> None:
        """End a training whose epoch has just shown that it lags behind."""
        halving = self._pruner in ("halving", "hyperband")
        if halving and isinstance(event, EpochEnded) and task is not None and task.job.replicate == FIRST:
            bracket = bracket_of(event.trial, task.job.epochs) if self._pruner == "hyperband" else 0
            if event.epoch in rungs(task.job.epochs, bracket) and not self._goes_on(event):
                task.pruned = f"not among the best third after {plural(event.epoch, 'epoch')}"
                self._supervisor.stop(slot, BY_PLAN)

    def tend(self) -> None:
        """Take out of the queue what has not been earned."""
        if self._pruner == NO_PRUNER or self._recorder.blocked or not self._news:
            return
        self._news = False
        for key, reason in list(self._out_of_race() if self._pruner == "racing" else self._lagging()):
            self._recorder.record(
                AttemptEnded(
                    trial=key.trial,
                    replicate=key.replicate,
                    attempt=0,
                    status="pruned",
                    kind="pruned",
                    reason=reason,
                )
            )

    def _goes_on(self, event: EpochEnded) -> bool:
        """Whether a training is good enough; of those at the same epoch, and with as many brackets behind them."""
        objective = self._state.spec.objective
        sign = 1.0 if objective.maximised else -1.0
        others = [
            sign * value
            for entry in self._state.replicates()
            if entry.key.replicate == FIRST and entry.key.trial != event.trial
            if (value := value_at(entry.epochs, event.epoch, objective.metric)) is not None
        ]
        own = event.metrics.get(objective.metric)
        return goes_on(None if own is None else sign * own, others)

    def _untouched(self, trials: Collection[int] | None = None) -> Iterator[JobKey]:
        """What waits since the plan put it there, of these trials alone where they are given."""
        most, waiting = self._state.spec.replicates, self._state.waiting()
        keys: Iterable[JobKey] = waiting
        if trials is not None:
            every = (JobKey(trial, replicate) for replicate in range(1, most + 1) for trial in sorted(trials))
            keys = (key for key in every if key in waiting)
        return (key for key in keys if key.replicate <= most and not self._state.attempt_of(key))

    def _lagging(self) -> Iterator[tuple[JobKey, str]]:
        for key in self._untouched(self._pruned):
            if key.replicate > FIRST and self._state.status_of(JobKey(key.trial, FIRST)) == "pruned":
                yield key, "its first replicate was pruned"
        self._pruned = set()

    def _out_of_race(self) -> Iterator[tuple[JobKey, str]]:
        """Look at the race whenever there is 2 % more to go by."""
        if look(self._told_at_most) <= self._judged:
            return
        told = self._told()
        self._told_at_most = len(told)
        if look(len(told)) <= self._judged:
            return
        self._judged = len(told)
        import numpy as np

        from hpo_core.plan.racing import CHANCE, features, hopeless

        trials, scores = zip(*told, strict=True)
        out, leader = hopeless(features(self._state.spec.grid), np.array(trials), np.array(scores))
        for key in self._untouched():
            if out[key.trial - 1]:
                yield key, f"is better than trial {leader + 1} with a chance of less than {percent(CHANCE)}"

    def _told(self) -> list[tuple[int, float]]:
        """Return what each training that has ended says: its trial (from 0), and its score, more being better."""
        objective = self._state.spec.objective
        sign = 1.0 if objective.maximised else -1.0
        return [
            (entry.key.trial - 1, -math.inf if value is None else sign * value)
            for entry in self._state.replicates()
            if (value := entry.result(objective.metric)) is not None or entry.status == "diverged"
        ]
