"""The trials as arrays, for one metric and one trim: what every pane and plot is computed from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hpo_core.plan.grid import Grid, Hyperparameter
from hpo_core.results.filter import Filter
from hpo_core.results.measure import Measure
from hpo_core.results.table import result_arrays
from hpo_core.results.trim import Trim
from hpo_core.session.snapshot import Snapshot


@dataclass(frozen=True, eq=False)
class Table:
    """Row i is trial i + 1.

    ``codes`` (trials × hyperparameters) are value indices; ``scores`` the mean of the metric over the finished
    replicates (NaN where there is none), ``sds`` their sample standard deviation, ``finished`` how many they are;
    ``failed`` counts the replicates that failed or diverged; ``hidden`` (a row of booleans for each
    hyperparameter's values) is the trim of values, ``kept`` what trials dropped by themselves and the filter line
    leave, and ``in_view`` what all of them leave; ``collapsed`` are the trials with a collapsed training.
    """

    grid: Grid
    measure: Measure
    codes: NDArray[np.int32]
    scores: NDArray[np.float64]
    sds: NDArray[np.float64]
    finished: NDArray[np.int32]
    failed: NDArray[np.int32]
    hidden: tuple[NDArray[np.bool_], ...]
    in_view: NDArray[np.bool_]
    kept: NDArray[np.bool_]
    collapsed: frozenset[int] = frozenset()

    @property
    def metric(self) -> str:
        """The name of what is measured."""
        return self.measure.metric

    @property
    def better(self) -> Literal["max", "min"]:
        """Which way it improves."""
        return self.measure.better

    @property
    def factors(self) -> Sequence[Hyperparameter]:
        """The hyperparameters of the grid."""
        return self.grid.hyperparameters

    def seen_without(self, factor: int) -> NDArray[np.bool_]:
        """Return which trials are in view when the trim of one hyperparameter is left out of account."""
        mask = self.kept.copy()
        for other, hidden in enumerate(self.hidden):
            if other != factor:
                mask &= ~hidden[self.codes[:, other]]
        return mask


def build_table(snapshot: Snapshot, trim: Trim, measure: Measure, where: Filter | None = None) -> Table:
    """Return the table of a snapshot, as the trim and the filter line leave it."""
    grid = snapshot.spec.grid
    arrays = result_arrays(snapshot, measure.metric, trim, measure)
    hidden = tuple(
        np.array([trim.hides(factor.name, value) for value in factor.values]) for factor in grid.hyperparameters
    )
    kept = np.ones(len(grid), dtype=bool) if where is None else where.mask(snapshot)
    kept[[number - 1 for number in trim.dropped]] = False
    return Table(
        grid=grid,
        measure=measure,
        codes=arrays.codes,
        scores=arrays.scores,
        sds=arrays.sds,
        finished=arrays.finished,
        failed=arrays.failed,
        hidden=hidden,
        in_view=arrays.in_view & kept,
        kept=kept,
    )
