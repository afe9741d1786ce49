"""The pictures of the views: the table of trials, as it is looked at, handed to the plots."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

import numpy as np

from hpo_core.session.snapshot import Snapshot
from hpo_core.text import clean, format_value
from hpo_tui.desk import view_changes as moves
from hpo_tui.desk.follower import Update
from hpo_tui.desk.table import Table
from hpo_tui.desk.view_changes import shown_axes, view_of
from hpo_tui.desk.view_state import ViewState
from hpo_tui.plots.data import Axis, Metric, Trials, trials
from hpo_tui.plots.heatmap_plot import heatmap
from hpo_tui.plots.histogram_plot import Layout, histogram
from hpo_tui.plots.parallel_numbers import METRIC
from hpo_tui.plots.parallel_plot import parallel
from hpo_tui.plots.picture import Picture
from hpo_tui.plots.scatter_numbers import ScatterLook
from hpo_tui.plots.scatter_plot import scatter
from hpo_tui.views.curve_pictures import curves_picture
from hpo_tui.views.empty import empty_words
from hpo_tui.views.machine import machine_rows
from hpo_tui.views.ranking import ranking_rows, selected_trial


class Drawer(Protocol):
    """Draws one view in ``width`` × ``height`` cells; ``plain`` uses ASCII alone."""

    def __call__(
        self, update: Update, table: Table, state: ViewState, width: int, height: int, plain: bool = False
    ) -> Picture:
        """Return the picture."""
        ...


def axes_of(table: Table, in_view_only: bool = True) -> tuple[Axis, ...]:
    """Return the hyperparameters as axes: the values in view, or all of them."""
    made = []
    for factor, hidden in zip(table.factors, table.hidden, strict=True):
        values = [value for value, out in zip(factor.values, hidden, strict=True) if not (out and in_view_only)]
        numeric = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values)
        positions = tuple(float(value) for value in values) if numeric else None
        made.append(Axis(clean(factor.name), tuple(format_value(value) for value in values), positions))
    return tuple(made)


def trials_in_view(table: Table, state: ViewState | None = None) -> Trials:
    """Return the trials in view with their codes counted over the values in view, that under the cursor marked."""
    rows = table.in_view
    codes = table.codes[rows].astype(np.int64)
    for column, hidden in enumerate(table.hidden):
        place = np.cumsum(~hidden) - 1
        codes[:, column] = place[codes[:, column]]
    scores = table.scores[rows]
    failed = (table.failed[rows] > 0) & ~np.isfinite(scores)
    selected = selected_trial(table, state) if state is not None else None
    highlight = int(np.count_nonzero(rows[: selected - 1])) if selected is not None else None
    collapsed = np.isin(np.flatnonzero(rows) + 1, list(table.collapsed))
    return trials(axes_of(table), codes, scores, failed, highlight, collapsed)


def metric_of(table: Table) -> Metric:
    """Return the metric that colours the pictures."""
    return Metric(clean(table.metric), table.better)


def scatter_look(table: Table, state: ViewState) -> ScatterLook:
    """Return which axes the scatter shows, and from where."""
    shown = shown_axes(state, len(table.factors))
    spacing = tuple("log" if state.log_axes else "ordinal" for _ in shown)
    return ScatterLook(shown, spacing, view_of(state, table.factors))  # type: ignore[arg-type]


def scatter_picture(
    update: Update, table: Table, state: ViewState, width: int, height: int, plain: bool = False
) -> Picture:
    """Return the scatter projection of the trials in view."""
    look = scatter_look(table, state)
    seen, empty = trials_in_view(table, state), empty_words(table)
    return scatter(seen, metric_of(table), width, height, look, ascii=plain, empty=empty)


def ranking_picture(
    update: Update, table: Table, state: ViewState, width: int, height: int, plain: bool = False
) -> Picture:
    """Return the ranking as a picture."""
    rows = ranking_rows(update.snapshot, table, state, width, height)
    return Picture(width, height, tuple(rows))


def histogram_picture(
    update: Update,
    table: Table,
    state: ViewState,
    width: int,
    height: int,
    plain: bool = False,
    headed: bool = True,
) -> Picture:
    """Return the histograms of every finished training in view, one panel for each hyperparameter."""
    layout: Layout = "overlay" if state.overlay else "rows"
    return histogram(
        trainings_in_view(update.snapshot, table),
        metric_of(table),
        width,
        height,
        layout,
        bins=state.bins,
        cumulative=state.cumulative,
        headed=headed,
        ascii=plain,
        empty=empty_words(table),
    )


def trainings_in_view(snapshot: Snapshot, table: Table) -> Trials:
    """Return a row for each finished training of the trials in view: the results that histograms count."""
    seen = trials_in_view(table)
    place = np.cumsum(table.in_view) - 1
    rows, scores = [], []
    for key, entry in snapshot.replicates.items():
        value = table.measure.result(entry)
        if value is not None and table.in_view[key.trial - 1]:
            rows.append(int(place[key.trial - 1]))
            scores.append(value)
    return trials(seen.axes, seen.codes[rows], scores)


def heatmap_picture(
    update: Update, table: Table, state: ViewState, width: int, height: int, plain: bool = False
) -> Picture:
    """Return the heat map of the first two axes; the other hyperparameters are averaged."""
    shown = shown_axes(state, len(table.factors))
    up = shown[1] if len(shown) > 1 else None
    seen, empty = trials_in_view(table, state), empty_words(table)
    return heatmap(seen, metric_of(table), width, height, shown[0], up, ascii=plain, empty=empty)


def parallel_picture(
    update: Update, table: Table, state: ViewState, width: int, height: int, plain: bool = False
) -> Picture:
    """Return the parallel coordinates of all trials, those out of view as lines cut where the trim cuts them."""
    axes = axes_of(table, in_view_only=False)
    failed = (table.failed > 0) & ~np.isfinite(table.scores)
    everything = trials(axes, table.codes, table.scores, failed)
    order = (*moves.all_axes(state, len(table.factors)), METRIC)
    hidden = [frozenset(np.flatnonzero(out).tolist()) for out in table.hidden]
    empty = empty_words(table)
    return parallel(everything, metric_of(table), width, height, order, hidden=hidden, ascii=plain, empty=empty)


def machine_picture(
    update: Update, table: Table, state: ViewState, width: int, height: int, plain: bool = False
) -> Picture:
    """Return what the machine is doing."""
    return Picture(width, height, tuple(machine_rows(update, width, height)))


PICTURES: Mapping[str, Drawer] = MappingProxyType(
    {
        "scatter": scatter_picture,
        "heatmap": heatmap_picture,
        "histograms": histogram_picture,
        "curves": curves_picture,
        "parallel": parallel_picture,
        "ranking": ranking_picture,
        "machine": machine_picture,
    }
)
"""The drawer of each view."""
