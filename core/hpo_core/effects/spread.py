"""Noise that is not the same everywhere: found by a test, and then taken from where it is needed.

The test is Levene's on one number for each cell (Levene 1960), so that two replicates, whose residuals mirror each
other, do not count twice: the fourth root of the cell's variance, which for normal noise is nearly symmetric and
which one wild cell cannot decide. It is divided by what it would be on average with so many replicates,

    E[(χ²_ν / ν)^¼] = (2/ν)^¼ Γ(ν/2 + ¼) / Γ(ν/2)

and compared between the values of each hyperparameter, Holm's correction over these. Where the test is clear, the
noise is pooled over the trials that share a value of the hyperparameter that it differs by most, which leaves
enough degrees of freedom even with two replicates; a difference of means then has the degrees of freedom of
Satterthwaite (1946), as in Welch's t test. Everywhere else there is one noise, and nothing changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hpo_core.effects.cells import Cells
from hpo_core.effects.inputs import Bools, Factor, Floats, Ints
from hpo_core.effects.model import ALPHA, LocalNoise, Noise
from hpo_core.effects.probability import f_tail, holm, t_point

UNEQUAL_RATIO = 2.0
"""The noise is only split where the test is clear and the largest sd is at least this times the smallest: in a
large grid, differences that nobody needs to know of are significant too. Simulated on grids with one noise: split
in 2 to 4 % of the draws."""

_FEWEST_DF = 3.0


@dataclass(frozen=True)
class Spread:
    """The noise of c cells in g groups: ``group`` (c), ``sds`` and ``dfs`` (g); one group where it is the same.

    ``pooled`` is the noise of all cells together; ``local`` says how the groups differ, None for one group.
    """

    pooled: Noise
    group: Ints
    sds: Floats
    dfs: Floats
    local: LocalNoise | None

    @property
    def known(self) -> bool:
        """Whether there is any estimate of the noise."""
        return self.pooled.known

    def error(self, weights: Floats) -> tuple[Floats, Floats]:
        """Return standard errors and their degrees of freedom; ``weights`` (… × g) are in units of each variance.

        Satterthwaite: df = (Σ w s²)² / Σ (w s²)² / df.
        """
        if len(self.sds) == 1:
            return self.sds[0] * np.sqrt(weights[..., 0]), np.full(weights.shape[:-1], self.dfs[0])
        parts = weights * self.sds**2
        variance = parts.sum(axis=-1)
        below = (parts**2 / self.dfs).sum(axis=-1)
        df = np.where(below > 0, variance**2 / np.where(below > 0, below, 1.0), self.pooled.df)
        return np.sqrt(variance), df

    def of_mean(self, counts: Floats, chosen: Bools | Ints) -> Floats:
        """Return the weights (g) of the mean over all trainings in the chosen cells; ``counts`` (c) are theirs."""
        summed = np.bincount(self.group[chosen], weights=counts[chosen], minlength=len(self.sds))
        weights: Floats = summed / summed.sum() ** 2
        return weights

    def of_cells(self, counts: Floats) -> Floats:
        """Return the weights (c × g) of each cell's mean."""
        weights = np.zeros((len(counts), len(self.sds)))
        weights[np.arange(len(counts)), self.group] = 1 / counts
        return weights

    def margin(self, probability: float, weights: Floats) -> Floats:
        """Return Student's t at this probability times the standard error."""
        from scipy.special import stdtrit

        error, df = self.error(weights)
        margins: Floats = stdtrit(df, probability) * error
        return margins

    def half_width(self, weights: Floats, alpha: float) -> float:
        """Return half of the interval that misses with probability ``alpha``."""
        error, df = self.error(weights)
        return t_point(1 - alpha / 2, float(df)) * float(error)

    def pair(self, first: int, second: int) -> Noise:
        """Return the noise of two cells together: its variance is the mean of theirs."""
        if self.group[first] == self.group[second]:
            group = self.group[first]
            return Noise(float(self.sds[group]), float(self.dfs[group]), self.pooled.source)
        weights = np.zeros(len(self.sds))
        weights[self.group[[first, second]]] = 0.5
        error, df = self.error(weights)
        return Noise(float(error), float(df), self.pooled.source)


def spread_of(cells: Cells, factors: Sequence[Factor], noise: Noise) -> Spread:
    """Return the noise as it is needed: one for all cells, or one for each value of a hyperparameter."""
    local = _most_unequal(cells, factors) if noise.source == "replicates" and noise.sd > 0 else None
    if local is None:
        group = np.zeros(len(cells.codes), dtype=np.int64)
        return Spread(noise, group, np.array([noise.sd]), np.array([float(noise.df)]), None)
    index, p = local
    sds, dfs = _by_level(cells, index)
    unknown = dfs < 1
    factor = factors[cells.used[index]]
    values = tuple(factor.values[int(code)] for code in cells.occurring[index])
    told = LocalNoise(factor.name, values, tuple(np.where(unknown, np.nan, sds).tolist()), p)
    return Spread(
        noise,
        cells.levels[:, index],
        np.where(unknown, noise.sd, sds),
        np.where(unknown, float(noise.df), dfs),
        told,
    )


def _most_unequal(cells: Cells, factors: Sequence[Factor]) -> tuple[int, float] | None:
    """Return the place of the hyperparameter that the noise differs by most, and its corrected p."""
    tests = [_levene(cells, index) for index in range(len(cells.sizes))]
    corrected = holm([p for _, p in tests])
    clear = [
        (corrected[index], -f, index)
        for index, (f, _) in enumerate(tests)
        if corrected[index] < ALPHA and _ratio(cells, index) >= UNEQUAL_RATIO
    ]
    if not clear:
        return None
    p, _, index = min(clear)
    return index, p


def _levene(cells: Cells, index: int) -> tuple[float, float]:
    """Return F and p of the test between the levels of one hyperparameter; NaN where there is too little."""
    from scipy.special import gammaln

    free = cells.counts.sum(axis=1) - 1
    rows = np.flatnonzero(free > 0)
    level, weight = cells.levels[rows, index], free[rows]
    counts = np.bincount(level, minlength=cells.sizes[index])
    groups = int((counts > 0).sum())
    if groups < 2 or len(rows) - groups < _FEWEST_DF:
        return float("nan"), float("nan")
    expected = (2 / weight) ** 0.25 * np.exp(gammaln(weight / 2 + 0.25) - gammaln(weight / 2))
    height = (cells.squares[rows] / weight) ** 0.25 / expected
    total = np.bincount(level, weights=weight, minlength=cells.sizes[index])
    mean = np.bincount(level, weights=weight * height, minlength=cells.sizes[index]) / np.maximum(total, 1e-300)
    overall = float(weight @ height / weight.sum())
    between = float(total @ (mean - overall) ** 2) / (groups - 1)
    within = float(weight @ (height - mean[level]) ** 2) / (len(rows) - groups)
    if within <= 0:
        return float("nan"), float("nan")
    f = between / within
    return f, f_tail(f, groups - 1, len(rows) - groups)


def _by_level(cells: Cells, index: int) -> tuple[Floats, Floats]:
    """Return the noise's sd and degrees of freedom of each level; the blocks' degrees are shared out evenly."""
    free = cells.counts.sum(axis=1) - 1
    share = cells.pure_error[1] / float(free.sum())
    level = cells.levels[:, index]
    dfs = np.bincount(level, weights=free, minlength=cells.sizes[index]) * share
    squares = np.bincount(level, weights=cells.squares, minlength=cells.sizes[index])
    sds: Floats = np.sqrt(squares / np.where(dfs > 0, dfs, 1.0))
    return sds, dfs.astype(float)


def _ratio(cells: Cells, index: int) -> float:
    sds, dfs = _by_level(cells, index)
    told = sds[dfs >= _FEWEST_DF]
    if len(told) < 2 or told.max() == 0:
        return 0.0
    return float(told.max() / told.min()) if told.min() > 0 else float("inf")
