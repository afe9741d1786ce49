"""Histograms of the metric: a panel for each hyperparameter, a colour for each of its values.

Bars are in percent of that value's results, so that every value's bars sum to 100 and values with few and with
many results can be compared; all panels share the bins. Two layouts show the same numbers: "rows" draws one
strip for each value on the same bins, which stays readable however small; "overlay" draws all values of a
hyperparameter as outlines on one pair of axes.

100,000 results on three hyperparameters at 78 × 22 take 13 ms, measured on two CPU cores.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from hpo_core.plan.metrics import Objective
from hpo_tui.look import inks
from hpo_tui.plots.canvas import Canvas, sentence, shorten, width_of
from hpo_tui.plots.data import Trials
from hpo_tui.plots.frame import Inner
from hpo_tui.plots.histogram_numbers import HistogramNumbers, histogram_numbers
from hpo_tui.plots.histogram_overlay import draw_overlay
from hpo_tui.plots.histogram_rows import draw_rows, panel_columns
from hpo_tui.plots.pen import Pen
from hpo_tui.plots.picture import Picture

Layout = Literal["rows", "overlay"]

TOO_SMALL = "too small for histograms; widen the window"
_NARROWEST = 21
"""A panel narrower than this stands below the others instead of beside them."""
_LOWEST = 3
_GAP = 2
_MOST_BINS = 24


def histogram(
    trials: Trials,
    metric: Objective,
    width: int,
    height: int,
    layout: Layout = "rows",
    *,
    bins: int | None = None,
    cumulative: bool = False,
    headed: bool = True,
    ascii: bool = False,  # noqa: A002
    empty: str = "The first results appear here.",
) -> Picture:
    """Return one panel for each hyperparameter in exactly ``width`` × ``height`` cells.

    ``bins`` None takes as many as there is room for, at most 24; more than there is room for are as many as
    there is room for. ``headed``: a first line says what is shown, if there is room. ``empty`` is the sentence
    that stands where nothing has a score.
    """
    values = [len(axis.labels) for axis in trials.axes]
    headed = headed and height >= 8 and not panels_are_full(values, width, height)
    areas = panel_areas(values, width, height, int(headed))
    if not areas:
        return sentence(TOO_SMALL, width, height, ascii, inks.DIM)
    numbers = histogram_numbers(trials, fitting_bins(bins, trials, areas[0].width), cumulative)
    if numbers is None:
        return sentence(empty, width, height, ascii, inks.DIM)
    canvas = Canvas(width, height)
    if headed:
        _write_heading(canvas, metric, numbers)
    draw = draw_overlay if layout == "overlay" else draw_rows
    pen = Pen(width, height, ascii)
    for area, panel in zip(areas, numbers.panels, strict=False):
        draw(canvas, pen, area, numbers, panel)
    canvas.lay(pen.rows(), 0, 0)
    return canvas.picture(ascii)


def fitting_bins(bins: int | None, trials: Trials, panel_width: int) -> int:
    """Return how many bins a panel shows: ``bins`` where there is room for them."""
    labels = tuple(label for axis in trials.axes for label in axis.labels)
    room = panel_columns(panel_width, labels, len(trials)).room
    return max(min(bins or min(room, _MOST_BINS), room), 1)


def bins_drawn(bins: int | None, trials: Trials, width: int) -> int:
    """Return how many bins the histograms have that are drawn in ``width`` cells."""
    beside = _beside(len(trials.axes), width)
    return fitting_bins(bins, trials, (width - _GAP * (beside - 1)) // beside)


def panels_are_full(values: Sequence[int], width: int, height: int) -> bool:
    """Return whether the panels need every line for their values, none being left for a heading."""
    beside = _beside(len(values), width)
    needs = [max(values[first : first + beside]) + 1 for first in range(0, len(values), beside)]
    return height - 1 < sum(needs) <= height


def panel_areas(values: Sequence[int], width: int, height: int, top: int) -> list[Inner]:
    """Return where each panel stands below the line ``top``, given the number of values of each.

    Side by side where that is wide enough, else in rows of panels, each row as high as its values need. Where
    not all fit, the first ones stay; none where not even one fits.
    """
    room = height - top
    if not values or width < 10 or room < _LOWEST:
        return []
    beside = _beside(len(values), width)
    below = min(-(-len(values) // beside), max(room // _LOWEST, 1))
    each = (width - _GAP * (beside - 1)) // beside
    # A name and a line for each value first; what is left makes the strips higher.
    least = [max(values[row * beside : (row + 1) * beside]) + 1 for row in range(below)]
    spare = room - sum(least)
    areas, start = [], top
    for row, need in enumerate(least):
        left = height - start - _LOWEST * (below - row - 1)
        share = need + spare * need // sum(least) if spare >= 0 else max(need * room // sum(least), _LOWEST)
        share = left if row == below - 1 else min(share, left)
        here = min(beside, len(values) - row * beside)
        areas += [Inner(at * (each + _GAP), start, each, share) for at in range(here)]
        start += share
    return areas


def _beside(panels: int, width: int) -> int:
    """Return how many panels stand side by side."""
    return max(min(panels, (width + _GAP) // (_NARROWEST + _GAP)), 1)


def _write_heading(canvas: Canvas, metric: Objective, numbers: HistogramNumbers) -> None:
    scale = f", highest bar {numbers.peak:.0f} %"
    longer = "percent of each value's results" + (", cumulative" if numbers.cumulative else scale)
    shorter = "cumulative %" if numbers.cumulative else f"% of each value{scale}"
    name = shorten(metric.metric, max(canvas.width // 2, 8))
    canvas.write(0, 0, name)
    for what in (longer, shorter):
        if canvas.label(width_of(name) + 2, 0, what, inks.DIM):
            return
