"""Histograms as overlaid outlines, as in the paper: all values of a hyperparameter on one pair of axes."""

from __future__ import annotations

import numpy as np

from hpo_tui.look import inks
from hpo_tui.plots.canvas import Canvas, shorten, width_of
from hpo_tui.plots.data import Floats
from hpo_tui.plots.frame import Inner, Sides, Tick, draw_frame
from hpo_tui.plots.histogram_numbers import HistogramNumbers, Panel
from hpo_tui.plots.histogram_rows import draw_rows
from hpo_tui.plots.pen import Pen
from hpo_tui.plots.scale import format_numbers, round_ticks

_MOST_OUTLINES = 9
"""More outlines than this cannot be told apart, and have no digit of their own."""


def draw_overlay(canvas: Canvas, pen: Pen, area: Inner, numbers: HistogramNumbers, panel: Panel) -> None:
    """Draw one panel within ``area``; as rows instead where it is too small or crowded, or for ASCII."""
    legend_rows = _legend_rows(panel, area)
    framed = Inner(area.col, area.row + 1, area.width, area.height - 1 - legend_rows)
    crowded = len(panel.labels) > _MOST_OUTLINES
    if crowded or pen.plain or framed.height < 7 or framed.width < 20 or numbers.peak <= 0:
        draw_rows(canvas, pen, area, numbers, panel)
        return
    canvas.write(area.col, area.row, shorten(panel.name, area.width), inks.STRONG)
    inner = draw_frame(canvas, framed, _sides(numbers, panel, framed))
    if inner is None:
        return
    for value in range(len(panel.labels)):
        if panel.counts[value]:
            xs, ys = _outline(panel.percent[value], numbers.peak, inner)
            pen.line(xs, ys, panel.inks[value])
    _mark_peaks(canvas, numbers, panel, inner)
    _write_legend(canvas, area, framed.row + framed.height, panel)


def _sides(numbers: HistogramNumbers, panel: Panel, framed: Inner) -> Sides:
    percents = round_ticks(0.0, numbers.peak, max(framed.height // 3, 2))
    y_ticks: list[Tick] = [(value / numbers.peak, f"{value:g}%") for value in percents]
    ends = numbers.edges[0], numbers.edges[0] / 2 + numbers.edges[-1] / 2, numbers.edges[-1]
    x_ticks: list[Tick] = list(zip((0.0, 0.5, 1.0), format_numbers(ends), strict=True))
    return Sides(x_ticks, y_ticks, x_is_number=True)


def _outline(percent: Floats, peak: float, inner: Inner) -> tuple[Floats, Floats]:
    """Return the corners of the steps, in cells of the canvas."""
    bins = len(percent)
    edges = np.repeat(np.arange(bins + 1) / bins, 2) * (inner.width - 0.5) + inner.col + 0.25
    tops = np.concatenate([[0.0], np.repeat(percent, 2), [0.0]]) / peak
    return edges, inner.row + inner.height - 0.125 - tops * (inner.height - 0.5)


def _mark_peaks(canvas: Canvas, numbers: HistogramNumbers, panel: Panel, inner: Inner) -> None:
    """Write each value's number at its highest bar, so that outlines can be told apart without colour."""
    bins = panel.percent.shape[1]
    for value in range(len(panel.labels)):
        if panel.counts[value]:
            at = int(panel.percent[value].argmax())
            col = inner.col + int((at + 0.5) / bins * inner.width)
            row = inner.row + int((1 - panel.percent[value, at] / numbers.peak) * (inner.height - 1))
            canvas.label(min(col, inner.col + inner.width - 1), row, str(value + 1), panel.inks[value], gap=0)


def _legend_entries(panel: Panel) -> list[str]:
    return [
        f"{value + 1} {shorten(label, 16)} n {count}"
        for value, (label, count) in enumerate(zip(panel.labels, panel.counts, strict=True))
    ]


def _legend_rows(panel: Panel, area: Inner) -> int:
    rows, used = 1, 0
    for entry in _legend_entries(panel):
        size = width_of(entry)
        if used and used + size > area.width:
            rows, used = rows + 1, 0
        used += size + 2
    return min(rows, max(area.height // 3, 1))


def _write_legend(canvas: Canvas, area: Inner, row: int, panel: Panel) -> None:
    """Write number, name and count of each value in its colour, in as many rows as there are."""
    col, last = area.col, area.row + area.height
    for value, entry in enumerate(_legend_entries(panel)):
        size = width_of(entry)
        if col > area.col and col + size > area.col + area.width:
            col, row = area.col, row + 1
        if row >= last:
            return
        canvas.write(col, row, shorten(entry, area.width), panel.inks[value])
        col += size + 2
