"""Time as a metric: what a training costs, and which trials are as good for less."""

from __future__ import annotations

import numpy as np

from hpo_core.effects.cells import Cells
from hpo_core.effects.inputs import Floats, Results
from hpo_core.effects.model import ALPHA, Cheaper, Frontier, Priced
from hpo_core.effects.spread import Spread

_WORTH_TELLING = 0.9


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
        weights = spread.of_difference(spread.everything, chosen, int(chosen[best]))
        behind = score - score[best]
        near, half = (spread.margin(1 - share, weights) for share in (ALPHA, ALPHA / 2))
        own = spread.variance[chosen]
        margin = np.sqrt((own + own[best]) / 2)
        worth = mean_cost <= _WORTH_TELLING * mean_cost[best]
        as_good = np.flatnonzero(worth & (np.abs(behind) + half < margin))
        found = as_good if len(as_good) else np.flatnonzero(worth & (np.abs(behind) <= near))
        if len(found):
            at = int(found[np.argmin(mean_cost[found])])
            low, high = float(behind[at] - half[at]), float(behind[at] + half[at])
            cheaper = Cheaper(point(at), float(behind[at]), low, high, float(margin[at]))
    return Frontier(tuple(point(place) for place in front), point(best), cheaper)
