"""Are two lists of curves the same: to the last bit, or much closer than those of replicates?"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from hpo_core.effects.inputs import Curve, Floats, Ints

CLOSE = 0.2
"""The share of the distance between replicates, root mean square, below which two curves are close."""

Same = Callable[[Ints, Ints], bool]
"""Says of two lists of places whether all their curves are the same, pair by pair."""


def _metrics(epoch: Mapping[str, float | None]) -> tuple[tuple[str, float | None], ...]:
    """Return an epoch's metrics in a fixed order, NaN as None so that it equals itself."""
    return tuple((name, None if value != value else value) for name, value in sorted(epoch.items()))


def same_bits(curves: list[Curve]) -> Same:
    """Number the curves so that equal ones share a number, and say whether all of two lists of curves are equal.

    A last epoch of nothing but 0, 1 and gaps is no evidence (all right or all wrong, by anything); such a curve
    equals no other. Whole curves are only looked at where the last epochs agree.
    """
    numbers = np.empty(len(curves), dtype=np.int64)
    by_end: dict[object, list[int]] = {}
    for place, curve in enumerate(curves):
        end = _metrics(curve[-1])
        tells = any(value not in (None, 0, 1) for _, value in end)
        by_end.setdefault((len(curve), end) if tells else place, []).append(place)
    number = 0
    for places in by_end.values():
        whole: dict[object, int] = {}
        for place in places:
            key = tuple(_metrics(epoch) for epoch in curves[place]) if len(places) > 1 else ()
            numbers[place] = whole.setdefault(key, number + len(whole))
        number += len(whole)
    return lambda first, second: bool(np.all(numbers[first] == numbers[second]))


def close_curves(curves: list[Curve], trials: Ints) -> Same | None:
    """Say whether curves are much closer than replicates are; None where no trial has two replicates."""
    names = sorted(set.intersection(*(set(curve[-1]) for curve in curves)))
    epochs = min(len(curve) for curve in curves)
    values = np.array(
        [[[_number(epoch.get(name)) for name in names] for epoch in curve[:epochs]] for curve in curves]
    )
    lengths = np.asarray([len(curve) for curve in curves])
    noise = _replicate_distance(values, trials)
    if noise is None:
        return None
    usable = noise > 0

    def same(first: Ints, second: Ints) -> bool:
        if np.any(lengths[first] != lengths[second]):
            return False
        ratio = ((values[first] - values[second]) ** 2)[:, usable] / noise[usable]
        return bool(np.all(_mean(ratio.T) < CLOSE**2))

    return same


def _replicate_distance(values: Floats, trials: Ints) -> Floats | None:
    """Return the mean squared distance between replicates of a trial, by epoch and metric."""
    order = np.argsort(trials, kind="stable")
    neighbours = trials[order[1:]] == trials[order[:-1]]
    if not np.any(neighbours):
        return None
    return _mean((values[order[1:]][neighbours] - values[order[:-1]][neighbours]) ** 2)


def _mean(squares: Floats) -> Floats:
    """Return the mean over the first axis of the finite entries, NaN where there is none."""
    finite = np.isfinite(squares)
    count = finite.sum(axis=0)
    mean: Floats = np.where(count, np.where(finite, squares, 0.0).sum(axis=0) / np.maximum(count, 1), np.nan)
    return mean


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)
