"""Distributions, from scipy.special: scipy.stats takes a second to import and is not needed for these."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def f_tail(f: float, df: int, noise_df: int) -> float:
    """Return the probability of an F at least this large where there is no effect; NaN where undefined."""
    from scipy.special import fdtrc

    if np.isnan(f) or df < 1 or noise_df < 1:
        return float("nan")
    return 0.0 if np.isinf(f) else float(fdtrc(df, noise_df, f))


def t_below(t: float, df: int) -> float:
    """Return the probability that Student's t with ``df`` is below ``t``."""
    from scipy.special import stdtr

    if np.isinf(t):
        return float(t > 0)
    return float(stdtr(df, t))


def t_point(probability: float, df: int) -> float:
    """Return the t below which Student's distribution with ``df`` has this probability."""
    from scipy.special import stdtrit

    return float(stdtrit(df, probability))


def power(shift: float, df: int, alpha: float) -> float:
    """Return how likely a one-sided t test at ``alpha`` finds a difference of ``shift`` standard errors."""
    from scipy.special import nctdtr

    return 1.0 - float(nctdtr(df, shift, t_point(1 - alpha, df)))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return the p values corrected for their number (Holm 1979); NaN stays NaN and is not counted."""
    adjusted = [float("nan")] * len(p_values)
    order = sorted((p, place) for place, p in enumerate(p_values) if not np.isnan(p))
    highest = 0.0
    for rank, (p, place) in enumerate(order):
        highest = max(highest, min(1.0, p * (len(order) - rank)))
        adjusted[place] = highest
    return adjusted
