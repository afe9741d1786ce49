"""The results as they are looked at: the one table, by one measure, with what the trim leaves in view."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hpo_core.plan.grid import Grid, Hyperparameter
from hpo_core.plan.metrics import Direction
from hpo_core.results.in_view import hidden_values, kept_trials, with_values
from hpo_core.results.levels import Levels, levels_of
from hpo_core.results.loss_groups import apart_words, loss_columns, losses_apart
from hpo_core.results.measure import Measure
from hpo_core.results.table import ResultsTable, standing, table_of
from hpo_core.results.trim import Trim
from hpo_core.session.snapshot import Snapshot


class Table(Struct, frozen=True, eq=False, dict=True):
    """Row i is trial i + 1, of the whole session: ``results`` by ``measure``.

    ``hidden`` (a row of booleans for each hyperparameter's values) is the trim of values, ``kept`` what trials
    dropped by themselves and the filter line leave, and ``in_view`` what all of them leave; ``collapsed`` are the
    trials with a collapsed training. ``within`` is the number of each trial's loss where those in view are only
    compared within it, and ``apart`` the sentence that says so; None and empty where all compare.
    """

    results: ResultsTable
    measure: Measure
    hidden: tuple[NDArray[np.bool_], ...]
    kept: NDArray[np.bool_]
    in_view: NDArray[np.bool_]
    collapsed: frozenset[int] = frozenset()
    within: NDArray[np.int64] | None = None
    apart: str = ""

    @property
    def grid(self) -> Grid:
        """The trials."""
        return self.results.spec.grid

    @property
    def factors(self) -> Sequence[Hyperparameter]:
        """The hyperparameters of the grid."""
        return self.grid.hyperparameters

    @property
    def codes(self) -> NDArray[np.int32]:
        """Trials × hyperparameters: value indices."""
        return self.grid.codes

    @property
    def levels(self) -> tuple[Levels, ...]:
        """The lines in which each hyperparameter's values are shown."""
        return levels_of(self.grid)

    def lines_out(self, factor: int) -> NDArray[np.bool_]:
        """Return which lines of a hyperparameter are out of view."""
        return self.levels[factor].within(self.hidden[factor])

    @property
    def metric(self) -> str:
        """The name of what is measured."""
        return self.measure.metric

    @property
    def better(self) -> Direction:
        """Which way it improves."""
        return self.measure.better

    @property
    def scores(self) -> NDArray[np.float64]:
        """The mean of the measure over the finished replicates, NaN where there is none."""
        return self.results.scores(self.measure).mean

    @property
    def sds(self) -> NDArray[np.float64]:
        """Their sample standard deviation, NaN where there are fewer than two."""
        return self.results.scores(self.measure).sd

    @property
    def finished(self) -> NDArray[np.int64]:
        """How many they are."""
        return self.results.scores(self.measure).n

    @cached_property
    def stands(self) -> NDArray[np.float64]:
        """How each trial in view stands, the less the better: by its score, or by its place within its loss."""
        scores = np.where(self.in_view, self.scores, np.nan)
        return standing(scores, self.better, self.within)

    @cached_property
    def ranked(self) -> NDArray[np.int64]:
        """The rows of the trials in view, the best first (of each loss, where they are not compared)."""
        rows = np.flatnonzero(self.in_view)
        return rows[np.argsort(self.stands[rows], kind="stable")]

    @cached_property
    def loss_columns(self) -> tuple[int, ...]:
        """The hyperparameters by which the trials in view are not compared: () where all compare."""
        return loss_columns(self.grid, self.measure, self.in_view)

    def mixes_losses(self, *shown: int, by: Measure | None = None) -> bool:
        """Whether a line of these hyperparameters holds several losses, by a metric that does not compare them.

        That is the one that is measured, or another ``by`` which the same trials are seen.
        """
        apart = self.loss_columns if by is None else loss_columns(self.grid, by, self.in_view)
        among = [column for column in apart if column in shown and not self.levels[column].gathered]
        return len(among) < len(apart)

    @property
    def failed(self) -> NDArray[np.int64]:
        """How many replicates failed or diverged."""
        return self.results.failed

    @cached_property
    def trainings(self) -> NDArray[np.int64]:
        """The rows of the trainings that count, of the trials in view."""
        return self._trainings_of(self.in_view)

    def trainings_without(self, factor: int) -> NDArray[np.int64]:
        """Return the same when the trim of one hyperparameter is left out of account."""
        return self._trainings_of(self.seen_without(factor)) if self.hidden[factor].any() else self.trainings

    def _trainings_of(self, seen: NDArray[np.bool_]) -> NDArray[np.int64]:
        return np.flatnonzero(self.results.counted(self.measure) & seen[self.results.trial - 1])

    def seen_without(self, factor: int) -> NDArray[np.bool_]:
        """Return which trials are in view when the trim of one hyperparameter is left out of account."""
        if not self.hidden[factor].any():
            return self.in_view
        others = (np.zeros_like(out) if column == factor else out for column, out in enumerate(self.hidden))
        return with_values(self.grid, tuple(others), self.kept)


def build_table(
    snapshot: Snapshot, trim: Trim, measure: Measure, collapsed: frozenset[int] = frozenset()
) -> Table:
    """Return a snapshot's results as a trim, its filter line included, leaves them. Raises ``FilterError``."""
    hidden, kept = hidden_values(snapshot.spec.grid, trim), kept_trials(snapshot, trim)
    seen = with_values(snapshot.spec.grid, hidden, kept)
    within, apart = losses_apart(snapshot.spec.grid, measure, seen), apart_words(snapshot, measure, seen)
    return Table(table_of(snapshot), measure, hidden, kept, seen, collapsed, within, apart)
