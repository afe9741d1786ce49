"""What several views show alike: the trials in view and their metric, as plots take them and in words."""

from __future__ import annotations

import math

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from hpo_core.plan.metrics import Objective
from hpo_core.text import clean, format_value
from hpo_tui.desk.desk import Desk
from hpo_tui.desk.table_in_view import Table
from hpo_tui.look.numbers import metric_text, trial_words
from hpo_tui.plots.canvas import shorten, width_of
from hpo_tui.plots.data import Axis, Trials, by_column, positions_of, trials

WAITING = "The first finished trials appear here."
NONE_YET = "The first trials appear here when an engine draws them; R starts one."
NONE_IN_VIEW = "No trial is in view; u undoes the last change, A brings everything back."


def empty_words(table: Table) -> str:
    """Return what a picture says that has nothing to show."""
    if not len(table.grid):
        return NONE_YET
    return WAITING if table.in_view.any() else NONE_IN_VIEW


def metric_of(table: Table) -> Objective:
    """Return the metric that colours the pictures."""
    return Objective(clean(table.metric), table.better)


def in_lines(table: Table, seen: Trials) -> Trials:
    """Return the trials in view over the lines of the values pane: ranges, where values are shown in ranges."""
    if not any(levels.gathered for levels in table.levels):
        return seen
    axes, codes = list(seen.axes), seen.codes.copy(order="F")
    for column, levels in enumerate(table.levels):
        if not levels.gathered:
            continue
        left = np.flatnonzero(~table.lines_out(column))
        line = levels.of[list(axes[column].places)]
        codes[:, column] = np.searchsorted(left, line)[codes[:, column]]
        labels = tuple(levels.labels[place] for place in left.tolist())
        axes[column] = Axis(axes[column].name, labels, None, tuple(left.tolist()))
    return replace(seen, axes=tuple(axes), codes=codes)


def axes_of(table: Table, in_view_only: bool = True) -> tuple[Axis, ...]:
    """Return the hyperparameters as axes: the values in view, or all of them."""
    made = []
    for factor, hidden in zip(table.factors, table.hidden, strict=True):
        places = tuple(place for place, out in enumerate(hidden) if not (out and in_view_only))
        values = [factor.values[place] for place in places]
        labels = tuple(format_value(value) for value in values)
        made.append(Axis(clean(factor.name), labels, positions_of(values), places))
    return tuple(made)


def trials_in_view(desk: Desk, marked: bool = True) -> Trials:
    """Return the trials in view with their codes counted over the values in view.

    That under the view's cursor is ``marked``, or none.
    """
    seen = desk.once_for_table("trials in view", lambda: _in_view(desk.table))
    here = desk.trial if marked else None
    return seen if here is None else replace(seen, highlight=int(np.count_nonzero(desk.table.in_view[: here - 1])))


def _in_view(table: Table) -> Trials:
    rows = np.flatnonzero(table.in_view)
    places = [np.cumsum(~hidden) - 1 for hidden in table.hidden]
    codes = by_column(place[table.codes[rows, column]] for column, place in enumerate(places))
    scores = table.scores[rows]
    failed = (table.failed[rows] > 0) & ~np.isfinite(scores)
    collapsed = np.zeros(len(table.in_view), bool)
    collapsed[[trial - 1 for trial in table.collapsed]] = True
    return trials(axes_of(table), codes, scores, failed, None, collapsed[rows])


def trainings_in_view(desk: Desk) -> Trials:
    """Return a row for each finished training of the trials in view: the results that histograms count.

    Of a metric that does not compare losses, by what makes the losses differ alone.
    """
    return desk.once_for_table("trainings in view", lambda: _trainings(desk))


def _trainings(desk: Desk) -> Trials:
    table, results = desk.table, desk.table.results
    seen, columns = trials_in_view(desk, marked=False), list(table.loss_columns)
    if not columns:
        seen, columns = in_lines(table, seen), list(range(len(table.factors)))
    rows = table.trainings
    place = (np.cumsum(table.in_view) - 1)[results.trial[rows] - 1]
    axes, codes = tuple(seen.axes[column] for column in columns), seen.codes[:, columns]
    if len(table.loss_columns) > 1 and table.within is not None:
        axes, codes = _loss_axis(table, table.within[table.in_view])
    codes = by_column(column[place] for column in codes.T)
    return trials(axes, codes, results.values(table.measure)[rows])


def _loss_axis(table: Table, losses: NDArray[np.int64]) -> tuple[tuple[Axis, ...], NDArray[np.int64]]:
    """Return one axis of the losses in view, and where on it each trial in view is: several values make a loss.

    The shortest values stand first in its labels, which are cut at their end.
    """
    factors = table.factors
    parts = {at: [clean(format_value(value)) for value in factors[at].values] for at in table.loss_columns}
    columns = sorted(parts, key=lambda column: max(map(len, parts[column])))
    _, first, codes = np.unique(losses, return_index=True, return_inverse=True)
    rows = table.codes[np.flatnonzero(table.in_view)[first]]
    labels = tuple(" · ".join(parts[column][row[column]] for column in columns) for row in rows)
    return (Axis(" · ".join(names_of(table, tuple(columns))), labels),), codes.reshape(-1, 1).astype(np.int64)


def names_of(table: Table, factors: range | tuple[int, ...]) -> list[str]:
    """Return the names of some hyperparameters."""
    return [clean(table.factors[at].name) for at in factors]


def named_trial(table: Table, trial: int) -> str:
    """Return "trial 36, learning_rate 0.001, loss poisson"."""
    values = (f"{clean(name)} {format_value(value)}" for name, value in table.grid[trial].values.items())
    return f"trial {trial}, {', '.join(values)}"


def score_words(table: Table, trial: int) -> str:
    """Return a trial's score, "0.9661 ± 0.0023"; without a sd where fewer than two replicates have one."""
    score, sd = float(table.scores[trial - 1]), float(table.sds[trial - 1])
    return f"{metric_text(score)} ± {metric_text(sd)}" if math.isfinite(sd) else metric_text(score)


def trial_line(desk: Desk, trial: int) -> str:
    """Return "trial 36: 0.9661 ± 0.0023 over 2 · learning_rate 0.001 · ..." with what failed."""
    table, row = desk.table, trial - 1
    failed = f", {table.failed[row]} failed" if table.failed[row] else ""
    done = f"{table.finished[row]} of {desk.snapshot.replicate_count(trial)}{failed}"
    return f"trial {trial}: {score_words(table, trial)} ({done}) · {trial_words(table.grid[trial].values)}"


def short_trial_line(desk: Desk, trial: int, room: int) -> str:
    """Return ``trial_line`` in at most ``room`` cells: sd, names, ends of long values, then the score go."""
    table = desk.table
    values = table.grid[trial].values
    long, short = score_words(table, trial), metric_text(float(table.scores[trial - 1]))
    lines = [trial_line(desk, trial)]
    lines += [f"trial {trial}: {score} · {trial_words(values)}" for score in (long, short)]
    for score, most in ((long, 24), (long, 12), (short, 12), (short, 8), (short, 5)):
        cut = (shorten(format_value(value), most) for value in values.values())
        lines.append(" · ".join([f"trial {trial}: {score}", *cut]))
    lines.append(" · ".join([f"trial {trial}", *(shorten(format_value(value), 5) for value in values.values())]))
    return next((line for line in lines if width_of(line) <= room), shorten(lines[-1], room))
