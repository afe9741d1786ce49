"""Slices: the metric against each hyperparameter, a panel for each, every training a point over its value.

A cell with several trainings has a larger mark; the line across a value is the mean of its trainings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hpo_core.plan.metrics import Objective
from hpo_tui.look import inks
from hpo_tui.plots.canvas import Canvas, sentence, shorten
from hpo_tui.plots.data import Floats, Trials
from hpo_tui.plots.frame import Inner, Sides, Tick, draw_frame
from hpo_tui.plots.legend import SIZES, SIZES_ASCII
from hpo_tui.plots.pen import Pen
from hpo_tui.plots.picture import Picture
from hpo_tui.plots.scale import format_ticks, fraction, limits, round_ticks

TOO_SMALL = "too small for slices; widen the window"
_NARROWEST, _LOWEST, _GAP = 22, 7, 2


@dataclass(frozen=True, eq=False, slots=True)
class SliceNumbers:
    """The ends of the metric's axis, and for each panel the ``means`` and ``counts`` of its values' trainings."""

    low: float
    high: float
    means: tuple[Floats, ...]
    counts: tuple[tuple[int, ...], ...]


def slice_numbers(trainings: Trials) -> SliceNumbers | None:
    """Return the numbers of the slices of the rows that have a score; None where none has one."""
    scored = trainings.scored
    ends = limits(trainings.scores[scored])
    if ends is None:
        return None
    means, counts = [], []
    for at, axis in enumerate(trainings.axes):
        codes, size = trainings.codes[scored, at], len(axis.labels)
        found = np.bincount(codes, minlength=size)
        with np.errstate(all="ignore"):
            share = trainings.scores[scored] / found[codes]  # divided before the sum: huge ones do not overflow
            means.append(np.where(found > 0, np.bincount(codes, weights=share, minlength=size), np.nan))
        counts.append(tuple(map(int, found)))
    return SliceNumbers(*ends, tuple(means), tuple(counts))


def slices(
    trainings: Trials,
    metric: Objective,
    width: int,
    height: int,
    *,
    ascii: bool = False,  # noqa: A002
    empty: str = "The first results appear here.",
) -> Picture:
    """Return one panel for each hyperparameter in exactly ``width`` × ``height`` cells."""
    numbers = slice_numbers(trainings)
    if numbers is None:
        return sentence(empty, width, height, ascii, inks.DIM)
    areas = _areas(len(trainings.axes), width, height)
    if not areas:
        return sentence(TOO_SMALL, width, height, ascii, inks.DIM)
    canvas, pen = Canvas(width, height), Pen(width, height, ascii)
    for panel, area in enumerate(areas):
        _draw(canvas, pen, area, trainings, numbers, panel, metric)
    canvas.lay(pen.rows(), 0, 0)
    left = len(trainings.axes) - len(areas)
    if left:
        canvas.label(0, height - 1, shorten(f"+{left} more hyperparameters: enter has more room", width), inks.DIM)
    return canvas.picture(ascii)


def _areas(panels: int, width: int, height: int) -> Sequence[Inner]:
    """Return where the panels stand: side by side where that is wide enough, else in rows; the first that fit."""
    beside = max(min(panels, (width + _GAP) // (_NARROWEST + _GAP)), 1)
    below = max(min(-(-panels // beside), height // _LOWEST), 1)
    if width < _NARROWEST // 2 or height < _LOWEST - 2:
        return []
    room = height - (1 if beside * below < panels else 0)
    each, tall = (width - _GAP * (beside - 1)) // beside, room // below
    return [
        Inner(at % beside * (each + _GAP), at // beside * tall, each, tall)
        for at in range(min(panels, beside * below))
    ]


def _draw(
    canvas: Canvas, pen: Pen, area: Inner, trainings: Trials, numbers: SliceNumbers, panel: int, metric: Objective
) -> None:
    axis = trainings.axes[panel]
    count = len(axis.labels)
    margin = 0.5 / max(count, 2)
    places = margin + np.arange(count) / max(count - 1, 1) * (1 - 2 * margin) if count > 1 else np.array([0.5])
    values = round_ticks(numbers.low, numbers.high, max(area.height // 4, 2))
    parts = fraction(np.array(values), numbers.low, numbers.high)
    y_ticks: list[Tick] = list(zip(map(float, parts), format_ticks(values), strict=True))
    x_ticks: list[Tick] = list(zip(map(float, places), axis.labels, strict=True))
    first = panel == 0
    inner = draw_frame(
        canvas, area, Sides(x_ticks, y_ticks, axis.name, f"{metric.metric} {metric.arrow}" if first else " ")
    )
    if inner is None:
        return
    scored = trainings.scored
    codes, heights = trainings.codes[scored, panel], fraction(trainings.scores[scored], numbers.low, numbers.high)
    cols = np.floor(inner.at_x(0.0) + places[codes] * (inner.width - 1)).astype(np.int64)
    rows = np.floor(inner.at_y(1.0) + (1.0 - heights) * (inner.height - 1)).astype(np.int64)
    sizes = SIZES_ASCII if pen.plain else SIZES
    for level in range(count):
        ink, mean = axis.inks[level], numbers.means[panel][level]
        if np.isfinite(mean):
            row = int(inner.at_y(float(fraction(np.array([mean]), numbers.low, numbers.high)[0])))
            at = int(inner.at_x(float(places[level])))
            reach = [col for col in range(at - 2, at + 3) if inner.col <= col < inner.col + inner.width]
            pen.points(
                [col + 0.5 for col in reach],
                [row + 0.5] * len(reach),
                ["-" if pen.plain else "─"] * len(reach),
                [ink] * len(reach),
            )
        here = codes == level
        cells, found = np.unique(np.stack([cols[here], rows[here]], axis=1), axis=0, return_counts=True)
        glyphs = [sizes[1] if number == 1 else sizes[2] for number in found.tolist()]
        pen.points(cells[:, 0] + 0.5, cells[:, 1] + 0.5, glyphs, [ink] * len(glyphs))
