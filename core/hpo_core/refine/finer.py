"""Finer values for one hyperparameter: between its best value and its neighbours, or beyond the grid's edge."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, TypeGuard

from hpo_core.errors import SpecError
from hpo_core.plan.hyperparameters import KNOWN, Value
from hpo_core.plan.ranges import Range

DIGITS = 3
"""Significant digits of a proposed value."""

Scale = Literal["geometric", "linear", "none"]


def scale_of(name: str, values: Sequence[Value]) -> Scale:
    """Return how finer values of the hyperparameter lie between two others.

    The product's table says so for what it knows. Of others: none where a value is not a number, linear for whole
    numbers, and geometric for positive numbers that span a factor of ten.
    """
    numbers = [value for value in values if _is_number(value)]
    if len(numbers) < len(values):
        return "none"
    if name in KNOWN:
        scale = KNOWN[name].scale
        return "linear" if scale == "geometric" and min(numbers) <= 0 else scale
    if all(isinstance(value, int) for value in numbers):
        return "linear"
    return "geometric" if min(numbers) > 0 and max(numbers) >= 10 * min(numbers) else "linear"


def values_within(of: Range, values: Sequence[Value], best: Value | None) -> tuple[Value, ...]:
    """Return three values of a range: the ``best``, and half way from it to the least and largest of ``values``.

    Half way on the range's own scale; without a best one, the ends and the middle.
    """
    shares = [of.share(float(value)) for value in values]
    low, high = min(shares), max(shares)
    if best is None:
        return tuple(dict.fromkeys(of.at_share(share) for share in (low, (low + high) / 2, high)))
    at = of.share(float(best))
    found = (of.at_share((low + at) / 2), best, of.at_share((at + high) / 2))
    return tuple(dict.fromkeys(found))


def finer_values(name: str, values: Sequence[Value], best: Value) -> tuple[Value, ...]:
    """Return the values to try next to ``best``, one of ``values``, the whole grid's: two at most.

    Half way to each neighbour, by the hyperparameter's scale; where best is at the edge, one step beyond it, as
    long as the one on its other side. Rounded to three digits; whole where all values are. A value that exists, or
    that the hyperparameter cannot take, is left out.
    """
    scale = scale_of(name, values)
    numbers = sorted({value for value in values if _is_number(value)})
    if scale == "none" or len(numbers) < 2 or not _is_number(best):
        return ()
    whole = all(isinstance(value, int) for value in numbers)
    place = numbers.index(best)
    below = numbers[place - 1] if place > 0 else None
    above = numbers[place + 1] if place + 1 < len(numbers) else None
    wanted = [
        _between(below, best, scale) if below is not None else _beyond(best, numbers[1], scale),
        _between(best, above, scale) if above is not None else _beyond(best, numbers[-2], scale),
    ]
    found: list[Value] = []
    for number in wanted:
        value = _rounded(number, whole)
        if value not in numbers and value not in found and _allowed(name, value, numbers):
            found.append(value)
    return tuple(found)


def _between(low: float, high: float, scale: Scale) -> float:
    return math.sqrt(low) * math.sqrt(high) if scale == "geometric" else (low + high) / 2


def _beyond(edge: float, neighbour: float, scale: Scale) -> float:
    return edge * (edge / neighbour) if scale == "geometric" else edge + (edge - neighbour)


def _rounded(number: float, whole: bool) -> float:
    if not math.isfinite(number):
        return number
    short = float(f"{number:.{DIGITS}g}")
    return round(short) if whole else short


def _allowed(name: str, value: float, numbers: Sequence[float]) -> bool:
    if not math.isfinite(value) or (value <= 0 < min(numbers)):
        return False
    if name not in KNOWN:
        return True
    try:
        KNOWN[name].check(value, name)
    except SpecError:
        return False
    return True


def _is_number(value: Value) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
