"""What a click means: a value is toggled; the cursor goes to the trial, or to the job, that was clicked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hpo_tui.desk import view_changes as moves
from hpo_tui.desk.view_state import ViewState
from hpo_tui.panes.desk import Desk, tab_at
from hpo_tui.panes.queue_pane import QueueList, jobs_shown
from hpo_tui.plots.scatter_plot import point_at
from hpo_tui.views.pictures import metric_of, scatter_look, trials_in_view
from hpo_tui.views.ranking import ranks_shown

Cells = tuple[int, int]
"""Columns and lines: a place in a pane (0-based), or the pane's size."""


TITLE_INSET = 2
"""Columns of a pane's content that lie left of its title."""


def clicked(desk: Desk, pane: str | None, place: Cells, size: Cells) -> ViewState:
    """Return the view state after a click at ``place`` in a pane of ``size``; the same if nothing stands there."""
    state = desk.state
    if pane == "values":
        value = desk.value_at(*size, place[1])
        return state if value is None else moves.toggle_at(state, desk.table.factors, value)
    if pane == "queue":
        lines = jobs_shown(state.job, len(QueueList(desk.snapshot)), size[1])
        return replace(state, job=lines[place[1]]) if 0 <= place[1] < len(lines) else state
    if pane == "view" and place[1] < 0:
        view = tab_at(state.view, place[0] - TITLE_INSET, size[0] - 2)
        return state if view is None else replace(state, view=view)
    if pane == "view":
        trial = _trial_at(desk, place, size)
        return state if trial is None else replace(state, trial=trial)
    return state


def _trial_at(desk: Desk, place: Cells, size: Cells) -> int | None:
    """Return the trial that was clicked, in the scatter or in the ranking."""
    state, table, order = desk.state, desk.table, desk.order
    if state.view == "ranking" and order:
        ranks = ranks_shown(order, desk.trial, size[1])
        line = place[1] - 1  # below the heading
        return order[ranks[line]] if 0 <= line < len(ranks) else None
    if state.view == "scatter" and order:
        point = point_at(trials_in_view(table), metric_of(table), *size, scatter_look(table, state), place)
        return int(np.flatnonzero(table.in_view)[point]) + 1 if point is not None else None
    return None
