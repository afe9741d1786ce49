"""The heat map: the mean score of each pair of values of two hyperparameters, over all the others."""

from __future__ import annotations

from collections.abc import Sequence

from hpo_core.text import clean, joined, plural
from hpo_tui.desk.desk import Desk
from hpo_tui.desk.view_changes import shown_axes
from hpo_tui.look.numbers import metric_text
from hpo_tui.plots.canvas import sentence
from hpo_tui.plots.data import Trials
from hpo_tui.plots.heatmap_numbers import gathered, heat_numbers
from hpo_tui.plots.heatmap_plot import heatmap
from hpo_tui.plots.rows import Row
from hpo_tui.views.trials import empty_words, in_lines, metric_of, names_of, trials_in_view
from hpo_tui.views.view import View

SAID_VALUES, RANGES = 60, 12
"""An axis of more values is said in so many ranges."""


class HeatMap(View):
    """Means by two hyperparameters."""

    name = "heatmap"
    title = "heatmap"
    tab = "heat"
    letter = "h"
    shows = "the mean and the spread of each pair of values"
    places = ("trials", "axes")
    kind = "heatmap"

    def rows(self, desk: Desk, width: int, height: int) -> Sequence[Row]:
        """Return the map of the first two axes; the other hyperparameters are averaged."""
        trials, metric, empty = _trials(desk), metric_of(desk.table), empty_words(desk.table)
        if _mixes_losses(desk):
            return sentence(f"{desk.table.apart} {_on_an_axis(desk)}", width, height, desk.ascii_only).rows
        return heatmap(trials, metric, width, height, *_axes(desk), ascii=desk.ascii_only, empty=empty).rows

    def sentences(self, desk: Desk) -> list[str]:
        """Say the mean in every cell, row by row."""
        if _mixes_losses(desk):
            return [_on_an_axis(desk)]
        trials = _trials(desk)
        for axis in _axes(desk):
            trials = gathered(trials, axis, SAID_VALUES, RANGES)
        numbers = heat_numbers(trials, metric_of(desk.table), *_axes(desk))
        every = names_of(desk.table, range(len(desk.table.factors)))
        others = [name for at, name in enumerate(every) if at not in _axes(desk)]
        over = f", mean over {' and '.join(others)}" if others else ""
        across = numbers.across
        lines = [f"Heat map of {across.name} and {numbers.up.name or 'nothing else'}{over}."]
        for row, label in enumerate(numbers.up.labels):
            cells = [
                f"{numbers.across.labels[col]} {metric_text(float(mean))}"
                + (f", {plural(int(numbers.failed[row, col]), 'failure')}" if numbers.failed[row, col] else "")
                for col, mean in enumerate(numbers.mean[row])
            ]
            lines.append(f"{f'{numbers.up.name} {label}' if label else across.name}: {'; '.join(cells)}.")
        return lines


def _trials(desk: Desk) -> Trials:
    return in_lines(desk.table, trials_in_view(desk))


def _mixes_losses(desk: Desk) -> bool:
    """Whether a cell would be the mean over several losses, of a metric that does not compare them."""
    return desk.table.mixes_losses(*(axis for axis in _axes(desk) if axis is not None))


def _on_an_axis(desk: Desk) -> str:
    """Say what would make a map of one loss in each cell."""
    names = [clean(desk.table.grid.names[column], 30) for column in desk.table.loss_columns]
    if len(names) > 2:
        return f"With one value each of {joined(names)} in view (o on it), there is a map."
    axes = "an axis (X or Y on it)" if len(names) == 1 else "the axes (X and Y on them)"
    return f"With {joined(names)} on {axes}, or one loss alone in view (o on it), there is a map."


def _axes(desk: Desk) -> tuple[int, int | None]:
    """Which hyperparameters go across and up."""
    shown = shown_axes(desk.state, len(desk.table.factors))
    return shown[0], shown[1] if len(shown) > 1 else None
