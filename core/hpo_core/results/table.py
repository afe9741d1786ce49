"""What a session has found: a snapshot, seen through a trim, as rows, as arrays and as one JSON object.

A trial's *score* is the mean of a metric over its complete replicates, each at its last epoch; a replicate that
failed, diverged, was stopped or still runs never enters a mean, and one bad replicate never voids its trial.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpo_core.plan.grid import Grid
from hpo_core.plan.hyperparameters import Value
from hpo_core.plan.metrics import Objective
from hpo_core.results.measure import Measure
from hpo_core.results.trim import Trim
from hpo_core.session.snapshot import STATUSES, Replicate, Snapshot, Status, session_status

_PRECEDENCE: tuple[Status, ...] = ("running", "waiting", "complete", "failed", "diverged", "stopped")
_CODE = {status: code for code, status in enumerate(STATUSES)}


@dataclass(frozen=True, slots=True)
class TrialResult:
    """One trial: its values, its replicates, and the mean and sample standard deviation of each metric.

    ``status`` is that of the replicates taken together, see ``aggregate_status``. ``mean`` and ``sd`` name every
    metric of the session; ``mean`` is None without a complete replicate that has the metric, ``sd`` (n - 1) with
    fewer than two.
    """

    number: int
    values: Mapping[str, Value]
    status: Status
    replicates: tuple[Replicate, ...]
    mean: Mapping[str, float | None]
    sd: Mapping[str, float | None]

    def count(self, *statuses: Status) -> int:
        """How many replicates have one of these statuses."""
        return sum(entry.status in statuses for entry in self.replicates)


Predicate = Callable[[TrialResult], bool]
"""Whether a trial stays in view; a filter line compiles to one."""


def aggregate_status(statuses: Iterable[Status]) -> Status:
    """Return the status of a trial whose replicates have these.

    Running if any of them runs, else waiting if any waits, else complete if any is complete: what the trial has
    is then all it will get. Where none is complete: failed, else diverged, else stopped.
    """
    present = set(statuses)
    return next((status for status in _PRECEDENCE if status in present), "waiting")


def trial_result(snapshot: Snapshot, number: int) -> TrialResult:
    """Return one trial's row."""
    replicates = tuple(snapshot.replicates_of(number))
    mean: dict[str, float | None] = {}
    sd: dict[str, float | None] = {}
    for metric in snapshot.metrics:
        found = [value for entry in replicates if (value := entry.result(metric)) is not None]
        mean[metric], sd[metric] = mean_and_sd(found)
    status = aggregate_status(entry.status for entry in replicates)
    return TrialResult(number, snapshot.spec.grid[number].values, status, replicates, mean, sd)


def mean_and_sd(values: Sequence[float]) -> tuple[float | None, float | None]:
    """Return the mean, None of nothing, and the sample standard deviation (n - 1), None of fewer than two."""
    if not values:
        return None, None
    scale = _scale(max(map(abs, values)))
    mean = math.fsum(value / scale for value in values) / len(values)
    if len(values) == 1:
        return mean * scale, None
    sd = math.sqrt(math.fsum((value / scale - mean) ** 2 for value in values) / (len(values) - 1)) * scale
    return mean * scale, sd if math.isfinite(sd) else None


def _scale(largest: float) -> float:
    """Return what to divide numbers by, so that their squares and sums can be written: 1, unless they are huge."""
    return 1.0 if largest < 1e150 else largest


def trial_results(
    snapshot: Snapshot, trim: Trim | None = None, where: Predicate | None = None
) -> list[TrialResult]:
    """Return the trials in view, in the order of their numbers."""
    numbers = np.flatnonzero(in_view(snapshot.spec.grid, trim)) + 1
    rows = (trial_result(snapshot, int(number)) for number in numbers)
    return [row for row in rows if where is None or where(row)]


def ranking(results: Iterable[TrialResult], objective: Objective) -> list[TrialResult]:
    """Return the trials with the best score first, those without a score last; ties by trial number."""
    sign = -1.0 if objective.direction == "max" else 1.0

    def place(row: TrialResult) -> tuple[bool, float, int]:
        score = row.mean.get(objective.metric)
        return (True, 0.0, row.number) if score is None else (False, sign * score, row.number)

    return sorted(results, key=place)


@dataclass(frozen=True)
class ResultArrays:
    """Every trial as arrays, for one metric and one trim; row i is trial i + 1.

    ``codes`` (trials × hyperparameters) are places of values; ``scores`` and ``sds`` are NaN where
    ``TrialResult`` has None; ``finished`` counts the complete replicates that have the metric, ``failed`` those
    that failed or diverged; ``counts`` (trials × statuses, in the order of ``STATUSES``) all of them.
    """

    codes: NDArray[np.int32]
    scores: NDArray[np.float64]
    sds: NDArray[np.float64]
    finished: NDArray[np.int32]
    failed: NDArray[np.int32]
    counts: NDArray[np.int32]
    in_view: NDArray[np.bool_]

    @property
    def statuses(self) -> list[Status]:
        """Each trial's status, by the rule of ``aggregate_status``."""
        order = [_CODE[status] for status in _PRECEDENCE]
        return [_PRECEDENCE[place] for place in (self.counts[:, order] > 0).argmax(axis=1)]


def result_arrays(
    snapshot: Snapshot, metric: str | None = None, trim: Trim | None = None, measure: Measure | None = None
) -> ResultArrays:
    """Return the trials as arrays, for the objective's metric where none is named; ``measure`` reads otherwise."""
    name = metric or snapshot.spec.objective.metric
    read = measure.result if measure is not None and not measure.plain else None
    grid = snapshot.spec.grid
    trials = len(grid)
    places, codes, scored, values = [], [], [], []
    for entry in snapshot.replicates.values():
        trial = entry.key.trial - 1
        places.append(trial)
        codes.append(_CODE[entry.status])
        if entry.status == "complete" and (entry.epochs or read):
            value = entry.metric(name) if read is None else read(entry)
            if value is not None:
                scored.append(trial)
                values.append(value)
    at, y = np.array(scored, np.int64), np.array(values, np.float64)
    finished = np.bincount(at, minlength=trials)
    scale = _scale(float(np.abs(y).max(initial=0.0)))
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        scores = np.bincount(at, y / scale, trials) / finished
        squares = np.bincount(at, (y / scale - scores[at]) ** 2, trials)
        sds = np.where(finished > 1, np.sqrt(squares / (finished - 1)), np.nan) * scale
        sds[np.isinf(sds)] = np.nan
        scores *= scale
    counts = _status_counts(snapshot, np.array(places, np.int64), np.array(codes, np.int64))
    return ResultArrays(
        codes=grid.codes,
        scores=scores,
        sds=sds,
        finished=finished.astype(np.int32),
        failed=counts[:, _CODE["failed"]] + counts[:, _CODE["diverged"]],
        counts=counts,
        in_view=in_view(grid, trim),
    )


def _status_counts(snapshot: Snapshot, trial: NDArray[np.int64], code: NDArray[np.int64]) -> NDArray[np.int32]:
    trials, width = len(snapshot.spec.grid), len(STATUSES)
    counts = np.bincount(trial * width + code, minlength=trials * width).reshape(trials, width).astype(np.int32)
    asked = np.full(trials, snapshot.spec.replicates, np.int32)
    for number, count in snapshot.replicate_counts.items():
        asked[number - 1] = count
    counts[:, _CODE["waiting"]] += asked - counts.sum(axis=1)
    return counts


def in_view(grid: Grid, trim: Trim | None) -> NDArray[np.bool_]:
    """Return which trials the trim leaves in view."""
    mask = np.ones(len(grid), dtype=bool)
    if trim:
        for column, factor in enumerate(grid.hyperparameters):
            hidden = np.array([trim.hides(factor.name, value) for value in factor.values])
            if hidden.any():
                mask &= ~hidden[grid.codes[:, column]]
        mask[[number - 1 for number in trim.dropped if number <= len(grid)]] = False
    return mask


def show_json(
    session_name: str,
    snapshot: Snapshot,
    trim: Trim | None = None,
    where: Predicate | None = None,
    engine_runs: bool | None = None,
) -> dict[str, Any]:
    """Return what ``show --json`` prints: session, counts, and the trials in view with their replicates.

    Only ``counts`` is of the whole session whatever the trim; metrics of a replicate are those of its last epoch.
    """
    return {
        "session": session_name,
        "status": session_status(snapshot, engine_runs),
        "objective": snapshot.spec.objective.metric,
        "counts": dict(snapshot.counts),
        "trials": [
            {
                "trial": row.number,
                "values": dict(row.values),
                "status": row.status,
                "replicates": [_replicate_json(entry) for entry in row.replicates],
                "mean": dict(row.mean),
                "sd": dict(row.sd),
            }
            for row in trial_results(snapshot, trim, where)
        ],
    }


def _replicate_json(entry: Replicate) -> dict[str, Any]:
    return {
        "replicate": entry.key.replicate,
        "attempt": entry.attempt,
        "seed": entry.seed,
        "status": entry.status,
        "epochs": entry.had,
        "metrics": dict(entry.last.metrics) if entry.last else {},
    }
