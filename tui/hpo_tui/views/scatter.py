"""The scatter: a point for each trial, in flat panels or in a box of three hyperparameters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace

from hpo_core.plan.grid import Hyperparameter
from hpo_core.text import clean, plural
from hpo_tui.desk.desk import Desk
from hpo_tui.desk.view_changes import shown_axes
from hpo_tui.desk.view_state import ViewState
from hpo_tui.look.numbers import metric_text
from hpo_tui.plots.projection import View as Angles
from hpo_tui.plots.projection import default_view
from hpo_tui.plots.rows import Row
from hpo_tui.plots.scatter_numbers import ScatterLook, Spacing, is_continuous, true_spacing
from hpo_tui.plots.scatter_plot import point_at, scatter
from hpo_tui.views.trials import empty_words, metric_of, names_of, trials_in_view
from hpo_tui.views.view import Cells, View

AZIMUTH_STEP, ELEVATION_STEP = 10.0, 8.0


class Scatter(View):
    """Trials as points."""

    name = "scatter"
    title = "scatter"
    letter = "s"
    shows = "every trial at its values, coloured by its score"
    places = ("trials", "axes")
    kind = "scatter"

    def rows(self, desk: Desk, width: int, height: int) -> Sequence[Row]:
        """Return the projection of the trials in view."""
        empty, look = empty_words(desk.table), look_of(desk)
        trials, metric = trials_in_view(desk), metric_of(desk.table)
        return scatter(trials, metric, width, height, look, ascii=desk.ascii_only, empty=empty).rows

    def sentences(self, desk: Desk) -> list[str]:
        """Say what the axes are, how far the scores reach, and what failed."""
        table = desk.table
        names = names_of(table, shown_axes(desk.state, len(table.factors)))
        rows = table.in_view & np.isfinite(table.scores)
        lines = [f"Scatter of {' and '.join(names)}: {plural(int(rows.sum()), 'point')}, one for each trial."]
        if rows.any():
            low, high = float(table.scores[rows].min()), float(table.scores[rows].max())
            worst, best = (low, high) if table.better == "max" else (high, low)
            lines.append(
                f"Colour and size say {clean(table.metric)}, from {metric_text(worst)}, the worst, to "
                f"{metric_text(best)}, the best."
            )
        failed = int((table.in_view & (table.failed > 0)).sum())
        collapsed = sum(bool(table.in_view[trial - 1]) for trial in table.collapsed)
        lines += [
            f"{plural(count, 'trial')} {word}."
            for count, word in ((failed, "failed"), (collapsed, "collapsed"))
            if count
        ]
        return lines

    def trial_at(self, desk: Desk, place: Cells, size: Cells) -> int | None:
        """Return the trial whose point was clicked."""
        if not desk.table.in_view.any():
            return None
        trials, metric = trials_in_view(desk, marked=False), metric_of(desk.table)
        point = point_at(trials, metric, *size, look_of(desk), place)
        return int(np.flatnonzero(desk.table.in_view)[point]) + 1 if point is not None else None

    def turned(self, desk: Desk, across: int, up: int) -> ViewState:
        """Turn the box about its upright axis, and tilt it from the side to nearly straight above."""
        seen = angles_of(desk.state, desk.table.factors).turned(across * AZIMUTH_STEP, up * ELEVATION_STEP)
        return replace(desk.state, box=True, angles=(seen.azimuth, seen.elevation))

    def other_form(self, desk: Desk) -> ViewState:
        """Draw one box of three axes instead of panels, or panels again."""
        return replace(desk.state, box=not desk.state.box)


def look_of(desk: Desk) -> ScatterLook:
    """Return which axes are shown, and from where."""
    shown = shown_axes(desk.state, len(desk.table.factors))
    axes, rows = trials_in_view(desk, marked=False).axes, len(desk.table.in_view)
    spacing: tuple[Spacing, ...] = tuple(
        "log" if desk.state.log_axes else true_spacing(axes[at]) if is_continuous(axes[at], rows) else "ordinal"
        for at in shown
    )
    angles = angles_of(desk.state, desk.table.factors)
    return ScatterLook(shown, spacing, angles, desk.state.box, desk.colourless)


def angles_of(state: ViewState, factors: Sequence[Hyperparameter]) -> Angles:
    """Return where the box is seen from: as turned, or as suits the values on its floor."""
    if state.angles is not None:
        return Angles(*state.angles)
    sizes = [len(factors[axis].values) for axis in shown_axes(state, len(factors))]
    return default_view(sizes[0], sizes[1]) if len(sizes) > 2 else Angles()
