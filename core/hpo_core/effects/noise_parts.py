"""Noise that is not the same everywhere: found by a test, and then taken from where it is needed.

The test is Levene's on one number for each cell (Levene 1960), so that two replicates, whose residuals mirror each
other, do not count twice: the fourth root of the cell's variance, which for normal noise is nearly symmetric and
which one wild cell cannot decide. It is divided by what it would be on average with so many replicates,

    E[(χ²_ν / ν)^¼] = (2/ν)^¼ Γ(ν/2 + ¼) / Γ(ν/2)

and compared between the values of each hyperparameter, Holm's correction over these. Where the test is clear, the
noise is pooled over the trials that share a value of the hyperparameter that it differs by most, which leaves
enough degrees of freedom even with two replicates.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from hpo_core.effects.cells import Cells
from hpo_core.effects.inputs import Factor, Floats, Ints
from hpo_core.effects.model import ALPHA, LocalNoise, Noise
from hpo_core.effects.probability import f_tail, holm

UNEQUAL_RATIO = 2.0
"""The noise is only split where the test is clear and the largest sd is at least this times the smallest: in a
large grid, differences that nobody needs to know of are significant too. Simulated on grids with one noise: split
in 2 to 4 % of the draws."""

_FEWEST_DF = 3.0


class NoiseParts(Struct, frozen=True):
    """The noise of c cells in g groups: ``group`` (c), ``sds`` and ``dfs`` (g); one group where it is the same.

    ``local`` says how the groups differ, None for one group.
    """

    group: Ints
    sds: Floats
    dfs: Floats
    local: LocalNoise | None


def noise_parts(cells: Cells, factors: Sequence[Factor], noise: Noise) -> NoiseParts:
    """Return the noise as one, or by the values of a hyperparameter where it clearly differs between them."""
    told = noise.source == "replicates" and noise.sd > 0 and cells.seeds == 1
    local = _most_unequal(cells, factors) if told else None
    if local is None:
        group = np.zeros(len(cells.codes), dtype=np.int64)
        return NoiseParts(group, np.array([noise.sd]), np.array([float(noise.df)]), None)
    index, p = local
    sds, dfs = _by_level(cells, index)
    unknown = dfs < 1
    factor = factors[cells.used[index]]
    values = tuple(factor.values[int(code)] for code in cells.occurring[index])
    return NoiseParts(
        cells.levels[:, index],
        np.where(unknown, noise.sd, sds),
        np.where(unknown, float(noise.df), dfs),
        LocalNoise(factor.name, values, tuple(np.where(unknown, np.nan, sds).tolist()), p),
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
    free = cells.counts.sum(axis=1) - 1
    rows = np.flatnonzero(free > 0)
    level, weight = cells.levels[rows, index], free[rows]
    counts = np.bincount(level, minlength=cells.sizes[index])
    groups = int((counts > 0).sum())
    if groups < 2 or len(rows) - groups < _FEWEST_DF:
        return float("nan"), float("nan")
    sizes, which = np.unique(weight, return_inverse=True)
    moments = [math.exp(math.lgamma(size / 2 + 0.25) - math.lgamma(size / 2)) for size in sizes]
    expected = (2 / weight) ** 0.25 * np.array(moments)[which]
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
    """Return the noise's sd and degrees of freedom of each level."""
    level = cells.levels[:, index]
    dfs = np.bincount(level, weights=cells.counts.sum(axis=1) - 1, minlength=cells.sizes[index])
    squares = np.bincount(level, weights=cells.squares, minlength=cells.sizes[index])
    sds: Floats = np.sqrt(squares / np.where(dfs > 0, dfs, 1.0))
    return sds, dfs.astype(float)


def _ratio(cells: Cells, index: int) -> float:
    sds, dfs = _by_level(cells, index)
    told = sds[dfs >= _FEWEST_DF]
    if len(told) < 2 or told.max() == 0:
        return 0.0
    return float(told.max() / told.min()) if told.min() > 0 else float("inf")
