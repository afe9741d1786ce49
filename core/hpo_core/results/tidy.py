"""A session's results as tidy tables: one row a trial, a training or an epoch; one column a thing.

The columns and their order are fixed: the trial's number, the hyperparameters of the grid in the spec's order, the
fixed ones, what is known of the replicate, and the metrics by Keras' names. Two things may share a name (``loss``
is a hyperparameter and a metric): a hyperparameter named as a column of the table is written
``hyperparameter_seed``, a metric named as a column before it ``metric_loss``. ``origin`` says where a result comes
from that was not trained here; where the images changed in the middle, it says of each other one which it is of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from hpo_core.plan.hyperparameters import Value
from hpo_core.plan.spec import SessionSpec
from hpo_core.results.table import TrialResult
from hpo_core.session.damage import image_name
from hpo_core.session.snapshot import Epoch, Replicate, Snapshot

Cell = Value | None
"""One cell; None is an empty one."""

TRIAL = "trial"
TRIAL_COLUMNS = ("status", "replicates", "complete")
REPLICATE_COLUMNS = ("replicate", "attempt", "seed", "status", "last_epoch", "seconds", "reason", "origin")
EPOCH_COLUMNS = ("replicate", "attempt", "seed", "status", "epoch", "seconds", "reason", "origin")
HYPERPARAMETER_PREFIX = "hyperparameter_"
METRIC_PREFIX = "metric_"
_RESERVED = {TRIAL, *TRIAL_COLUMNS, *REPLICATE_COLUMNS, *EPOCH_COLUMNS}
_RESERVED_PREFIXES = (HYPERPARAMETER_PREFIX, METRIC_PREFIX, "mean_", "sd_")


@dataclass(frozen=True, slots=True)
class TidyTable:
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


def trials_table(snapshot: Snapshot, results: Sequence[TrialResult]) -> TidyTable:
    """Return one row for each trial: its status, how many replicates, and the mean and sd of each metric."""
    names = [f"{kind}_{metric}" for metric in snapshot.metrics for kind in ("mean", "sd")]

    def rows() -> Iterator[tuple[Cell, ...]]:
        for row in results:
            numbers = [of.get(metric) for metric in snapshot.metrics for of in (row.mean, row.sd)]
            yield (*_lead(snapshot.spec, row), row.status, len(row.replicates), row.count("complete"), *numbers)

    return TidyTable((*_lead_columns(snapshot.spec), *TRIAL_COLUMNS, *names), rows())


def replicates_table(snapshot: Snapshot, results: Sequence[TrialResult]) -> TidyTable:
    """Return one row for each training, with the metrics of its last epoch; those that wait are among them."""

    def rows() -> Iterator[tuple[Cell, ...]]:
        for row in results:
            lead = _lead(snapshot.spec, row)
            for entry in row.replicates:
                about = _replicate(snapshot, entry, entry.had, entry.seconds)
                yield (*lead, *about, *_metrics(snapshot, entry.last))

    return _with_metrics(snapshot, REPLICATE_COLUMNS, rows())


def epochs_table(snapshot: Snapshot, results: Sequence[TrialResult]) -> TidyTable:
    """Return one row for each epoch of each training; ``seconds`` is the epoch's own time."""

    def rows() -> Iterator[tuple[Cell, ...]]:
        for row in results:
            lead = _lead(snapshot.spec, row)
            for entry in row.replicates:
                for epoch in entry.epochs:
                    about = _replicate(snapshot, entry, epoch.number, epoch.seconds)
                    yield (*lead, *about, *_metrics(snapshot, epoch))

    return _with_metrics(snapshot, EPOCH_COLUMNS, rows())


def _with_metrics(snapshot: Snapshot, columns: tuple[str, ...], rows: Iterable[tuple[Cell, ...]]) -> TidyTable:
    before = (*_lead_columns(snapshot.spec), *columns)
    return TidyTable((*before, *metric_columns(snapshot.metrics, before)), rows)


def _lead_columns(spec: SessionSpec) -> tuple[str, ...]:
    return (TRIAL, *hyperparameter_columns((*spec.grid.names, *spec.fixed)))


def _lead(spec: SessionSpec, row: TrialResult) -> tuple[Cell, ...]:
    return (row.number, *row.values.values(), *spec.fixed.values())


def _replicate(snapshot: Snapshot, entry: Replicate, epoch: int, seconds: float) -> tuple[Cell, ...]:
    return (
        entry.key.replicate,
        entry.attempt,
        entry.seed,
        entry.status,
        epoch,
        seconds,
        entry.reason or None,
        entry.origin or _images(snapshot, entry),
    )


def _images(snapshot: Snapshot, entry: Replicate) -> str | None:
    """Return which images a result is of, where the session has results of different ones."""
    mixed = len(snapshot.fingerprints) > 1
    return f"images {image_name(entry.data)}" if mixed and entry.data else None


def _metrics(snapshot: Snapshot, epoch: Epoch | None) -> Iterator[float | None]:
    return (epoch.metrics.get(metric) if epoch else None for metric in snapshot.metrics)
