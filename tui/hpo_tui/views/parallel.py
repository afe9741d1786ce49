"""Parallel coordinates: a line for each trial through its values to its score, cut where the trim cuts it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hpo_core.text import clean, format_value, plural
from hpo_tui.desk.desk import Desk
from hpo_tui.desk.view_changes import all_axes
from hpo_tui.plots.data import trials
from hpo_tui.plots.parallel_numbers import METRIC
from hpo_tui.plots.parallel_plot import parallel
from hpo_tui.plots.rows import Row
from hpo_tui.views.trials import axes_of, empty_words, metric_of, names_of
from hpo_tui.views.view import View


class Parallel(View):
    """Trials as lines."""

    name = "parallel"
    title = "parallel"
    letter = "p"
    shows = "every trial as a line through its values"
    places = ("axes",)
    kind = "parallel"

    def rows(self, desk: Desk, width: int, height: int) -> Sequence[Row]:
        """Return the lines of all trials, those out of view cut where the trim cuts them."""
        table = desk.table
        failed = (table.failed > 0) & ~np.isfinite(table.scores)
        every = trials(axes_of(table, in_view_only=False), table.codes, table.scores, failed)
        order = (*all_axes(desk.state, len(table.factors)), METRIC)
        hidden = [frozenset(np.flatnonzero(out).tolist()) for out in table.hidden]
        metric, plain, empty = metric_of(table), desk.ascii_only, empty_words(table)
        return parallel(every, metric, width, height, order, hidden=hidden, ascii=plain, empty=empty).rows

    def sentences(self, desk: Desk) -> list[str]:
        """Say which axes there are, where they are cut, and how many lines go through."""
        table = desk.table
        names = names_of(table, all_axes(desk.state, len(table.factors)))
        lines = [f"Parallel coordinates through {', '.join(names)}, to {clean(table.metric)}."]
        for factor, hidden in zip(table.factors, table.hidden, strict=True):
            cut = [format_value(value) for value, out in zip(factor.values, hidden, strict=True) if out]
            if cut:
                lines.append(f"Cut at {clean(factor.name)} {', '.join(cut)}.")
        return [*lines, f"{plural(int(table.in_view.sum()), 'line')} go through."]
