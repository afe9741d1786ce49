"""The order of the trials in view: that of the ranking, in which the cursor of every view goes."""

from __future__ import annotations

import numpy as np

from hpo_tui.desk.table_in_view import Table


def ranked_rows(table: Table, sort: int = 0, backwards: bool = False) -> list[int]:
    """Return the rows of the trials in view, in the order of a column; those without a score come last.

    Column 0 is the score, best first (the best of each loss where they are not compared); 1 its sd, smallest
    first; then the hyperparameters, in the order of values; then the failures, most first; then the trials'
    numbers. Equals stand by score. ``backwards`` turns the column round.
    """
    rows = np.flatnonzero(table.in_view)
    stands, factors = table.stands[rows], len(table.factors)
    column = stands
    if sort == 1:
        column = table.sds[rows]
    elif 1 < sort < factors + 2:
        column = table.codes[rows, sort - 2].astype(float)
    elif sort == factors + 2:
        column = -table.failed[rows].astype(float)
    elif sort == factors + 3:
        column = rows.astype(float)
    keys = [np.where(np.isfinite(key), key, np.inf) for key in (stands, -column if backwards else column)]
    unknown = ~np.isfinite(stands) if sort < factors + 2 else np.zeros(len(rows), dtype=bool)
    order = np.lexsort((*keys, unknown))
    found: list[int] = rows[order].tolist()
    return found


def places(table: Table, rows: list[int]) -> list[int]:
    """Return what place each of these rows has, of trials in an order: from 1, or its place within its loss."""
    if table.within is None:
        return list(range(1, len(rows) + 1))
    stands = table.stands[rows]
    found: list[int] = np.where(np.isfinite(stands), stands, 0).astype(int).tolist()
    return found
