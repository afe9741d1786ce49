"""The ranking: trials by score, or by any other column, each with its values, sd and the curve of its metric."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from hpo_core.results.measure import Measure
from hpo_core.session.snapshot import Snapshot
from hpo_core.text import clean, format_value, plural
from hpo_tui.desk.desk import Desk
from hpo_tui.desk.order import Rows, places
from hpo_tui.desk.table_in_view import Table
from hpo_tui.desk.view_state import ViewState
from hpo_tui.look.inks import ACCENT, DEFAULT, DIM, RAMP, RAMP_STEPS, STRONG, WARNING
from hpo_tui.look.numbers import decimals_for, metric_text
from hpo_tui.plots.bars import sparkline
from hpo_tui.plots.picture import Picture
from hpo_tui.plots.rows import Row, fit, padded, run
from hpo_tui.views.trials import NONE_IN_VIEW, NONE_YET, named_trial, score_words
from hpo_tui.views.view import Cells, View

MOST = 10
"""So many trials are told one by one."""

CURVE_WIDTHS = (5, 10)
"""The least and the greatest width of a trial's curve, in cells: the names of the columns go before it."""

NARROWEST = 7
"""A hyperparameter's column has so many cells, if there are as many: "0.0001" can be read."""


class Ranking(View):
    """The trials as a list."""

    name = "ranking"
    title = "ranking"
    tab = "rank"
    letter = "r"
    shows = "the trials, the best first"
    places = ("trials",)
    kind = "ranking"

    def rows(self, desk: Desk, width: int, height: int) -> Sequence[Row]:
        """Return a heading, the page of trials with the cursor's, and how many there are."""
        state, order = desk.state, desk.order
        if not len(order):
            words = run(f"  {NONE_IN_VIEW if len(desk.table.grid) else NONE_YET}", DIM)
            return [padded((words,), width), *[padded((), width)] * (height - 1)]
        shown = ranks_shown(order, desk.trial, height)
        layout = _Layout(desk.snapshot, desk.table, width)
        rows = [layout.heading(state.sort, state.backwards)]
        ranked = places(desk.table, order - 1)
        rows += [layout.trial(int(order[n]) - 1, int(ranked[n]), order[n] == desk.trial) for n in shown]
        rows += [padded((), width)] * (height - 1 - len(rows))
        count = plural(len(order), "trial")
        longer = f" {count} in view · ← → sort by another column · v turn it round"
        shorter = f" {count} · ← → sort · v turn round"
        own = " · each curve on its own scale" if layout.curve else ""
        said = next((way for way in (longer + own, shorter + own) if len(way) <= width), shorter)
        return [*rows[: height - 1], padded((run(said, DIM),), width)]

    def sentences(self, desk: Desk) -> list[str]:
        """Say the first trials, each with its score and values."""
        table, order = desk.table, desk.order
        lines = [f"Ranking, the first {min(MOST, len(order))} of {plural(len(order), 'trial')}."]
        first = order[:MOST]
        for place, trial in zip(places(table, first - 1).tolist(), first.tolist(), strict=True):
            lines.append(f"{place}. {score_words(table, trial)}: {named_trial(table, trial)}.")
        return lines

    def plotted(self, desk: Desk, width: int, height: int) -> Picture:
        """Return the picture without its last line, which names keys."""
        return Picture(width, height, tuple(self.rows(desk, width, height + 1)[:height]))

    def trial_at(self, desk: Desk, place: Cells, size: Cells) -> int | None:
        """Return the trial whose line was clicked."""
        if not len(desk.order):
            return None
        ranks = ranks_shown(desk.order, desk.trial, size[1])
        line = place[1] - 1  # below the heading
        return int(desk.order[ranks[line]]) if 0 <= line < len(ranks) else None

    def turned(self, desk: Desk, across: int, up: int) -> ViewState | None:
        """Sort by the column to the right or left: score, sd, each hyperparameter, failures, number."""
        columns = len(desk.table.factors) + 4
        return replace(desk.state, sort=(desk.state.sort + across) % columns, backwards=False) if across else None


def ranks_shown(order: Rows, selected: int | None, height: int) -> range:
    """Return which places (0-based) of the order are listed, below the heading: the page of the ``selected``.

    Pages stand still while the cursor moves in them, so that nothing moves under the mouse either.
    """
    room = max(height - 2, 1)
    place = int(np.flatnonzero(order == selected)[0]) if selected is not None else 0
    first = place // room * room
    return range(first, min(first + room, len(order)))


def longest_written(scores: NDArray[np.float64]) -> list[float]:
    """Return some scores, among them the one that takes most room: of each sign and power the farthest from 0."""
    sizes = np.abs(scores[np.isfinite(scores) & (scores != 0)])
    signs = np.signbit(scores[np.isfinite(scores) & (scores != 0)])
    powers = np.floor(np.log10(sizes)).astype(np.int64)
    kinds = 2 * (powers - powers.min(initial=0)) + signs
    farthest = np.zeros(int(kinds.max(initial=-1)) + 1)
    np.maximum.at(farthest, kinds, sizes)
    found: list[float] = (farthest * np.resize((1.0, -1.0), len(farthest)))[farthest > 0].tolist()
    return found or scores[scores == 0][:1].tolist()


class _Layout:
    """Column widths for one drawing of the ranking."""

    def __init__(self, snapshot: Snapshot, table: Table, width: int) -> None:
        self.snapshot, self.table, self.width = snapshot, table, width
        self.decimals = decimals_for(table.scores)
        shown = [metric_text(score, self.decimals) for score in longest_written(table.scores)]
        self.score = max([6, *map(len, shown)])
        finite = table.scores[table.in_view & np.isfinite(table.scores)]
        self.low, self.high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 0.0)
        wanted = [
            max(len(clean(factor.name)), *(len(format_value(value)) for value in factor.values)) + 2
            for factor in table.factors
        ]
        failed = len(" 1 failed") if table.failed.any() else 0
        left = width - 12 - 2 * self.score - 5 - failed
        # In a narrow pane the values go before the sd, which stands below for the trial under the cursor.
        self.sd = left >= NARROWEST * len(wanted)
        left += 0 if self.sd else self.score + 3
        least, most = CURVE_WIDTHS
        has_curves = any(len(entry.epochs) > 1 for entry in snapshot.replicates.values())
        self.curve = min(max(left - sum(wanted) - 1, least), most) if has_curves and width >= 70 else 0
        spare = max(left - self.curve - 1, 6 * len(wanted)) / max(sum(wanted), 1)
        self.columns = [max(int(column * min(spare, 1.0)), min(column, NARROWEST), 5) for column in wanted]
        while sum(self.columns) > left - self.curve and max(self.columns) > NARROWEST:
            self.columns[self.columns.index(max(self.columns))] -= 1
        lead = 15 + self.score + (self.score + 3) * self.sd
        self.columns[-1:] = [
            max(min(last, width - lead - sum(self.columns[:-1])), 4) for last in self.columns[-1:]
        ]
        self.metric_of = partial(_curve, snapshot, table.measure)

    def heading(self, sort: int, backwards: bool) -> Row:
        arrow = "▴" if backwards else "▾"
        factors = len(self.table.factors)

        def ink(column: int) -> int:
            return ACCENT if column == sort else DIM

        def name(text: str, column: int) -> str:
            return f"{text}{arrow}" if column == sort else text

        row = [
            run(f"{name('trial', factors + 3):>11}  ", ink(factors + 3)),
            run(f"{name('mean', 0):>{self.score}}", ink(0)),
            run(f"   {name('sd', 1):<{self.score}}  " if self.sd else "  ", ink(1)),
        ]
        for index, (factor, size) in enumerate(zip(self.table.factors, self.columns, strict=True)):
            mark = arrow if index + 2 == sort else ""
            row.append(run(f"{fit(factor.name, size - 1 - len(mark)).rstrip()}{mark}".ljust(size), ink(index + 2)))
        if self.curve:
            row.append(run(f"{' by epoch' if self.curve > 7 else ' epochs':<{self.curve + 1}}", DIM))
        if self.table.failed.any():
            row.append(run(f" {name('failed', factors + 2)}", ink(factors + 2)))
        return padded(tuple(row), self.width)

    def trial(self, row: int, place: int, here: bool) -> Row:
        score, sd = float(self.table.scores[row]), float(self.table.sds[row])
        values = self.table.grid[row + 1].values.values()
        text = STRONG if here else DEFAULT
        cells = [
            run(">" if here else " ", ACCENT),
            run(f"{place:>4} {row + 1:>5}  ", DIM),
            run(f"{metric_text(score, self.decimals):>{self.score}}", self._ramp(score)),
            run(f" ± {metric_text(sd, self.decimals) if np.isfinite(sd) else '':<{self.score}}  ", DIM)
            if np.isfinite(sd) and self.sd
            else run(" " * (self.score + 5 if self.sd else 2)),
        ]
        cells += [
            run(fit(format_value(value), size - 1) + " ", text)
            for value, size in zip(values, self.columns, strict=True)
        ]
        if self.curve:
            cells.append(run(f" {sparkline(self.metric_of(row + 1), self.curve)}", DIM))
        if self.table.failed[row]:
            cells.append(run(f" {self.table.failed[row]} failed", WARNING))
        return padded(tuple(cells), self.width)

    def _ramp(self, score: float) -> int:
        if not np.isfinite(score):
            return DIM
        share = (score - self.low) / (self.high - self.low) if self.high > self.low else 1.0
        share = share if self.table.better == "max" else 1.0 - share
        return RAMP[min(int(share * RAMP_STEPS), RAMP_STEPS - 1)]


def _curve(snapshot: Snapshot, measure: Measure, trial: int) -> list[float]:
    """The metric by epoch, mean over the replicates that have come that far."""
    curves = [
        [measure.at(epoch) for epoch in entry.epochs]
        for entry in snapshot.replicates_of(trial)
        if len(entry.epochs) > 1
    ]
    means = []
    for epoch in range(max(map(len, curves), default=0)):
        found = [curve[epoch] for curve in curves if epoch < len(curve)]
        known = [value for value in found if value is not None]
        means.append(sum(known) / len(known) if known else float("nan"))
    return means
