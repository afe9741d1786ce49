"""Sums of squares of type II: each term after all terms that do not contain it.

Two ways to the same numbers. A balanced, complete grid needs means only: the terms are orthogonal, and a term's
effect is what is left of its table of means when each margin's mean is taken out (Yates). Any other grid needs
least squares: contrasts over the cells (never over the trainings) give normal equations, and the term is swept
with the terms it is adjusted for (Searle, Linear Models for Unbalanced Data, chapter 5).

Measured on one core, main effects and pairs of 10,000 trials × 4 replicates × 6 hyperparameters: balanced about
0.03 s, with holes about 0.2 s.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from hpo_core.effects.cells import Cells
from hpo_core.effects.inputs import Floats, Ints

MOST_COLUMNS = 700
"""Least squares with more columns takes too long on a screen: the highest interactions are then left out."""

_CHUNK = 2_048
_RANK = 1e-9
_SOUND = 1e-4
"""A matrix is only inverted plainly where every pivot of Cholesky's is above this: far from any loss of rank."""

Term = tuple[int, ...]
"""Places in ``Cells.sizes`` of the hyperparameters of one effect."""


class Squares(Struct, frozen=True):
    """One term's sum of squares and degrees of freedom."""

    term: Term
    sum_sq: float
    df: int


class Fit(Struct, frozen=True):
    """Every term's line, and what the whole model (terms and blocks) leaves: sum of squares and its df."""

    lines: tuple[Squares, ...]
    residual: float
    residual_df: int
    order: int


def fit(cells: Cells, order: int) -> Fit:
    """Fit interactions of up to ``order`` hyperparameters, of fewer where that takes too many columns."""
    order = min(order, len(cells.sizes))
    if order < 1:
        return Fit((), cells.total, cells.n - 1, 0)
    if cells.balanced:
        return _by_means(cells, order)
    while order > 1 and cells.seeds * _columns(cells, terms_of(len(cells.sizes), order)) > MOST_COLUMNS:
        order -= 1
    return _by_least_squares(cells, order)


def fit_over_blocks(cells: Cells, terms: Sequence[Term]) -> dict[Term, Squares]:
    """Say how much each term's effect varies over the blocks: its interaction with them, by term.

    Type II as well, the blocks being one more factor. In a balanced grid this is MS(A × seed), what A is judged by
    where seeds are random (Winer, Statistical Principles in Experimental Design, repeated measures).
    """
    wide, block = _over_blocks(cells), len(cells.sizes)
    crossed = [(*term, block) for term in terms]
    if wide.balanced:
        table = _table(wide)
        return {term[:-1]: _line_by_means(wide, table, term) for term in crossed}
    everything = [*terms, (block,), *crossed]
    normal = normal_equations(wide, everything)
    return {term[:-1]: _line(normal, term, everything) for term in crossed}


def _over_blocks(cells: Cells) -> Cells:
    """Return the cells with the block as one more factor: one cell for each combination and block that occurs."""
    at, block = np.nonzero(cells.counts)
    return replace(
        cells,
        levels=np.column_stack([cells.levels[at], block]),
        sizes=(*cells.sizes, cells.counts.shape[1]),
        counts=cells.counts[at, block][:, np.newaxis],
        sums=cells.sums[at, block][:, np.newaxis],
    )


def terms_of(factors: int, order: int) -> list[Term]:
    """Return the terms of up to ``order`` factors, main effects first."""
    return [term for size in range(1, order + 1) for term in combinations(range(factors), size)]


def _columns(cells: Cells, terms: Sequence[Term]) -> int:
    return sum(_full_df(cells, term) for term in terms)


def _full_df(cells: Cells, term: Term) -> int:
    df = 1
    for place in term:
        df *= cells.sizes[place] - 1
    return df


def _table(cells: Cells) -> Floats:
    table = np.empty(cells.sizes)
    table[tuple(cells.levels.T)] = cells.sums.sum(axis=1) / cells.counts.sum(axis=1)
    return table


def _line_by_means(cells: Cells, table: Floats, term: Term) -> Squares:
    effect = table.mean(axis=tuple(axis for axis in range(table.ndim) if axis not in term))
    for axis in range(len(term)):
        effect = effect - effect.mean(axis=axis, keepdims=True)
    weight = cells.n / effect.size
    return Squares(term, weight * float(np.sum(effect**2)), _full_df(cells, term))


def _by_means(cells: Cells, order: int) -> Fit:
    table = _table(cells)
    lines = [_line_by_means(cells, table, term) for term in terms_of(len(cells.sizes), order)]
    residual = cells.total - cells.blocks.sum_sq - sum(line.sum_sq for line in lines)
    residual_df = cells.n - 1 - cells.blocks.df - sum(line.df for line in lines)
    return Fit(tuple(lines), max(residual, 0.0), residual_df, order)


def _by_least_squares(cells: Cells, order: int) -> Fit:
    terms = terms_of(len(cells.sizes), order)
    normal = normal_equations(cells, terms)
    lines = [_line(normal, term, terms) for term in terms]
    explained, rank = normal.explained(terms)
    return Fit(tuple(lines), max(cells.total - explained, 0.0), cells.n - rank, order)


def _line(normal: Normal, term: Term, terms: Sequence[Term]) -> Squares:
    sum_sq, df = normal.after(term, terms)
    return Squares(term, sum_sq, df)


class Normal(Struct, frozen=True):
    """Normal equations X'X b = X'y, columns scaled to length 1; ``always``: the mean's and the blocks' columns."""

    matrix: Floats
    right: Floats
    scale: Floats
    always: slice
    place: dict[Term, slice]

    def _pick(self, terms: Sequence[Term]) -> list[int]:
        slices = [self.always, *(self.place[term] for term in terms)]
        return [column for part in slices for column in range(part.start, part.stop)]

    def after(self, term: Term, terms: Sequence[Term]) -> tuple[float, int]:
        """Return what ``term`` explains after all ``terms`` without it: sum of squares, and degrees of freedom."""
        columns, combined = self._adjusted(term, terms)
        along = combined.T @ self.right[columns]
        return float(along @ along), combined.shape[1]

    def design(self, cells: Cells) -> Floats:
        """Return every column of the model for each cell, as the equations have them, times √n (c × columns)."""
        contrasts = [contrast(size) for size in cells.sizes]
        columns = [
            np.ones((len(cells.levels), 1)),
            *(_term_columns(cells.levels, contrasts, t) for t in self.place),
        ]
        weight = np.sqrt(cells.counts.sum(axis=1))[:, np.newaxis]
        scaled: Floats = np.hstack(columns) * weight / self.scale
        return scaled

    def root(self, design: Floats, term: Term, terms: Sequence[Term]) -> Floats:
        """Return R (c × df): the sum of squares of ``term`` is that of R'√n m, the cells' means and counts."""
        columns, combined = self._adjusted(term, terms)
        rooted: Floats = design[:, columns] @ combined
        return rooted

    def _adjusted(self, term: Term, terms: Sequence[Term]) -> tuple[list[int], Floats]:
        """Return columns, and orthonormal combinations of them: of ``term`` after all ``terms`` without it."""
        others = [other for other in terms if not set(term) <= set(other)]
        mine, theirs = self._pick([term])[self.always.stop :], self._pick(others)
        swept = self.matrix[np.ix_(theirs, mine)]
        solved = _invert(self.matrix[np.ix_(theirs, theirs)])[0] @ swept
        values, vectors = np.linalg.eigh(self.matrix[np.ix_(mine, mine)] - swept.T @ solved)
        good = values > _RANK * max(1.0, float(values[-1]))
        own = vectors[:, good] / np.sqrt(values[good])
        return [*theirs, *mine], np.vstack([-solved @ own, own])

    def explained(self, terms: list[Term]) -> tuple[float, int]:
        """Return the sum of squares that all ``terms`` explain together, and the rank of the model."""
        columns = self._pick(terms)
        inverse, rank = _invert(self.matrix[np.ix_(columns, columns)])
        return float(self.right[columns] @ inverse @ self.right[columns]), rank

    def levels(
        self, terms: list[Term], term: Term, basis: Floats, parts: Sequence[Floats] | None = None
    ) -> Levels:
        """Estimate what each level of the single factor ``term`` adds, after all other ``terms``.

        ``basis`` is the factor's contrast. ``terms`` are all that the equations were made of where ``parts`` are
        given, X'X of the cells that share a noise: the covariance is then the sandwich (X'X)⁻ X'SX (X'X)⁻.
        """
        columns = self._pick(terms)
        part = self.matrix[np.ix_(columns, columns)]
        inverse, _ = _invert(part)
        mine = [columns.index(column) for column in self._pick([term])[self.always.stop :]]
        rows = np.zeros((len(basis), len(columns)))
        rows[:, mine] = basis / self.scale[self.place[term]]
        solution = inverse @ self.right[columns]
        effects = rows @ solution
        if parts is None:
            covariance = (rows @ inverse @ rows.T)[:, :, np.newaxis]
        else:
            left = rows @ inverse
            covariance = np.stack([left @ own[np.ix_(columns, columns)] @ left.T for own in parts], axis=-1)
        return Levels(
            effects=effects,
            means=effects + solution[0] / self.scale[0],
            covariance=covariance,
            unknown=rows - rows @ inverse @ part,
        )


class Levels(Struct, frozen=True):
    """What each level of a factor adds (l), and its mean adjusted for all else, less the overall mean (l).

    ``covariance`` (l × l × g) is in units of the variance of each of g noises. The difference of two levels can be
    estimated where their rows of ``unknown`` agree.
    """

    effects: Floats
    means: Floats
    covariance: Floats
    unknown: Floats


def normal_equations(cells: Cells, terms: Sequence[Term]) -> Normal:
    """Build the normal equations of ``terms``, the overall mean and the blocks over the cells."""
    weight = cells.counts.sum(axis=1)
    blocks = cells.counts.shape[1]
    block_contrast = contrast(blocks)
    always = slice(0, blocks)
    place, stop = {}, blocks
    for term in terms:
        start, stop = stop, stop + _full_df(cells, term)
        place[term] = slice(start, stop)
    matrix, right = np.zeros((stop, stop)), np.zeros(stop)
    contrasts = [contrast(size) for size in cells.sizes]
    for start in range(0, len(cells.levels), _CHUNK):
        part = slice(start, start + _CHUNK)
        columns = np.hstack([_term_columns(cells.levels[part], contrasts, term) for term in terms])
        matrix[blocks:, blocks:] += columns.T @ (columns * weight[part, np.newaxis])
        in_blocks = np.hstack([weight[part, np.newaxis], cells.counts[part] @ block_contrast])
        matrix[:blocks, blocks:] += in_blocks.T @ columns
        right[blocks:] += columns.T @ cells.sums[part].sum(axis=1)
    per_block = cells.counts.sum(axis=0)
    base = np.hstack([np.ones((blocks, 1)), block_contrast])
    matrix[:blocks, :blocks] = base.T @ (base * per_block[:, np.newaxis])
    matrix[blocks:, :blocks] = matrix[:blocks, blocks:].T
    right[:blocks] = base.T @ cells.sums.sum(axis=0)
    scale = np.sqrt(np.diag(matrix))
    scale[scale == 0] = 1.0
    return Normal(matrix / np.outer(scale, scale), right / scale, scale, always, place)


def parts_of(cells: Cells, terms: list[Term], group: Ints, whole: Normal) -> list[Floats]:
    """Return X'X of the cells in each group alone, scaled as ``whole``, of which they are the parts."""
    parts = []
    for number in range(int(group.max()) + 1):
        chosen = group == number
        own = replace(cells, levels=cells.levels[chosen], counts=cells.counts[chosen], sums=cells.sums[chosen])
        normal = normal_equations(own, terms)
        factor = normal.scale / whole.scale
        parts.append(normal.matrix * np.outer(factor, factor))
    return parts


def contrast(size: int) -> Floats:
    """Return an orthonormal basis of what differs between ``size`` levels (size × (size − 1), Helmert's)."""
    basis = np.zeros((size, size - 1))
    for column in range(size - 1):
        basis[: column + 1, column] = 1.0
        basis[column + 1, column] = -(column + 1.0)
        basis[:, column] /= np.sqrt((column + 1.0) * (column + 2.0))
    return basis


def _term_columns(levels: Ints, bases: list[Floats], term: Term) -> Floats:
    columns = np.ones((len(levels), 1))
    for place in term:
        factor = bases[place][levels[:, place]]
        columns = (columns[:, :, np.newaxis] * factor[:, np.newaxis, :]).reshape(len(levels), -1)
    return columns


def _invert(matrix: Floats) -> tuple[Floats, int]:
    """Return the pseudo-inverse of a symmetric matrix with unit (or swept) diagonal, and its rank."""
    try:
        lower = np.linalg.cholesky(matrix)  # three times as fast as eigenvalues, where nothing is confounded
    except np.linalg.LinAlgError:
        lower = np.zeros((1, 1))
    if len(matrix) and np.diag(lower).min() ** 2 > _SOUND:
        return np.linalg.inv(matrix).astype(float), len(matrix)
    values, vectors = np.linalg.eigh(matrix)
    good = values > _RANK * max(1.0, float(values[-1]) if len(values) else 1.0)
    kept = vectors[:, good]
    return (kept / values[good]) @ kept.T, int(good.sum())
