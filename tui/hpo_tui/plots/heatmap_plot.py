"""Heat map of two hyperparameters: the mean in each cell, its sd where there is room, failures marked.

Each cell has its mean's step of the ramp as its ground, and says the mean in digits; the legend stands at the
right. A cell without a result is "–"; failed or diverged trials are counted as "×n". All other hyperparameters
are averaged over.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from hpo_core.plan.metrics import Objective
from hpo_tui.look import inks
from hpo_tui.plots.canvas import Canvas, sentence, shorten, width_of
from hpo_tui.plots.data import Trials
from hpo_tui.plots.frame import ends_first
from hpo_tui.plots.heatmap_numbers import HeatNumbers, gathered, heat_numbers
from hpo_tui.plots.heatmap_text import cell_texts
from hpo_tui.plots.legend import column_width, draw_column
from hpo_tui.plots.pen import Pen
from hpo_tui.plots.picture import Picture

TOO_SMALL = "too small for a heat map; widen the window"
_LABEL_ROOM = 14
_TALLEST = 12
_WIDEST = 28
_APART = 4
"""From so many lines on a cell leaves one free, so that equal neighbours do not melt into one."""
_SHORTEST_LABEL = 4
_RANGE_WIDTH = 9
"""Where there are more values than columns, a range of them is so wide."""


def heatmap(
    trials: Trials,
    metric: Objective,
    width: int,
    height: int,
    across: int = 0,
    up: int | None = 1,
    *,
    ascii: bool = False,  # noqa: A002
    empty: str = "The first finished trials appear here.",
) -> Picture:
    """Return the heat map in exactly ``width`` × ``height`` cells; ``up`` None draws a single row.

    ``empty`` is the sentence that stands where no trial has a result or failed.
    """
    known = range(len(trials.axes))
    up = up if up in known and up != across else None
    if across not in known:
        return sentence(empty, width, height, ascii, inks.DIM)
    trials = gathered(trials, across, width, max(width // _RANGE_WIDTH, 2))
    trials = gathered(trials, up, height, max(height // 2, 2))
    numbers = heat_numbers(trials, metric, across, up)
    if not (numbers.results.any() or numbers.failed.any()):
        return sentence(empty, width, height, ascii, inks.DIM)
    canvas = Canvas(width, height)
    legend = 0
    if numbers.legend is not None and width >= 44 and height >= 6:
        legend = column_width(numbers.legend, max(width // 5, 9))
    grid = _lay_out(numbers, width - (legend + 2 if legend else 0), height)
    if grid is None:
        return sentence(TOO_SMALL, width, height, ascii, inks.DIM)
    _draw_cells(canvas, numbers, grid, ascii)
    _write_labels(canvas, numbers, grid)
    others = [axis.name for at, axis in enumerate(trials.axes) if at not in (across, up)]
    if others and grid.row:
        text = shorten(f"mean over {', '.join(others)}", grid.width)
        canvas.label(max(grid.width - width_of(text), 0), 0, text, inks.DIM)
    if legend and numbers.legend is not None:
        draw_column(canvas, width - legend, 1, (legend, height - 1), numbers.legend, sized=False, plain=ascii)
    return canvas.picture(ascii)


class _Grid(Struct, frozen=True):
    """Where the cells stand: the first one's corner, and the size of each; ``gap`` columns between them."""

    col: int
    row: int
    width: int
    height: int
    gap: int
    cell: int
    tall: int

    def corner(self, across: int, down: int) -> tuple[int, int]:
        return self.col + across * (self.cell + self.gap), self.row + down * self.tall


def _lay_out(numbers: HeatNumbers, width: int, height: int) -> _Grid | None:
    rows, cols = numbers.mean.shape
    named = height >= 7
    left = max((width_of(shorten(label, _LABEL_ROOM)) for label in numbers.up.labels), default=0)
    left = min(left, max(width // 4, 1)) + 1 if left and width >= 14 else 0
    top = 1 if numbers.up.name and named else 0
    below = (1 if height >= 4 else 0) + (1 if named else 0)
    room, space = width - left, height - top - below
    gap = 1 if room // max(cols, 1) >= 6 else 0
    cell = min((room + gap) // max(cols, 1) - gap, _WIDEST)
    tall = min(space // max(rows, 1), _TALLEST)
    if cell < 1 or tall < 1:
        return None
    return _Grid(left, top, width, height, gap, cell, tall)


def _draw_cells(canvas: Canvas, numbers: HeatNumbers, grid: _Grid, plain: bool) -> None:
    rows, cols = numbers.mean.shape
    pen = Pen(canvas.width, canvas.height, plain)
    texts = cell_texts(numbers, grid.cell)
    for up in range(rows):
        for across in range(cols):
            col, row = grid.corner(across, rows - 1 - up)
            step = int(numbers.steps[up, across])
            tall = grid.tall - (grid.tall >= _APART)
            if step >= 0:
                pen.block(col, row, grid.cell, tall, inks.HEAT[step])
            middle = (col, row + (tall - 1) // 2)
            _write_cell(canvas, numbers, (up, across), middle, grid.cell, texts[up][across])
    canvas.lay(pen.rows(), 0, 0)


def _write_cell(canvas: Canvas, numbers: HeatNumbers, cell: tuple[int, int], at: tuple[int, int], room: int,
                text: str) -> None:  # fmt: skip
    step, failed = int(numbers.steps[cell]), int(numbers.failed[cell])
    ink = inks.HEAT[step] if step >= 0 else inks.WARNING if failed else inks.DIM
    if numbers.highlighted[cell]:
        ink = inks.CURSOR
    if not text and numbers.highlighted[cell]:
        text = "•"
    col, row = at
    canvas.write(col + (room - width_of(text)) // 2, row, text, ink)


def _write_labels(canvas: Canvas, numbers: HeatNumbers, grid: _Grid) -> None:
    """Write the values' names at the left and below, and both hyperparameters' names."""
    rows, cols = numbers.mean.shape
    marked_rows, marked_cols = (set(places.tolist()) for places in np.nonzero(numbers.highlighted))
    for up in range(rows):
        if grid.col:
            text = shorten(numbers.up.labels[up], grid.col - 1).rjust(grid.col - 1)
            row = grid.corner(0, rows - 1 - up)[1] + (grid.tall - (grid.tall >= _APART) - 1) // 2
            canvas.write(0, row, text, inks.ACCENT if up in marked_rows else inks.DIM)
    bottom = grid.row + rows * grid.tall - (grid.tall >= _APART)
    for across in ends_first(cols):
        text = shorten(numbers.across.labels[across], max(grid.cell, _SHORTEST_LABEL))
        col = grid.corner(across, 0)[0] + (grid.cell - width_of(text)) // 2
        col = min(max(col, 0), grid.width - width_of(text))
        canvas.label(col, bottom, text, inks.ACCENT if across in marked_cols else inks.DIM)
    if grid.row:
        canvas.write(0, 0, shorten(numbers.up.name, grid.width), inks.STRONG)
    if bottom + 1 < canvas.height:
        span = cols * (grid.cell + grid.gap) - grid.gap
        name = shorten(numbers.across.name, grid.width - grid.col)
        canvas.write(grid.col + max((span - width_of(name)) // 2, 0), bottom + 1, name, inks.STRONG)
