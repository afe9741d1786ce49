"""Is the best trial really better than the second, or was it lucky?

The model: trials' true scores are spread normally, with the variance that the data show beyond the noise, and a
trial's mean of n replicates has the noise's variance / n (pooled over all trials) around its true score. Then the
difference d between best and second shrinks to B·d, B = τ² / (τ² + s²/n), and

    P(best truly better) = T_df(√B · d / (s · √(1/n₁ + 1/n₂)))

with Student's T. The shrinking is the correction for having picked the best of many: it needs no other (Efron and
Morris 1975). τ² is taken from the trials at or above the median (below, for a metric to minimise), so that a tail
of bad trials does not pass for a spread among the good ones. With fewer than ``FEWEST_TO_SHRINK`` trials τ² cannot
be told, and B is 1.
"""

from __future__ import annotations

import numpy as np

from hpo_core.effects.cells import Cells
from hpo_core.effects.data import Floats, Results
from hpo_core.effects.model import ALPHA, Noise, TrialScore, Winner
from hpo_core.effects.probability import power, t_below, t_point

FEWEST_TO_SHRINK = 6
MOST_REPLICATES = 200
POWER = 0.8


def find_winner(cells: Cells, results: Results, noise: Noise, maximise: bool) -> Winner:
    """Compare the best trial with the second, ranked by their plain means, as every table shows them."""
    replicates = cells.counts.sum(axis=1)
    plain = cells.sums.sum(axis=1) / replicates + cells.centre
    order = np.argsort(-plain if maximise else plain, kind="stable")

    def scored(cell: int) -> TrialScore:
        values = results.values_of(cells.codes[cell])
        return TrialScore(int(cells.trial[cell]), values, float(plain[cell]), int(replicates[cell]))

    best = int(order[0])
    if len(order) == 1:
        return Winner(scored(best), None, float("nan"), None, 0)
    second = int(order[1])
    if not noise.known:
        return Winner(scored(best), scored(second), float("nan"), None, 0)
    scores = cells.means if maximise else -cells.means
    difference = float(scores[best] - scores[second])
    error = noise.sd * (1 / replicates[best] + 1 / replicates[second]) ** 0.5
    shrink = shrinkage(scores, noise.sd**2 * float(np.mean(1 / replicates)), error**2 / 2)
    probability = _probability(shrink**0.5 * difference, error, noise.df)
    errors = noise.sd * np.sqrt(1 / replicates[best] + 1 / replicates)
    near = scores[best] - scores < t_point(1 - ALPHA, noise.df) * errors
    more = more_replicates(shrink * difference, noise, int(replicates[best]), int(replicates[second]), probability)
    return Winner(scored(best), scored(second), probability, more, int(near.sum()) - int(near[best]))


def shrinkage(scores: Floats, noise_of_means: float, noise_here: float) -> float:
    """Return B, between 0 (the trials differ by noise alone) and 1; ``scores`` are better when larger."""
    if len(scores) < FEWEST_TO_SHRINK or noise_here == 0:
        return 1.0
    middle = float(np.median(scores))
    upper = scores[scores >= middle]
    spread = max(float(np.mean((upper - middle) ** 2)) - noise_of_means, 0.0)
    return spread / (spread + noise_here)


def more_replicates(difference: float, noise: Noise, first: int, second: int, probability: float) -> int | None:
    """Return how many further replicates of both trials find ``difference`` with power 0.8 at 5 %, one-sided.

    0 where the probability is 95 % already; None where more than ``MOST_REPLICATES`` would not do.
    """
    if probability >= 1 - ALPHA:
        return 0

    def tells(more: int) -> bool:
        error = noise.sd * (1 / (first + more) + 1 / (second + more)) ** 0.5
        return power(difference / error, noise.df + 2 * more, ALPHA) >= POWER

    if difference <= 0 or not tells(MOST_REPLICATES):
        return None
    low, high = 0, MOST_REPLICATES
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if tells(middle) else (middle, high)
    return high


def _probability(difference: float, error: float, df: int) -> float:
    if error == 0:
        return 1.0 if difference > 0 else 0.5
    return t_below(difference / error, df)
