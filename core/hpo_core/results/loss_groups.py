"""What a training minimised compares trials only within one value of ``loss``: whether it is so, in words too."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hpo_core.plan import metrics
from hpo_core.plan.grid import Grid
from hpo_core.results.measure import Measure
from hpo_core.session.snapshot import Snapshot

LOSS = "loss"
"""The hyperparameter that says what is minimised."""


def losses_apart(grid: Grid, measure: Measure, seen: NDArray[np.bool_] | None = None) -> NDArray[np.int32] | None:
    """Return the place of each trial's loss where those in view are only compared within it, else None.

    ``seen`` marks the trials in view, all where it is None.
    """
    if measure.cost or metrics.compares_losses(measure.metric) or LOSS not in grid.names:
        return None
    codes = grid.codes[:, grid.names.index(LOSS)]
    return codes if len(np.unique(codes if seen is None else codes[seen])) > 1 else None


def apart_words(snapshot: Snapshot, measure: Measure, seen: NDArray[np.bool_] | None = None) -> str:
    """Return the sentence that says so wherever trials are ranked, judged or drawn; empty where all compare."""
    if losses_apart(snapshot.spec.grid, measure, seen) is None:
        return ""
    return metrics.apart_words(measure.metric, snapshot.metrics)
