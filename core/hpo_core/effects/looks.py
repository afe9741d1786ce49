"""Looking before the end: how much of the 5 % each look may spend, so that all of them together do not exceed it.

Whoever watches a session tests again and again while its replicates come in, and stops looking where something
shows. So each look has a level of its own: by the time that a share t of the trainings has ended,

    α(t) = 4 − 4 Φ(z / √t),    z = Φ⁻¹(1 − α/4)

may be spent (Lan and DeMets, Discrete sequential boundaries for clinical trials, Biometrika 1983, after O'Brien
and Fleming): next to nothing early on, nearly all of it at the end. The levels follow from the joint distribution
of the looks (Armitage, McPherson and Rowe 1969), as if each test were of one mean; see tests/bench/truth.py.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from hpo_core.effects.incomplete import normal_below, normal_point
from hpo_core.effects.inputs import Floats

MOST_LOOKS = 20
"""Of more replicates than this, some share a look."""


def level(done: int, planned: int, alpha: float) -> float:
    """Return the level of a look at ``done`` replicates of ``planned``; ``alpha`` where none are planned."""
    if planned < 1 or done < 1:
        return alpha if planned < 1 else 0.0
    looks = min(planned, MOST_LOOKS)
    return levels(looks, alpha)[min(done * looks // planned, looks) - 1] if done * looks >= planned else 0.0


@lru_cache(maxsize=64)
def levels(looks: int, alpha: float) -> tuple[float, ...]:
    """Return the two-sided level of each of so many looks, evenly apart, the last at the end."""
    z = normal_point(alpha / 4)
    shares = np.arange(1, looks + 1) / looks
    spent = 4 - 4 * normal_below(z / np.sqrt(shares))
    x: Floats = np.linspace(-8, 8, 1601)
    step = float(x[1] - x[0])
    density = np.exp(-(x**2) / (2 * shares[0])) / np.sqrt(2 * np.pi * shares[0])
    kernel = np.exp(-((x[:, np.newaxis] - x) ** 2) * looks / 2) * np.sqrt(looks / (2 * np.pi)) * step
    found: list[float] = []
    before = 0.0
    for share, until in zip(shares, spent, strict=True):
        if found:
            density = kernel @ density
        outside = 2 * (np.cumsum(density[::-1])[::-1] - density / 2) * step  # beyond ±x, for x from 0 on
        edge = float(np.interp(-(until - before), -outside[len(x) // 2 :], x[len(x) // 2 :]))
        density = density * np.clip((edge - np.abs(x)) / step + 0.5, 0.0, 1.0)
        found.append(math.erfc(edge / math.sqrt(2 * share)))
        before = float(until)
    return tuple(found)
