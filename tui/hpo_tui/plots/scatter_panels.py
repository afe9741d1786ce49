"""The scatter's flat form over three hyperparameters: a panel for each value of the third, trials on a lattice.

Every trial stands on its two axes, coloured and sized by its score, with the score beside it where there is room
for all of them. Where there is more room, the marks are larger.
"""

from __future__ import annotations

import math

import numpy as np
from msgspec import Struct

from hpo_tui.look import inks
from hpo_tui.plots.canvas import Canvas, shorten, width_of
from hpo_tui.plots.data import Floats, Ints
from hpo_tui.plots.frame import ends_first
from hpo_tui.plots.legend import SIZES, draw_line, size_of
from hpo_tui.plots.pen import Pen
from hpo_tui.plots.scale import format_numbers
from hpo_tui.plots.scatter_numbers import ScatterNumbers, Shown, shown_in_cells
from hpo_tui.plots.scatter_points import point_marks, sign_of

_LABEL = 10
"""Cells that a value's name at the left has at most."""
_GAP = 2
_NARROWEST, _LOWEST = 8, 3
_MOST_DECIMALS, _LEAST_DECIMALS = 4, 2
_TALL = 5
"""From so many rows for each place on, large marks have two."""
_WIDE_MARK = 3
"""Cells of the largest mark, where there is room for marks of several cells."""


class Panels(Struct, frozen=True):
    """How the panels stand: ``beside`` each other, in ``below`` rows; ``across`` × ``up`` cells for each place.

    ``left`` is the room of the names of the values upwards, ``width`` that of one panel.
    """

    beside: int
    below: int
    left: int
    width: int
    across: float
    up: float

    def corner(self, panel: int, places: int) -> tuple[int, int]:
        """Return the column and the row of a panel's first place, on top; a line above has the panel's name."""
        down, right = divmod(panel, self.beside)
        return self.left + right * (self.width + _GAP), 2 + down * (int(places * self.up) + 2)


def stand_panels(numbers: ScatterNumbers, width: int, height: int) -> Panels | None:
    """Return how the panels stand in ``width`` × ``height`` cells; None where there are too many for that."""
    right, up, count = (len(ticks) for ticks in numbers.ticks)
    left = min(max(width_of(label) for _, label in numbers.ticks[1]), _LABEL) + 1
    found: list[tuple[tuple[bool, float, int], Panels]] = []
    for beside in range(1, count + 1):
        below = -(-count // beside)
        room, lines = (width - left - _GAP * (beside - 1)) // beside, (height - 2 - 2 * below) // below
        if room < max(_NARROWEST, right) or lines < min(up, _LOWEST):
            continue
        across, tall = room / right, lines / up
        across, tall = float(int(across)) if across >= 1 else across, float(int(tall)) if tall >= 1 else tall
        numbered = across >= _LEAST_DECIMALS + 3
        worth = min(across, 12.0) / 2 + 2 * min(tall, 3.0)
        found.append(((numbered, worth, -below), Panels(beside, below, left, room, across, tall)))
    return max(found, key=lambda entry: entry[0])[1] if found else None


def draw_panels(
    canvas: Canvas, width: int, numbers: ScatterNumbers, panels: Panels, plain: bool = False, shapes: bool = False
) -> Shown:
    """Draw all of it on the first ``width`` columns of the canvas; return the points that are seen.

    With ``shapes`` the marks tell more steps of the ramp apart by their shape, where there is no colour to tell.
    """
    cols, rows = _cells(numbers, panels)
    shown = shown_in_cells(numbers, cols, rows, canvas.width, np.zeros(len(numbers)))
    pen = Pen(width, canvas.height, plain)
    _draw_lattice(pen, numbers, panels, plain)
    glyphs, colours = point_marks(numbers, shown.points, plain, shapes)
    texts = _numbers(numbers, shown.points, panels)
    large = bool(texts) and panels.across >= width_of(texts[0]) + _WIDE_MARK + 2 and panels.up >= 2
    pen.points(shown.cols + 0.5, shown.lines + 0.5, glyphs, colours)
    sizes = [_size(numbers, int(point), plain) if large and not shapes else 1 for point in shown.points]
    tall = 2 if panels.up >= _TALL else 1
    cells = list(zip(shown.cols.tolist(), shown.lines.tolist(), sizes, strict=True))
    for (col, row, size), ink in zip(cells, colours, strict=True):
        if size > 1:
            spots = [(col + at + 0.5, row + down + 0.5) for at in range(size) for down in range(tall)]
            pen.points([x for x, _ in spots], [y for _, y in spots], ["█"] * len(spots), [ink] * len(spots))
    canvas.lay(pen.rows(), 0, 0)
    for col, row, size in cells:
        canvas.reserve(col, row, size)
    best = _best(numbers)
    for index, text in enumerate(texts):
        ink = inks.STRONG if int(shown.points[index]) == best else inks.DIM
        beside = _WIDE_MARK + 1 if large and not shapes else 1
        canvas.label(int(shown.cols[index]) + beside, int(shown.lines[index]), text, ink, gap=0)
    _write_around(canvas, width, numbers, panels, plain)
    _write_legend(canvas, numbers, len(shown), plain, shapes)
    return shown


def _best(numbers: ScatterNumbers) -> int:
    """Return the index of the point with the best score, -1 where none has one."""
    legend = numbers.legend
    found = np.flatnonzero(numbers.scores == legend.best).tolist() if legend is not None else []
    return found[0] if found else -1


def _cells(numbers: ScatterNumbers, panels: Panels) -> tuple[Ints, Ints]:
    """Return the column and the row of each point."""
    right, up, count = (len(ticks) for ticks in numbers.ticks)
    thirds = np.array([place for place, _ in numbers.ticks[2]])
    order = np.argsort(thirds, kind="stable")
    halfway = (thirds[order][1:] + thirds[order][:-1]) / 2
    panel = order[np.searchsorted(halfway, numbers.positions[:, 2])]  # the nearest
    corners = np.array([panels.corner(place, up) for place in range(count)], dtype=np.int64)[panel]
    cols = corners[:, 0] + np.floor(_place(numbers.positions[:, 0], right) * panels.across + 1e-6).astype(np.int64)
    tops = _place(1.0 - numbers.positions[:, 1], up) * panels.up + max(panels.up - 1, 0) // 2
    return cols, corners[:, 1] + np.floor(tops + 1e-6).astype(np.int64)


def _place(positions: Floats, count: int) -> Floats:
    """Return where 0..1 lies among ``count`` places; one alone stands in the first."""
    return positions * (count - 1) if count > 1 else np.zeros_like(positions)


def _draw_lattice(pen: Pen, numbers: ScatterNumbers, panels: Panels, plain: bool) -> None:
    """Draw a quiet dot where a trial will stand, or would: nothing moves when it comes."""
    if panels.across < 1 or panels.up < 1 or any(numbers.rounded(axis) for axis in (0, 1)):
        return
    up = len(numbers.ticks[1])
    xs, ys = [], []
    for panel in range(len(numbers.ticks[2])):
        left, top = panels.corner(panel, up)
        for place, _ in numbers.ticks[0]:
            for height, _ in numbers.ticks[1]:
                xs.append(left + int(place * (len(numbers.ticks[0]) - 1) * panels.across + 1e-6) + 0.5)
                ys.append(top + int((1 - height) * (up - 1) * panels.up + max(panels.up - 1, 0) // 2 + 1e-6) + 0.5)
    pen.points(xs, ys, ["." if plain else "·"] * len(xs), [inks.FRAME] * len(xs))


def _size(numbers: ScatterNumbers, point: int, plain: bool) -> int:
    """Return how many cells a large mark takes; one that failed or collapsed keeps its sign."""
    step = int(numbers.steps[point])
    return 1 if plain or step < 0 or numbers.collapsed[point] else size_of(step) * _WIDE_MARK // (len(SIZES) - 1)


def _numbers(numbers: ScatterNumbers, points: Ints, panels: Panels) -> list[str]:
    """Return the scores with as many decimals as there is room for; none where there is too little."""
    scores = numbers.scores[points]
    kept = scores[np.isfinite(scores)]
    room = int(panels.across) - 2
    if not len(kept):
        return []
    if np.abs(kept).max() < 1:
        for decimals in range(_MOST_DECIMALS, _LEAST_DECIMALS - 1, -1):
            if decimals + 1 > room:
                continue  # no score is shorter
            texts = [_bare(score, decimals) for score in scores.tolist()]
            if max(map(width_of, texts)) <= room:
                return texts
        return []
    for fewer in range(3):
        texts = [text if text != "–" else "" for text in format_numbers(scores.tolist(), gap=0.0, fewer=fewer)]
        if max(map(width_of, texts)) <= room:
            return texts
    return []


def _bare(score: float, decimals: int) -> str:
    """Return ".940": what is below 1 needs no zero to be read."""
    return f"{score:.{decimals}f}".replace("0.", ".", 1) if math.isfinite(score) else ""


def _write_around(canvas: Canvas, width: int, numbers: ScatterNumbers, panels: Panels, plain: bool) -> None:
    """Write the panels' names, the values on both axes, and below all of it the axes' names."""
    right, up, count = (len(ticks) for ticks in numbers.ticks)
    marked = numbers.positions[numbers.highlighted]
    names = [shorten(axis.name, width // 2) for axis in numbers.axes]

    def ink(axis: int, place: float) -> int:
        return inks.ACCENT if len(marked) and abs(float(marked[0, axis]) - place) < 1e-9 else inks.DIM

    across = [value for _, value in numbers.ticks[0]]
    if max(map(width_of, across)) >= panels.across and right > 1:
        across = [value.removeprefix("0") if value.startswith("0.") else value for value in across]
    for panel, (third, label) in enumerate(numbers.ticks[2]):
        left, top = panels.corner(panel, up)
        label = f"{'~' if plain else '≈'} {label}" if numbers.rounded(2) else label
        whole = f"{names[2]} {label}"
        title = whole if width_of(whole) <= panels.width else shorten(label, panels.width)
        canvas.label(left, top - 1, title, inks.ACCENT if ink(2, third) == inks.ACCENT else inks.STRONG)
        bottom = top + max(int(up * panels.up), 1)
        for index in ends_first(right):
            place = numbers.ticks[0][index][0]
            col = left + int(place * max(right - 1, 0) * panels.across + 1e-6)
            start = min(col, max(left + panels.width - width_of(across[index]), left))
            canvas.label(start, bottom, across[index], ink(0, place))
        if panel % panels.beside == 0:
            for index in ends_first(up):
                place, value = numbers.ticks[1][index]
                row = top + int((1 - place) * max(up - 1, 0) * panels.up + max(panels.up - 1, 0) // 2 + 1e-6)
                text = shorten(value, panels.left - 1)
                canvas.label(panels.left - 1 - width_of(text), row, text, ink(1, place))
    last = panels.corner(count - 1, up)[1] + max(int(up * panels.up), 1) + 1
    axes = f"→ {names[0]}   ↑ {names[1]}"
    for text in (f"{axes}   a panel for each value of {names[2]}", f"{axes}   panels {names[2]}", axes):
        if canvas.label(panels.left, last, text, inks.STRONG):
            break


def _write_legend(canvas: Canvas, numbers: ScatterNumbers, seen: int, plain: bool, shapes: bool) -> None:
    """Write the ramp with its ends on the first line, and what other signs there are where there is room."""
    if numbers.legend is None:
        return
    draw_line(canvas, 0, numbers.legend, sized=True, plain=plain, shapes=shapes)
    signs = [
        (sign_of(False, plain), "collapsed", bool(numbers.collapsed.any())),
        (sign_of(True, plain), "failed", bool(numbers.failed.any())),
        ("+", f"{len(numbers) - seen:,} hidden", seen < len(numbers)),
    ]
    said = "  ".join(f"{sign} {word}" for sign, word, there in signs if there)
    canvas.label(width_of(numbers.legend.heading) + 3, 0, said, inks.DIM)
