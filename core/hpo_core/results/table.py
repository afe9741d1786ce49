"""The one table of a session's results: a row for each training and, by one measure, a score for each trial.

A trial's *score* is the mean of a measure over its complete replicates; a replicate that failed, diverged, was
stopped or still runs never enters a mean, and one bad replicate never voids its trial. Trim, filter, tidy tables,
analysis, next grid and screen all read the table of the snapshot that they look at, so that they cannot disagree.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray

from hpo_core.plan.grid import JobKey
from hpo_core.plan.metrics import Direction
from hpo_core.plan.spec import SessionSpec
from hpo_core.results.measure import Measure
from hpo_core.session.snapshot import ENDED, STATUSES, Replicate, Snapshot, Status

_PRECEDENCE: tuple[Status, ...] = ("running", "waiting", "pruned", "complete", "failed", "diverged", "stopped")
_CODE = {status: code for code, status in enumerate(STATUSES)}
Groups = NDArray[np.integer[Any]]
_HUGE = 1e150
"""From here on squares and sums of numbers may not be writable: they are scaled."""


class Scores(Struct, frozen=True, eq=False):
    """What groups of numbers come to, such as the replicates of each trial; entry i is group i.

    ``mean`` is NaN of no numbers; ``sd``, the sample standard deviation (n - 1), of less than two. They are ``n``.
    """

    mean: NDArray[np.float64]
    sd: NDArray[np.float64]
    n: NDArray[np.int64]


class ResultsTable(Struct, frozen=True, eq=False, dict=True):
    """The trainings that have begun or ended, in the order in which the journal tells of them.

    Everything is read-only, worked out when it is asked for, and kept. Arrays of trainings have one entry for each
    of ``entries``; arrays of trials have one for each trial of the grid, entry i being trial i + 1.
    """

    spec: SessionSpec
    entries: tuple[Replicate, ...]
    replicate_counts: Mapping[int, int]
    _values: dict[Measure, NDArray[np.float64]] = field(default_factory=dict)
    _counted: dict[Measure, NDArray[np.bool_]] = field(default_factory=dict)
    _scores: dict[Measure, Scores] = field(default_factory=dict)

    # Trainings -----------------------------------------------------------------------------------------------

    @cached_property
    def trial(self) -> NDArray[np.int64]:
        """The number of each training's trial."""
        return np.fromiter((entry.key.trial for entry in self.entries), np.int64, len(self.entries))

    @cached_property
    def replicate(self) -> NDArray[np.int64]:
        """The number of each training within its trial."""
        return np.fromiter((entry.key.replicate for entry in self.entries), np.int64, len(self.entries))

    @cached_property
    def status(self) -> NDArray[np.int64]:
        """Each training's status, as its place in ``STATUSES``."""
        return np.fromiter((_CODE[entry.status] for entry in self.entries), np.int64, len(self.entries))

    def having(self, statuses: Iterable[Status]) -> NDArray[np.bool_]:
        """Return which trainings have one of these statuses."""
        wanted = np.zeros(len(STATUSES), bool)
        wanted[[_CODE[status] for status in statuses]] = True
        return wanted[self.status]

    @property
    def ended(self) -> NDArray[np.bool_]:
        """Which trainings have ended, in whatever way."""
        return self.having(ENDED)

    def among(self, trainings: Iterable[JobKey]) -> NDArray[np.bool_]:
        """Return which rows are these trainings."""
        width = int(self.replicate.max(initial=0)) + 1
        wanted = [key.trial * width + key.replicate for key in trainings if key.replicate < width]
        return np.isin(self.trial * width + self.replicate, wanted)

    def values(self, measure: Measure) -> NDArray[np.float64]:
        """Return the measure of each training as far as it has come; NaN where it has none."""
        key = measure.without(())
        if key not in self._values:
            self._values[key] = np.array(list(map(key.value, self.entries)), np.float64)
        return self._values[key]

    def counted(self, measure: Measure) -> NDArray[np.bool_]:
        """Return which trainings enter a trial's score: complete, measured, and not left out."""
        if measure not in self._counted:
            rows = self.having(("complete",)) & np.isfinite(self.values(measure))
            self._counted[measure] = rows & ~self.among(measure.left_out) if measure.left_out else rows
        return self._counted[measure]

    # Trials --------------------------------------------------------------------------------------------------

    def scores(self, measure: Measure) -> Scores:
        """Return each trial's score."""
        if measure not in self._scores:
            rows = self.counted(measure)
            self._scores[measure] = means(self.trial[rows] - 1, self.values(measure)[rows], len(self.spec.grid))
        return self._scores[measure]

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """Trials × statuses, in the order of ``STATUSES``: how many replicates of each trial have each."""
        trials, width = len(self.spec.grid), len(STATUSES)
        places = (self.trial - 1) * width + self.status
        counts = np.bincount(places, minlength=trials * width).reshape(trials, width)
        asked = np.full(trials, self.spec.replicates)
        for number, count in self.replicate_counts.items():
            asked[number - 1] = count
        counts[:, _CODE["waiting"]] += asked - counts.sum(axis=1)
        return counts

    def count(self, *statuses: Status) -> NDArray[np.int64]:
        """Return how many replicates of each trial have one of these statuses."""
        found: NDArray[np.int64] = self.counts[:, [_CODE[status] for status in statuses]].sum(axis=1)
        return found

    @cached_property
    def failed(self) -> NDArray[np.int64]:
        """How many replicates of each trial failed or diverged."""
        return self.count("failed", "diverged")

    @cached_property
    def statuses(self) -> list[Status]:
        """The status of each trial."""
        return trial_statuses(self.counts)


def table_of(snapshot: Snapshot) -> ResultsTable:
    """Return the table of a snapshot, made once and kept with it, as its cached properties are."""
    kept = vars(snapshot)
    found: ResultsTable | None = kept.get("_results_table")
    if found is None:
        entries = tuple(snapshot.replicates.values())
        found = kept["_results_table"] = ResultsTable(snapshot.spec, entries, snapshot.replicate_counts)
    return found


def trial_statuses(counts: NDArray[np.int64]) -> list[Status]:
    """Return the status of each trial, of how many replicates have each status (trials × ``STATUSES``).

    Running if any of them runs, else waiting if any waits, else pruned if any was, else complete if any is
    complete: what the trial has is then all it will get. Where none is complete: failed, else diverged, else
    stopped.
    """
    order = [_CODE[status] for status in _PRECEDENCE]
    return [_PRECEDENCE[place] for place in (counts[:, order] > 0).argmax(axis=1)]


def means(group: Groups, numbers: NDArray[np.float64], groups: int) -> Scores:
    """Return what the ``numbers`` of each of so many groups come to; ``group`` (from 0) says which each is in.

    Sums are rounded once, whatever their order, and numbers too huge to be squared have a spread nevertheless.
    """
    n = np.bincount(group, minlength=groups)
    scale = np.ones(groups)
    if np.abs(numbers).max(initial=0.0) >= _HUGE:
        np.maximum.at(scale, group, np.abs(numbers))
        scale[scale < _HUGE] = 1.0
    scaled = numbers / scale[group]
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        mean = _sums(group, scaled, n) / n
        sd = np.sqrt(_sums(group, (scaled - mean[group]) ** 2, n) / np.where(n > 1, n - 1, np.nan)) * scale
    sd[np.isinf(sd)] = np.nan
    return Scores(mean * scale, sd, n)


def _sums(group: Groups, numbers: NDArray[np.float64], n: NDArray[np.int64]) -> NDArray[np.float64]:
    sums = np.bincount(group, numbers, len(n)).astype(np.float64)  # exact of one, rounded once of two
    several = np.flatnonzero(n > 2).tolist()
    if several:
        ordered = numbers[np.argsort(group, kind="stable")].tolist()
        ends = np.concatenate(([0], np.cumsum(n))).tolist()
        sums[several] = [math.fsum(ordered[ends[at] : ends[at + 1]]) for at in several]
    return sums


def standing(
    scores: NDArray[np.float64], better: Direction, within: NDArray[np.integer[Any]] | None = None
) -> NDArray[np.float64]:
    """Return how each score stands, the less the better; infinite without one.

    Where scores are only compared ``within`` groups, it is the place in the group, from 1.
    """
    costs = np.where(np.isfinite(scores), -scores if better == "max" else scores, np.inf)
    if within is None:
        return costs
    places = np.full(len(costs), np.inf)
    for group in np.unique(within):
        rows = np.flatnonzero((within == group) & np.isfinite(costs))
        places[rows[np.argsort(costs[rows], kind="stable")]] = np.arange(1, len(rows) + 1)
    return places


def best_first(
    scores: NDArray[np.float64], better: Direction, within: NDArray[np.integer[Any]] | None = None
) -> NDArray[np.int64]:
    """Return where the scores are, the best first, those without one last; equals keep their order."""
    return np.argsort(standing(scores, better, within), kind="stable")
