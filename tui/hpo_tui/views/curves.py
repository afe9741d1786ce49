"""The curves view: the chosen metric by epoch and, where there is room, its companion: loss beside accuracy.

Of single trials, or the mean of each value of a hyperparameter: epochs against learning rate.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace

from hpo_core.plan.metrics import PARAMETERS, known_metric
from hpo_core.results.by_epoch import ByEpoch, about_shorter, by_epoch, curve_of
from hpo_core.results.measure import Measure, measure_of
from hpo_core.session.snapshot import Snapshot
from hpo_core.text import clean, format_value
from hpo_tui.desk.desk import Desk
from hpo_tui.desk.table_in_view import Table
from hpo_tui.desk.view_changes import shown_axes
from hpo_tui.desk.view_state import ViewState
from hpo_tui.look.inks import CATEGORIES, DIM
from hpo_tui.look.numbers import metric_text
from hpo_tui.plots.canvas import sentence, shorten
from hpo_tui.plots.curve_plot import Curve, curves
from hpo_tui.plots.rows import Row
from hpo_tui.views.trials import empty_words, named_trial
from hpo_tui.views.view import View

NO_CURVE = "A model has as many parameters at every epoch: there is no curve; m shows another metric."
ONE_POINT = "Every training here is known by one epoch only, so there is no curve to follow."
ONE_LOSS = "With the loss on the first axis (X on it), or one loss alone in view (o on it), there are curves."
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
        by = desk.state.by_value
        if by:
            measures = [one for one in measures if not table.mixes_losses(_axis(desk), by=one)]
            if not measures:
                return sentence(f"{table.apart} {ONE_LOSS}", width, height, desk.ascii_only).rows
        empty = NO_CURVE if table.measure.metric == PARAMETERS and table.measure.cost else empty_words(table)
        rows: list[Row] = []
        left = height
        for number, measure in enumerate(measures):
            share = left // (len(measures) - number)
            name = clean(measure.metric)
            if by:
                name = f"{name} by {_axis_name(desk)}"
                drawn = [curve for _, curve in _of_values(desk, measure)]
            else:
                drawn = [
                    _of_trial(desk.snapshot, table, measure, trial, place == 0 or len(chosen) <= WHOLE)
                    for place, trial in enumerate(chosen)
                ]
            rows += curves(drawn, name, width, share, ascii=desk.ascii_only, empty=empty).rows
            left -= share
        return rows

    def sentences(self, desk: Desk) -> list[str]:
        """Say where each curve begins and ends."""
        table, snapshot = desk.table, desk.snapshot
        if not has_curves(snapshot):
            return [ONE_POINT]
        if desk.state.by_value:
            return [ONE_LOSS] if table.mixes_losses(_axis(desk)) else _said_by_value(desk)
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

    def edge(self, desk: Desk, room: int) -> str:
        """Say what the epochs of values tell of shorter trainings."""
        if not desk.state.by_value or not desk.table.in_view.any():
            return super().edge(desk, room)
        whole, short = _shorter(desk)
        return next((said for said in (whole, short) if len(said) <= room), "")

    def other_form(self, desk: Desk) -> ViewState:
        """Draw the mean of each value instead of single trials, or trials again."""
        return replace(desk.state, by_value=not desk.state.by_value)


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


def _of_trial(snapshot: Snapshot, table: Table, measure: Measure, trial: int, whole: bool) -> Curve:
    """Return a trial's curve: its values as the name, a line for each replicate."""
    name = " · ".join(shorten(format_value(value), LONGEST) for value in table.grid[trial].values.values())
    return Curve(name, tuple(curve_of(entry, measure) for entry in snapshot.replicates_of(trial)), whole)


# By value ----------------------------------------------------------------------------------------------------


def _axis(desk: Desk) -> int:
    """Return the hyperparameter whose values are compared, in the lines of the values pane."""
    return shown_axes(desk.state, len(desk.table.factors))[0]


def _axis_name(desk: Desk) -> str:
    return clean(desk.table.factors[_axis(desk)].name, 30)


def _by_value(desk: Desk, measure: Measure) -> ByEpoch:
    table, axis = desk.table, _axis(desk)
    levels = table.levels[axis]

    def found() -> ByEpoch:
        of = levels.of[table.codes[:, axis]]
        return by_epoch(table.results, measure, table.trainings, of, len(levels.groups))

    return desk.once_for_table(("by epoch", measure, axis), found)


def _of_values(desk: Desk, measure: Measure) -> list[tuple[str, Curve]]:
    """Return the label and the curve of each value that has one, as many as there are colours."""
    found, levels = _by_value(desk, measure), desk.table.levels[_axis(desk)]
    return [
        (label, Curve(f"{shorten(label, LONGEST)}  n {count}", (means,)))
        for label, means, count in zip(levels.labels, found.means, found.n.tolist(), strict=True)
        if count
    ][:CATEGORIES]


def _shorter(desk: Desk) -> tuple[str, str]:
    found = _by_value(desk, desk.table.measure)
    return about_shorter(desk.snapshot.spec, np.unique(desk.table.results.trial[found.rows]))


def _said_by_value(desk: Desk) -> list[str]:
    """Say what each value had come to after a few epochs, each twice the one before, and after the last."""
    table, name = desk.table, _axis_name(desk)
    curves = _of_values(desk, table.measure)
    epochs = max((len(curve.replicates[0]) for _, curve in curves), default=0)
    if not epochs:
        return []
    lines = [f"Mean {clean(table.metric)} of each {name} after so many epochs. {_shorter(desk)[0]}"]
    for epoch in sorted({epochs, *(2**power for power in range(epochs.bit_length()))}):
        known = [(label, float(curve.replicates[0][epoch - 1])) for label, curve in curves]
        said = "; ".join(f"{label} {metric_text(mean)}" for label, mean in known if mean == mean)
        lines.append(f"Epoch {epoch}: {said}.")
    return lines
