"""Histograms as rows: one strip of eighth blocks for each value, all on the same bins, under each other."""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct

from hpo_tui.look import inks
from hpo_tui.plots.blocks import add_bars
from hpo_tui.plots.canvas import Canvas, shorten, width_of
from hpo_tui.plots.frame import Inner
from hpo_tui.plots.histogram_numbers import HistogramNumbers, Panel
from hpo_tui.plots.pen import Pen
from hpo_tui.plots.scale import format_numbers

_LONGEST = 24
"""Cells that a value's name has at most; it never has more than four ninths of its panel."""
_TALLEST = 9
"""Rows that one value's strip has at most, the blank one above it among them: higher bars say no more."""
_APART = 3
"""From so many rows on, a blank one keeps strips apart."""


class Columns(Struct, frozen=True):
    """Where things stand in a panel, in cells from its left: label, strip, and two numbers at the right.

    ``label`` and ``room`` (of the strip) are widths; ``strip``, ``counts`` and ``peaks`` are columns; 0 where
    there is no room. The same for all panels of one width, so that their strips are aligned.
    """

    label: int
    strip: int
    room: int
    counts: int
    peaks: int


@lru_cache(maxsize=16)
def panel_columns(width: int, labels: tuple[str, ...], results: int) -> Columns:
    """Return the columns of panels ``width`` cells wide whose values have these ``labels``.

    ``results``: how many there are in all, which no value's count exceeds.
    """
    longest = max((width_of(shorten(text, _LONGEST)) for text in labels), default=0)
    label = 0 if width < 14 else min(longest, max(width * 4 // 9, 4))
    strip = label + 1 if label else 0
    count = 1 + max(len(_short_count(results)), 2)
    tail = count + 6 if width >= 34 else count if width >= 20 else 0
    room = max(width - strip - tail, 1)
    counts = strip + room if tail else 0
    return Columns(label, strip, room, counts, strip + room + count if tail > count else 0)


class _Place(Struct, frozen=True):
    """A panel's area and what is drawn in it.

    ``cell`` is the width of one bin; a bar of ``full`` percent is as high as there is room.
    """

    canvas: Canvas
    pen: Pen
    area: Inner
    columns: Columns
    cell: int
    full: float
    panel: Panel


def draw_rows(canvas: Canvas, pen: Pen, area: Inner, numbers: HistogramNumbers, panel: Panel) -> None:
    """Draw one panel within ``area``: its name, a strip for each value, and the bins' ends below."""
    columns = panel_columns(area.width, all_labels(numbers), numbers.results)
    place = _Place(canvas, pen, area, columns, max(columns.room // numbers.bins, 1), numbers.peak, panel)
    named = area.height >= 3
    ended = area.height >= len(panel.labels) + 2
    body = area.height - named - ended
    first = area.row + named
    if named:
        _write_heading(place)
    shown = len(panel.labels)
    if shown > body:
        shown = max(body - 1, 1)
        canvas.write(
            area.col, first + shown, shorten(f"+{len(panel.labels) - shown} more values", area.width), inks.DIM
        )
    most = max(len(other.labels) for other in numbers.panels)
    # Equally high in all panels: what is as high is as many percent.
    tall = min(max(body // most, 1), _TALLEST)
    between = 1 if tall >= _APART else 0
    for value in range(shown):
        _draw_value(place, value, first + value * tall, tall - between, touching=tall == 2)
    if named and not ended:
        _write_range(place, numbers)
    if ended and shown == len(panel.labels):
        _write_ends(place, first + shown * tall - between, numbers)


def all_labels(numbers: HistogramNumbers) -> tuple[str, ...]:
    """Return the labels of the values of all panels."""
    return tuple(label for panel in numbers.panels for label in panel.labels)


def _write_heading(place: _Place) -> None:
    columns, area = place.columns, place.area
    room = columns.counts - 1 if columns.counts else area.width
    place.canvas.write(area.col, area.row, shorten(place.panel.name, room), inks.STRONG)
    if columns.counts:
        size = (columns.peaks or area.width) - columns.counts
        heads = "n".rjust(size) + ("  peak" if columns.peaks else "")
        place.canvas.write(area.col + columns.counts, area.row, heads, inks.DIM)


def _draw_value(place: _Place, value: int, top: int, tall: int, touching: bool) -> None:
    canvas, columns, panel, left = place.canvas, place.columns, place.panel, place.area.col
    base = top + tall - 1
    ink = panel.inks[value]
    if columns.label:
        canvas.write(left, base, shorten(panel.labels[value], columns.label), ink)
    corner = (left + columns.strip, top)
    # Strips that touch leave an eighth free on top, so that a full bar does not run into the one above.
    full = place.full * (8 * tall / (8 * tall - 1) if touching else 1.0)
    add_bars(place.pen, corner, (place.cell, tall), panel.percent[value].tolist(), full, ink)
    if columns.counts:
        size = (columns.peaks or place.area.width) - columns.counts
        canvas.write(left + columns.counts, base, _short_count(panel.counts[value]).rjust(size), inks.DIM)
    if columns.peaks:
        peak = f"{panel.percent[value].max():.0f} %" if panel.counts[value] else "–"
        canvas.write(left + columns.peaks, base, f"{peak:>6}", inks.DIM)


def _write_ends(place: _Place, row: int, numbers: HistogramNumbers) -> None:
    canvas, area = place.canvas, place.area
    first, last = numbers.edges[0], numbers.edges[-1]
    low, middle, high = format_numbers((first, first / 2 + last / 2, last), gap=0.0)
    left, length = area.col + place.columns.strip, numbers.bins * place.cell
    spill = width_of(low) + width_of(high) + 1 - length
    if spill > 0:
        # Too short for both: the lower one begins left of its end of the strip.
        spill = min(spill, left - area.col)
        left, length, middle = left - spill, length + spill, ""
    canvas.label(left, row, low, inks.DIM)
    canvas.label(left + length - width_of(high), row, high, inks.DIM)
    canvas.label(left + (length - width_of(middle)) // 2, row, middle, inks.DIM, gap=3)


def _write_range(place: _Place, numbers: HistogramNumbers) -> None:
    """Write the bins' ends over the strips, where there is no line below for them."""
    first, last = format_numbers((numbers.edges[0], numbers.edges[-1]), gap=0.0)
    text = f"{first} to {last}"
    end = place.area.col + place.columns.strip + numbers.bins * place.cell
    place.canvas.label(end - width_of(text), place.area.row, text, inks.DIM, gap=0)


def _short_count(count: int) -> str:
    if count < 10_000:
        return str(count)
    return f"{count // 1000}k" if count < 1_000_000 else f"{count // 1_000_000}M"
