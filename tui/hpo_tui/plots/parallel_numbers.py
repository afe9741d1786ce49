"""The numbers of parallel coordinates: where each trial's line meets each axis, and where trimmed ones are cut."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from hpo_core.plan.metrics import Objective
from hpo_tui.plots.data import Bools, Floats, Ints, Trials
from hpo_tui.plots.legend import RampLegend
from hpo_tui.plots.scale import fraction, limits, ramp_steps

METRIC = -1
"""The metric, in an order of axes."""


class ParallelNumbers(Struct, frozen=True, eq=False):
    """Everything a plot of parallel coordinates draws; n rows, a axes.

    ``order``: the axes from left to right, ``METRIC`` for the metric. ``places`` (n, a): where each row meets
    each axis, 0..1; NaN on the metric's where it has no score. ``steps`` (n,): step of the ramp, -1 without a
    score or out of view. ``reach`` (n,): how many axes a row's line goes through: all of them, or up to the one
    on which its value is trimmed; 0 where it is not drawn. ``hidden``: for each axis the values out of view.
    """

    order: tuple[int, ...]
    names: tuple[str, ...]
    labels: tuple[tuple[str, ...], ...]
    places: Floats
    scores: Floats
    steps: Ints
    reach: Ints
    in_view: Bools
    hidden: tuple[frozenset[int], ...]
    highlight: int | None
    legend: RampLegend | None


def parallel_numbers(
    trials: Trials,
    metric: Objective,
    order: Sequence[int] | None = None,
    hidden: Sequence[frozenset[int]] | None = None,
) -> ParallelNumbers:
    """Return the numbers of parallel coordinates.

    ``order``: indices of axes and ``METRIC``, from left to right; None puts the metric last. ``hidden``: for
    each axis of the trials the values that are trimmed; the rows that have one are drawn as cut lines.
    """
    known = range(METRIC, len(trials.axes))
    axes = tuple(axis for axis in (order if order is not None else (*known[1:], METRIC)) if axis in known)
    out = tuple(hidden) if hidden is not None else (frozenset(),) * len(trials.axes)
    shown = tuple(axis for axis in axes if axis != METRIC)
    in_view = np.ones(len(trials), dtype=np.bool_)
    first_cut = np.full(len(trials), len(axes))
    for at, axis in [*reversed(list(enumerate(axes))), *((len(axes), axis) for axis in range(len(out)))]:
        if axis != METRIC and out[axis]:
            trimmed = np.zeros(len(trials.axes[axis].labels) + 1, dtype=np.bool_)  # the last is of rows with none
            trimmed[list(out[axis])] = True
            here = trimmed[trials.codes[:, axis]]
            in_view &= ~here
            if at < len(axes):
                first_cut[here] = at
    scored = trials.scored & trials.placed(shown)
    ends = limits(trials.scores[scored & in_view])
    low, high = ends if ends else (0.0, 0.0)
    places = np.full((len(axes), len(trials)), np.nan)  # each axis in one piece
    for at, axis in enumerate(axes):
        if axis == METRIC:
            places[at] = np.where(scored, fraction(trials.scores, low, high), np.nan)
        else:
            count = len(trials.axes[axis].labels)
            places[at] = trials.codes[:, axis] / (count - 1) if count > 1 else 0.5
    reach = np.where(first_cut < len(axes), first_cut + 1, np.where(in_view, len(axes), 0))
    drawn = trials.placed(shown) & (scored | (trials.failed & ~in_view) | trials.failed)
    steps = ramp_steps(np.where(scored & in_view, trials.scores, np.nan), low, high, metric)
    return ParallelNumbers(
        order=axes,
        names=tuple(metric.metric if axis == METRIC else trials.axes[axis].name for axis in axes),
        labels=tuple(() if axis == METRIC else trials.axes[axis].labels for axis in axes),
        places=places.T,
        scores=trials.scores,
        steps=steps,
        reach=np.where(drawn, reach, 0).astype(np.int64),
        in_view=in_view,
        hidden=tuple(frozenset() if axis == METRIC else frozenset(out[axis]) for axis in axes),
        highlight=trials.highlight,
        legend=RampLegend(metric, low, high) if ends else None,
    )
