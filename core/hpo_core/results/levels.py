"""How a hyperparameter's values are shown: each in a line of its own, or where there are too many, in ranges.

A random search has as many learning rates as trials, and a line for each says nothing. They are gathered between
round numbers, on a logarithmic scale where they run over powers of ten: "1e-4..1e-3". A line is taken out of view
with all of its values.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hpo_core.plan.grid import Grid, Hyperparameter
from hpo_core.plan.hyperparameters import Value
from hpo_core.plan.ranges import LOG, Range
from hpo_core.text import format_value

ALONE = 12
"""So many values stand alone, however few trials each of them has."""
MOST = 6
"""So many ranges at most, where a search has drawn more values than those."""
HUGE = 1e300
"""Numbers beyond stand alone: what lies between them cannot be reckoned with."""
DECADES, SKEWED = 2.0, 0.3
"""Over so many powers of ten, and with half of them in so much of the whole, numbers are logarithmic."""


class Levels(Struct, frozen=True, dict=True):
    """The lines of one hyperparameter: for each the values that stand in it, one or several, and its name."""

    factor: Hyperparameter
    groups: tuple[tuple[Value, ...], ...]
    labels: tuple[str, ...]

    @property
    def name(self) -> str:
        """The hyperparameter's name."""
        return self.factor.name

    @property
    def gathered(self) -> bool:
        """Whether lines are ranges, and not values."""
        return len(self.groups) < len(self.factor.values)

    @cached_property
    def of(self) -> NDArray[np.int64]:
        """The line of each of the hyperparameter's values."""
        if not self.gathered:
            return np.arange(len(self.groups))
        line = {value: place for place, group in enumerate(self.groups) for value in group}
        return np.array([line[value] for value in self.factor.values], np.int64)

    def within(self, hidden: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which lines are out of view, of which values are: those of which nothing is left."""
        if not self.gathered:
            return hidden
        left: NDArray[np.bool_] = np.bincount(self.of[~hidden], minlength=len(self.groups)) > 0
        return ~left


def levels_of(grid: Grid) -> tuple[Levels, ...]:
    """Return the lines of each hyperparameter, made once and kept with the grid, as its cached properties are."""
    kept = vars(grid)
    found: tuple[Levels, ...] | None = kept.get("_levels")
    if found is None:
        listed = len(grid) if grid.listed is not None else 0
        found = kept["_levels"] = tuple(_levels(factor, listed) for factor in grid.hyperparameters)
    return found


def _levels(factor: Hyperparameter, listed: int) -> Levels:
    """``listed`` is how many trials there are where they are no grid, else 0: the values of a grid stand alone."""
    numbers = [value for value in factor.values if _is_number(value)]
    many = factor.range.size > ALONE if factor.range is not None else ALONE < len(numbers) > listed / 2 > 0
    if not many or len(numbers) < 2:
        return Levels(factor, tuple((value,) for value in factor.values), tuple(map(format_value, factor.values)))
    whole = all(isinstance(value, int) for value in numbers)
    places, labels = _gather(np.array(numbers, float), factor.range, whole)
    groups: list[list[Value]] = [[] for _ in labels]
    for value, place in zip(numbers, places.tolist(), strict=True):
        groups[place].append(value)
    lines = [(tuple(group), label) for group, label in zip(groups, labels, strict=True) if group]
    lines += [((value,), format_value(value)) for value in factor.values if not _is_number(value)]
    return Levels(factor, tuple(group for group, _ in lines), tuple(label for _, label in lines))


def _is_number(value: Value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and -HUGE < value < HUGE


def _gather(numbers: NDArray[np.float64], drawn: Range | None, whole: bool) -> tuple[NDArray[np.int64], list[str]]:
    """Return the range in which each number lies, and the ranges' names; between the ends of what was drawn from.

    Where that is not known, what lies mostly near its low end, over powers of ten, is spaced by its logarithms.
    """
    low, high = float(numbers.min()), float(numbers.max())
    if drawn is not None:
        low, high, by_log = drawn.low, drawn.high, drawn.scale == LOG
    else:
        skewed = np.median(numbers) - low < SKEWED * (high - low)
        by_log = bool(low > 0 and high / low >= 10**DECADES and skewed)
    bounds = _log_bounds(low, high) if by_log else _linear_bounds(low, high, whole)
    if whole or drawn is not None:
        bounds = [low, *(bound for bound in bounds if low < bound < high), high]
    if len(bounds) < 2 or not np.all(np.diff(bounds) > 0):  # no round numbers lie so close together
        bounds = [low, high]
    pairs = list(pairwise(bounds))
    labels = [_label(*pair, whole=whole, last=pair == pairs[-1]) for pair in pairs]
    return np.searchsorted(np.array(bounds[1:-1]), numbers, side="right").astype(np.int64), labels


def _label(low: float, high: float, whole: bool, last: bool) -> str:
    """A range of whole numbers ends with the last that is in it."""
    if whole:
        first, end = math.ceil(low), math.floor(high) if last else math.ceil(high) - 1
        return f"{first}..{end}" if first < end else f"{end}"
    return f"{_short(low)}..{_short(high)}"


def _short(number: float) -> str:
    """A number in the fewest characters: 0.25, 1e-4."""
    digits, power = f"{number:.3e}".split("e")
    powered = f"{digits.rstrip('0').rstrip('.')}e{int(power)}"
    plain = format_value(float(f"{number:.4g}"))
    return powered if number and len(powered) < len(plain) else plain


def _log_bounds(low: float, high: float) -> list[float]:
    """Powers of ten, with 2 and 5 or with 3 between them, or every so many; the finest that makes few ranges."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    finest = ((1, 2, 5), (1, 3), (1,))
    for step in range(1, last - first + 2):
        for digits in finest if step == 1 else finest[-1:]:
            powers = range(first, last + step, step)
            bounds = _covering([float(f"{digit}e{power}") for power in powers for digit in digits], low, high)
            if len(bounds) <= MOST + 1:
                return bounds
    return [low, high]


def _linear_bounds(low: float, high: float, whole: bool) -> list[float]:
    """Multiples of 1, 2, 2.5 or 5 times a power of ten; the finest that makes few ranges."""
    if not 0 < (high - low) / MOST < math.inf:
        return [low, high]
    power = math.floor(math.log10((high - low) / MOST))
    for exponent in (power, power + 1):
        for digit in ("1", "2", "2.5", "5"):
            step = float(f"{digit}e{exponent}")
            if whole and not step.is_integer():
                continue
            first, last = math.floor(low / step), math.ceil(high / step)
            if last - first <= MOST:
                return _covering([float(f"{place * step:.12g}") for place in range(first, last + 1)], low, high)
    return [low, high]


def _covering(bounds: Sequence[float], low: float, high: float) -> list[float]:
    """Return the bounds from the last that is not above ``low`` to the first that is not below ``high``."""
    first = max((place for place, bound in enumerate(bounds) if bound <= low), default=0)
    last = min((place for place, bound in enumerate(bounds) if bound >= high), default=len(bounds) - 1)
    return list(bounds[first : last + 1])
