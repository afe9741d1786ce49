"""The desk: the facts of one moment, a session's update as a person looks at it. Views and panes are given it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import cached_property
from typing import TypeVar, cast

import numpy as np

from hpo_core.effects import Effects
from hpo_core.effects.answer import Part, SoFar, answer
from hpo_core.errors import FilterError
from hpo_core.plan.grid import JobKey
from hpo_core.results.measure import Measure, measure_of
from hpo_core.results.trim import Cut
from hpo_core.session.snapshot import Snapshot, session_status
from hpo_tui.desk.analyst import NOTHING, Analyst, Findings, Look, Whole
from hpo_tui.desk.follower import Update
from hpo_tui.desk.order import Rows, ranked_rows
from hpo_tui.desk.table_in_view import Table, build_table
from hpo_tui.desk.view_state import ViewState
from hpo_tui.look.keys import Key

Made = TypeVar("Made")

_Basis = tuple[Measure, Cut, frozenset[JobKey]]
"""What a table depends on beside the results: what is measured, what is out of view, which trainings collapsed."""


class Desk:
    """Everything that follows from an update and a view state, worked out when it is asked for, and once.

    It takes the table over from the desk ``before`` it, unless the results or what is in view have changed since.
    """

    def __init__(
        self,
        name: str,
        update: Update,
        state: ViewState,
        keys: tuple[Key, ...] = (),
        analyst: Analyst | None = None,
        ascii_only: bool = False,
        colourless: bool = False,
        before: Desk | None = None,
    ) -> None:
        self.name = name
        self.update = update
        self.state = state
        self.keys = keys
        self.analyst = analyst
        self.ascii_only = ascii_only
        self.colourless = colourless
        self._tabled: tuple[Snapshot, _Basis, Table] | None = before._tabled if before is not None else None
        self._of_table: tuple[Table, dict[Hashable, object]] | None = (
            before._of_table if before is not None else None
        )
        self._made: dict[Hashable, object] = {}

    def once(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """Return what ``make`` returns, which is called the first time that something asks under this key."""
        if key not in self._made:
            self._made[key] = make()
        return cast(Made, self._made[key])

    def once_for_table(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """Return what ``make`` returns, called once for all desks that have this table."""
        if self._of_table is None or self._of_table[0] is not self.table:
            self._of_table = self.table, {}
        kept = self._of_table[1]
        if key not in kept:
            kept[key] = make()
        return cast(Made, kept[key])

    @property
    def snapshot(self) -> Snapshot:
        """The session."""
        return self.update.snapshot

    @cached_property
    def measure(self) -> Measure:
        """What is shown: the metric chosen if the session has it, else the objective's, and at which epoch."""
        measure = measure_of(self.snapshot, self.state.metric, self.state.epoch)
        return measure.without(self.whole.collapsed) if self.state.without_collapsed else measure

    @cached_property
    def table(self) -> Table:
        """The trials as arrays."""
        basis = (self.measure, self.state.trim.cut, self.whole.collapsed)
        if self._tabled is None or self._tabled[0] is not self.snapshot or self._tabled[1] != basis:
            collapsed, trim = frozenset(key.trial for key in self.whole.collapsed), self.state.trim
            try:
                table = build_table(self.snapshot, trim, self.measure, collapsed)
            except FilterError:  # a filter line that was saved and does not fit any more takes nothing out
                table = build_table(self.snapshot, trim.filtered(""), self.measure, collapsed)
            self._tabled = self.snapshot, basis, table
        return self._tabled[2]

    # The trials in view ---------------------------------------------------------------------------------------

    @cached_property
    def order(self) -> Rows:
        """The numbers of the trials in view, in the order of the ranking."""
        by = self.state.sort, self.state.backwards
        return self.once_for_table(("order", *by), lambda: ranked_rows(self.table, *by) + 1)

    @property
    def trial(self) -> int | None:
        """The trial under the view's cursor, if it is in view."""
        trial, seen = self.state.trial, self.table.in_view
        return trial if trial is not None and trial <= len(seen) and seen[trial - 1] else None

    def trials_shown(self) -> list[int]:
        """The numbers of the trials in view."""
        return [int(row) + 1 for row in np.flatnonzero(self.table.in_view)]

    def worse_trials(self) -> list[int] | None:
        """The trials in view whose score is worse than that of the trial under the cursor, or None without one."""
        if self.trial is None:
            return None
        stands, within = self.table.stands, self.table.within
        worse = self.table.in_view & np.isfinite(stands) & (stands > stands[self.trial - 1])
        if within is not None:
            worse &= within == within[self.trial - 1]
        return [int(row) + 1 for row in np.flatnonzero(worse)]

    # What the analyst has found -------------------------------------------------------------------------------

    @cached_property
    def whole(self) -> Whole:
        """What the analyst knows of the whole session."""
        return self.analyst.whole if self.analyst is not None else NOTHING

    @cached_property
    def look(self) -> Look:
        """The question for the analyst."""
        return Look.of(self.measure, self.table.in_view, self.state.without_collapsed)

    @cached_property
    def findings(self) -> Findings | None:
        """The analyst's newest answer, which may still be to an earlier question."""
        if self.analyst is None or self.update.read < 1:  # of a part of the journal nothing is told
            return None
        return self.analyst.ask(self.snapshot, self.look)

    @property
    def effects(self) -> Effects | None:
        """What matters in what is looked at now; None until that is worked out."""
        found = self.findings
        return found.effects if found is not None and found.look == self.look else None

    @property
    def by_objective(self) -> Effects | None:
        """The same where it is by the objective, which the best trial and the next grid are chosen by."""
        found = self.effects
        return found if found is not None and found.role == "objective" else None

    @cached_property
    def answer(self) -> tuple[Part, ...]:
        """The answer by the analyst's newest findings, which may still be to an earlier question."""
        snapshot, found = self.snapshot, self.findings
        goes_on = session_status(snapshot, self.update.engine_alive) == "training"
        so_far = SoFar(snapshot.ended, snapshot.trainings, goes_on, snapshot.spec.trainable)
        return answer(found.effects if found is not None else None, so_far)

    @cached_property
    def collapsed(self) -> int:
        """How many trainings of the trials in view have collapsed."""
        return sum(bool(self.table.in_view[key.trial - 1]) for key in self.whole.collapsed)
