"""Asks a session's plan for more trials, and records them before any of them is trained."""

from __future__ import annotations

import math

from hpo_core.engine.recorder import Recorder
from hpo_core.journal.events import TrialsAdded
from hpo_core.plan.plans import Plan, Search
from hpo_core.session.binding import plan_of
from hpo_core.session.snapshot import ENDED, Snapshot


class Planner:
    """One session's plan at work; of the full grid there is nothing to ask."""

    def __init__(self, recorder: Recorder, plan: Plan | None) -> None:
        self._recorder = recorder
        self._state = recorder.state
        self._plan = plan
        self._asked = -1

    def record_plan(self) -> None:
        """Bind the results to come to the values of the spec, once for a session."""
        if self._state.plan is None:
            self._recorder.record(plan_of(self._state.spec), durable=True)

    def plan_ahead(self, workers: int) -> None:
        """Have a trial wait for each of the ``workers``, as far as the plan goes, asked when more is known."""
        spec, lacking = self._state.spec, workers - len(self._state.waiting())
        if self._plan is None or lacking <= 0 or len(spec.grid) >= spec.trials_asked:
            return
        if self._recorder.blocked or self._asked == self._state.version:
            return
        self._asked = self._state.version
        known, pruned = outcomes(self._state.snapshot())
        space = tuple(of.limited(self._state.advised.get(of.name)) for of in spec.grid.hyperparameters)
        search = Search(space, spec.grid, spec.trials_asked, spec.seed, spec.objective, known, pruned)
        rows = tuple(self._plan.propose(search, lacking))
        if rows:
            self._recorder.record(TrialsAdded(trials=rows), durable=True)
        elif self._state.advised and lacking == workers and not any(self._state.running()):
            self._recorder.note("warning", "The search has no further trial to propose among the values in view.")
            self._asked = self._state.version  # it has been told once


def outcomes(snapshot: Snapshot) -> tuple[dict[int, float | None], dict[int, tuple[int, float]]]:
    """Return the score of each trial whose replicates have all ended, None without one; how pruned ones stood."""
    from hpo_core.results.measure import measure_of  # brings in numpy, which no full grid needs
    from hpo_core.results.table import table_of

    table = table_of(snapshot)
    ended = table.count(*ENDED) == table.counts.sum(axis=1)
    means = table.scores(measure_of(snapshot)).mean.tolist()
    scores = {
        trial: None if math.isnan(mean) else mean
        for trial, (mean, done) in enumerate(zip(means, ended, strict=True), 1)
        if done
    }
    metric = snapshot.spec.objective.metric
    pruned = {
        entry.key.trial: (entry.last.number, value)
        for entry in table.entries
        if entry.status == "pruned" and entry.last is not None and (value := entry.metric(metric)) is not None
    }
    return scores, pruned
