"""Slices: the metric against each hyperparameter, a panel for each, every training a point over its value.

A cell with several trainings has a larger mark; the line across a value is the mean of its trainings. Where they
are of several groups, such as sessions, each group has a sign, a colour and a mean of its own, beside the others.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from hpo_core.plan.metrics import Objective
from hpo_tui.look import inks
from hpo_tui.plots.canvas import Canvas, sentence, shorten, width_of
from hpo_tui.plots.data import Bools, Floats, Ints, Trials, by_column, trials
from hpo_tui.plots.frame import Inner, Sides, Tick, draw_frame
from hpo_tui.plots.legend import SIZES, SIZES_ASCII
from hpo_tui.plots.pen import Pen
from hpo_tui.plots.picture import Picture
from hpo_tui.plots.scale import format_ticks, fraction, limits, round_ticks

TOO_SMALL = "too small for slices; widen the window"
_NARROWEST, _LOWEST, _GAP = 22, 7, 2


SIGNS, SIGNS_ASCII = "●◆■○◇▪×", "o#@.+*x"


class Groups(Struct, frozen=True, eq=False):
    """Which group each of the rows is of, and what the groups are called."""

    names: tuple[str, ...]
    of: Ints


def sign_of(group: int, plain: bool) -> str:
    """Return the sign of a group's points, by its number."""
    signs = SIGNS_ASCII if plain else SIGNS
    return signs[group % len(signs)]


class SliceNumbers(Struct, frozen=True, eq=False):
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
        means.append(_means(codes, trainings.scores[scored], size))
        counts.append(tuple(map(int, np.bincount(codes, minlength=size))))
    return SliceNumbers(*ends, tuple(means), tuple(counts))


def _means(codes: Ints, scores: Floats, size: int) -> Floats:
    """Return the mean score of each of ``size`` values, NaN where it has none."""
    found = np.bincount(codes, minlength=size)
    with np.errstate(all="ignore"):
        share = scores / found[codes]  # divided before the sum: huge ones do not overflow
        return np.where(found > 0, np.bincount(codes, weights=share, minlength=size), np.nan)


def slices(
    trainings: Trials,
    metric: Objective,
    width: int,
    height: int,
    *,
    ascii: bool = False,  # noqa: A002
    empty: str = "The first results appear here.",
    groups: Groups | None = None,
) -> Picture:
    """Return one panel for each hyperparameter in just ``width`` × ``height`` cells, told apart by ``groups``."""
    numbers = slice_numbers(trainings)
    if numbers is None:
        return sentence(empty, width, height, ascii, inks.DIM)
    if not (scored := trainings.scored).all():
        kept = by_column(column[scored] for column in trainings.codes.T)
        trainings = trials(trainings.axes, kept, trainings.scores[scored])
        groups = replace(groups, of=groups.of[scored]) if groups is not None else None
    heights = fraction(trainings.scores, numbers.low, numbers.high)
    lead = 1 if groups is not None else 0
    areas = _areas(len(trainings.axes), width, height - lead)
    if not areas:
        return sentence(TOO_SMALL, width, height, ascii, inks.DIM)
    canvas, pen = Canvas(width, height), Pen(width, height, ascii)
    for panel, area in enumerate(areas):
        placed = replace(area, row=area.row + lead)
        _draw(canvas, pen, placed, trainings, heights, numbers, panel, metric, groups)
    if groups is not None:
        _draw_names(canvas, groups, ascii)
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


def _draw_names(canvas: Canvas, groups: Groups, plain: bool) -> None:
    """Name the groups in the first row, as many as there is room for."""
    at = 0
    for number, name in enumerate(groups.names):
        more = len(groups.names) - number - 1
        said = f"{sign_of(number, plain)} {shorten(name, 24)}"
        if at + width_of(said) + (8 if more else 0) > canvas.width:
            canvas.write(at, 0, f"+{more + 1} more", inks.DIM)
            return
        canvas.write(at, 0, said, inks.category(number))
        at += width_of(said) + 3


def _draw(
    canvas: Canvas,
    pen: Pen,
    area: Inner,
    trainings: Trials,
    heights: Floats,
    numbers: SliceNumbers,
    panel: int,
    metric: Objective,
    groups: Groups | None,
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
    name = f"{metric.metric} {metric.arrow}" if first else " "
    numbered = axis.positions is not None
    inner = draw_frame(canvas, area, Sides(x_ticks, y_ticks, axis.name, name, x_is_number=numbered))
    if inner is None:
        return
    codes, means = trainings.codes[:, panel], numbers.means[panel]
    for group in range(1 if groups is None else len(groups.names)):
        here: Bools | slice = slice(None)
        if groups is not None:
            here = groups.of == group
            means = _means(codes[here], trainings.scores[here], count)
        sign = "" if groups is None else sign_of(group, pen.plain)
        inked = axis.inks if groups is None else (inks.category(group),) * count
        beside = 0 if groups is None else 2 * group - len(groups.names) + 1
        cols = np.clip(
            np.floor(inner.at_x(0.0) + places * (inner.width - 1)).astype(np.int64) + beside,
            inner.col,
            inner.col + inner.width - 1,
        )
        mean_heights = fraction(means, numbers.low, numbers.high)
        _draw_group(pen, inner, cols, codes[here], heights[here], mean_heights, inked, sign)


def _draw_group(
    pen: Pen,
    inner: Inner,
    cols: Ints,
    codes: Ints,
    heights: Floats,
    means: Floats,
    inked: Sequence[int],
    sign: str,
) -> None:
    """Draw the points and means of one group, by their heights in 0..1, value by value, points over the means.

    ``cols`` and ``inked`` are the column and the ink of each value. However many points there are, they are
    counted first, and a mark for each row of a value is drawn.
    """
    bottom = inner.row + inner.height
    rows = np.floor(inner.at_y(1.0) + (1.0 - heights) * (inner.height - 1)).astype(np.int64)
    counts = np.bincount(codes * bottom + rows, minlength=len(cols) * bottom).reshape(len(cols), bottom)
    level, row = np.nonzero(counts)
    sizes = SIZES_ASCII if pen.plain else SIZES
    marks = [sign or (sizes[1] if number == 1 else sizes[2]) for number in counts[level, row].tolist()]
    known, reach = np.flatnonzero(np.isfinite(means)), 1 if sign else 2
    across = cols[known, None] + np.arange(-reach, reach + 1)
    lined, place = np.nonzero((across >= inner.col) & (across < inner.col + inner.width))
    up = (inner.at_y(1.0) + (1.0 - means[known]) * (inner.height - 1)).astype(np.int64)
    levels = np.concatenate((known[lined], level))
    order = np.argsort(levels, kind="stable")
    xs, ys = np.concatenate((across[lined, place], cols[level])), np.concatenate((up[lined], row))
    glyphs = np.array(["-" if pen.plain else "─"] * len(lined) + marks)[order].tolist()
    pen.points(xs[order] + 0.5, ys[order] + 0.5, glyphs, np.array(inked)[levels[order]].tolist())
