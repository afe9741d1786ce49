"""What each value has come to: its trainings, of the trials in view."""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hpo_core.plan.grid import JobKey
from hpo_tui.desk.table_in_view import Table


class ValueStats(Struct, frozen=True, eq=False):
    """A value's ``count`` trainings with a score: the scores, which collapsed, their mean; and how many failed."""

    count: int
    scores: NDArray[np.float64]
    collapsed: NDArray[np.bool_]
    mean: float
    failed: int


def value_stats(table: Table, factor: int, collapsed: frozenset[JobKey] = frozenset()) -> list[ValueStats]:
    """Return the statistics of each line of values, over the trials that the other hyperparameters' trim leaves.

    A value out of view keeps its figures that way: they are what toggling it brings back. A value whose trials
    have losses that are not compared has neither scores nor a mean.
    """
    mask, levels, results = table.seen_without(factor), len(table.levels[factor].groups), table.results
    line = table.levels[factor].of[table.codes[:, factor]]
    bad = np.flatnonzero(mask & (table.failed > 0))
    failed = np.bincount(line[bad], table.failed[bad], levels).astype(int)
    rows = table.trainings_without(factor)
    codes = line[results.trial[rows] - 1]
    count = np.bincount(codes, minlength=levels).tolist()
    if table.mixes_losses(factor):
        rows, codes = rows[:0], codes[:0]
    scores = results.values(table.measure)[rows]
    lost = results.among(collapsed)[rows] if collapsed else np.zeros(len(rows), bool)
    each = np.bincount(codes, minlength=levels)
    sums = np.bincount(codes, scores / each[codes], levels)  # divided first: huge scores have a mean too
    mean = np.where(each > 0, sums, np.nan).tolist()
    # Numbers of 16 bits are sorted ten times as fast as others.
    order = np.argsort(codes.astype(np.int16) if levels < 2**15 else codes, kind="stable")
    ends = np.cumsum(each)[:-1]
    by_level, lost_by_level = np.split(scores[order], ends), np.split(lost[order], ends)
    return [
        ValueStats(count[level], by_level[level], lost_by_level[level], mean[level], int(failed[level]))
        for level in range(levels)
    ]
