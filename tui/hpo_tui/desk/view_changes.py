"""What a key does to the view state: pure functions from one state to the next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from msgspec.structs import replace

from hpo_core.plan.grid import Hyperparameter
from hpo_core.results.levels import Levels
from hpo_core.results.trim import Trim
from hpo_tui.desk.order import Rows
from hpo_tui.desk.view_state import ViewState

Factors = Sequence[Levels]


def move_cursor(state: ViewState, factors: Factors, step: int) -> ViewState:
    """Move the cursor over the values of all hyperparameters, one line after the other, without wrapping."""
    places = [(index, level) for index, factor in enumerate(factors) for level in range(len(factor.groups))]
    at = places.index(clamp(state, factors).cursor)
    return replace(state, cursor=places[min(max(at + step, 0), len(places) - 1)])


def move_factor(state: ViewState, factors: Factors, step: int) -> ViewState:
    """Move the cursor to the first value of the next or previous hyperparameter."""
    factor = min(max(state.cursor[0] + step, 0), len(factors) - 1)
    level = state.cursor[1] if factor == state.cursor[0] else 0
    return replace(state, cursor=(factor, level))


def clamp(state: ViewState, factors: Factors) -> ViewState:
    """Return the state with its cursor on a value that exists."""
    factor = min(max(state.cursor[0], 0), len(factors) - 1)
    level = min(max(state.cursor[1], 0), len(factors[factor].groups) - 1)
    return replace(state, cursor=(factor, level))


def toggle_value(state: ViewState, factors: Factors, number: int) -> ViewState:
    """Toggle the ``number``-th line (1-based) of the hyperparameter under the cursor; move there."""
    factor = factors[state.cursor[0]]
    if number > len(factor.groups):
        return state
    moved = replace(state, cursor=(state.cursor[0], number - 1))
    return replace(moved, trim=state.trim.toggle(factor.name, *factor.groups[number - 1]))


def toggle_at(state: ViewState, factors: Factors, place: tuple[int, int]) -> ViewState:
    """Toggle the value at (hyperparameter, value) and move the cursor there."""
    return toggle_value(replace(state, cursor=place), factors, place[1] + 1)


def only(state: ViewState, factors: Factors) -> ViewState:
    """Show only what stands in the line under the cursor, of its hyperparameter."""
    levels = factors[state.cursor[0]]
    return replace(state, trim=state.trim.only(levels.factor, *levels.groups[state.cursor[1]]))


def slice_by(state: ViewState, factors: Factors, step: int) -> ViewState:
    """Show one value alone of the hyperparameter under the cursor: the next, or the previous, of the one shown."""
    factor = factors[state.cursor[0]]
    shown = [
        level
        for level, values in enumerate(factor.groups)
        if not all(state.trim.hides(factor.name, value) for value in values)
    ]
    level = (shown[0] + step) % len(factor.groups) if len(shown) == 1 else state.cursor[1]
    return only(replace(state, cursor=(state.cursor[0], level)), factors)


def with_factor(state: ViewState, factors: Factors, change: Callable[[Trim, Hyperparameter], Trim]) -> ViewState:
    """Change the trim of the hyperparameter under the cursor: ``Trim.invert`` or ``Trim.all``."""
    return replace(state, trim=change(state.trim, factors[state.cursor[0]].factor))


def show_all(state: ViewState, _: Factors) -> ViewState:
    """Bring every trial back into view, also what the filter line keeps out."""
    return replace(state, trim=state.trim.reset())


def open_named(state: ViewState, _: Factors, view: str) -> ViewState:
    """Open the view of that name."""
    return replace(state, view=view)


def switch(
    state: ViewState, _: Factors, what: Literal["log_axes", "overlay", "cumulative", "backwards"]
) -> ViewState:
    """Turn one of the ways of drawing on, or off."""
    switched: dict[str, Any] = {what: not getattr(state, what)}
    return replace(state, **switched)


def other_epoch(state: ViewState, _: Factors) -> ViewState:
    """Show each training's best epoch, or its last."""
    return replace(state, epoch="best" if state.epoch == "last" else "last")


def next_metric(state: ViewState, metrics: Sequence[str], step: int) -> ViewState:
    """Show the next or the previous metric."""
    at = metrics.index(state.metric) if state.metric in metrics else 0
    return replace(state, metric=metrics[(at + step) % len(metrics)])


def next_axes(state: ViewState, factors: Factors) -> ViewState:
    """Turn the hyperparameters round by one over the plots' axes."""
    axes = all_axes(state, len(factors))
    return replace(state, axes=(*axes[1:], *axes[:1]))


def shown_axes(state: ViewState, count: int) -> tuple[int, ...]:
    """Return the hyperparameters on the plots' axes, at most three."""
    return all_axes(state, count)[:3]


def all_axes(state: ViewState, count: int) -> tuple[int, ...]:
    """Return all hyperparameters in the order in which the plots' axes take them."""
    return state.axes if len(state.axes) == count else tuple(range(count))


def put_axis(state: ViewState, factors: Factors, axis: int) -> ViewState:
    """Put the hyperparameter under the cursor on an axis of the plots; what was there takes its place."""
    axes = list(all_axes(state, len(factors)))
    if axis >= len(axes):
        return state
    at = axes.index(state.cursor[0])
    axes[at], axes[axis] = axes[axis], axes[at]
    return replace(state, axes=tuple(axes))


def move_trial(state: ViewState, order: Rows, step: int) -> ViewState:
    """Move the view's cursor through the trials in view, in the ``order`` (numbers) of the ranking.

    The first step down, or one from a trial that has gone out of view, goes to the first trial.
    """
    if not len(order):
        return replace(state, trial=None)
    at = np.flatnonzero(order == (state.trial or 0))
    place = int(at[0]) + step if len(at) else max(step - 1, 0)
    return replace(state, trial=int(order[min(max(place, 0), len(order) - 1)]))


def beside(order: Rows, trial: int) -> int | None:
    """Return the trial after this one in an order, or that before the last; None where there is no other."""
    at = int(np.flatnonzero(order == trial)[0])
    others = [*order[at + 1 : at + 2].tolist(), *order[max(at - 1, 0) : at].tolist()]
    return others[0] if others else None
