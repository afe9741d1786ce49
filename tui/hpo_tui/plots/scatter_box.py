"""The scatter's axonometric box: three axes with their ticks, uprights to read places by, and the points."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from hpo_tui.look import inks
from hpo_tui.plots.canvas import Canvas, shorten, width_of
from hpo_tui.plots.data import Floats, Ints
from hpo_tui.plots.frame import ends_first
from hpo_tui.plots.pen import Pen
from hpo_tui.plots.projection import edges, half_extent, project
from hpo_tui.plots.scatter_numbers import ScatterNumbers, Shown, shown_in_cells
from hpo_tui.plots.scatter_points import point_marks

_LABEL_ROOM = 14
"""The longest tick label, in cells; names of values can be long."""
_WIDEST = 5.0
"""The box is at most this many times as wide as high, in cells: beyond, it no longer looks like a box."""


class Box(Struct, frozen=True):
    """Where the box stands on the canvas: ``col``, ``row`` is its middle; ``across``, ``up`` cells for a unit."""

    numbers: ScatterNumbers
    col: float
    row: float
    across: float
    up: float

    def place(self, points: Floats) -> tuple[Floats, Floats, Floats]:
        """Return columns, rows (cells, downwards) and nearness of points of the unit cube."""
        x, y, near = project(points, self.numbers.view)
        return self.col + x * self.across, self.row - y * self.up, near

    def cells(self) -> tuple[Ints, Ints, Floats]:
        """Return column, row and nearness of every point of the numbers."""
        x, y, near = self.place(self.numbers.positions)
        return np.floor(x).astype(np.int64), np.floor(y).astype(np.int64), near


def stand_box(numbers: ScatterNumbers, width: int, height: int) -> Box | None:
    """Return the box as it stands in ``width`` × ``height`` cells with room for labels; None if too small."""
    widths = [[width_of(shorten(label, _LABEL_ROOM)) for _, label in ticks] for ticks in numbers.ticks]
    low_left = max(max(widths[1], default=0), max(widths[2], default=0))
    left = min(low_left + 2, width // 4)
    right = min(max(widths[0], default=0) + 1, width // 5)
    above, below = 1, 1
    inner_width, inner_height = width - left - right, height - above - below
    if inner_width < 12 or inner_height < 4:
        return None
    inner_width = min(inner_width, int(inner_height * _WIDEST))
    spare = width - left - right - inner_width
    half_width, half_height = half_extent(numbers.view)
    return Box(
        numbers,
        left + spare / 2 + inner_width / 2,
        above + inner_height / 2,
        (inner_width - 1) / (2 * half_width),
        (inner_height - 1) / (2 * half_height),
    )


def draw_box(canvas: Canvas, width: int, box: Box, plain: bool = False) -> Shown:
    """Draw all of it on the first ``width`` columns of the canvas; return the points that are seen."""
    numbers = box.numbers
    pen = Pen(width, canvas.height, plain)
    _draw_frame(pen, box)
    _draw_uprights(pen, box, plain)
    cols, rows, near = box.cells()
    shown = shown_in_cells(numbers, cols, rows, width, near)
    glyphs, point_inks = point_marks(numbers, shown.points, plain)
    pen.points(shown.cols + 0.5, shown.lines + 0.5, glyphs, point_inks)
    canvas.lay(pen.rows(), 0, 0)
    for col, row in zip(shown.cols, shown.lines, strict=True):
        canvas.reserve(int(col), int(row), 1)
    _write_ticks(canvas, width, box)
    _write_names(canvas, width, box)
    return shown


def _draw_frame(pen: Pen, box: Box) -> None:
    drawn = edges(box.numbers.view)
    for group, ink in ((drawn.quiet, inks.FRAME), (drawn.axes, inks.DIM)):
        xs, ys = [], []
        for ends in group:
            x, y, _ = box.place(np.array(ends, dtype=np.float64))
            xs.append(x)
            ys.append(y)
        pen.lines(xs, ys, [ink] * len(xs))


def _draw_uprights(pen: Pen, box: Box, plain: bool) -> None:
    """Draw a dotted upright over every place of the floor, where they stand far enough apart to be told apart."""
    if any(box.numbers.rounded(axis) for axis in (0, 1)):
        return
    across, along = box.numbers.ticks[:2]
    if len(across) * len(along) * 2.2 > box.across * 2 * half_extent(box.numbers.view)[0]:
        return
    feet = np.array([(x, y, 0.0) for x, _ in across for y, _ in along])
    x, low, _ = box.place(feet)
    _, high, _ = box.place(feet + np.array((0.0, 0.0, 1.0)))
    for col, top, bottom in zip(np.floor(x), np.floor(high), np.floor(low), strict=True):
        rows = np.arange(top, bottom + 1)
        pen.points(
            [col + 0.5] * len(rows), rows + 0.5, [":" if plain else "┊"] * len(rows), [inks.FRAME] * len(rows)
        )


def _axis_cells(box: Box, axis: int) -> list[tuple[int, int]]:
    """Return the cell of every tick of an axis on the edge that carries it."""
    low, _ = edges(box.numbers.view).axes[axis]
    points = np.array([low] * len(box.numbers.ticks[axis]), dtype=np.float64)
    points[:, axis] = [place for place, _ in box.numbers.ticks[axis]]
    x, y, _ = box.place(points)
    return [(int(col), int(row)) for col, row in zip(np.floor(x), np.floor(y), strict=True)]


def _write_ticks(canvas: Canvas, width: int, box: Box) -> None:
    numbers = box.numbers
    marked = numbers.positions[numbers.highlighted]
    for axis in (2, 0, 1):
        cells = _axis_cells(box, axis)
        for index in ends_first(len(cells)):
            place, label = numbers.ticks[axis][index]
            col, row = cells[index]
            on_cursor = bool(len(marked)) and abs(float(marked[0, axis]) - place) < 1e-9
            ink = inks.ACCENT if on_cursor else inks.DIM
            _write_tick(canvas, width, (col, row), shorten(label, _LABEL_ROOM), ink, _side(box, axis))


def _side(box: Box, axis: int) -> int:
    """Return on which side of its edge an axis has its labels: -2 left of it, -1 left below, 1 right below."""
    if axis == 2:
        return -2
    low, high = edges(box.numbers.view).axes[axis]
    x, y, _ = box.place(np.array([low, high], dtype=np.float64))
    rising_right = (x[1] - x[0]) * (y[0] - y[1]) >= 0
    return 1 if rising_right else -1


def _write_tick(canvas: Canvas, width: int, cell: tuple[int, int], text: str, ink: int, side: int) -> None:
    col, row = cell
    size = width_of(text)
    if side == -2:
        canvas.label(max(col - 1 - size, 0), row, text, ink)
        return
    start = col + 1 if side > 0 else col - size
    if start + size > width:
        start = width - size
    canvas.label(max(start, 0), row + 1, text, ink)


def _write_names(canvas: Canvas, width: int, box: Box) -> None:
    """Write each axis' name beside the middle of its edge, or at the nearest free place; cut if there is none."""
    for axis in (2, 0, 1):
        most = max(width // 3, 4)
        names = (shorten(box.numbers.axes[axis].name, room) for room in (most, most * 3 // 4, most // 2))
        places = ((name, at) for name in names for at in _name_places(box, axis, width_of(name), width))
        next((at for name, at in places if canvas.label(*at, name, inks.STRONG)), None)


def _name_places(box: Box, axis: int, size: int, width: int) -> Sequence[tuple[int, int]]:
    cells = _axis_cells(box, axis)
    ends = edges(box.numbers.view).axes[axis]
    x, y, _ = box.place(np.array(ends, dtype=np.float64))
    if axis == 2:
        top, left = int(np.floor(y.min())), int(np.floor(x.min()))
        return [(max(left - size + 1, 0), row) for row in (top - 1, top - 2, top - 3)] + [(0, 0)]
    middle_col, middle_row = int(np.floor(x.mean())), int(np.floor(y.mean()))
    labels = [width_of(shorten(label, _LABEL_ROOM)) for _, label in box.numbers.ticks[axis]]
    away = max(labels, default=0) + 2
    places = []
    for down in (2, 3, 1, 4):
        if _side(box, axis) > 0:
            places += [(middle_col + away + nudge, middle_row + down) for nudge in (0, 3, 6, 9)]
        else:
            places += [(middle_col - away - size - nudge, middle_row + down) for nudge in (0, 3, 6, 9)]
    bottom = max((row for _, row in cells), default=0) + 1
    corner = width - size if _side(box, axis) > 0 else 0
    return [*places, (corner, bottom), (corner, bottom - 1), (corner, bottom + 1)]
