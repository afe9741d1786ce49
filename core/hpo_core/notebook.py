"""A session in a notebook: ``hpo_core.open_session("paper").trials`` is a pandas frame.

The columns are those of ``results.tidy``. Whole numbers that may be missing are ``Int64``, what is said in words
(status, reason, origin) is ``string``, a metric is a float, NaN where there is none; a hyperparameter has the type
of its values.
"""

from __future__ import annotations

from functools import cached_property

import pandas as pd

from hpo_core.results.tidy import (
    EPOCH_COLUMNS,
    REPLICATE_COLUMNS,
    TRIAL,
    TRIAL_COLUMNS,
    TidyTable,
    epochs_table,
    replicates_table,
    trials_table,
)
from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder

_TYPES = {
    **dict.fromkeys(("attempt", "seed", "last_epoch", "replicates", "complete"), "Int64"),
    **dict.fromkeys(("status", "reason", "origin"), "string"),
}


class OpenedSession:
    """A session's results as they stood on the disk when it was opened, in three frames that agree."""

    def __init__(self, folder: SessionFolder) -> None:
        self.name = folder.name
        self._snapshot = read_session(folder)

    @cached_property
    def trials(self) -> pd.DataFrame:
        """One row a trial, by its number: values, status, how many replicates, mean and sd of each metric."""
        return _frame(trials_table(self._snapshot), TRIAL_COLUMNS, TRIAL)

    @cached_property
    def replicates(self) -> pd.DataFrame:
        """One row a training, by trial and replicate, with the metrics of its last epoch."""
        return _frame(replicates_table(self._snapshot), REPLICATE_COLUMNS, TRIAL, "replicate")

    @cached_property
    def epochs(self) -> pd.DataFrame:
        """One row an epoch, by trial, replicate and epoch; ``seconds`` is the epoch's own time."""
        return _frame(epochs_table(self._snapshot), EPOCH_COLUMNS, TRIAL, "replicate", "epoch")

    def __repr__(self) -> str:
        counts = ", ".join(f"{count:,} {status}" for status, count in self._snapshot.counts.items() if count)
        return f"<session {self.name}: {len(self._snapshot.spec.grid):,} trials; trainings: {counts}>"


def _frame(table: TidyTable, fixed: tuple[str, ...], *index: str) -> pd.DataFrame:
    """Return the table by its ``index``; what stands to the right of its ``fixed`` columns is metrics."""
    metrics = table.columns[table.columns.index(fixed[-1]) + 1 :]
    types = {name: kind for name, kind in _TYPES.items() if name in fixed}
    types |= dict.fromkeys(metrics, "float64") | dict.fromkeys(index, "int64")
    return pd.DataFrame(list(table.rows), columns=list(table.columns)).astype(types).set_index(list(index))
