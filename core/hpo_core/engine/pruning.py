"""The session's pruner at work: what it takes out is recorded as pruned, so that the next engine knows.

What it decides follows from the journal alone. What a person asked for beyond the spec is never taken out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from hpo_core.engine.dispatch import BY_PLAN
from hpo_core.engine.recorder import Recorder
from hpo_core.engine.supervisor import Slot, Supervisor, Task
from hpo_core.executors.executor import WorkerDied
from hpo_core.journal.events import AttemptEnded, EpochEnded, JobsMoved, WorkerEvent
from hpo_core.plan.grid import JobKey
from hpo_core.plan.halving import bracket_of, goes_on, rungs
from hpo_core.plan.plans import NO_PRUNER
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

    def begin(self) -> None:
        """Let the race for a grid begin with trials that tell most of all the others."""
        spec = self._state.spec
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
        if self._pruner == NO_PRUNER or self._recorder.blocked:
            return
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
            for epoch in entry.epochs
            if epoch.number == event.epoch and (value := epoch.metrics.get(objective.metric)) is not None
        ]
        own = event.metrics.get(objective.metric)
        return goes_on(None if own is None else sign * own, others)

    def _untouched(self) -> Iterator[JobKey]:
        """What waits since the plan put it there."""
        most = self._state.spec.replicates
        return (key for key in self._state.waiting() if key.replicate <= most and not self._state.attempt_of(key))

    def _lagging(self) -> Iterator[tuple[JobKey, str]]:
        for key in self._untouched():
            if key.replicate > FIRST and self._state.status_of(JobKey(key.trial, FIRST)) == "pruned":
                yield key, "its first replicate was pruned"

    def _out_of_race(self) -> Iterator[tuple[JobKey, str]]:
        """Look at the race whenever there is 2 % more to go by."""
        told = self._told()
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
