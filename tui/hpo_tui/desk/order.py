"""The order of the trials in view: that of the ranking, in which the cursor of every view goes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hpo_tui.desk.table_in_view import Table

Rows = NDArray[np.int64]


def ranked_rows(table: Table, sort: int = 0, backwards: bool = False) -> Rows:
    """Return the rows of the trials in view, in the order of a column; those without a score come last.

    Column 0 is the score, best first (the best of each loss where they are not compared); 1 its sd, smallest
    first; then the hyperparameters, in the order of values; then the failures, most first; then the trials'
    numbers. Equals stand by score. ``backwards`` turns the column round.
    """
    rows, factors = table.ranked, len(table.factors)
    if sort == 0 and not backwards:
        return rows
    stands = column = table.stands[rows]
    if sort == 1:
        column = table.sds[rows]
    elif 1 < sort < factors + 2:
        column = table.codes[rows, sort - 2].astype(float)
    elif sort == factors + 2:
        column = -table.failed[rows].astype(float)
    elif sort == factors + 3:
        column = rows.astype(float)
    column = -column if backwards else column
    column = np.where(np.isfinite(column), column, np.inf)
    known = int(np.isfinite(stands).sum()) if sort < factors + 2 else 0
    order = [np.argsort(part, kind="stable") for part in (column[:known], column[known:])]
    return rows[np.concatenate((order[0], known + order[1]))]


def places(table: Table, rows: Rows) -> Rows:
    """Return what place each of these rows has, of trials in an order: from 1, or its place within its loss."""
    if table.within is None:
        return np.arange(1, len(rows) + 1)
    stands = table.stands[rows]
    return np.where(np.isfinite(stands), stands, 0).astype(np.int64)
