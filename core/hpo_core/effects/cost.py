"""Time as a metric: what a training costs, and which trials are as good for less."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hpo_core.effects.cells import Cells
from hpo_core.effects.data import Floats, Results
from hpo_core.effects.model import ALPHA, Noise
from hpo_core.effects.probability import t_point
from hpo_core.hyperparameters import Value

_WORTH_TELLING = 0.9


@dataclass(frozen=True, slots=True)
class Priced:
    """A trial's mean score and mean cost over its replicates (seconds, unless another cost was asked for)."""

    trial: int
    values: dict[str, Value]
    score: float
    cost: float


@dataclass(frozen=True, slots=True)
class Frontier:
    """The Pareto front, cheapest first: no other trial is both better and cheaper than one of these.

    ``as_good`` is the cheapest trial that noise cannot tell from the best (one-sided t test, 5 %), None where the
    noise is unknown or the best itself is the cheapest by less than a tenth.
    """

    points: tuple[Priced, ...]
    best: Priced
    as_good: Priced | None


def cost_metrics(results: Results, images: int | None = None) -> dict[str, Floats]:
    """Return what can be measured of the cost, by name: seconds, images_per_second, parameters.

    ``images`` is the number of training images in an epoch.
    """
    found: dict[str, Floats] = {}
    if results.seconds is not None:
        found["seconds"] = results.seconds
        if images is not None and results.curves:
            keys = zip(results.trial.tolist(), results.replicate.tolist(), strict=True)
            epochs = np.asarray([len(results.curves.get(key, ())) for key in keys], dtype=float)
            usable = (results.seconds > 0) & (epochs > 0)
            seconds = np.where(usable, results.seconds, 1.0)
            found["images_per_second"] = np.where(usable, images * epochs / seconds, np.nan)
    if results.parameters is not None:
        found["parameters"] = results.parameters
    return found


def pareto(score: Floats, cost: Floats, maximise: bool) -> list[int]:
    """Return the places that are on the front, cheapest first; of equal points the first stands for all."""
    gain = score if maximise else -score
    front: list[int] = []
    for place in np.lexsort((-gain, cost)).tolist():
        if not front or gain[place] > gain[front[-1]]:
            front.append(place)
    return front


def frontier(
    cells: Cells, results: Results, noise: Noise, maximise: bool, cost: Floats | None = None
) -> Frontier | None:
    """Set each trial's score against its cost; ``results`` are those that ``cells`` were made of.

    ``cost`` (n) is seconds unless given. None where no trial has a cost.
    """
    prices = results.seconds if cost is None else cost
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
    as_good = None
    if noise.known:
        behind = np.abs(score - score[best])
        errors = noise.sd * np.sqrt(1 / replicates[chosen] + 1 / replicates[chosen[best]])
        near = np.flatnonzero(behind <= t_point(1 - ALPHA, noise.df) * errors)
        cheapest = int(near[np.argmin(mean_cost[near])])
        if mean_cost[cheapest] <= _WORTH_TELLING * mean_cost[best]:
            as_good = point(cheapest)
    return Frontier(tuple(point(place) for place in front), point(best), as_good)
