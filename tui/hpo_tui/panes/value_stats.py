"""What each value has come to: the statistics of its trials in view."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hpo_tui.desk.table import Table


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

    A value out of view keeps its figures that way: they are what toggling it brings back.
    """
    mask = table.seen_without(factor)
    codes, scores, failed = table.codes[mask, factor], table.scores[mask], table.failed[mask]
    stats = []
    for level in range(len(table.factors[factor].values)):
        mine = codes == level
        found = scores[mine]
        found = found[np.isfinite(found)]
        stats.append(
            ValueStats(
                len(found),
                float(found.mean()) if len(found) else float("nan"),
                float(found.std(ddof=1)) if len(found) > 1 else float("nan"),
                float(found.max() if table.better == "max" else found.min()) if len(found) else float("nan"),
                int(failed[mine].sum()),
            )
        )
    return stats
