"""What the analysis finds: frozen results, with NaN where something cannot be known.

Thresholds, all in one place:

- an effect is real when its p, corrected by Holm for the number of effects tested, is below ``ALPHA``
  (``ALPHA_UNEQUAL`` or ``ALPHA_SHARED`` where the test is not exact; less at a look before the end, looks.py);
- a real effect ``decides`` when omega² is at least ``DECIDES`` (a quarter of the variance), else it ``matters``;
- ``no detectable effect`` is only said on at least ``MIN_NOISE_DF`` degrees of freedom of noise, and where an
  effect that decides would more likely have been seen than not: else the verdict is ``unknown``. So it is where
  noise or effect cannot be estimated.
"""

from __future__ import annotations

import math
from typing import Literal

from msgspec import Struct

from hpo_core.effects.classes import Failures
from hpo_core.effects.wiring import Wiring
from hpo_core.plan.hyperparameters import Value

Verdict = Literal["decides", "matters", "no detectable effect", "unknown"]

Role = Literal["objective", "other", "cost"]

ALPHA = 0.05
ALPHA_UNEQUAL = 0.04
"""Where the noise differs between values: the test by each one's own is near, not exact (simulated, 5 to 6 %)."""

ALPHA_SHARED = 0.02
"""Where trials share their seeds: the test takes it that what an effect is made of varies alike over the seeds,
which so few seeds as there are cannot show. On real trainings beside a learning rate at which some collapse it
does not: 6 % of false alarms at a level of 3 %."""

DECIDES = 0.25
MIN_NOISE_DF = 3
SURE = 0.95
"""How surely the noise is no larger than is reckoned with, where an effect is said to have been findable."""
POWER = 0.8
"""How surely something is to be found that is said to be findable."""


class Noise(Struct, frozen=True):
    """What differs between trainings that should be alike.

    ``sd`` in units of the metric, NaN if unknown; ``source`` says what it was taken from: the replicates of a
    trial, (one replicate, and only when asked) the interactions above those tested, or what curves leave, see
    smooth.py.
    """

    sd: float
    df: float
    source: Literal["replicates", "interactions", "curves", "none"]

    @property
    def known(self) -> bool:
        """Whether there is any estimate of the noise."""
        return self.df > 0 and math.isfinite(self.sd)


class LocalNoise(Struct, frozen=True):
    """Noise that differs between the values of ``factor``: the sd at each (NaN: unknown), and p of the test."""

    factor: str
    values: tuple[Value, ...]
    sds: tuple[float, ...]
    p: float


class Effect(Struct, frozen=True):
    """One line of the analysis of variance: a hyperparameter, or an interaction of several.

    ``sum_sq`` is of type II; ``eta_sq`` and ``omega_sq`` are shares of the variance of all trainings (0 to 1),
    omega² without what noise alone would give. ``f`` and ``p`` are by one noise for all trials, on ``noise_df``
    degrees of freedom, ``p_own`` by each trial's own (NaN: not known); ``p_adjusted`` is Holm's of the larger one.
    ``in_ranks`` is whether the ranks of the scores show the effect (None: not asked). ``seen_share`` is the
    smallest share, and for a hyperparameter alone ``seen_difference`` the smallest difference between its best and
    its worst value, that would have been seen with a probability of at least 80 % (NaN: unknown). ``noiseless``
    says that the noise is known to be 0.
    """

    factors: tuple[str, ...]
    df: int
    sum_sq: float
    f: float
    p: float
    p_adjusted: float
    eta_sq: float
    omega_sq: float
    verdict: Verdict
    p_own: float = math.nan
    noise_df: float = math.nan
    in_ranks: bool | None = None
    seen_share: float = math.nan
    seen_difference: float = math.nan
    noiseless: bool = False

    @property
    def real(self) -> bool:
        """Whether the effect stands out from the noise."""
        return self.verdict in ("decides", "matters")

    @property
    def exact(self) -> bool:
        """Whether there is no noise at all, and no effect either."""
        return self.noiseless and not self.real


class ValueSummary(Struct, frozen=True):
    """One value of a hyperparameter: its ``n`` trainings' mean with a 95 % interval, and how it compares.

    ``difference`` is this value minus the best value, adjusted for the other hyperparameters, with an interval
    that holds for all pairs of values together (Šidák). ``can_drop``: worse than the best value beyond noise, not
    in the best trial, worse than it beyond noise even in its own best trial, and in every interaction that is real
    its best combination is worse than the best one. ``alike`` are the numbers of the groups of values that noise
    cannot tell apart ("≈"), in which this one is. ``adjusted`` is the mean adjusted for the other hyperparameters,
    NaN in a balanced grid, where the plain mean is. ``no_score`` says what became of the trainings of a value that
    has no score (``n`` 0): "all 9 diverged". ``fails`` is the reason to drop a value that is worse on average but
    not provably in its best trial: "10 of its 24 trainings collapsed", many more than with the best value.
    """

    value: Value
    n: int
    mean: float
    low: float
    high: float
    difference: float
    difference_low: float
    difference_high: float
    is_best: bool
    can_drop: bool
    alike: tuple[int, ...]
    adjusted: float = math.nan
    no_score: str = ""
    fails: str = ""


class FactorValues(Struct, frozen=True):
    """A hyperparameter's values; ``only_with`` names those with which it matters while it does not on its own.

    ``telling`` says that differences between values are read at all. ``spared`` are values that would be offered,
    were it not that the best one loses many more trainings: ``best_lost`` of it were lost, and ended. One that is
    ``continuous`` has no values to compare, see smooth.py.
    """

    name: str
    values: tuple[ValueSummary, ...]
    groups: tuple[tuple[Value, ...], ...]
    only_with: tuple[str, ...]
    telling: bool = False
    spared: tuple[Value, ...] = ()
    best_lost: tuple[int, int] = (0, 0)
    continuous: bool = False

    @property
    def droppable(self) -> tuple[Value, ...]:
        """The values to offer for trimming."""
        return tuple(value.value for value in self.values if value.can_drop)


class TrialScore(Struct, frozen=True):
    """A trial, its values, and the mean of its ``n`` replicates; ``lost`` says what became of the others."""

    trial: int
    values: dict[str, Value]
    mean: float
    n: int
    lost: str = ""


class Winner(Struct, frozen=True):
    """Is the best trial really better than the second?

    ``probability`` (NaN if unknown) and ``more_replicates`` of both trials to tell with power 0.8 (0: told
    already; None: unknown, or too many), were the true difference ``difference``; ``within_noise`` counts the
    other trials that cannot be told from the best: comparisons with the best, corrected for how many (Hsu 1984).
    """

    best: TrialScore
    second: TrialScore | None
    probability: float
    more_replicates: int | None
    within_noise: int
    difference: float = math.nan


class Priced(Struct, frozen=True):
    """A trial's mean score and mean cost, in seconds, over its replicates."""

    trial: int
    values: dict[str, Value]
    score: float
    cost: float


class Cheaper(Struct, frozen=True):
    """A cheaper trial that noise cannot tell from the best, and how far behind it may be for all that is known.

    ``difference`` is its score less the best one's, with a 95 % interval. That noise cannot tell does not make it
    as good: ``as_good`` says that the whole interval lies within ``margin``, one sd of the noise, of no difference
    (two one-sided tests, Schuirmann 1987, at 2.5 %).
    """

    point: Priced
    difference: float
    low: float
    high: float
    margin: float

    @property
    def as_good(self) -> bool:
        """Whether it is as good as the best, as far as one sd of the noise goes."""
        return -self.margin < self.low and self.high < self.margin


class Frontier(Struct, frozen=True):
    """The Pareto front, cheapest first: no other trial is both better and cheaper than one of these.

    ``cheaper`` is the cheapest trial shown to be as good as the best; else the cheapest that noise cannot
    tell from it (one-sided t test, 5 %). None where the noise is unknown, or where none saves a tenth of the cost.
    """

    points: tuple[Priced, ...]
    best: Priced
    cheaper: Cheaper | None


class Effects(Struct, frozen=True):
    """Everything that is said about one metric, from ``n`` trainings of so many ``trials``.

    ``block`` is the replicates' line where they are blocks; ``higher`` all interactions above those tested, as one
    line. ``notes`` are sentences on epochs and time. ``without_collapsed`` is the same analysis without collapsed
    trainings, where there are any and they were counted. ``local`` is the noise by value where it is not the same
    everywhere; ``role`` says whether the metric is the session's objective, another, or what a training costs;
    ``incomparable`` why nothing is judged by it, empty where it is; ``look`` how many replicates of how many there
    are so far, ``alpha`` the level that all effects together are judged at.
    """

    metric: str
    maximise: bool
    shown_epoch: str
    n: int
    trials: int
    noise: Noise
    effects: tuple[Effect, ...]
    block: Effect | None
    higher: Effect | None
    values: tuple[FactorValues, ...]
    best: Winner | None
    failures: Failures
    wiring: tuple[Wiring, ...]
    frontier: Frontier | None
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    collapsed_left_out: int = 0
    without_collapsed: Effects | None = None
    local: LocalNoise | None = None
    role: Role = "objective"
    incomparable: str = ""
    look: tuple[int, int] = (0, 0)
    alpha: float = ALPHA

    def effect(self, *factors: str) -> Effect | None:
        """Return the line of these hyperparameters, in any order, or None if it was not tested."""
        return next((line for line in self.effects if set(line.factors) == set(factors)), None)
