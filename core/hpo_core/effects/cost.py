"""Time as a metric: what a training costs, and which trials are as good for less."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hpo_core.effects.cells import Cells
from hpo_core.effects.data import Floats, Results
from hpo_core.effects.model import ALPHA
from hpo_core.effects.spread import Spread
from hpo_core.plan.hyperparameters import Value

_WORTH_TELLING = 0.9


@dataclass(frozen=True, slots=True)
class Priced:
    """A trial's mean score and mean cost, in seconds, over its replicates."""

    trial: int
    values: dict[str, Value]
    score: float
    cost: float


@dataclass(frozen=True, slots=True)
class Cheaper:
    """A cheaper trial that noise cannot tell from the best, and how far behind it may be for all that is known.

    ``difference`` is its score less the best one's, with a 95 % interval. That noise cannot tell does not make it
    as good: ``as_good`` says that the whole interval lies within ``margin``, one sd of the noise, of no difference
    (two one-sided tests, Schuirmann 1987, at 2.5 %).
    """

    point: Priced
    difference: float
    low: float
    high: float
    margin: float

    @property
    def as_good(self) -> bool:
        """Whether it is as good as the best, as far as one sd of the noise goes."""
        return -self.margin < self.low and self.high < self.margin


@dataclass(frozen=True, slots=True)
class Frontier:
    """The Pareto front, cheapest first: no other trial is both better and cheaper than one of these.

    ``cheaper`` is the cheapest trial shown to be as good as the best; else the cheapest that noise cannot
    tell from it (one-sided t test, 5 %). None where the noise is unknown, or where none saves a tenth of the cost.
    """

    points: tuple[Priced, ...]
    best: Priced
    cheaper: Cheaper | None


def pareto(score: Floats, cost: Floats, maximise: bool) -> list[int]:
    """Return the places that are on the front, cheapest first; of equal points the first stands for all."""
    gain = score if maximise else -score
    front: list[int] = []
    for place in np.lexsort((-gain, cost)).tolist():
        if not front or gain[place] > gain[front[-1]]:
            front.append(place)
    return front


def frontier(cells: Cells, results: Results, spread: Spread, maximise: bool) -> Frontier | None:
    """Set each trial's score against its seconds; ``results`` are those that ``cells`` were made of.

    None where no trial has a time.
    """
    prices = results.seconds
    if prices is None or not np.isfinite(prices).any():
        return None
    known = np.isfinite(prices)
    count = len(cells.codes)
    priced = np.bincount(cells.row_cell[known], minlength=count)
    total = np.bincount(cells.row_cell[known], weights=prices[known], minlength=count)
    chosen = np.flatnonzero(priced)
    mean_cost = total[chosen] / priced[chosen]
    replicates = cells.counts.sum(axis=1)
    score = (cells.sums.sum(axis=1) / replicates + cells.centre)[chosen]

    def point(place: int) -> Priced:
        cell = int(chosen[place])
        values = results.values_of(cells.codes[cell])
        return Priced(int(cells.trial[cell]), values, float(score[place]), float(mean_cost[place]))

    front = pareto(score, mean_cost, maximise)
    best = front[-1]

    cheaper = None
    if spread.known:
        weights = spread.of_cells(replicates)[chosen]
        weights = weights + weights[best]
        behind = score - score[best]
        near, half = (spread.margin(1 - share, weights) for share in (ALPHA, ALPHA / 2))
        own = spread.sds[spread.group[chosen]] ** 2
        margin = np.sqrt((own + own[best]) / 2)
        worth = mean_cost <= _WORTH_TELLING * mean_cost[best]
        as_good = np.flatnonzero(worth & (np.abs(behind) + half < margin))
        found = as_good if len(as_good) else np.flatnonzero(worth & (np.abs(behind) <= near))
        if len(found):
            at = int(found[np.argmin(mean_cost[found])])
            low, high = float(behind[at] - half[at]), float(behind[at] + half[at])
            cheaper = Cheaper(point(at), float(behind[at]), low, high, float(margin[at]))
    return Frontier(tuple(point(place) for place in front), point(best), cheaper)
