"""Is the best trial really better than the second, or was it lucky?

The model: trials' true scores are spread normally, with the variance that the data show beyond the noise, and a
trial's mean of n replicates has the noise's variance / n (pooled over all trials, or over those that share a
noise, see spread.py) around its true score. Then the difference d between best and second shrinks to B·d,
B = τ² / (τ² + s²/n), and

    P(best truly better) = T_df(√B · d / (s · √(1/n₁ + 1/n₂)))

with Student's T. The shrinking is the correction for having picked the best of many: it needs no other (Efron and
Morris 1975). τ² is taken from the trials at or above the median (below, for a metric to minimise), so that a tail
of bad trials does not pass for a spread among the good ones. With fewer than ``FEWEST_TO_SHRINK`` trials τ² cannot
be told, and B is 1.
"""

from __future__ import annotations

import numpy as np

from hpo_core.effects.cells import Cells
from hpo_core.effects.failing_values import Unscored
from hpo_core.effects.inputs import Bools, Floats, Results
from hpo_core.effects.model import ALPHA, POWER, Noise, TrialScore, Winner
from hpo_core.effects.probability import against_the_best, power, t_below
from hpo_core.effects.spread import Spread

FEWEST_TO_SHRINK = 6
MOST_REPLICATES = 200


def find_winner(cells: Cells, results: Results, spread: Spread, maximise: bool, unscored: Unscored) -> Winner:
    """Compare the best trial with the second, ranked by their plain means, as every table shows them."""
    replicates = cells.counts.sum(axis=1)
    plain = cells.sums.sum(axis=1) / replicates + cells.centre
    order = np.argsort(-plain if maximise else plain, kind="stable")

    def scored(cell: int) -> TrialScore:
        values, trial = results.values_of(cells.codes[cell]), int(cells.trial[cell])
        return TrialScore(trial, values, float(plain[cell]), int(replicates[cell]), unscored.of_trial(trial))

    best = int(order[0])
    if len(order) == 1:
        return Winner(scored(best), None, float("nan"), None, 0)
    second = int(order[1])
    if not spread.known:
        return Winner(scored(best), scored(second), float("nan"), None, 0)
    scores = cells.means if maximise else -cells.means
    difference = float(scores[best] - scores[second])
    pair = spread.pair(best, second)
    error = pair.sd * (1 / replicates[best] + 1 / replicates[second]) ** 0.5
    upper = scores >= np.median(scores) if spread.local is not None else np.ones(len(scores), dtype=bool)
    noise_of_means = float(np.mean(spread.error(spread.of_cells()[upper])[0] ** 2))
    shrink = shrinkage(scores, noise_of_means, error**2 / 2)
    probability = _probability(shrink**0.5 * difference, error, pair.df)
    near = near_the_best(scores, best, spread)
    first, other = int(replicates[best]), int(replicates[second])
    more = more_replicates(shrink * difference, pair, first, other, probability)
    within = int(near.sum()) - int(near[best])
    return Winner(scored(best), scored(second), probability, more, within, shrink * difference)


def near_the_best(scores: Floats, best: int, spread: Spread) -> Bools:
    """Return which cells' scores (better when larger) cannot be told from the best one.

    Comparisons with the best (Hsu 1984): in 95 % of such sessions the truly best trial is among them.
    """
    weights = spread.of_difference(spread.everything, np.arange(len(scores)), best)
    weights[best] = weights[best - 1]  # no difference, and nothing that could be divided
    df = float(np.median(spread.error(weights)[1]))
    level = t_below(against_the_best(len(scores) - 1, round(df, 1), ALPHA), df)
    near: Bools = scores[best] - scores < spread.margin(level, weights)
    near[best] = True
    return near


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


def _probability(difference: float, error: float, df: float) -> float:
    if error == 0:
        return 1.0 if difference > 0 else 0.5
    return t_below(difference / error, df)
