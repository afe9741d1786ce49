"""The scatter's flat forms: a lattice of means over two hyperparameters, or a strip over one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from hpo_tui.look import inks
from hpo_tui.plots.canvas import Canvas, width_of
from hpo_tui.plots.data import Floats
from hpo_tui.plots.frame import Inner, Sides, Tick, draw_frame
from hpo_tui.plots.pen import Pen
from hpo_tui.plots.scale import format_numbers, format_ticks, fraction, round_ticks
from hpo_tui.plots.scatter_numbers import ScatterNumbers, Shown, shown_in_cells
from hpo_tui.plots.scatter_points import point_marks


def draw_flat(canvas: Canvas, width: int, numbers: ScatterNumbers, plain: bool = False) -> Shown | None:
    """Draw two axes as a lattice, or one against the metric, on the first ``width`` columns.

    Returns the points that are seen, or None where the room is too small.
    """
    sides, places = flat_layout(numbers, canvas.height)
    inner = draw_frame(canvas, Inner(0, 0, width, canvas.height), sides)
    if inner is None:
        return None
    cols = np.floor(inner.at_x(0.0) + places[:, 0] * (inner.width - 1)).astype(np.int64)
    rows = np.floor(inner.at_y(1.0) + (1.0 - places[:, 1]) * (inner.height - 1)).astype(np.int64)
    shown = shown_in_cells(numbers, cols, rows, canvas.width, np.zeros(len(numbers)))
    glyphs, point_inks = point_marks(numbers, shown.points, plain)
    pen = Pen(canvas.width, canvas.height, plain)
    pen.points(shown.cols + 0.5, shown.lines + 0.5, glyphs, point_inks)
    canvas.lay(pen.rows(), 0, 0)
    if len(numbers.axes) == 2:
        cells = list(zip(shown.cols, shown.lines, strict=True))
        for col, row in cells:
            canvas.reserve(int(col), int(row), 1)
        _write_means(canvas, width, numbers.scores[shown.points], cells)
    return shown


def flat_layout(numbers: ScatterNumbers, height: int) -> tuple[Sides, Floats]:
    """Return what stands around the frame, and each point's place (m, 2) in it, 0..1 to the right and up."""
    across, inset = _inset(numbers, 0)
    marked = frozenset(
        label
        for axis, ticks in enumerate(numbers.ticks)
        for place, label in ticks
        if np.any(np.abs(numbers.positions[numbers.highlighted, axis] - place) < 1e-9)
    )
    if len(numbers.axes) == 2:
        upwards, ticks = _inset(numbers, 1)
        places = np.stack([across, upwards], axis=1)
        return Sides(inset, ticks, numbers.axes[0].name, numbers.axes[1].name, marked), places
    legend = numbers.legend
    low, high = (legend.low, legend.high) if legend else (0.0, 1.0)
    # Trials without a score stand on the floor of the strip.
    upwards = np.nan_to_num(fraction(numbers.scores, low, high), nan=0.0)
    values = round_ticks(low, high, max(height // 4, 2)) if legend else ()
    ticks = [
        (float(fraction(np.array([v]), low, high)[0]), t)
        for v, t in zip(values, format_ticks(values), strict=True)
    ]
    name = legend.metric.metric if legend else ""
    return Sides(inset, ticks, numbers.axes[0].name, name, marked), np.stack([across, upwards], axis=1)


def _inset(numbers: ScatterNumbers, axis: int) -> tuple[Floats, Sequence[Tick]]:
    """Return places and ticks of an axis drawn in from both ends, so that no point stands on the frame."""
    margin = 0.5 / max(len(numbers.ticks[axis]), 2)
    ticks = [(margin + place * (1 - 2 * margin), label) for place, label in numbers.ticks[axis]]
    return margin + numbers.positions[:, axis] * (1 - 2 * margin), ticks


def _write_means(canvas: Canvas, width: int, scores: Floats, cells: Sequence[tuple[int, int]]) -> None:
    """Write each mean below its point, if there is room for all of them."""
    texts = format_numbers([float(score) for score in scores], gap=0.0)
    size = max(map(width_of, texts), default=0)
    if not _apart({int(col) for col, _ in cells}, size + 1) or not _apart({int(row) for _, row in cells}, 3):
        return
    for (col, row), text, score in zip(cells, texts, scores, strict=True):
        if np.isfinite(score):
            canvas.label(min(int(col) - size // 2 + 1, width - size), int(row) + 1, text, inks.DIM)


def _apart(places: set[int], least: int) -> bool:
    return all(after - before >= least for before, after in pairwise(sorted(places)))
