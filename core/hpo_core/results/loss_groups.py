"""What a training minimised compares trials only within one loss: whether it is so, in words too.

Two losses are the same where every hyperparameter that the loss holds has the same value: ``loss`` itself,
``label_smoothing``, ``l2``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hpo_core.plan import metrics
from hpo_core.plan.grid import Grid
from hpo_core.plan.hyperparameters import in_loss
from hpo_core.results.measure import Measure
from hpo_core.session.snapshot import Snapshot
from hpo_core.text import clean, format_value


def loss_columns(grid: Grid, measure: Measure, seen: NDArray[np.bool_] | None = None) -> tuple[int, ...]:
    """Return the columns of the hyperparameters by which trials in view are not compared: () where all compare.

    ``seen`` marks the trials in view, all where it is None.
    """
    if measure.cost or metrics.compares_losses(measure.metric):
        return ()
    holds = [column for column, name in enumerate(grid.names) if in_loss(name)]
    if not holds:
        return ()
    codes = grid.codes if seen is None else grid.codes[seen]
    return tuple(column for column in holds if (codes[:1, column] != codes[:, column]).any())


def losses_apart(grid: Grid, measure: Measure, seen: NDArray[np.bool_] | None = None) -> NDArray[np.int64] | None:
    """Return a number for each trial, the same where the loss is, if those in view have several, else None."""
    columns = loss_columns(grid, measure, seen)
    if not columns:
        return None
    sizes = [len(grid.hyperparameters[column].values) for column in columns]
    number: NDArray[np.int64] = np.zeros(len(grid), np.int64)
    for column, size in zip(columns, sizes, strict=True):  # numbered anew each time, so that none grows too large
        number = np.unique(number * size + grid.codes[:, column], return_inverse=True)[1].astype(np.int64)
    return number


def loss_words(grid: Grid, columns: Sequence[int], trial: int) -> str:
    """Return the loss of a trial, in words: "loss poisson", "loss poisson, l2 0.001"."""
    values = grid[trial].values
    return ", ".join(
        f"{clean(name, 40)} {clean(format_value(values[name]), 40)}" for name in (grid.names[at] for at in columns)
    )


def apart_words(snapshot: Snapshot, measure: Measure, seen: NDArray[np.bool_] | None = None) -> str:
    """Return the sentence that says so wherever trials are ranked, judged or drawn; empty where all compare."""
    grid = snapshot.spec.grid
    columns = loss_columns(grid, measure, seen)
    if not columns:
        return ""
    return metrics.apart_words(measure.metric, snapshot.metrics, [grid.names[column] for column in columns])
