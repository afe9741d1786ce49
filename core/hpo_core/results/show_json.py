"""A session's results as the one JSON object that ``show --json`` prints."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpo_core.results.measure import at_last
from hpo_core.results.table import table_of
from hpo_core.session.snapshot import Replicate, Snapshot, session_status


def show_json(
    session_name: str,
    snapshot: Snapshot,
    seen: NDArray[np.bool_] | None = None,
    engine_runs: bool | None = None,
    held: str = "",
) -> dict[str, Any]:
    """Return the session, counts, and the trials that ``seen`` marks (all where it is None) with their replicates.

    Only ``counts`` is of the whole session whatever the trim; metrics of a replicate are those of its last epoch.
    ``paused`` is why no training is started: ``held`` where it is the disk's fault, null where nothing is paused.
    """
    table, grid = table_of(snapshot), snapshot.spec.grid
    scores = {metric: table.scores(at_last(metric)) for metric in snapshot.metrics}
    return {
        "session": session_name,
        "status": session_status(snapshot, engine_runs, held),
        "objective": snapshot.spec.objective.metric,
        "direction": snapshot.spec.objective.direction,
        "counts": dict(snapshot.counts),
        "paused": held or snapshot.paused,
        "trials": [
            {
                "trial": row + 1,
                "values": dict(grid[row + 1].values),
                "status": table.statuses[row],
                "replicates": [_replicate_json(entry) for entry in snapshot.replicates_of(row + 1)],
                "mean": {metric: _number(of.mean[row]) for metric, of in scores.items()},
                "sd": {metric: _number(of.sd[row]) for metric, of in scores.items()},
            }
            for row in (range(len(grid)) if seen is None else np.flatnonzero(seen).tolist())
        ],
    }


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _replicate_json(entry: Replicate) -> dict[str, Any]:
    return {
        "replicate": entry.key.replicate,
        "attempt": entry.attempt,
        "seed": entry.seed,
        "status": entry.status,
        "epochs": entry.had,
        "metrics": dict(entry.last.metrics) if entry.last else {},
    }
