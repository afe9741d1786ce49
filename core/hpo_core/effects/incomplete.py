"""The incomplete beta and gamma functions, Φ, and where a function is 0: what the distributions are made of.

scipy.special has them too, but takes longer to import than a small session takes to be analysed. The continued
fractions (DiDonato & Morris, Algorithm 708, 1992; Abramowitz & Stegun 6.5.31) are summed from the front by Lentz'
way; what stands before them is Loader's (Fast and accurate computation of binomial probabilities, 2000), which
loses no digits where the parameters are large. Tested against scipy.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from hpo_core.effects.inputs import Floats

_STOP = 4e-16
_NODES = 32
"""For so many x in each unit Φ is looked up; between them it is a series."""
_FARTHEST = 38
"""Beyond it Φ is 0 or 1."""


def beta_below(a: float, b: float, x: float, y: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b); ``y`` is 1 − x, with all its digits."""
    if x <= 0 or y <= 0:
        return float(x > 0)
    if a * y < b * x:
        return 1 - beta_below(b, a, y, x)

    def part(m: int) -> tuple[float, float]:
        high = a + 2 * m - 1
        above = (a + m - 1) * (a + b + m - 1) * m * (b - m) * x * x / (high * high)
        return above, m + m * (b - m) * x / high + (a + m) * (a * y - b * x + 1 + m * (1 + y)) / (high + 2)

    return beta_term(a, b, x, y) / _fraction(a * (a * y - b * x + 1) / (a + 1), part)


def beta_term(a: float, b: float, x: float, y: float) -> float:
    """Return x^a y^b / B(a, b), where y = 1 − x."""
    n = a + b
    log = _stirling(n) - _stirling(a) - _stirling(b) - _deviance(a, n * x) - _deviance(b, n * y)
    return math.exp(log) * math.sqrt(a * b / (2 * math.pi * n))


def gamma_above(a: float, x: float) -> float:
    """Return the regularised upper incomplete gamma function Q(a, x)."""
    if x <= 0:
        return 1.0
    term = math.exp(-_stirling(a) - _deviance(a, x)) * math.sqrt(a / (2 * math.pi))  # x^a e^−x / Γ(a)
    if x > a + 1:
        return term / _fraction(x + 1 - a, lambda step: (step * (a - step), x + 2 * step + 1 - a))
    total = summand = 1 / a
    step = a
    while summand > total * _STOP:
        step += 1
        summand *= x / step
        total += summand
    return 1 - term * total


def normal_below(x: Floats) -> Floats:
    """Return Φ: the probability that a standard normal value is below each ``x``.

    It is Taylor's series of sixth degree around the nearest of many x whose Φ is known.
    """
    nodes, known = _normal_nodes()
    x = np.clip(x, nodes[0], nodes[-1])
    place = np.rint((x - nodes[0]) * _NODES).astype(np.intp)
    z = nodes[place]
    step, square = x - z, z * z
    inner = (
        z * (10 * square - square * square - 15) / 720
    )  # the derivatives of φ are Hermite's polynomials times φ
    for factor in (
        (square * square - 6 * square + 3) / 120,
        z * (3 - square) / 24,
        (square - 1) / 6,
        -z / 2,
        1.0,
    ):
        inner = factor + step * inner
    found: Floats = known[place] + np.exp(-square / 2) / math.sqrt(2 * math.pi) * step * inner
    return found


def normal_point(tail: float) -> float:
    """Return the x above 0 that a standard normal value exceeds with this probability."""
    return crossing(lambda x: math.log(2 * tail) - math.log(math.erfc(x / math.sqrt(2))))


@lru_cache(maxsize=1)
def _normal_nodes() -> tuple[Floats, Floats]:
    nodes = np.arange(-_FARTHEST * _NODES, _FARTHEST * _NODES + 1) / _NODES
    return nodes, np.array([math.erfc(-z / math.sqrt(2)) / 2 for z in nodes])


def crossing(rises: Callable[[float], float], tolerance: float = 1e-15, most: float = math.inf) -> float:
    """Return the x above 0 where a function that rises is 0, to a relative ``tolerance``; NaN above ``most``.

    By false positions along log x, an end that stays counting half from then on (the Illinois way).
    """
    low, high = 0.0, math.log(2)
    at_low, at_high = rises(1.0), rises(2.0)
    while at_low > 0:
        low, high, at_high = low - max(high - low, 0.5), low, at_low
        at_low = rises(math.exp(low))
    while at_high < 0:
        low, high, at_low = high, high + max(high - low, 0.5), at_high
        at_high = rises(math.exp(high))
        if math.exp(low) > most:
            return math.nan
    stayed = 0
    while at_low and at_high and high - low > tolerance:
        between = (low * at_high - high * at_low) / (at_high - at_low)
        if not low < between < high:
            break
        at = rises(math.exp(between))
        if at < 0:
            low, at_low, at_high = between, at, at_high / (2 if stayed < 0 else 1)
            stayed = -1
        else:
            high, at_high, at_low = between, at, at_low / (2 if stayed > 0 else 1)
            stayed = 1
    return math.exp(low if abs(at_low) < abs(at_high) else high)


def _fraction(first: float, part: Callable[[int], tuple[float, float]]) -> float:
    """Return first + a₁ / (b₁ + a₂ / (b₂ + …)), where ``part`` gives each step's a and b."""
    value, over, under, step, change = first, first, 0.0, 0, 0.0
    while abs(change - 1) > _STOP:
        step += 1
        a, b = part(step)
        under = 1 / (b + a * under)
        over = b + a / over
        change = over * under
        value *= change
    return value


def _stirling(n: float) -> float:
    """Return by how much log n! is above Stirling's (n + ½) log n − n + ½ log 2π."""
    if n < 16:
        return math.lgamma(n + 1) - (n + 0.5) * math.log(n) + n - 0.5 * math.log(2 * math.pi)
    square = n * n
    return (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - 1 / 1188 / square) / square) / square) / square) / n


def _deviance(x: float, mean: float) -> float:
    """Return x log(x / mean) + mean − x."""
    apart, both = x - mean, x + mean
    if abs(apart) >= 0.1 * both:
        return x * math.log(x / mean) + mean - x
    ratio = apart / both
    total, power, odd = apart * ratio, 2 * x * ratio, 1
    while True:
        power *= ratio * ratio
        odd += 2
        if total == (total := total + power / odd):
            return total
