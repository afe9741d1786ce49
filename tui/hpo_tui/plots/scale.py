"""Scales: steps of the ramp, round ticks, and numbers written with as many decimals as tell them apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise

import numpy as np

from hpo_core.plan.metrics import Objective
from hpo_tui.look.inks import RAMP_STEPS
from hpo_tui.plots.data import Floats, Ints


def finite(values: object) -> Floats:
    """Return the finite ones of any numbers, flat."""
    array = np.asarray(values, dtype=np.float64).reshape(-1)
    return array[np.isfinite(array)]


def limits(values: Floats) -> tuple[float, float] | None:
    """Return the least and the greatest of the finite values, or None where there is none."""
    kept = finite(values)
    return (float(kept.min()), float(kept.max())) if len(kept) else None


def fraction(values: Floats, low: float, high: float) -> Floats:
    """Return where values lie between ``low`` (0) and ``high`` (1), cut to that range.

    Where the two ends are one, everything lies at 1; what is not finite stays NaN. Halves are subtracted, so
    that ends near the largest float do not overflow.
    """
    values = np.asarray(values, dtype=np.float64)
    span = high / 2 - low / 2
    if not span > 0:
        return np.where(np.isfinite(values), 1.0, np.nan)
    with np.errstate(all="ignore"):
        part = (values / 2 - low / 2) / span
    return np.where(np.isfinite(values), np.clip(part, 0.0, 1.0), np.nan)


def ramp_steps(scores: Floats, low: float, high: float, metric: Objective, count: int = RAMP_STEPS) -> Ints:
    """Return each score's step, 0 to ``count`` - 1, the last being the better end; -1 where it is not finite."""
    part = fraction(scores, low, high)
    if not metric.maximised and high > low:
        part = 1.0 - part
    return np.where(np.isfinite(part), sections(part, count), -1)


def sections(parts: Floats, count: int) -> Ints:
    """Return in which of ``count`` equal sections of 0..1 each part lies: its lower edge belongs to a section.

    An edge that floating point misses by a hair is still the edge. What is not finite is in the first.
    """
    places = np.floor(np.nan_to_num(parts, nan=0.0) * count + 1e-9)
    return np.clip(places, 0, count - 1).astype(np.int64)


def between(low: float, high: float, part: float) -> float:
    """Return the value that lies ``part`` (0 to 1) of the way from ``low`` to ``high``; the ends are exact."""
    if part <= 0:
        return low
    return high if part >= 1 else low * (1 - part) + high * part


def format_numbers(values: Sequence[float], gap: float | None = None, fewer: int = 0) -> tuple[str, ...]:
    """Return numbers with the same number of decimals: about four digits, and as many as tell them apart.

    ``gap``: the least difference that must be seen; None takes the least one between the values. ``fewer``
    decimals are left out.
    """
    kept = [abs(value) for value in values if math.isfinite(value)]
    largest = max(kept, default=0.0)
    if largest == 0:
        return tuple("0" if math.isfinite(value) else "–" for value in values)
    gap = _least_gap(values) if gap is None else gap
    if not 1e-3 <= largest < 1e6:
        digits = 2 if gap == 0 else min(max(_exponent(largest) - _exponent(gap) + 1, 2), 6)
        return tuple(_exponential(value, max(digits - fewer, 0)) for value in values)
    decimals = 3 - max(_exponent(largest), -1)
    if gap:
        decimals = max(decimals, 1 - _exponent(gap))
    decimals = min(max(decimals - fewer, 0), 8)
    return tuple(_fixed(value, decimals) for value in values)


def _fixed(value: float, decimals: int) -> str:
    """Return a number with fixed decimals, halves rounded as people do: 0.75215 is 0.7522, not 0.7521."""
    if not math.isfinite(value):
        return "–"
    rounded = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return f"{rounded + 0 if rounded else abs(rounded):f}"


def _least_gap(values: Sequence[float]) -> float:
    ordered = sorted({value for value in values if math.isfinite(value)})
    gaps = [after / 2 - before / 2 for before, after in pairwise(ordered)]
    return min((gap for gap in gaps if gap > 0), default=0.0)


def _exponent(value: float) -> int:
    return math.floor(math.log10(value))


def _exponential(value: float, digits: int) -> str:
    if not math.isfinite(value):
        return "–"
    mantissa, _, exponent = f"{value:.{digits}e}".partition("e")
    return f"{mantissa}e{int(exponent)}"


def round_ticks(low: float, high: float, most: int) -> tuple[float, ...]:
    """Return at most ``most`` round numbers (1, 2 or 5 times a power of ten) within ``low`` and ``high``."""
    span = high - low
    if most < 1 or not math.isfinite(span) or span <= 0:
        return (low,) if most >= 1 and math.isfinite(low) else ()
    rough = span / max(most, 1)
    if not rough > 1e-300:
        return (low,)
    power = 10.0 ** math.floor(math.log10(rough))
    for unit in (1, 2, 5, 10, 20, 50):
        step = unit * power
        if not math.isfinite(step):
            break
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first + 1 <= most:
            return tuple(index * step for index in range(first, last + 1))
    return (low,)


def format_ticks(ticks: Sequence[float]) -> tuple[str, ...]:
    """Return round ticks with no more decimals than their step has."""
    if not ticks:
        return ()
    largest = max(abs(tick) for tick in ticks)
    gap = 2 * _least_gap(ticks) or largest
    if largest == 0:
        return tuple("0" for _ in ticks)
    if not 1e-4 <= largest < 1e6:
        return format_numbers(ticks)
    decimals = next((d for d in range(9) if abs(round(gap, d) - gap) < gap * 1e-6), 8)
    return tuple(_fixed(tick, decimals) for tick in ticks)
