"""A flat frame: an axis at the left and one below, ticks that never run into each other, and both names."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from hpo_tui.look import inks
from hpo_tui.plots.canvas import Canvas, shorten, width_of

Tick = tuple[float, str]
"""A place between 0 (left or bottom) and 1 (right or top), and its label."""


class Inner(Struct, frozen=True):
    """The cells inside a frame."""

    col: int
    row: int
    width: int
    height: int

    def at_x(self, part: float) -> float:
        """Return the column (in cells of the canvas) of a place between 0 and 1."""
        return self.col + 0.5 + part * (self.width - 1)

    def at_y(self, part: float) -> float:
        """Return the row (in cells of the canvas, downwards) of a place between 0 and 1."""
        return self.row + 0.5 + (1.0 - part) * (self.height - 1)


class Sides(Struct, frozen=True):
    """What stands around a frame; a name that is empty takes no room.

    ``marked`` labels are the cursor's. Names of values may be cut short; numbers (``x_is_number``) never are.
    """

    x_ticks: Sequence[Tick]
    y_ticks: Sequence[Tick]
    x_name: str = ""
    y_name: str = ""
    marked: frozenset[str] = frozenset()
    x_is_number: bool = False


def draw_frame(canvas: Canvas, area: Inner, sides: Sides) -> Inner | None:
    """Draw axes, ticks and names within ``area``; return what is left inside, or None if that is too little.

    Names are given up first, then tick labels, when the area is low or narrow.
    """
    low, narrow = area.height < 6, area.width < 24
    labels = [shorten(label, max(area.width // 4, 1)) for _, label in sides.y_ticks]
    left = 0 if area.width < 14 else max(map(width_of, labels), default=0) + 2
    top = 1 if sides.y_name and not low else 0
    below = 0 if area.height < 4 else 2
    name_below = 1 if sides.x_name and not low and area.height >= 8 else 0
    inner = Inner(area.col + left, area.row + top, area.width - left, area.height - top - below - name_below)
    if inner.width < 3 or inner.height < 1:
        return None
    if left:
        _draw_left(canvas, area, inner, sides, labels)
    if below:
        _draw_below(canvas, area, inner, sides)
    if top:
        canvas.label(area.col, area.row, shorten(sides.y_name, area.width), inks.STRONG)
    if name_below:
        name = shorten(sides.x_name, inner.width)
        row = inner.row + inner.height + below
        canvas.label(inner.col + (0 if narrow else (inner.width - width_of(name)) // 2), row, name, inks.STRONG)
    return inner


def _draw_left(canvas: Canvas, area: Inner, inner: Inner, sides: Sides, labels: Sequence[str]) -> None:
    col = inner.col - 1
    for row in range(inner.row, inner.row + inner.height):
        canvas.write(col, row, "│", inks.FRAME)
    taken: set[int] = set()
    for index in ends_first(len(labels)):
        row = int(inner.at_y(sides.y_ticks[index][0]))
        # Two labels in neighbouring rows are readable; two in one row are not.
        if row in taken:
            continue
        taken.add(row)
        ink = inks.ACCENT if sides.y_ticks[index][1] in sides.marked else inks.DIM
        canvas.write(area.col, row, labels[index].rjust(col - 1 - area.col + 1)[-(col - area.col) :], ink)
        canvas.write(col, row, "┤", inks.FRAME)


def _draw_below(canvas: Canvas, area: Inner, inner: Inner, sides: Sides) -> None:
    row = inner.row + inner.height
    canvas.write(inner.col - 1, row, "└" if inner.col > area.col else "", inks.FRAME)
    canvas.write(inner.col, row, "─" * inner.width, inks.FRAME)
    count = len(sides.x_ticks)
    room = max(inner.width // max(min(count, 4), 1) - 1, 1)
    for index in ends_first(count):
        place, label = sides.x_ticks[index]
        col = int(inner.at_x(place))
        text = label if sides.x_is_number else shorten(label, room)
        start = min(max(col - width_of(text) // 2, area.col), area.col + area.width - width_of(text))
        ink = inks.ACCENT if label in sides.marked else inks.DIM
        if canvas.label(start, row + 1, text, ink):
            canvas.write(col, row, "┬", inks.FRAME)


def ends_first(count: int) -> list[int]:
    """Return the order in which labels claim their room: both ends, then halves, so that thinning is even."""
    if count <= 1:
        return [0] * count
    order, seen, stride = [0, count - 1], {0, count - 1}, count - 1
    while stride > 1:
        stride = (stride + 1) // 2
        for index in range(stride, count - 1, stride):
            if index not in seen:
                seen.add(index)
                order.append(index)
    return order
