"""Distributions: F, Student's t and χ², also where there is an effect, and what several tests share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from hpo_core.effects.incomplete import beta_below, beta_term, crossing, gamma_above, normal_below
from hpo_core.effects.inputs import Floats


def f_tail(f: float, df: float, noise_df: float) -> float:
    """Return the probability of an F at least this large where there is no effect; NaN where undefined."""
    if np.isnan(f) or df < 1 or noise_df < 1:
        return float("nan")
    return 0.0 if np.isinf(f) else _f_above(f, df, noise_df)


def _f_above(f: float, df: float, noise_df: float) -> float:
    within = df * f + noise_df
    return beta_below(noise_df / 2, df / 2, noise_df / within, df * f / within)


def _log(probability: float) -> float:
    return math.log(max(probability, 1e-300))


def t_below(t: float, df: float) -> float:
    """Return the probability that Student's t with ``df`` is below ``t``."""
    tail = _f_above(t * t, 1, df) / 2 if math.isfinite(t) else 0.0
    return 1 - tail if t > 0 else tail


@lru_cache(maxsize=4096)
def t_point(probability: float, df: float) -> float:
    """Return the t below which Student's distribution with ``df`` has this probability."""
    if probability == 0.5:
        return 0.0
    if probability < 0.5:
        return -t_point(1 - probability, df)
    return math.sqrt(f_point(2 * (1 - probability), 1, df))


def t_points(probability: float, df: Floats) -> Floats:
    """Return the same for each ``df``, of which few differ in more than their last digits."""
    different, places = np.unique(np.round(df, 9), return_inverse=True)
    return np.array([t_point(probability, float(each)) for each in different])[places].reshape(df.shape)


def power(shift: float, df: float, alpha: float) -> float:
    """Return how likely a one-sided t test at ``alpha`` finds a difference of ``shift`` standard errors."""
    s, weights = _sds(df)
    return float(normal_below(shift - t_point(1 - alpha, df) * s) @ weights)


@lru_cache(maxsize=64)
def _sds(df: float) -> tuple[Floats, Floats]:
    """Return standard deviations that a sample with ``df`` may show of a true one of 1, and their probabilities.

    Even along their logarithm, where a sum over them converges faster than any power of their number: to 1e-13.
    """
    step = min(0.05, 0.4 / (2 * df) ** 0.5)
    log = np.arange(-math.ceil((40 / df + 9 / df**0.5) / step), math.ceil(min(9 / df**0.5, 4) / step) + 1) * step
    weights = np.exp(df * (log - np.expm1(2 * log) / 2))
    return np.exp(log), weights / weights.sum()


@lru_cache(maxsize=1024)
def sd_bound(df: float, sure: float) -> float:
    """Return by how much a standard deviation on ``df`` may be too small, at most, with this probability."""
    return float(crossing(lambda ratio: _log(sure) - _log(gamma_above(df / 2, df / 2 * ratio))) ** -0.5)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return the p values corrected for their number (Holm 1979); NaN stays NaN and is not counted."""
    adjusted = [float("nan")] * len(p_values)
    order = sorted((p, place) for place, p in enumerate(p_values) if not np.isnan(p))
    highest = 0.0
    for rank, (p, place) in enumerate(order):
        highest = max(highest, min(1.0, p * (len(order) - rank)))
        adjusted[place] = highest
    return adjusted


@lru_cache(maxsize=1024)
def f_point(alpha: float, df: float, noise_df: float) -> float:
    """Return the F that is exceeded with probability ``alpha`` where there is no effect."""
    return crossing(lambda f: _log(alpha) - _log(_f_above(f, df, noise_df)))


@lru_cache(maxsize=256)
def f_seen(df: float, noise_df: float, alpha: float, power: float) -> float:
    """Return the noncentrality, in units of the noise's variance, that an F test sees with this power."""
    limit = f_point(alpha, df, noise_df)
    return crossing(lambda size: f_power(limit, df, noise_df, size) - power, 1e-4, most=1e6)


def f_power(limit: float, df: float, noise_df: float, size: float) -> float:
    """Return the probability of an F above ``limit`` where there is an effect of this noncentrality.

    A sum of F's tails, weighted as Poisson has it: each follows from the one before it.
    """
    within = df * limit + noise_df
    x, y = df * limit / within, noise_df / within
    a, b = df / 2, noise_df / 2
    steps = np.arange(math.ceil(size / 2 + 12 * (size / 2) ** 0.5 + 40))
    terms = np.concatenate(
        [[beta_term(a, b, x, y) / a], x * (a + b + steps[:-1]) / (a + 1 + steps[:-1])]
    ).cumprod()
    weights = np.exp(np.concatenate([[0.0], np.log(size / 2 / steps[1:])]).cumsum() - size / 2)
    tails = beta_below(b, a, y, x) + np.concatenate([[0.0], terms[:-1].cumsum()])
    return float(weights @ tails)


@lru_cache(maxsize=256)
def against_the_best(others: int, df: float, alpha: float) -> float:
    """Return the t below which the best of so many others stays behind a control with probability 1 − ``alpha``.

    Dunnett's one-sided point for equally many replicates, which Hsu's comparisons with the best use:
    E_s ∫ Φ(z + √2 t s)^others φ(z) dz = 1 − alpha, with s² a χ²_df / df. Summed on a grid; scipy.stats.dunnett
    gives the same by simulation.
    """
    if others < 2:
        return t_point(1 - alpha, df)
    z = np.linspace(-8, 8, 81)
    density = np.exp(-(z**2) / 2)
    density /= density.sum()
    s, weights = _sds(df)
    seen = weights > 1e-9
    s, weights = s[seen], weights[seen]

    def behind(t: float) -> float:
        below = normal_below(z + 2**0.5 * t * s[:, np.newaxis]) ** others
        return float(weights @ (below @ density))

    return crossing(lambda t: behind(t) - (1 - alpha), 1e-7, most=1e3)
