"""How sure a mean is, and a difference of two: the noise in the parts that it has there.

One part for all trials; or one for each value of the hyperparameter that the noise differs by (noise_parts.py), a
difference of means then having the degrees of freedom of Satterthwaite (1946), as in Welch's t test; or, where
trials share their seeds, one for each effect (seed_strata.py), and a difference has of each what both differ by.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from hpo_core.effects.anova import Anova
from hpo_core.effects.cells import Cells
from hpo_core.effects.inputs import Bools, Floats, Ints, number_together
from hpo_core.effects.model import LocalNoise, Noise
from hpo_core.effects.probability import t_point, t_points
from hpo_core.effects.squares import Levels, Term


class Spread(Struct, frozen=True):
    """The noise of the cells in g parts, of standard deviations ``sds`` (g) on ``dfs`` (g) degrees of freedom.

    ``pooled`` is the noise of all cells together; ``local`` says how it differs between the values of a
    hyperparameter, None where it does not. Weights (… × g) say how much of each part's variance a number has.
    """

    cells: Cells
    pooled: Noise
    sds: Floats
    dfs: Floats
    local: LocalNoise | None

    @property
    def known(self) -> bool:
        """Whether there is any estimate of the noise."""
        return self.pooled.known

    @property
    def variance(self) -> Floats:
        """The variance of a single training in each cell (c)."""
        raise NotImplementedError

    def of_cells(self) -> Floats:
        """Return the weights (c × g) of each cell's mean, less what is the same for all."""
        raise NotImplementedError

    def of_mean(self, term: Term, cell: int) -> Floats:
        """Return the weights (g) of the mean over all cells with the levels that ``cell`` has for ``term``."""
        raise NotImplementedError

    def of_difference(self, term: Term, first: Ints, second: Ints | int) -> Floats:
        """Return the weights (m × g) of differences between two such means, each named by one of its cells."""
        raise NotImplementedError

    def of_levels(self, index: int, levels: Levels) -> Floats:
        """Return the weights (l × l × g) of the differences between one factor's levels, as they were fitted."""
        raise NotImplementedError

    def error(self, weights: Floats) -> tuple[Floats, Floats]:
        """Return standard errors and their degrees of freedom.

        Satterthwaite: df = (Σ w s²)² / Σ (w s²)² / df.
        """
        if len(self.sds) == 1:
            return self.sds[0] * np.sqrt(weights[..., 0]), np.full(weights.shape[:-1], self.dfs[0])
        parts = weights * self.sds**2
        variance = parts.sum(axis=-1)
        below = (parts**2 / self.dfs).sum(axis=-1)
        df = np.where(below > 0, variance**2 / np.where(below > 0, below, 1.0), self.pooled.df)
        return np.sqrt(variance), df

    def margin(self, probability: float, weights: Floats) -> Floats:
        """Return Student's t at this probability times the standard error."""
        error, df = self.error(weights)
        return t_points(probability, df) * error

    def half_width(self, weights: Floats, alpha: float) -> float:
        """Return half of the interval that misses with probability ``alpha``."""
        error, df = self.error(weights)
        return t_point(1 - alpha / 2, float(df)) * float(error)

    def pair(self, first: int, second: int) -> Noise:
        """Return the noise of a training as the difference of two cells' means shows it."""
        counts = self.cells.counts.sum(axis=1)
        error, df = self.error(self.of_difference(self.everything, np.array([first]), second))
        sd = float(error[0]) / float(1 / counts[first] + 1 / counts[second]) ** 0.5
        return Noise(sd, float(df[0]), self.pooled.source)

    @property
    def everything(self) -> Term:
        """The term that tells every cell from every other."""
        return tuple(range(len(self.cells.sizes)))

    def labels(self, term: Term) -> Ints:
        """Return a number for each cell (c), the same where the levels of ``term`` are the same."""
        if len(term) == len(self.cells.sizes):
            return np.arange(len(self.cells.levels))
        numbers = np.zeros(len(self.cells.levels), dtype=np.int64)
        for place in term:
            numbers = number_together(numbers, self.cells.levels[:, place])
        return numbers


class OwnSeeds(Spread, frozen=True):
    """Every training is independent: ``group`` (c) is the part that each cell's noise belongs to."""

    group: Ints

    @property
    def variance(self) -> Floats:
        """See ``Spread``."""
        own: Floats = self.sds[self.group] ** 2
        return own

    def of_cells(self) -> Floats:
        """See ``Spread``."""
        return self._of_labels(self.everything)[1]

    def of_mean(self, term: Term, cell: int) -> Floats:
        """See ``Spread``."""
        labels, weights = self._of_labels(term)
        own: Floats = weights[labels[cell]]
        return own

    def of_difference(self, term: Term, first: Ints, second: Ints | int) -> Floats:
        """See ``Spread``."""
        labels, weights = self._of_labels(term)
        both: Floats = weights[labels[first]] + weights[labels[second]]
        return both

    def of_levels(self, index: int, levels: Levels) -> Floats:
        """See ``Spread``."""
        own = np.diagonal(levels.covariance, axis1=0, axis2=1).T
        return np.maximum(own[:, np.newaxis] + own[np.newaxis] - 2 * levels.covariance, 0.0)

    def _of_labels(self, term: Term) -> tuple[Ints, Floats]:
        labels, counts = self.labels(term), self.cells.counts.sum(axis=1)
        weights = np.zeros((int(labels.max()) + 1, len(self.sds)))
        np.add.at(weights, (labels, self.group), counts)
        return labels, weights / weights.sum(axis=1, keepdims=True) ** 2


class SharedSeeds(Spread, frozen=True):
    """Seeds are the same for all trials: the parts are how each effect varies from seed to seed.

    ``terms`` (g) name them, the last two being all higher interactions together, and the seeds themselves, which
    no difference has. A mean over cells has of each part what its vector's projection on that effect is long; of
    an incomplete grid, as if it were complete.
    """

    terms: tuple[Term, ...]

    @property
    def variance(self) -> Floats:
        """See ``Spread``."""
        return np.full(len(self.cells.levels), self.pooled.sd**2)

    def of_cells(self) -> Floats:
        """See ``Spread``."""
        weights = self._lengths(self.everything, np.ones((1, len(self.cells.sizes)), dtype=bool))
        weights[:, -1] = 0.0
        of_cells: Floats = weights / self.cells.counts.sum(axis=1)[:, np.newaxis]
        return of_cells

    def of_mean(self, term: Term, cell: int) -> Floats:
        """See ``Spread``."""
        scale = self._cells_by_trainings(term)[cell]
        weights: Floats = scale * self._lengths(term, np.ones((1, len(self.cells.sizes)), dtype=bool))[0]
        return weights

    def of_difference(self, term: Term, first: Ints, second: Ints | int) -> Floats:
        """See ``Spread``."""
        levels, scale = self.cells.levels, self._cells_by_trainings(term)
        same = self._lengths(term, np.ones((1, levels.shape[1]), dtype=bool))
        both = same - self._lengths(term, levels[first] == levels[second])
        weights: Floats = np.maximum(both, 0.0) * (scale[first] + scale[second])[:, np.newaxis]
        return weights

    def of_levels(self, index: int, levels: Levels) -> Floats:
        """See ``Spread``."""
        own = np.diagonal(levels.covariance, axis1=0, axis2=1).T
        differences = own[:, np.newaxis] + own[np.newaxis] - 2 * levels.covariance
        weights = np.zeros((*differences.shape[:2], len(self.sds)))
        weights[:, :, self.terms.index((index,))] = np.maximum(differences[:, :, 0], 0.0)
        return weights

    def _lengths(self, term: Term, alike: Bools) -> Floats:
        """Return u'Pv (m × g) for the means u and v over cells, whose levels are ``alike`` (m × k) or not."""
        sizes = np.array(self.cells.sizes, dtype=float)
        inside = np.where(np.isin(np.arange(len(sizes)), term), alike - 1 / sizes, 0.0)
        every = np.ones(len(alike))
        for place, size in enumerate(sizes):
            every = every * (alike[:, place] if place in term else 1 / size)
        lengths = np.zeros((len(alike), len(self.terms)))
        lengths[:, -1] = np.prod(1 / sizes)
        for part, own in enumerate(self.terms[:-2]):
            chosen = np.isin(np.arange(len(sizes)), own)
            lengths[:, part] = np.prod(np.where(chosen, inside, 1 / sizes), axis=1)
        lengths[:, -2] = every - lengths.sum(axis=1)
        return lengths

    def _cells_by_trainings(self, term: Term) -> Floats:
        """Return, for each cell (c), how many cells have its levels of ``term``, by how many trainings."""
        labels, counts = self.labels(term), self.cells.counts.sum(axis=1)
        others = np.prod([size for place, size in enumerate(self.cells.sizes) if place not in term])
        scale: Floats = others / np.bincount(labels, weights=counts)[labels]
        return scale


def spread_of(cells: Cells, anova: Anova) -> Spread:
    """Return the noise as it is needed: one for all cells, one for each value, or one for each effect."""
    if anova.strata:
        seeds = Noise((cells.blocks.sum_sq / cells.blocks.df) ** 0.5, cells.blocks.df, "replicates")
        parts = [*anova.strata.values(), seeds]
        sds = np.array([part.sd if part.known else 0.0 for part in parts])
        dfs = np.array([float(part.df) or 1.0 for part in parts])
        return SharedSeeds(cells, anova.noise, sds, dfs, None, (*anova.strata, ()))
    own = anova.parts
    return OwnSeeds(cells, anova.noise, own.sds, own.dfs, own.local, own.group)
