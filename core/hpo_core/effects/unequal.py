"""Tests that hold where the noise is not the same everywhere: the ANOVA-type statistic.

F weighs an effect against one noise for all trials. Where one value is noisier than others, that noise is right
for none of them: simulated, with one value 3 to 20 times as noisy, F raises a false alarm in 8 to 21 % of
sessions. Brunner, Dette and Munk (Box-type approximations in nonparametric factorial designs, JASA 1997) weigh the
same sum of squares, m'Hm of the trials' means m, against what it would be by each trial's own noise, and take both
degrees of freedom from the noise as well (Box 1954, Satterthwaite 1946): with V the variances of m,

    F = m'Hm / tr(HV),    df₁ = tr(HV)² / tr(HVHV),    df₂ = tr(HV)² / Σ (Hᵢᵢ Vᵢ)² / dfᵢ
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from hpo_core.effects.cells import Cells
from hpo_core.effects.inputs import Floats, Ints
from hpo_core.effects.model import Noise
from hpo_core.effects.noise_parts import NoiseParts
from hpo_core.effects.squares import Normal, Term, normal_equations


class Expected(Struct, frozen=True):
    """What noise alone makes of one term's sum of squares, on average, and the degrees of freedom of both."""

    sum_sq: float
    df: float
    noise_df: float


class OwnNoise(Struct, frozen=True):
    """The variance of a training in each of c cells, in g ``parts`` (c) that each have ``dfs`` (g).

    ``normal`` are the normal equations of an incomplete grid and ``design`` its columns, None for a balanced one.
    """

    cells: Cells
    terms: Sequence[Term]
    variance: Floats
    part: Ints
    dfs: Floats
    normal: Normal | None
    design: Floats | None

    def expected(self, term: Term) -> Expected | None:
        """Return what is expected of ``term`` where it does nothing; None where there is no noise."""
        share, crossed = self._by_means(term) if self.normal is None else self._by_least_squares(self.normal, term)
        total = float(share.sum())
        if total <= 0 or crossed <= 0:
            return None
        of_parts = np.bincount(self.part, weights=share, minlength=len(self.dfs))
        return Expected(total, total**2 / crossed, total**2 / float(np.sum(of_parts**2 / self.dfs)))

    def _by_means(self, term: Term) -> tuple[Floats, float]:
        """Return each cell's part of tr(HV), and tr(HVHV): H is a product of one small matrix for each factor."""
        cells = self.cells
        table = np.empty(cells.sizes)
        table[tuple(cells.levels.T)] = self.variance
        diagonal, crossed = 1.0, table
        for axis, size in enumerate(cells.sizes):
            along = crossed.sum(axis=axis, keepdims=True) / size**2
            inside = axis in term
            diagonal *= 1 - 1 / size if inside else 1 / size
            crossed = (1 - 2 / size) * crossed + along if inside else np.broadcast_to(along, crossed.shape)
        return diagonal * self.variance, float(np.sum(table * crossed))

    def _by_least_squares(self, normal: Normal, term: Term) -> tuple[Floats, float]:
        assert self.design is not None
        root = normal.root(self.design, term, self.terms)  # H = root root', over the square roots of the counts
        weighted = root * self.variance[:, np.newaxis]
        return np.sum(root * weighted, axis=1), float(np.sum((root.T @ weighted) ** 2))


def own_noise(cells: Cells, terms: Sequence[Term], noise: Noise, parts: NoiseParts) -> OwnNoise | None:
    """Return the noise in its parts, or each cell's own where no parts were found; None where it is not known.

    The square of a variance on df degrees of freedom is too large by (df + 2) / df on average, which makes df₂ too
    small. With few cells a correction of it makes the test liberal, so only a part of it is made. Simulated (see
    tests/bench/truth.py), 3×2×3 trials of 2 replicates: an effect of two sd is found in 79 % without it, in more
    than 90 % with it. A cell with one training has the noise of the others.
    """
    if noise.source != "replicates" or noise.sd == 0 or cells.seeds > 1:
        return None
    normal = None if cells.balanced else normal_equations(cells, terms)
    design = None if normal is None else normal.design(cells)
    if parts.local is not None:
        return OwnNoise(cells, terms, parts.sds[parts.group] ** 2, parts.group, parts.dfs, normal, design)
    free = cells.counts.sum(axis=1) - 1
    alone = free < 1
    count = len(free)
    variance = np.where(alone, noise.sd**2, cells.squares / np.maximum(free, 1))
    dfs = np.minimum(np.where(alone, noise.df, free + _CORRECTED * max(0.0, 1 - _FEW / count)), noise.df)
    return OwnNoise(cells, terms, variance, np.arange(count), dfs, normal, design)


_FEW, _CORRECTED = 6, 0.75
"""With so few cells nothing is corrected, with very many so much is added to each one's degrees of freedom."""
