"""The numbers of a heat map: mean, sd, results and failures for each pair of values."""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from hpo_core.plan.metrics import Objective
from hpo_core.text import format_value
from hpo_tui.plots.data import Axis, Bools, Floats, Ints, Trials
from hpo_tui.plots.legend import RampLegend
from hpo_tui.plots.scale import limits, ramp_steps


class HeatNumbers(Struct, frozen=True, eq=False):
    """Everything a heat map draws; arrays are (values of ``up``, values of ``across``).

    ``mean`` and ``sd`` (sample, NaN below two results) over ``results`` rows; ``failed`` rows; ``steps`` of the
    ramp, -1 where there is no mean; ``highlighted``: the cell of the trial under the cursor.
    """

    across: Axis
    up: Axis
    mean: Floats
    sd: Floats
    results: Ints
    failed: Ints
    steps: Ints
    highlighted: Bools
    legend: RampLegend | None


def heat_numbers(trials: Trials, metric: Objective, across: int = 0, up: int | None = 1) -> HeatNumbers:
    """Return the heat map's numbers of two axes (by index), or of one in a single row if ``up`` is None."""
    single = Axis("", ("",))
    axes = (trials.axes[across], trials.axes[up] if up is not None else single)
    shape = (len(axes[1].labels), len(axes[0].labels))
    shown = (across,) if up is None else (across, up)
    placed = trials.placed(shown)
    rows = trials.codes[:, up] if up is not None else np.zeros(len(trials), dtype=np.int64)
    place = (rows * shape[1] + trials.codes[:, across])[placed]
    scored, scores = trials.scored[placed], trials.scores[placed]
    failed = np.bincount(place[trials.failed[placed]], minlength=shape[0] * shape[1])
    results, mean, sd = _moments(place[scored], scores[scored], shape[0] * shape[1])
    ends = limits(mean)
    low, high = ends if ends else (0.0, 0.0)
    highlighted = np.zeros(shape, dtype=np.bool_)
    marked = trials.highlight
    if marked is not None and 0 <= marked < len(trials) and placed[marked]:
        highlighted[int(rows[marked]), int(trials.codes[marked, across])] = True
    return HeatNumbers(
        across=axes[0],
        up=axes[1],
        mean=mean.reshape(shape),
        sd=sd.reshape(shape),
        results=results.reshape(shape),
        failed=failed.astype(np.int64).reshape(shape),
        steps=ramp_steps(mean, low, high, metric).reshape(shape),
        highlighted=highlighted,
        legend=RampLegend(metric, low, high) if ends else None,
    )


def gathered(trials: Trials, axis: int | None, most: int, into: int) -> Trials:
    """Return the trials with an axis of over ``most`` values gathered into ``into`` ranges of as many values each.

    A range is called by its first value. A random search has as many values as trials: a map of all pairs of them
    would be empty but for one cell in each row, and would not fit any memory.
    """
    if axis is None or len(trials.axes[axis].labels) <= most:
        return trials
    found = trials.axes[axis]
    count = len(found.labels)
    firsts = [-(-at * count // into) for at in range(into)]
    labels = found.labels
    if found.positions is not None:
        labels = tuple(format_value(float(f"{value:.2g}")) for value in found.positions)
    ranges = Axis(f"{found.name}, {count:,} values in {into} ranges from", tuple(labels[at] for at in firsts))
    codes = trials.codes.copy()
    inside = (codes[:, axis] >= 0) & (codes[:, axis] < count)
    codes[inside, axis] = codes[inside, axis] * into // count
    return replace(trials, axes=(*trials.axes[:axis], ranges, *trials.axes[axis + 1 :]), codes=codes)


def _moments(place: Ints, scores: Floats, size: int) -> tuple[Ints, Floats, Floats]:
    """Return count, mean and sample sd of the scores at each place; huge scores make NaN, never an error."""
    count = np.bincount(place, minlength=size).astype(np.int64)
    with np.errstate(all="ignore"):
        mean: Floats = np.bincount(place, weights=scores / count[place], minlength=size).astype(np.float64)
        mean[(count < 1) | ~np.isfinite(mean)] = np.nan
        squares = np.bincount(place, weights=(scores - mean[place]) ** 2, minlength=size)
        sd: Floats = np.sqrt(squares / (count - 1)).astype(np.float64)
        sd[(count < 2) | ~np.isfinite(sd)] = np.nan
    return count, mean, sd
