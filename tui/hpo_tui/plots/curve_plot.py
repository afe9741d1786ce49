"""Learning curves: the metric by epoch for chosen trials, replicates thin and quiet, their mean thick.

A trial that stands only for comparison has a thin mean and no replicates: of eight trials with all that they
have, none could be followed. The limits are those of what is drawn. Each trial has a colour and a number; the
number stands at the end of its mean and before its name, so that curves can be told apart without colour too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from hpo_tui.look import inks
from hpo_tui.plots.canvas import Canvas, sentence, shorten, width_of
from hpo_tui.plots.data import Floats
from hpo_tui.plots.frame import Inner, Sides, Tick, draw_frame
from hpo_tui.plots.pen import Pen
from hpo_tui.plots.picture import Picture
from hpo_tui.plots.scale import finite, format_numbers, format_ticks, fraction, limits, round_ticks

TOO_SMALL = "too small for curves; widen the window"
_LEGEND_FROM = 50


class Curve(Struct, frozen=True, eq=False):
    """One trial: its name, and for each replicate the metric after epoch 1, 2, ...; NaN where there is none.

    ``whole``: its replicates are drawn too, and its mean is thick.
    """

    label: str
    replicates: tuple[Floats, ...]
    whole: bool = True


class CurveNumbers(Struct, frozen=True, eq=False):
    """What is drawn: ``means`` for each curve, epoch by epoch over the replicates that have it; the limits.

    ``low`` and ``high`` are the least and greatest finite metric that is drawn, ``epochs`` the most any has.
    """

    curves: tuple[Curve, ...]
    means: tuple[Floats, ...]
    low: float
    high: float
    epochs: int


def curve_numbers(curves: Sequence[Curve]) -> CurveNumbers | None:
    """Return the numbers of the curves; None where none has a finite metric."""
    kept = tuple(curves)
    means = tuple(_mean(curve) for curve in kept)
    replicates = [replicate for curve in kept if curve.whole for replicate in curve.replicates]
    everything = [finite(line) for line in (*means, *replicates)]
    ends = limits(np.concatenate(everything)) if everything else None
    if ends is None:
        return None
    return CurveNumbers(kept, means, *ends, max(map(len, means)))


def _mean(curve: Curve) -> Floats:
    longest = max((len(replicate) for replicate in curve.replicates), default=0)
    table = np.full((len(curve.replicates), longest), np.nan)
    for row, replicate in enumerate(curve.replicates):
        table[row, : len(replicate)] = replicate
    return _column_means(table)


def _column_means(table: Floats) -> Floats:
    """Return the mean of the finite values of each column, NaN where there is none."""
    has = np.isfinite(table)
    count = has.sum(axis=0)
    with np.errstate(all="ignore"):
        mean: Floats = (np.where(has, table, 0.0) / count).sum(axis=0)
    mean[count == 0] = np.nan
    return mean


def curves(
    curves: Sequence[Curve],
    metric_name: str,
    width: int,
    height: int,
    *,
    ascii: bool = False,  # noqa: A002
    empty: str = "Curves appear here with the first finished epoch.",
) -> Picture:
    """Return the curves in exactly ``width`` × ``height`` cells; the first eight have colours of their own.

    ``empty`` is the sentence that stands where nothing was measured yet.
    """
    numbers = curve_numbers(curves)
    if numbers is None:
        return sentence(empty, width, height, ascii, inks.DIM)
    canvas = Canvas(width, height)
    legend = _legend_width(numbers, width, height)
    area = Inner(0, 0, width - (legend + 2 if legend else 2), height)
    inner = draw_frame(canvas, area, _sides(numbers, metric_name, area)) if width >= 12 and height >= 4 else None
    if inner is None:
        return sentence(TOO_SMALL, width, height, ascii, inks.DIM)
    pen = Pen(width, height, ascii)
    for index, curve in enumerate(numbers.curves):
        for replicate in curve.replicates if curve.whole and len(curve.replicates) > 1 else ():
            _draw(pen, inner, numbers, replicate, inks.category_dim(index))
    # What is drawn later lies on top: the first of the trials that are drawn whole.
    for index in sorted(range(len(numbers.means)), key=lambda index: (numbers.curves[index].whole, -index)):
        _draw(pen, inner, numbers, numbers.means[index], inks.category(index), thick=numbers.curves[index].whole)
    canvas.lay(pen.rows(), 0, 0)
    ends = _ends(inner, numbers)
    beside = _write_legend(canvas, width - legend, legend, numbers, ends) if legend else set()
    for index, (col, row) in enumerate(ends):
        if index not in beside:
            _name_end(canvas, inner, (col, row), index, exactly=legend > 0)
    return canvas.picture(ascii)


def _sides(numbers: CurveNumbers, metric_name: str, area: Inner) -> Sides:
    values = round_ticks(numbers.low, numbers.high, max(area.height // 4, 2))
    places = fraction(np.array(values), numbers.low, numbers.high)
    y_ticks: list[Tick] = list(zip(places.tolist(), format_ticks(values), strict=True))
    x_ticks = [(_part(epoch, numbers.epochs), str(epoch)) for epoch in _epoch_ticks(numbers.epochs, area.width)]
    return Sides(x_ticks, y_ticks, "epoch", metric_name, x_is_number=True)


def _epoch_ticks(epochs: int, width: int) -> list[int]:
    """Return whole epochs to label: the first, the last, and round ones between."""
    most = max(width // 8, 2)
    step = next(unit * 10**power for power in range(19) for unit in (1, 2, 5) if epochs <= unit * 10**power * most)
    inside = [epoch for epoch in range(step, epochs, step) if 1 < epoch <= epochs - step / 2]
    return sorted({1, epochs, *inside})


def _part(epoch: float, epochs: int) -> float:
    return (epoch - 1) / (epochs - 1) if epochs > 1 else 0.5


def _draw(pen: Pen, inner: Inner, numbers: CurveNumbers, values: Floats, ink: int, thick: bool = False) -> None:
    """Draw one line, broken where a value is missing; a value alone between two gaps is a point.

    Where there are more epochs than columns, a point of the line is the mean of the epochs of its column.
    """
    epochs, values = _one_for_each_column(values, inner.width)
    known = np.isfinite(values)
    xs = np.array([inner.at_x(_part(epoch, numbers.epochs)) for epoch in epochs])
    parts = np.nan_to_num(fraction(values, numbers.low, numbers.high))
    ys = inner.row + 0.5 + (1.0 - parts) * (inner.height - 1)
    for start, stop in _runs(known):
        if stop - start == 1:
            pen.points(xs[start:stop], ys[start:stop], ["●" if thick else "•"], [ink])
            continue
        pen.line(xs[start:stop], ys[start:stop], ink)
        if thick:
            # A second line a dot lower makes the mean twice as strong as a replicate.
            pen.line(xs[start:stop], np.minimum(ys[start:stop] + 0.25, inner.row + inner.height - 0.1), ink)


def _one_for_each_column(values: Floats, columns: int) -> tuple[Floats, Floats]:
    """Return epochs (from 1, not always whole) and values, at most one for each column."""
    stride = -(-len(values) // max(columns, 1))
    if stride < 2:
        return np.arange(1.0, len(values) + 1), values
    padded = np.full(-(-len(values) // stride) * stride, np.nan)
    padded[: len(values)] = values
    epochs = np.arange(1.0, len(padded) + 1).reshape(-1, stride).mean(axis=1)
    return np.minimum(epochs, len(values)), _column_means(padded.reshape(-1, stride).T)


def _runs(known: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], known, [False]])))
    return [(int(start), int(stop)) for start, stop in zip(edges[::2], edges[1::2], strict=True)]


def _ends(inner: Inner, numbers: CurveNumbers) -> list[tuple[int, int]]:
    """Return the cell of each mean's last point; the top left one where there is none."""
    cells = []
    for mean in numbers.means:
        known = np.flatnonzero(np.isfinite(mean))
        last = int(known[-1]) if len(known) else 0
        part = fraction(mean[last : last + 1], numbers.low, numbers.high) if len(known) else [1.0]
        cells.append((int(inner.at_x(_part(last + 1, numbers.epochs))), int(inner.at_y(float(part[0])))))
    return cells


def _name_end(canvas: Canvas, inner: Inner, end: tuple[int, int], index: int, exactly: bool) -> None:
    """Write a curve's number right of its last point or, unless ``exactly`` there, as near as there is room."""
    col, row = end
    for down in (0,) if exactly else (0, -1, 1, -2, 2):
        inside = inner.row <= row + down < inner.row + inner.height
        if inside and canvas.label(col + 1, row + down, str(index + 1), inks.category(index), gap=0):
            return


def _legend_width(numbers: CurveNumbers, width: int, height: int) -> int:
    if width < _LEGEND_FROM or height < 5:
        return 0
    longest = max(width_of(shorten(text, width * 2 // 5)) for text in _entries(numbers))
    return min(longest, width * 2 // 5)


def _entries(numbers: CurveNumbers) -> list[str]:
    """Return a line for each curve: its number, the last mean, the name."""
    lasts = [mean[np.isfinite(mean)][-1:] for mean in numbers.means]
    texts = format_numbers([float(last[0]) if len(last) else float("nan") for last in lasts], gap=0.0)
    size = max(map(width_of, texts))
    digits = len(str(len(texts)))
    return [
        f"{index + 1:>{digits}} {text.rjust(size)}  {curve.label}"
        for index, (text, curve) in enumerate(zip(texts, numbers.curves, strict=True))
    ]


def _write_legend(
    canvas: Canvas, col: int, width: int, numbers: CurveNumbers, ends: Sequence[tuple[int, int]]
) -> set[int]:
    """Write each curve's line as near to the row of its end as the others allow; return which stand beside it."""
    entries = _entries(numbers)
    order = sorted(range(len(entries)), key=lambda index: ends[index][1])
    room = canvas.height
    if len(order) > room:
        order = order[: room - 1]
        canvas.write(col, room - 1, shorten(f"+{len(entries) - len(order)} more", width), inks.DIM)
        room -= 1
    free, beside = 0, set()
    for place, index in enumerate(order):
        end_col, end_row = ends[index]
        row = min(max(end_row, free), room - (len(order) - place))
        canvas.write(col, row, shorten(entries[index], width), inks.category(index))
        if row == end_row and end_col >= col - 4:
            beside.add(index)
        free = row + 1
    return beside
