"""A session's results as tidy tables: one row a trial, a training or an epoch; one column a thing.

The columns and their order are fixed: the trial's number, the hyperparameters of the grid in the spec's order, the
fixed ones, what is known of the replicate, and the metrics by Keras' names. Two things may share a name (``loss``
is a hyperparameter and a metric): a hyperparameter named as a column of the table is written
``hyperparameter_seed``, a metric named as a column before it ``metric_loss``. ``origin`` says where a result comes
from that was not trained here; where the data changed in the middle, it says of each other one which it is of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hpo_core.plan.hyperparameters import Value
from hpo_core.plan.spec import SessionSpec
from hpo_core.results.measure import at_last
from hpo_core.results.table import table_of
from hpo_core.session.damage import data_name
from hpo_core.session.epochs import Epoch
from hpo_core.session.snapshot import Replicate, Snapshot

Cell = Value | None
"""One cell; None is an empty one."""

Bools = NDArray[np.bool_]
"""Which trials are in view, entry i being trial i + 1; every table has all of them unless it is told."""

TRIAL = "trial"
TRIAL_COLUMNS = ("status", "replicates", "complete")
REPLICATE_COLUMNS = ("replicate", "attempt", "seed", "status", "last_epoch", "seconds", "reason", "origin")
EPOCH_COLUMNS = ("replicate", "attempt", "seed", "status", "epoch", "seconds", "reason", "origin")
HYPERPARAMETER_PREFIX = "hyperparameter_"
METRIC_PREFIX = "metric_"
_RESERVED = {TRIAL, *TRIAL_COLUMNS, *REPLICATE_COLUMNS, *EPOCH_COLUMNS}
_RESERVED_PREFIXES = (HYPERPARAMETER_PREFIX, METRIC_PREFIX, "mean_", "sd_")


class TidyTable(Struct, frozen=True):
    """The names of the columns, and the rows, which can be gone through once."""

    columns: tuple[str, ...]
    rows: Iterable[tuple[Cell, ...]]


def hyperparameter_columns(names: Iterable[str]) -> tuple[str, ...]:
    """Return the columns that stand for these hyperparameters."""
    return tuple(
        HYPERPARAMETER_PREFIX + name if name in _RESERVED or name.startswith(_RESERVED_PREFIXES) else name
        for name in names
    )


def metric_columns(metrics: Iterable[str], before: Iterable[str]) -> tuple[str, ...]:
    """Return the columns that stand for these metrics, to the right of the columns ``before``."""
    taken = {*before, *_RESERVED}
    return tuple(
        METRIC_PREFIX + metric if metric in taken or metric.startswith(METRIC_PREFIX) else metric
        for metric in metrics
    )


def trials_table(snapshot: Snapshot, seen: Bools | None = None) -> TidyTable:
    """Return one row for each trial: its status, how many replicates, and the mean and sd of each metric."""
    table, spec = table_of(snapshot), snapshot.spec
    names = [f"{kind}_{metric}" for metric in snapshot.metrics for kind in ("mean", "sd")]
    scores = [table.scores(at_last(metric)) for metric in snapshot.metrics]
    numbers = [_cells(column) for of in scores for column in (of.mean, of.sd)]
    asked, complete = table.counts.sum(axis=1).tolist(), table.count("complete").tolist()
    rows = (
        (*lead, table.statuses[row], asked[row], complete[row], *(column[row] for column in numbers))
        for row, lead in _trials(spec, seen)
    )
    return TidyTable((*_lead_columns(spec), *TRIAL_COLUMNS, *names), rows)


def replicates_table(snapshot: Snapshot, seen: Bools | None = None) -> TidyTable:
    """Return one row for each training, with the metrics of its last epoch; those that wait are among them."""
    rows = (
        (*lead, *_replicate(snapshot, entry, entry.had, entry.seconds), *_metrics(snapshot, entry.last))
        for row, lead in _trials(snapshot.spec, seen)
        for entry in snapshot.replicates_of(row + 1)
    )
    return _with_metrics(snapshot, REPLICATE_COLUMNS, rows)


def epochs_table(snapshot: Snapshot, seen: Bools | None = None) -> TidyTable:
    """Return one row for each epoch of each training; ``seconds`` is the epoch's own time."""
    rows = (
        (*lead, *_replicate(snapshot, entry, epoch.number, epoch.seconds), *_metrics(snapshot, epoch))
        for row, lead in _trials(snapshot.spec, seen)
        for entry in snapshot.replicates_of(row + 1)
        for epoch in entry.epochs
    )
    return _with_metrics(snapshot, EPOCH_COLUMNS, rows)


def _with_metrics(snapshot: Snapshot, columns: tuple[str, ...], rows: Iterable[tuple[Cell, ...]]) -> TidyTable:
    before = (*_lead_columns(snapshot.spec), *columns)
    return TidyTable((*before, *metric_columns(snapshot.metrics, before)), rows)


def _lead_columns(spec: SessionSpec) -> tuple[str, ...]:
    return (TRIAL, *hyperparameter_columns((*spec.grid.names, *spec.fixed)))


def _trials(spec: SessionSpec, seen: Bools | None) -> Iterator[tuple[int, tuple[Cell, ...]]]:
    """Each trial in view: its place, and the cells that its rows begin with."""
    fixed = tuple(spec.fixed.values())
    for row in range(len(spec.grid)) if seen is None else np.flatnonzero(seen).tolist():
        yield row, (row + 1, *spec.grid[row + 1].values.values(), *fixed)


def _cells(numbers: NDArray[np.float64]) -> list[Cell]:
    return [None if number != number else number for number in numbers.tolist()]


def _replicate(snapshot: Snapshot, entry: Replicate, epoch: int, seconds: float) -> tuple[Cell, ...]:
    return (
        entry.key.replicate,
        entry.attempt,
        entry.seed,
        entry.status,
        epoch,
        seconds,
        entry.reason or None,
        entry.origin or _data(snapshot, entry),
    )


def _data(snapshot: Snapshot, entry: Replicate) -> str | None:
    """Return which data a result is of, where the session has results of several."""
    mixed = len(snapshot.fingerprints) > 1
    return f"data {data_name(entry.data)}" if mixed and entry.data else None


def _metrics(snapshot: Snapshot, epoch: Epoch | None) -> Iterator[float | None]:
    return (epoch.metrics.get(metric) if epoch else None for metric in snapshot.metrics)
