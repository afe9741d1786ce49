"""What each value has come to: the statistics of its trials in view."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hpo_core.results.loss_groups import LOSS
from hpo_core.results.table import means
from hpo_tui.desk.table_in_view import Table


@dataclass(frozen=True, slots=True)
class ValueStats:
    """A value's trials: how many have a score, the scores' mean, sample sd and best, how many trainings failed."""

    count: int
    mean: float
    sd: float
    best: float
    failed: int


def value_stats(table: Table, factor: int) -> list[ValueStats]:
    """Return the statistics of each value, over the trials that the other hyperparameters' trim leaves.

    A value out of view keeps its figures that way: they are what toggling it brings back. A value whose trials
    have losses that are not compared has no mean.
    """
    mask = table.seen_without(factor)
    codes, scores, levels = table.codes[mask, factor], table.scores[mask], len(table.factors[factor].values)
    scored = np.isfinite(scores)
    found = means(codes[scored], scores[scored], levels)
    failed = np.bincount(codes, table.failed[mask], levels).astype(int)
    best = np.full(levels, np.nan)
    (np.fmax if table.better == "max" else np.fmin).at(best, codes, scores)
    figures = np.stack([found.mean, found.sd, best], axis=1)
    if table.within is not None and table.factors[factor].name != LOSS:
        figures[:] = np.nan
    return [
        ValueStats(int(n), mean, sd, top, int(lost))
        for n, (mean, sd, top), lost in zip(found.n, figures.tolist(), failed, strict=True)
    ]
