"""The curves view: the chosen metric by epoch and, where there is room, its companion: loss beside accuracy."""

from __future__ import annotations

import numpy as np

from hpo_core.results.measure import PARAMETERS, Measure, measure_of
from hpo_core.session.snapshot import Snapshot
from hpo_core.text import clean, format_value
from hpo_tui.desk.follower import Update
from hpo_tui.desk.table import Table
from hpo_tui.desk.view_state import ViewState
from hpo_tui.look.inks import CATEGORIES, DIM
from hpo_tui.plots.canvas import sentence, shorten
from hpo_tui.plots.curve_plot import Curve, curves
from hpo_tui.plots.picture import Picture
from hpo_tui.plots.rows import Row
from hpo_tui.views.empty import empty_words
from hpo_tui.views.ranking import ranked_rows, selected_trial

NO_CURVE = "A model has as many parameters at every epoch: there is no curve; m shows another metric."
ONE_POINT = "Every training here is known by one epoch only, so there is no curve to follow."
LONGEST = 16
"""Cells that a value has in a trial's name: the other values must be seen too."""
WHOLE = 3
"""So many trials at most are all drawn with their replicates."""
TWO_FROM = 24
"""From this height on there is room for two plots under each other."""


def curves_picture(
    update: Update, table: Table, state: ViewState, width: int, height: int, plain: bool = False
) -> Picture:
    """Return the metric by epoch of the trial under the cursor and of the best ones, each in its colour.

    The replicates are those of the trial under the cursor, or of all where they are few.
    """
    chosen, measures = curve_trials(table, state), [table.measure]
    other = companion(update.snapshot, table.measure)
    if other is not None and height >= TWO_FROM:
        measures.append(other)
    if chosen and not has_curves(update.snapshot):
        return sentence(ONE_POINT, width, height, plain, DIM)
    empty = NO_CURVE if table.measure.metric == PARAMETERS and table.measure.cost else empty_words(table)
    rows: list[Row] = []
    left = height
    for number, measure in enumerate(measures):
        share = left // (len(measures) - number)
        drawn = [
            curve_of(update.snapshot, table, measure, trial, place == 0 or len(chosen) <= WHOLE)
            for place, trial in enumerate(chosen)
        ]
        rows += curves(drawn, clean(measure.metric), width, share, ascii=plain, empty=empty).rows
        left -= share
    return Picture(width, height, tuple(rows))


def has_curves(snapshot: Snapshot) -> bool:
    """Whether any training has more epochs than one, or may come to have."""
    if not snapshot.finished:
        return True
    return any(len(entry.epochs) > 1 for entry in snapshot.replicates.values())


def curve_trials(table: Table, state: ViewState) -> list[int]:
    """Return the trials that are drawn: that under the cursor, then the best, as many as there are colours."""
    best = [row + 1 for row in ranked_rows(table, 0)]
    selected = selected_trial(table, state)
    first = [selected] if selected is not None else []
    return (first + [trial for trial in best if trial != selected])[:CATEGORIES]


def companion(snapshot: Snapshot, measure: Measure) -> Measure | None:
    """Return the loss of an accuracy, or the accuracy of a loss, on the same data, if the session has it."""
    name = measure.metric
    pairs = (("loss", "accuracy"), ("accuracy", "loss"))
    others = [name.removesuffix(one) + other for one, other in pairs if name in (one, f"val_{one}")]
    known = not measure.cost and bool(others) and others[0] in snapshot.metrics
    return measure_of(snapshot, others[0], measure.epoch) if known else None


def curve_of(snapshot: Snapshot, table: Table, measure: Measure, trial: int, whole: bool) -> Curve:
    """Return a trial's curve: its values as the name, a line for each replicate."""
    name = " · ".join(shorten(format_value(value), LONGEST) for value in table.grid[trial].values.values())
    lines = []
    for entry in snapshot.replicates_of(trial):
        values = np.full(entry.epochs[-1].number if entry.epochs else 0, np.nan)
        for epoch in entry.epochs:
            found = measure.at(epoch)
            values[epoch.number - 1] = np.nan if found is None else found
        lines.append(values)
    return Curve(name, tuple(lines), whole)
