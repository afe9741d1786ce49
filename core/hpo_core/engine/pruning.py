"""The session's pruner at work: what it takes out is recorded as pruned, so that the next engine knows.

What it decides follows from the journal alone. What a person asked for beyond the spec is never taken out.
"""

from __future__ import annotations

from collections.abc import Iterator

from hpo_core.engine.dispatch import BY_PLAN
from hpo_core.engine.recorder import Recorder
from hpo_core.engine.supervisor import Slot, Supervisor, Task
from hpo_core.executors.executor import WorkerDied
from hpo_core.journal.events import AttemptEnded, EpochEnded, WorkerEvent
from hpo_core.plan.grid import JobKey
from hpo_core.plan.halving import bracket_of, goes_on, rungs
from hpo_core.plan.plans import NO_PRUNER
from hpo_core.text import plural

FIRST = 1
"""The replicate that decides whether a trial gets more of them; those are then trained to their ends."""


class Pruning:
    """Ends trainings that lag behind, and takes replicates out of the queue that a trial has not earned."""

    def __init__(self, recorder: Recorder, supervisor: Supervisor) -> None:
        self._recorder = recorder
        self._state = recorder.state
        self._supervisor = supervisor
        self._pruner = recorder.state.spec.search.pruner

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
        for key, reason in list(self._unearned()):
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

    def _unearned(self) -> Iterator[tuple[JobKey, str]]:
        state, spec = self._state, self._state.spec
        for key in state.waiting():
            untouched = state.attempt_of(key) == 0 and FIRST < key.replicate <= spec.replicates
            if untouched and state.status_of(JobKey(key.trial, FIRST)) == "pruned":
                yield key, "its first replicate was pruned"
