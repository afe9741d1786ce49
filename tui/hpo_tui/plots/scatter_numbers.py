"""The numbers of a scatter: where each point lies, its step of the ramp, the legend's ends and the ticks."""

from __future__ import annotations

from typing import Literal

import numpy as np
from msgspec import Struct, field

from hpo_core.plan.metrics import Objective
from hpo_tui.plots.data import Axis, Bools, Floats, Ints, Trials, by_column
from hpo_tui.plots.legend import RampLegend
from hpo_tui.plots.projection import View, default_view
from hpo_tui.plots.scale import format_ticks, fraction, limits, ramp_steps, round_ticks

_MOST_TICKS = 120
"""No plot is so large that more ticks of an axis could be read."""

Spacing = Literal["ordinal", "linear", "log"]


class ScatterLook(Struct, frozen=True):
    """What is shown and from where: ``shown`` lists one to three axes by index (across, along, upright).

    ``spacing`` is for each shown axis, ordinal where it is left out: value i of n. ``view`` is where the box is
    seen from; None chooses it so that no two values of the floor hide each other. ``box``: three axes stand as a
    box, not as panels; ``shapes``: there is no colour, and marks tell scores by their shape.
    """

    shown: tuple[int, ...] = (0, 1, 2)
    spacing: tuple[Spacing, ...] = ()
    view: View | None = None
    box: bool = True
    shapes: bool = False


class ScatterNumbers(Struct, frozen=True, eq=False):
    """Everything a scatter draws, as numbers; m points on k axes.

    ``rows`` (m,): the row of the trials that a point stands for (its best, where it is a mean of several);
    ``members`` (m,): how many rows that are; ``positions`` (m, k) in 0..1; ``scores`` (m,), NaN where failed;
    ``steps`` (m,): step of the ramp, -1 where failed; ``failed``, ``collapsed`` and ``highlighted`` (m,);
    ``legend``: None where nothing has a score; ``ticks``: for each axis (position in 0..1, label); ``view``: as it
    was chosen; ``others``: the names of the axes that are not shown.
    """

    axes: tuple[Axis, ...]
    rows: Ints
    members: Ints
    positions: Floats
    scores: Floats
    steps: Ints
    failed: Bools
    collapsed: Bools
    highlighted: Bools
    legend: RampLegend | None
    ticks: tuple[tuple[tuple[float, str], ...], ...]
    view: View = field(default_factory=View)
    others: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.rows)

    def rounded(self, axis: int) -> bool:
        """Whether an axis' ticks are round numbers, or a few of many: trials stand between them."""
        return len(self.ticks[axis]) < len(self.axes[axis].labels)


class Shown(Struct, frozen=True, eq=False):
    """The points that are seen: their indices in the numbers, and the cell of each, its column and line."""

    points: Ints
    cols: Ints
    lines: Ints

    def __len__(self) -> int:
        return len(self.points)

    def near(self, col: int, line: int) -> int | None:
        """Return the index of the point in this cell, or else of the nearest within two columns and one line."""
        across, down = np.abs(self.cols - col), np.abs(self.lines - line)
        distance = np.where((across <= 2) & (down <= 1), across + 2 * down, np.iinfo(np.int64).max)
        nearest = int(np.argmin(distance)) if len(self) else -1
        reached = nearest >= 0 and across[nearest] <= 2 and down[nearest] <= 1
        return int(self.points[nearest]) if reached else None


def axis_positions(axis: Axis, spacing: Spacing = "ordinal") -> Floats:
    """Return where each value of an axis lies, in 0..1.

    Linear and log spacing need numbers (log: all positive) that are not all the same; otherwise, and for
    "ordinal", value i of n lies at (i - 1) / (n - 1).
    """
    count = len(axis.labels)
    if spacing != "ordinal" and axis.positions is not None and len(axis.positions) == count:
        numbers = np.asarray(axis.positions, dtype=np.float64)
        if spacing == "log":
            with np.errstate(all="ignore"):
                numbers = np.log10(numbers)
        ends = limits(numbers)
        if ends is not None and np.isfinite(numbers).all() and ends[0] < ends[1]:
            return fraction(numbers, *ends)
    return np.arange(count) / (count - 1) if count > 1 else np.full(count, 0.5)


_CONTINUOUS = 12
"""More numbers than this on an axis are a continuous hyperparameter's, where most have one trial only."""

_DECADES = 2.0
"""Positive numbers over so many powers of ten lie on a logarithmic axis."""

_TICKS = 5


def is_continuous(axis: Axis, rows: int) -> bool:
    """Whether an axis' numbers are those of a random search: many, each for few of the ``rows``."""
    return axis.positions is not None and len(axis.positions) > _CONTINUOUS and 2 * len(axis.positions) > rows


def true_spacing(axis: Axis) -> Spacing:
    """Return how a continuous hyperparameter's axis is spaced: by its numbers, or by their logarithms."""
    low, high = min(axis.positions or (0.0,)), max(axis.positions or (0.0,))
    return "log" if low > 0 and high / low >= 10**_DECADES else "linear"


def _ticks(axis: Axis, place: Floats, spacing: Spacing, marked: Ints) -> tuple[tuple[float, str], ...]:
    """Return an axis' ticks: its values, or round numbers where these are too many and lie where they are."""
    if spacing == "ordinal" or axis.positions is None or len(axis.labels) <= _CONTINUOUS:
        return tuple((float(place[at]), axis.labels[at]) for at in _ticked(len(place), marked))
    low, high = min(axis.positions), max(axis.positions)
    if spacing == "log":
        powers = np.arange(np.ceil(np.log10(low) - 1e-9), np.floor(np.log10(high) + 1e-9) + 1)
        powers = powers[:: max(1, -(-len(powers) // _TICKS))]
        at, labels = (
            fraction(powers, float(np.log10(low)), float(np.log10(high))),
            [f"1e{power:.0f}" for power in powers],
        )
        if len(powers) > 1:
            return tuple(zip(map(float, at), labels, strict=True))
    ticks = round_ticks(low, high, _TICKS)
    numbers = np.asarray(ticks)
    with np.errstate(all="ignore"):
        at = (
            fraction(np.log10(numbers), float(np.log10(low)), float(np.log10(high)))
            if spacing == "log"
            else fraction(numbers, low, high)
        )
    return tuple(zip(map(float, at), format_ticks(ticks), strict=True))


def scatter_numbers(trials: Trials, metric: Objective, look: ScatterLook | None = None) -> ScatterNumbers:
    """Return the numbers of the scatter of the trials that have a score or failed; the others are not drawn."""
    look = look or ScatterLook()
    shown = tuple(axis for axis in look.shown if 0 <= axis < len(trials.axes))[:3]
    axes = tuple(trials.axes[axis] for axis in shown)
    ordinal: tuple[Spacing, ...] = ("ordinal", "ordinal", "ordinal")
    spacing = look.spacing + ordinal[len(look.spacing) :]
    places = [axis_positions(axis, how) for axis, how in zip(axes, spacing, strict=False)]
    scored = trials.scored
    rows = np.flatnonzero(trials.placed(shown) & (scored | trials.failed)) if shown else np.zeros(0, np.int64)
    scores = np.where(scored[rows], trials.scores[rows], np.nan)
    codes = by_column(trials.codes[rows, axis] for axis in shown) if shown else np.zeros((0, 0), np.int64)
    members = np.ones(len(rows), dtype=np.int64)
    if len(shown) == 2:
        rows, codes, scores, members = _means(rows, codes, scores, metric, trials)
    highlighted = _highlighted(trials, rows, codes, shown)
    ends = limits(scores)
    low, high = ends if ends else (0.0, 0.0)
    positions = [place[codes[:, at]] for at, place in enumerate(places)]
    view = look.view
    if view is None:
        sizes = [len(axis.labels) for axis in axes]
        view = default_view(sizes[0], sizes[1]) if len(axes) == 3 else View()
    return ScatterNumbers(
        axes=axes,
        rows=rows,
        members=members,
        positions=np.array(positions).T if positions else np.zeros((0, 0)),
        scores=scores,
        steps=ramp_steps(scores, low, high, metric),
        failed=~np.isfinite(scores),
        collapsed=trials.collapsed[rows] & np.isfinite(scores),
        highlighted=highlighted,
        legend=RampLegend(metric, low, high) if ends else None,
        ticks=tuple(
            _ticks(axis, place, how, codes[highlighted][:, at])
            for at, (axis, place, how) in enumerate(zip(axes, places, spacing, strict=False))
        ),
        view=view,
        others=tuple(axis.name for at, axis in enumerate(trials.axes) if at not in shown),
    )


def _ticked(count: int, marked: Ints) -> list[int]:
    """Return which of an axis' values get a tick: all, or as many as there may be room for and those marked."""
    if count <= _MOST_TICKS:
        return list(range(count))
    return sorted({*(at * (count - 1) // (_MOST_TICKS - 1) for at in range(_MOST_TICKS)), *marked.tolist()})


def _means(
    rows: Ints, codes: Ints, scores: Floats, metric: Objective, trials: Trials
) -> tuple[Ints, Ints, Floats, Ints]:
    """Gather rows by their two codes: the best row, the codes, the mean score and the count of each place."""
    width = int(codes[:, 1].max(initial=0)) + 1
    keys, place = np.unique(codes[:, 0] * width + codes[:, 1], return_inverse=True)
    counts = np.bincount(place, minlength=len(keys))
    has = np.isfinite(scores)
    results = np.bincount(place, weights=has, minlength=len(keys))
    with np.errstate(all="ignore"):
        # Each score is divided before the sum, so that huge ones do not overflow.
        share = np.where(has, scores, 0.0) / results[place]
        sums = np.bincount(place, weights=np.where(has, share, 0.0), minlength=len(keys))
    means = np.full(len(keys), np.nan)
    means[results > 0] = sums[results > 0]
    worth = np.where(has, scores if metric.maximised else -scores, -np.inf)
    best = np.zeros(len(keys), dtype=np.int64)
    order = np.argsort(worth, kind="stable")
    best[place[order]] = rows[order]
    return best, np.stack([keys // width, keys % width], axis=1), means, counts.astype(np.int64)


def _highlighted(trials: Trials, rows: Ints, codes: Ints, shown: tuple[int, ...]) -> Bools:
    marked = trials.highlight
    if marked is None or not 0 <= marked < len(trials):
        return np.zeros(len(rows), dtype=np.bool_)
    if len(shown) == 2:
        return np.asarray((codes == trials.codes[marked, list(shown)]).all(axis=1), dtype=np.bool_)
    return np.asarray(rows == marked, dtype=np.bool_)


def shown_in_cells(numbers: ScatterNumbers, cols: Ints, lines: Ints, width: int, near: Floats) -> Shown:
    """Return which points are shown, at most one for each cell.

    Of several in a cell it is the highlighted one, else the best score, else a failed one; among equals the
    one with the greatest ``near``.
    """
    worth = numbers.steps.astype(np.float64)
    legend = numbers.legend
    if legend is not None:
        part = fraction(numbers.scores, legend.low, legend.high)
        worth = np.nan_to_num(part if legend.metric.maximised else 1.0 - part, nan=-1.0)
    worth = np.where(numbers.highlighted, 2.0, worth) + 1e-9 * near
    cells = lines * width + cols
    best = np.full(int(cells.max(initial=0)) + 1, -np.inf)
    np.maximum.at(best, cells, worth)
    winner = np.full(len(best), -1, dtype=np.int64)
    first = np.flatnonzero(worth == best[cells])
    winner[cells[first]] = first  # of equals the last: numpy keeps the last assignment to a place
    kept = winner[winner >= 0]
    return Shown(kept, cols[kept], lines[kept])
