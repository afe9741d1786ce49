"""What a trim tells a running search: the values that are out of view are not to be proposed any more."""

from __future__ import annotations

import numpy as np

from hpo_core.plan.grid import Hyperparameter
from hpo_core.plan.setting import Value
from hpo_core.results.in_view import in_view
from hpo_core.results.trim import Trim
from hpo_core.session.snapshot import Snapshot


def asked_for(snapshot: Snapshot, trim: Trim) -> dict[str, tuple[Value, ...]]:
    """Return what may still be proposed of each hyperparameter of which that is not everything.

    Of a list, the values that are in view, and those of which no trial is there yet, unless they are hidden; of a
    range, the two ends of what is in view: an end of the range stays one as long as nothing next to it is out of
    view. Nothing is said where no trial is in view. Raises ``FilterError``.
    """
    grid, seen = snapshot.spec.grid, in_view(snapshot, trim)
    if not seen.any():
        return {}
    found = {}
    for place, factor in enumerate(grid.hyperparameters):
        tried, kept = (set(np.unique(grid.codes[rows, place]).tolist()) for rows in (slice(None), seen))
        left = (
            _ends(factor, kept)
            if factor.range is not None
            else tuple(
                value
                for code, value in enumerate(factor.values)
                if not trim.hides(factor.name, value) and (code in kept or code not in tried)
            )
        )
        if left and left != factor.ends:
            found[factor.name] = left
    return found


def _ends(factor: Hyperparameter, kept: set[int]) -> tuple[Value, ...]:
    low, high = factor.ends
    first, last = min(kept), max(kept)
    return low if first == 0 else factor.values[first], high if last == len(factor.values) - 1 else factor.values[
        last
    ]
