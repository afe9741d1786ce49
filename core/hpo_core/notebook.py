"""A session in a notebook: ``hpo_core.open_session("paper").trials`` is a pandas frame.

The columns are those of ``results.tidy``. Whole numbers that may be missing are ``Int64``, what is said in words
(status, reason, origin) is ``string``, a metric is a float, NaN where there is none; a hyperparameter has the type
of its values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

import numpy as np
import pandas as pd

from hpo_core.effects.words import sentences
from hpo_core.errors import FilterError
from hpo_core.plan.hyperparameters import Value
from hpo_core.results.analysis import analyse_session
from hpo_core.results.in_view import in_view
from hpo_core.results.measure import Which, measure_of, metrics_of
from hpo_core.results.tidy import (
    EPOCH_COLUMNS,
    REPLICATE_COLUMNS,
    TRIAL,
    TRIAL_COLUMNS,
    Bools,
    TidyTable,
    epochs_table,
    replicates_table,
    trials_table,
)
from hpo_core.results.trim import Trim, match_value
from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder
from hpo_core.text import clean, did_you_mean

_TYPES = {
    **dict.fromkeys(("attempt", "seed", "last_epoch", "replicates", "complete"), "Int64"),
    **dict.fromkeys(("status", "reason", "origin"), "string"),
}


class OpenedSession:
    """A session's results as they stood on the disk when it was opened, in three frames that agree.

    ``trim`` gives the same session with less in view; nothing of it is ever written.
    """

    def __init__(self, folder: SessionFolder) -> None:
        self.name = folder.name
        self._snapshot = read_session(folder)
        self._trim = Trim()

    @property
    def _seen(self) -> Bools | None:
        return in_view(self._snapshot, self._trim) if self._trim.hidden or self._trim.where else None

    @cached_property
    def trials(self) -> pd.DataFrame:
        """One row a trial, by its number: values, status, how many replicates, mean and sd of each metric."""
        return _frame(trials_table(self._snapshot, self._seen), TRIAL_COLUMNS, TRIAL)

    @cached_property
    def replicates(self) -> pd.DataFrame:
        """One row a training, by trial and replicate, with the metrics of its last epoch."""
        return _frame(replicates_table(self._snapshot, self._seen), REPLICATE_COLUMNS, TRIAL, "replicate")

    @cached_property
    def epochs(self) -> pd.DataFrame:
        """One row an epoch, by trial, replicate and epoch; ``seconds`` is the epoch's own time."""
        return _frame(epochs_table(self._snapshot, self._seen), EPOCH_COLUMNS, TRIAL, "replicate", "epoch")

    def trim(
        self,
        where: str = "",
        hide: Mapping[str, Value | Iterable[Value]] | None = None,
        **values: Value | Iterable[Value],
    ) -> OpenedSession:
        """Return the session with less in view: ``s.trim("filters > 12", loss="poisson", filters=[12, 24])``.

        ``where`` is a filter line that the trials left satisfy; the values that are named are taken out, those of
        a hyperparameter whose name is no Python word with ``hide``. Raises ``FilterError``.
        """
        trim, grid = self._trim, self._snapshot.spec.grid
        for name, out in {**(hide or {}), **values}.items():
            factor = next((factor for factor in grid.hyperparameters if factor.name == name), None)
            if factor is None:
                hint = did_you_mean(name, grid.names, f"they are {', '.join(clean(n, 40) for n in grid.names)}.")
                raise FilterError(f"no hyperparameter is called {clean(name, 60)!r}; {hint}")
            several = [out] if isinstance(out, (str, int, float)) else list(out)
            trim = trim.hide(name, *(match_value(factor, str(value)) for value in several))
        if where:
            trim = trim.filtered(" and ".join(f"({line})" for line in (trim.where, where) if line))
        less = OpenedSession.__new__(OpenedSession)
        less.name, less._snapshot, less._trim = self.name, self._snapshot, trim
        if not np.any(in_view(less._snapshot, trim)):
            raise FilterError("nothing is left in view by this trim.")
        return less

    def effects(self, metric: str | None = None, epoch: Which = "last", interactions: int = 2) -> pd.DataFrame:
        """Return what matters for a metric (else the objective), one row a hyperparameter or interaction.

        ``share`` is the share of the variance (omega²; eta² where the noise is not known), ``p`` is corrected by
        Holm for all. The findings in words are in the frame's ``attrs["sentences"]``. Raises ``FilterError``.
        """
        known = metrics_of(self._snapshot)
        if metric is not None and metric not in known:
            there = ", ".join(clean(name, 40) for name in known)
            raise FilterError(f"metric {clean(metric, 60)!r}: the session has {there}.")
        measure = measure_of(self._snapshot, metric or self._snapshot.spec.objective.metric, epoch)
        found = analyse_session(self._snapshot, measure, self._seen, interactions=interactions)
        frame = pd.DataFrame(
            {
                "verdict": pd.array([line.verdict for line in found.effects], dtype="string"),
                "share": [line.omega_sq if found.noise.known else line.eta_sq for line in found.effects],
                "df": pd.array([line.df for line in found.effects], dtype="int64"),
                "F": [line.f for line in found.effects],
                "p": [line.p_adjusted for line in found.effects],
            },
            index=pd.Index([" × ".join(line.factors) for line in found.effects], name="effect"),
        )
        frame.attrs["sentences"] = sentences(found)
        return frame

    def __repr__(self) -> str:
        counts = ", ".join(f"{count:,} {status}" for status, count in self._snapshot.counts.items() if count)
        return f"<session {self.name}: {len(self._snapshot.spec.grid):,} trials; trainings: {counts}>"


def _frame(table: TidyTable, fixed: tuple[str, ...], *index: str) -> pd.DataFrame:
    """Return the table by its ``index``; what stands to the right of its ``fixed`` columns is metrics."""
    metrics = table.columns[table.columns.index(fixed[-1]) + 1 :]
    types = {name: kind for name, kind in _TYPES.items() if name in fixed}
    types |= dict.fromkeys(metrics, "float64") | dict.fromkeys(index, "int64")
    return pd.DataFrame(list(table.rows), columns=list(table.columns)).astype(types).set_index(list(index))
