"""Bars that lie: effects or other values with their intervals; and sparklines, a row of numbers as one line."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from hpo_tui.look import inks
from hpo_tui.plots.blocks import EIGHTHS, EIGHTHS_ASCII
from hpo_tui.plots.canvas import Canvas, sentence, shorten, width_of
from hpo_tui.plots.data import Floats
from hpo_tui.plots.frame import Inner
from hpo_tui.plots.pen import Pen
from hpo_tui.plots.picture import Picture
from hpo_tui.plots.scale import format_numbers, fraction, limits

TOO_SMALL = "too small for bars; widen the window"


class Bar(Struct, frozen=True):
    """One value, its interval (None: unknown), a few words that stand at the right, and whether it is quiet."""

    label: str
    value: float
    low: float | None = None
    high: float | None = None
    note: str = ""
    quiet: bool = False


class BarNumbers(Struct, frozen=True):
    """``low`` and ``high``: the ends of the scale, zero among them; ``places``: for each bar where its value and
    the ends of its interval lie between them, 0..1, NaN where there is none."""  # fmt: skip

    low: float
    high: float
    places: tuple[tuple[float, float, float], ...]

    @property
    def zero(self) -> float:
        """Where zero lies, 0..1."""
        return float(fraction(np.array([0.0]), self.low, self.high)[0])


def bar_numbers(entries: Sequence[Bar]) -> BarNumbers | None:
    """Return the numbers of the bars; None where none has a finite value."""
    table = np.array([[_number(e.value), _number(e.low), _number(e.high)] for e in entries]).reshape(-1, 3)
    if limits(table[:, 0]) is None:
        return None
    ends = limits(np.append(table.reshape(-1), 0.0)) or (0.0, 0.0)
    low, high = ends if ends[0] < ends[1] else (0.0, 1.0)
    places = fraction(table, low, high)
    return BarNumbers(low, high, tuple((float(v), float(a), float(b)) for v, a, b in places))


def _number(value: float | None) -> float:
    return float("nan") if value is None or not math.isfinite(value) else float(value)


def bars(
    entries: Sequence[Bar],
    width: int,
    height: int,
    *,
    title: str = "",
    ascii: bool = False,  # noqa: A002
    empty: str = "Effects appear here when enough trials have finished.",
) -> Picture:
    """Return horizontal bars from zero, each with its interval, label and value, in ``width`` × ``height`` cells.

    Bars that do not fit are counted in the last row. ``empty`` is the sentence that stands where no bar has a
    value.
    """
    numbers = bar_numbers(entries)
    if numbers is None:
        return sentence(empty, width, height, ascii, inks.DIM)
    canvas = Canvas(width, height)
    top = 1 if title and height >= 4 else 0
    if top:
        canvas.write(0, 0, shorten(title, width), inks.STRONG)
    values = [
        text if math.isfinite(entry.value) else "–" for text, entry in zip(_values(entries), entries, strict=True)
    ]
    inner, value_room, note_room = _columns(entries, values, width, Inner(0, top, width, height - top))
    if inner.width < 4:
        return sentence(TOO_SMALL, width, height, ascii, inks.DIM)
    shown = len(entries) if len(entries) <= inner.height else inner.height - 1
    pen = Pen(width, height, ascii)
    for index in range(shown):
        entry, row = entries[index], inner.row + index
        ink = inks.DIM if entry.quiet else inks.DEFAULT
        canvas.write(0, row, shorten(entry.label, inner.col - 1), ink)
        _draw_bar(pen, inner, row, numbers, index, inks.FRAME if entry.quiet else inks.ACCENT)
        canvas.write(inner.col + inner.width + 1, row, values[index].rjust(value_room), ink)
        if note_room:
            col = inner.col + inner.width + value_room + 3
            canvas.write(col, row, shorten(entry.note, note_room), inks.DIM)
    if shown < len(entries):
        canvas.write(0, inner.row + shown, shorten(f"+{len(entries) - shown} more", width), inks.DIM)
    canvas.lay(pen.rows(), 0, 0)
    return canvas.picture(ascii)


def _values(entries: Sequence[Bar]) -> tuple[str, ...]:
    return format_numbers([_number(entry.value) for entry in entries], gap=0.0)


def _columns(entries: Sequence[Bar], values: Sequence[str], width: int, area: Inner) -> tuple[Inner, int, int]:
    """Return the area of the bars and the widths of values and notes; notes go first where it is narrow."""
    label = min(max(width_of(shorten(entry.label, 28)) for entry in entries), max(width // 3, 1)) + 1
    value = max(map(width_of, values))
    note = min(max(width_of(shorten(entry.note, 40)) for entry in entries), width // 3)
    if width - label - value - note - 4 < 12:
        note = 0
    rest = width - label - value - 1 - (note + 2 if note else 0)
    return Inner(label, area.row, rest, area.height), value, note


def _draw_bar(pen: Pen, inner: Inner, row: int, numbers: BarNumbers, index: int, ink: int) -> None:
    """Draw zero, the bar from it as a heavy line, its interval as a thin one with ends, and the value's dot."""
    value, low, high = numbers.places[index]
    zero = int(inner.at_x(numbers.zero))
    marks: dict[int, tuple[str, int]] = {zero: ("│", inks.FRAME)}
    if math.isfinite(value):
        at = int(inner.at_x(value))
        if math.isfinite(low) and math.isfinite(high):
            first, last = sorted((int(inner.at_x(low)), int(inner.at_x(high))))
            marks |= dict.fromkeys(range(first, last + 1), ("─", ink))
            marks |= {first: ("├", ink), last: ("┤", ink)}
        marks |= {
            col: ("━", ink) for col in range(min(zero, at), max(zero, at) + 1) if marks.get(col, "─")[0] == "─"
        }
        marks |= {col: ("━", ink) for col in range(min(zero, at) + 1, max(zero, at)) if col not in marks}
        marks[at] = ("●", ink)
    cols = sorted(marks)
    glyphs = [_BAR_ASCII.get(marks[col][0], "-") if pen.plain else marks[col][0] for col in cols]
    pen.points([col + 0.5 for col in cols], [row + 0.5] * len(cols), glyphs, [marks[col][1] for col in cols])


_BAR_ASCII = {"│": "|", "─": "-", "━": "=", "├": "[", "┤": "]", "●": "O"}


def sparkline(values: Sequence[float], width: int, *, ascii: bool = False) -> str:  # noqa: A002
    """Return ``values`` as ``width`` characters, from the least (lowest block) to the greatest.

    More values than cells are averaged; fewer leave blanks at the right. A value that is not finite is a blank.
    """
    numbers = np.asarray(values, dtype=np.float64).reshape(-1)
    if width < 1:
        return ""
    if len(numbers) > width:
        numbers = np.array([_mean(part) for part in np.array_split(numbers, width)])
    ends = limits(numbers)
    if ends is None:
        return " " * width
    blocks = EIGHTHS_ASCII if ascii else EIGHTHS
    parts = fraction(numbers, *ends)
    return "".join(" " if np.isnan(part) else blocks[1 + round(part * 7)] for part in parts).ljust(width)


def _mean(values: Floats) -> float:
    kept = values[np.isfinite(values)]
    return float((kept / len(kept)).sum()) if len(kept) else float("nan")
