"""The grid behind the results: which combinations occur, how often, and what the replicates in them say.

A *cell* is one combination of values. Only hyperparameters that still have two values or more take part.
"""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np
from msgspec import Struct

from hpo_core.effects.inputs import Floats, Ints, Results, number_together

MOST_VALUES = 200
"""A hyperparameter with more values than this is not a factor but a random draw; it is left out of the model."""


class Cells(Struct, frozen=True, dict=True):
    """Scores by cell: c cells, k factors that vary, r blocks (one if replicates are not blocks).

    ``used`` are the places of the factors that vary in ``Results.factors``, ``too_many`` of those left out for
    having more than ``MOST_VALUES`` values. ``levels`` (c × k) are codes that count only values which occur:
    ``occurring`` holds these, ``sizes`` (k) how many they are. ``counts`` and ``sums`` (c × r) are of ``y`` less
    its overall mean ``centre``; ``within`` and ``total`` are the sums of squares around the cells' means and
    around ``centre``. ``row_cell`` (n) is each training's cell, ``trial`` the lowest trial number in each cell,
    ``codes`` its row of ``Results.codes``; ``row_block`` (n) and ``row_y`` (n) are each training's block and its
    ``y`` less ``centre``.
    """

    used: tuple[int, ...]
    too_many: tuple[int, ...]
    occurring: tuple[Ints, ...]
    levels: Ints
    sizes: tuple[int, ...]
    counts: Floats
    sums: Floats
    within: float
    total: float
    centre: float
    row_cell: Ints
    trial: Ints
    codes: Ints
    row_block: Ints
    row_y: Floats

    @property
    def n(self) -> int:
        """How many trainings there are."""
        return int(self.counts.sum())

    @property
    def seeds(self) -> int:
        """How many seeds all trials share, each a block; 1 where every training has its own."""
        return int(self.counts.shape[1])

    @cached_property
    def complete(self) -> bool:
        """Whether every combination of the values that occur is there."""
        return not self.too_many and math.prod(self.sizes) == len(self.levels)

    @cached_property
    def balanced(self) -> bool:
        """Whether the grid is complete and every cell has equally many results, in every block."""
        return self.complete and bool(np.all(self.counts == self.counts[0]))

    @cached_property
    def blocks(self) -> Blocks:
        """What the blocks do, next to the cells."""
        return _fit_blocks(self)

    @cached_property
    def pure_error(self) -> tuple[float, int]:
        """Sum of squares and degrees of freedom between the replicates of a trial, less the blocks'."""
        df = self.n - len(self.levels) - self.blocks.df
        # Rounding leaves a little where replicates are exactly alike: that is no noise.
        floor = 1e-12 * self.within + 1e-24 * (self.total + self.n * self.centre**2)
        left = self.within - self.blocks.sum_sq
        return (0.0 if left < floor else left), df

    @cached_property
    def squares(self) -> Floats:
        """What each cell adds to the sum of squares between replicates, less the blocks' (c)."""
        y = self.row_y - self.blocks.effects[self.row_block]
        count = len(self.codes)
        mean = np.bincount(self.row_cell, weights=y, minlength=count) / self.counts.sum(axis=1)
        residual = y - mean[self.row_cell]
        return np.bincount(self.row_cell, weights=residual**2, minlength=count).astype(float)

    @cached_property
    def means(self) -> Floats:
        """Each cell's mean, had all its replicates been of the average block (c)."""
        adjusted = self.sums - self.counts * self.blocks.effects
        means: Floats = adjusted.sum(axis=1) / self.counts.sum(axis=1) + self.centre
        return means


class Blocks(Struct, frozen=True):
    """The blocks' sum of squares after the cells, its degrees of freedom, and each one's deviation (r)."""

    sum_sq: float
    df: int
    effects: Floats


def cells_of(results: Results) -> Cells:
    """Gather ``results``, all of which must count, into cells; there must be at least one."""
    cell = np.zeros(len(results), dtype=np.int64)
    used, too_many, columns, occurring = [], [], [], []
    for place, codes in enumerate(results.codes.T):
        present, column = np.unique(codes, return_inverse=True)
        if len(present) < 2:
            continue
        cell = number_together(cell, column)
        if len(present) > MOST_VALUES:
            too_many.append(place)
        else:
            used.append(place)
            columns.append(column)
            occurring.append(present.astype(np.int64))
    first = np.unique(cell, return_index=True)[1]
    count = len(first)
    block, blocks = np.zeros(len(cell), dtype=np.int64), 1
    if results.blocked:
        names, block = np.unique(results.replicate, return_inverse=True)
        blocks = len(names)
    centre = float(results.y.mean())
    y = results.y - centre
    if np.ptp(results.y) <= 1e-12 * abs(centre):
        y = np.zeros(len(y))  # the mean of equal numbers is not always that number
    counts = np.bincount(cell * blocks + block, minlength=count * blocks).reshape(count, blocks).astype(float)
    sums = (
        np.bincount(cell * blocks + block, weights=y, minlength=count * blocks)
        .reshape(count, blocks)
        .astype(float)
    )
    residual = y - (sums.sum(axis=1) / counts.sum(axis=1))[cell]
    trial = np.full(count, np.iinfo(np.int64).max)
    np.minimum.at(trial, cell, results.trial)
    return Cells(
        used=tuple(used),
        too_many=tuple(too_many),
        occurring=tuple(occurring),
        levels=np.stack([column[first] for column in columns], axis=1)
        if columns
        else np.zeros((count, 0), dtype=np.int64),
        sizes=tuple(len(values) for values in occurring),
        counts=counts,
        sums=sums,
        within=float(residual @ residual),
        total=float(y @ y),
        centre=centre,
        row_cell=cell,
        trial=trial,
        codes=results.codes[first],
        row_block=block,
        row_y=y,
    )


def _fit_blocks(cells: Cells) -> Blocks:
    """Least squares of cells and blocks, the cells swept out first: r equations are left."""
    counts, sums = cells.counts, cells.sums
    blocks = counts.shape[1]
    if blocks == 1:
        return Blocks(0.0, 0, np.zeros(1))
    share = counts / counts.sum(axis=1, keepdims=True)
    normal = np.diag(counts.sum(axis=0)) - share.T @ counts
    right = sums.sum(axis=0) - share.T @ sums.sum(axis=1)
    effects = np.linalg.pinv(normal, rcond=1e-10, hermitian=True) @ right
    df = int(np.linalg.matrix_rank(normal, tol=1e-10 * float(counts.sum()), hermitian=True))
    effects = effects - float(effects @ counts.sum(axis=0)) / cells.n
    return Blocks(float(right @ effects), df, effects)
