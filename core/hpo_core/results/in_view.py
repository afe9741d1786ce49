"""What is in view: the trials that a trim leaves, by their values, by their numbers and by its filter line."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hpo_core.plan.grid import Grid
from hpo_core.results.filter import compile_filter
from hpo_core.results.trim import Trim
from hpo_core.session.snapshot import Snapshot


def hidden_values(grid: Grid, trim: Trim) -> tuple[NDArray[np.bool_], ...]:
    """Return, for each hyperparameter, which of its values the trim takes out of view."""
    return tuple(np.array([trim.hides(f.name, value) for value in f.values], bool) for f in grid.hyperparameters)


def kept_trials(snapshot: Snapshot, trim: Trim) -> NDArray[np.bool_]:
    """Return which trials neither the filter line nor their number takes out of view. Raises ``FilterError``."""
    kept = compile_filter(trim.where, snapshot).mask(snapshot)
    kept[[number - 1 for number in trim.dropped if number <= len(kept)]] = False
    return kept


def in_view(snapshot: Snapshot, trim: Trim) -> NDArray[np.bool_]:
    """Return which trials the trim leaves; entry i is trial i + 1. Raises ``FilterError``."""
    grid = snapshot.spec.grid
    return with_values(grid, hidden_values(grid, trim), kept_trials(snapshot, trim))


def with_values(grid: Grid, hidden: tuple[NDArray[np.bool_], ...], kept: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which of the ``kept`` trials have no ``hidden`` value."""
    mask = kept.copy()
    for column, out in enumerate(hidden):
        if out.any():
            mask &= ~out[grid.codes[:, column]]
    return mask
