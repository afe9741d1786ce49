"""The curves view: the chosen metric by epoch and, where there is room, its companion: loss beside accuracy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hpo_core.plan.metrics import PARAMETERS, known_metric
from hpo_core.results.measure import Measure, measure_of
from hpo_core.session.snapshot import Snapshot
from hpo_core.text import clean, format_value
from hpo_tui.desk.desk import Desk
from hpo_tui.desk.table_in_view import Table
from hpo_tui.look.inks import CATEGORIES, DIM
from hpo_tui.look.numbers import metric_text
from hpo_tui.plots.canvas import sentence, shorten
from hpo_tui.plots.curve_plot import Curve, curves
from hpo_tui.plots.rows import Row
from hpo_tui.views.trials import empty_words, named_trial
from hpo_tui.views.view import View

NO_CURVE = "A model has as many parameters at every epoch: there is no curve; m shows another metric."
ONE_POINT = "Every training here is known by one epoch only, so there is no curve to follow."
LONGEST = 16
"""Cells that a value has in a trial's name: the other values must be seen too."""
WHOLE = 3
"""So many trials at most are all drawn with their replicates."""
TWO_FROM = 24
"""From this height on there is room for two plots under each other."""


class Curves(View):
    """The metric by epoch."""

    name = "curves"
    title = "curves"
    letter = "c"
    shows = "the metric of each training, epoch by epoch"
    places = ("trials",)
    kind = "curves"

    def rows(self, desk: Desk, width: int, height: int) -> Sequence[Row]:
        """Return the curves of the trial under the cursor and of the best ones, each in its colour.

        The replicates are those of the trial under the cursor, or of all where they are few.
        """
        table, chosen = desk.table, trials_drawn(desk)
        measures = [table.measure]
        other = companion(desk.snapshot, table.measure)
        if other is not None and height >= TWO_FROM:
            measures.append(other)
        if chosen and not has_curves(desk.snapshot):
            return sentence(ONE_POINT, width, height, desk.ascii_only, DIM).rows
        empty = NO_CURVE if table.measure.metric == PARAMETERS and table.measure.cost else empty_words(table)
        rows: list[Row] = []
        left = height
        for number, measure in enumerate(measures):
            share = left // (len(measures) - number)
            drawn = [
                curve_of(desk.snapshot, table, measure, trial, place == 0 or len(chosen) <= WHOLE)
                for place, trial in enumerate(chosen)
            ]
            rows += curves(drawn, clean(measure.metric), width, share, ascii=desk.ascii_only, empty=empty).rows
            left -= share
        return rows

    def sentences(self, desk: Desk) -> list[str]:
        """Say where each curve begins and ends."""
        table, snapshot = desk.table, desk.snapshot
        if not has_curves(snapshot):
            return [ONE_POINT]
        lines = [f"Curves of {clean(table.metric)} by epoch, mean over replicates."]
        for trial in trials_drawn(desk):
            runs = [[table.measure.at(epoch) for epoch in entry.epochs] for entry in snapshot.replicates_of(trial)]
            ends = [
                (run[0], run[-1], len(run)) for run in runs if run and run[0] is not None and run[-1] is not None
            ]
            if ends:
                first, last = (float(np.mean([end[place] for end in ends])) for place in (0, 1))
                epochs = max(end[2] for end in ends)
                lines.append(
                    f"{named_trial(table, trial)}: {metric_text(first)} after epoch 1, "
                    f"{metric_text(last)} after epoch {epochs}."
                )
        return lines


def has_curves(snapshot: Snapshot) -> bool:
    """Whether any training has more epochs than one, or may come to have."""
    if not snapshot.finished:
        return True
    return any(len(entry.epochs) > 1 for entry in snapshot.replicates.values())


def trials_drawn(desk: Desk) -> list[int]:
    """Return the trials that are drawn: that under the cursor, then the best, as many as there are colours."""
    best = (desk.table.ranked[: CATEGORIES + 1] + 1).tolist()
    first = [desk.trial] if desk.trial is not None else []
    return (first + [trial for trial in best if trial not in first])[:CATEGORIES]


def companion(snapshot: Snapshot, measure: Measure) -> Measure | None:
    """Return the loss of an accuracy, or the accuracy of a loss, on the same data, if the session has it."""
    known = known_metric(measure.metric)
    if known is None or not known.beside or not measure.metric.endswith(known.name):
        return None
    other = measure.metric.removesuffix(known.name) + known.beside
    return measure_of(snapshot, other, measure.epoch) if other in snapshot.metrics else None


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
