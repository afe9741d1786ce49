"""Distributions, from scipy.special: scipy.stats takes a second to import and is not needed for these."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np


def f_tail(f: float, df: float, noise_df: float) -> float:
    """Return the probability of an F at least this large where there is no effect; NaN where undefined."""
    from scipy.special import fdtrc

    if np.isnan(f) or df < 1 or noise_df < 1:
        return float("nan")
    return 0.0 if np.isinf(f) else float(fdtrc(df, noise_df, f))


def t_below(t: float, df: float) -> float:
    """Return the probability that Student's t with ``df`` is below ``t``."""
    from scipy.special import stdtr

    if np.isinf(t):
        return float(t > 0)
    return float(stdtr(df, t))


def t_point(probability: float, df: float) -> float:
    """Return the t below which Student's distribution with ``df`` has this probability."""
    from scipy.special import stdtrit

    return float(stdtrit(df, probability))


def power(shift: float, df: float, alpha: float) -> float:
    """Return how likely a one-sided t test at ``alpha`` finds a difference of ``shift`` standard errors."""
    from scipy.special import nctdtr

    return 1.0 - float(nctdtr(df, shift, t_point(1 - alpha, df)))


def sd_bound(df: float, sure: float) -> float:
    """Return by how much a standard deviation on ``df`` may be too small, at most, with this probability."""
    from scipy.special import chdtri

    return float((df / chdtri(df, sure)) ** 0.5)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return the p values corrected for their number (Holm 1979); NaN stays NaN and is not counted."""
    adjusted = [float("nan")] * len(p_values)
    order = sorted((p, place) for place, p in enumerate(p_values) if not np.isnan(p))
    highest = 0.0
    for rank, (p, place) in enumerate(order):
        highest = max(highest, min(1.0, p * (len(order) - rank)))
        adjusted[place] = highest
    return adjusted


def f_point(alpha: float, df: float, noise_df: float) -> float:
    """Return the F that is exceeded with probability ``alpha`` where there is no effect."""
    from scipy.special import fdtri

    return float(fdtri(df, noise_df, 1 - alpha))


@lru_cache(maxsize=256)
def f_seen(df: float, noise_df: float, alpha: float, power: float) -> float:
    """Return the noncentrality, in units of the noise's variance, that an F test sees with this power."""
    from scipy.special import ncfdtr

    limit = f_point(alpha, df, noise_df)

    def seen(size: float) -> bool:
        return bool(1 - ncfdtr(df, noise_df, size, limit) >= power)

    low, high = 0.0, 1.0
    while not seen(high):
        low, high = high, 2 * high
        if high > 1e6:
            return float("nan")
    while high - low > 1e-3 * high:
        middle = (low + high) / 2
        low, high = (low, middle) if seen(middle) else (middle, high)
    return high


@lru_cache(maxsize=256)
def against_the_best(others: int, df: float, alpha: float) -> float:
    """Return the t below which the best of so many others stays behind a control with probability 1 − ``alpha``.

    Dunnett's one-sided point for equally many replicates, which Hsu's comparisons with the best use:
    E_s ∫ Φ(z + √2 t s)^others φ(z) dz = 1 − alpha, with s² a χ²_df / df. Summed on a grid; scipy.stats.dunnett
    gives the same by simulation.
    """
    from scipy.special import chdtri, ndtr

    if others < 2:
        return t_point(1 - alpha, df)
    z = np.linspace(-8, 8, 161)
    density = np.exp(-(z**2) / 2)
    density /= density.sum()
    steps = (np.arange(128) + 0.5) / 128
    s = np.sqrt(chdtri(df, 1 - steps) / df)

    def behind(t: float) -> float:
        below = ndtr(z + 2**0.5 * t * s[:, np.newaxis]) ** others
        return float((below @ density).mean())

    low, high = 0.0, 2.0
    while behind(high) < 1 - alpha and high < 1e3:
        low, high = high, 2 * high
    for _ in range(20):
        middle = (low + high) / 2
        low, high = (low, middle) if behind(middle) >= 1 - alpha else (middle, high)
    return high
