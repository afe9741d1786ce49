"""Asks a session's plan for more trials, and records them before any of them is trained."""

from __future__ import annotations

from itertools import islice

from hpo_core.engine.recorder import Recorder
from hpo_core.journal.events import TrialsAdded
from hpo_core.plan.plans import Search, start_plan
from hpo_core.session.binding import plan_of
from hpo_core.session.snapshot import ENDED, Snapshot


class Planner:
    """One session's plan at work; of the full grid there is nothing to ask."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._state = recorder.state
        self._plan = start_plan(recorder.state.spec.search.plan)

    def record_plan(self) -> None:
        """Bind the results to come to the values of the spec, once for a session."""
        if self._state.plan is None:
            self._recorder.record(plan_of(self._state.spec), durable=True)

    def plan_ahead(self, workers: int) -> bool:
        """Have a trial wait for each of the ``workers``, as far as the plan goes; whether it added any."""
        spec, lacking = self._state.spec, workers - sum(1 for _ in islice(self._state.waiting(), workers))
        if self._plan is None or lacking <= 0 or self._recorder.blocked:
            return False
        search = Search(spec.grid, spec.trials_asked, spec.seed, spec.objective, scores(self._state.snapshot()))
        rows = tuple(self._plan.propose(search, lacking))
        if rows:
            self._recorder.record(TrialsAdded(trials=rows), durable=True)
        return bool(rows)


def scores(snapshot: Snapshot) -> dict[int, float | None]:
    """Return the mean score of each trial whose replicates have all ended; None for one without a score."""
    found: dict[int, float | None] = {}
    metric = snapshot.spec.objective.metric
    for trial in range(1, len(snapshot.spec.grid) + 1):
        entries = list(snapshot.replicates_of(trial))
        if all(entry.status in ENDED for entry in entries):
            values = [value for entry in entries if (value := entry.result(metric)) is not None]
            found[trial] = sum(values) / len(values) if values else None
    return found
