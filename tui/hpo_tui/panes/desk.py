"""The desk: everything that can be shown of one update, looked at in one way. Panes ask it for rows by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property, partial

import numpy as np

from hpo_core.effects import Effects
from hpo_core.errors import FilterError
from hpo_core.results.filter import Filter, compile_filter
from hpo_core.results.measure import Measure, measure_of
from hpo_core.session.snapshot import Snapshot
from hpo_core.text import clean
from hpo_tui.desk.analyst import NOTHING, Analyst, Findings, Look, Whole
from hpo_tui.desk.follower import Update
from hpo_tui.desk.table import Table, build_table
from hpo_tui.desk.view_state import VIEW_TITLES, VIEWS, ViewState
from hpo_tui.look.keys import TRAINING, Key
from hpo_tui.panes import header
from hpo_tui.panes import queue_pane as queue
from hpo_tui.panes import summary as words
from hpo_tui.panes import values_pane as values
from hpo_tui.panes.key_words import footer_row
from hpo_tui.panes.value_marks import ValueMarks, marks_of
from hpo_tui.plots.canvas import sentence, shorten
from hpo_tui.plots.histogram_plot import bins_drawn
from hpo_tui.plots.picture import Picture
from hpo_tui.plots.rows import Row, padded, run
from hpo_tui.views.effects import effects_lines, effects_rows, last_line
from hpo_tui.views.pictures import PICTURES, Drawer, histogram_picture, trainings_in_view
from hpo_tui.views.ranking import ranked_trials, selected_trial
from hpo_tui.views.spoken import spoken_view

SPOKEN_WIDTH = 100
"""Cells of a line of the effects where they are told in words."""


class Desk:
    """Rows and titles for every pane; computes only what is asked for, and the table once."""

    def __init__(
        self,
        name: str,
        update: Update,
        state: ViewState,
        keys: tuple[Key, ...],
        analyst: Analyst | None = None,
        ascii_only: bool = False,
    ) -> None:
        self.name = name
        self.update = update
        self.state = state
        self.keys = keys
        self.analyst = analyst
        self.ascii_only = ascii_only
        self._laid: dict[tuple[int, int], tuple[list[values.ValueLine], list[Row]]] = {}

    @property
    def snapshot(self) -> Snapshot:
        """The session."""
        return self.update.snapshot

    @cached_property
    def measure(self) -> Measure:
        """What is shown: the metric chosen if the session has it, else the objective's, and at which epoch."""
        measure = measure_of(self.snapshot, self.state.metric, self.state.epoch)
        return measure.without(self.whole.collapsed) if self.state.without_collapsed else measure

    @property
    def whole(self) -> Whole:
        """What the analyst knows of the whole session."""
        return self.analyst.whole if self.analyst is not None else NOTHING

    @cached_property
    def look(self) -> Look:
        """The question for the analyst."""
        return Look.of(self.measure, self.table.in_view, self.state.without_collapsed)

    @cached_property
    def findings(self) -> Findings | None:
        """The analyst's newest answer, which may still be to an earlier question."""
        return self.analyst.ask(self.snapshot, self.look) if self.analyst is not None else None

    @property
    def effects(self) -> Effects | None:
        """What matters in what is looked at now; None until that is worked out."""
        found = self.findings
        return found.effects if found is not None and found.look == self.look else None

    @cached_property
    def collapsed(self) -> int:
        """How many trainings of the trials in view have collapsed."""
        return sum(bool(self.table.in_view[key.trial - 1]) for key in self.whole.collapsed)

    @cached_property
    def table(self) -> Table:
        """The trials as arrays."""
        table = build_table(self.snapshot, self.state.trim, self.measure, self.filter)
        return replace(table, collapsed=frozenset(key.trial for key in self.whole.collapsed))

    @cached_property
    def filter(self) -> Filter | None:
        """The filter line, compiled; None while it is empty or does not parse yet."""
        try:
            return compile_filter(self.state.where, self.snapshot) if self.state.where else None
        except FilterError:
            return None

    def rows(self, pane: str, width: int, height: int) -> Sequence[Row]:
        """Return the rows of a pane in ``width`` × ``height`` cells."""
        drawers: dict[str, Callable[[int, int], Sequence[Row]]] = {
            "header": self._header,
            "values": self._values,
            "view": self._view,
            "histograms": self._histograms,
            "queue": self._queue,
            "footer": lambda width, _: [footer_row(self._useful, width)],
        }
        return drawers[pane](width, height)

    def title(self, pane: str, width: int) -> str:
        """Return a framed pane's title, at most ``width`` cells."""
        if pane == "view":
            return view_title(self.state.view, width)
        seen = f"{int(self.table.in_view.sum())} of {len(self.table.in_view)}"
        titles = {
            "values": values.title(seen, self.collapsed, self.state.without_collapsed, width),
            "histograms": f"Histograms · {clean(self.measure.metric)}, % of each value's results"
            + (", cumulative" if self.state.cumulative else ""),
            "queue": queue.queue_title(self.snapshot),
        }
        return shorten(titles[pane], width)

    def subtitle(self, pane: str, width: int, height: int) -> str:
        """Return what stands on a pane's lower edge: a notice, or the trial under the cursor; often nothing.

        ``width`` and ``height`` are those of the pane's content; the edge has two cells less for words.
        """
        room = width - 2
        if pane == "queue":
            return shorten(header.notice(self.update, self.whole.wiring), room)
        if pane == "view" and self.trial is not None and self.state.view != "effects":
            return words.short_trial_line(self.snapshot, self.table, self.trial, room)
        if pane == "values" and self.state.where:
            return shorten(f"/ {self.state.where}", room)
        if pane == "values" and not self.table.in_view.all() and not self._lay_values(width, height)[1]:
            said = words.trim_words(self.table)
            return next((text for text in ("; ".join(said), *said[:1]) if len(text) <= room), "")
        return ""

    def value_at(self, width: int, height: int, row: int) -> tuple[int, int] | None:
        """Return which (hyperparameter, value) stands in a row of the values pane."""
        lines, _ = self._lay_values(width, height)
        line = lines[row] if 0 <= row < len(lines) else None
        return (line.factor, line.value) if line is not None and line.value is not None else None

    @cached_property
    def order(self) -> list[int]:
        """The numbers of the trials in view, in the order of the ranking."""
        return ranked_trials(self.table, self.state)

    @cached_property
    def trial(self) -> int | None:
        """The trial under the view's cursor."""
        return selected_trial(self.table, self.state)

    def trials_shown(self) -> list[int]:
        """The numbers of the trials in view."""
        return [int(row) + 1 for row in np.flatnonzero(self.table.in_view)]

    def worse_trials(self) -> list[int] | None:
        """The trials in view whose score is worse than that of the trial under the cursor, or None without one."""
        if self.trial is None:
            return None
        scores = self.table.scores if self.table.better == "max" else -self.table.scores
        worse = self.table.in_view & (scores < scores[self.trial - 1])
        return [int(row) + 1 for row in np.flatnonzero(worse)]

    def trial_words(self) -> str:
        """The trial under the cursor in one line."""
        return words.trial_line(self.snapshot, self.table, self.trial) if self.trial is not None else ""

    def summary(self) -> list[str]:
        """Return the open view in words, and then what is in view."""
        if self.state.view == "effects" and self.findings is not None:
            rows = effects_lines(self.findings, self.table, self.state, SPOKEN_WIDTH)
            said = ["".join(text for text, _ in row).strip() for row in rows]
        else:
            said = spoken_view(self.update, self.table, self.state)
        return [*said, *([""] if said else []), *words.summary(self.name, self.update, self.table)]

    @property
    def _useful(self) -> list[Key]:
        """The keys that the footer offers: a table that was imported cannot be trained."""
        return [key for key in self.keys if self.snapshot.spec.trainable or key.group != TRAINING]

    def _header(self, width: int, _: int) -> Sequence[Row]:
        return [header.header_row(self.name, self.update, self.measure, width)]

    def _view(self, width: int, height: int) -> Sequence[Row]:
        drawer = self._effects_picture if self.state.view == "effects" else PICTURES[self.state.view]
        return self._picture(drawer, width, height)

    def _effects_picture(
        self, update: Update, table: Table, state: ViewState, width: int, height: int, plain: bool = False
    ) -> Picture:
        found = self.findings
        lines = effects_lines(found, table, state, width) if found is not None else None
        working = found is not None and found.look != self.look
        return Picture(width, height, tuple(effects_rows(lines, state.scroll, working, width, height)))

    def bins_shown(self, width: int) -> int:
        """Return how many bins the histograms have in a pane of this width."""
        return bins_drawn(self.state.bins, trainings_in_view(self.snapshot, self.table), width)

    def last_scroll(self, width: int, height: int) -> int:
        """Return how far the effects can be scrolled in a view of this size."""
        found = self.findings
        return last_line(effects_lines(found, self.table, self.state, width), height) if found is not None else 0

    def _histograms(self, width: int, height: int) -> Sequence[Row]:
        return self._picture(partial(histogram_picture, headed=False), width, height)

    def _picture(self, drawer: Drawer, width: int, height: int) -> Sequence[Row]:
        try:
            return drawer(self.update, self.table, self.state, width, height, plain=self.ascii_only).rows
        except Exception as error:  # noqa: BLE001 - a plot that fails says so in its own pane; the rest goes on
            return sentence(f"This view could not be drawn: {type(error).__name__}: {error}", width, height).rows

    @property
    def _trained_metric(self) -> str:
        """The metric that running trainings tell of: what they cost is not known before they have ended."""
        return self.snapshot.spec.objective.metric if self.measure.cost else self.measure.metric

    def _queue(self, width: int, height: int) -> Sequence[Row]:
        state, metric = self.state, self._trained_metric
        return queue.queue_rows(self.update, metric, width, height, state.job, state.chosen)

    def _values(self, width: int, height: int) -> Sequence[Row]:
        lines, below = self._lay_values(width, height)
        return [*(line.row for line in lines), *[padded((), width)] * (height - len(lines) - len(below)), *below]

    def _lay_values(self, width: int, height: int) -> tuple[list[values.ValueLine], list[Row]]:
        """The lines that fit, with the cursor's among them, and the words below them, if there is room for all.

        Laid out once for each size: the pane's rows, its lower edge and a click on it ask for the same.
        """
        if (width, height) not in self._laid:
            lines = values.value_lines(self.table, self.state.cursor, width, height, self._marks)
            below = self._below_values(width)
            room = max(height - len(below), min(height, len(lines)))
            at = next((n for n, line in enumerate(lines) if (line.factor, line.value) == self.state.cursor), 0)
            first = min(max(at - room + 2, 0), max(len(lines) - room, 0))
            shown = lines[first : first + room]
            self._laid[width, height] = shown, below if len(shown) + len(below) <= height else []
        return self._laid[width, height]

    @cached_property
    def _marks(self) -> ValueMarks:
        return marks_of(self.findings.effects if self.findings is not None else None, self.table.factors)

    def _below_values(self, width: int) -> list[Row]:
        lines = [line for line in (*words.trim_words(self.table), words.best_at(self.table)) if line]
        said = [padded((run(f" {shorten(line, width - 2)}"),), width) for line in lines]
        return [*values.fixed_rows(self.snapshot.spec, width), *said]


def tab_at(view: str, column: int, width: int) -> str | None:
    """Return the view whose tab stands at a column (0-based) of the title, None beside all of them."""
    title, start = view_title(view, width), 0
    for name in VIEWS:
        at = title.find(VIEW_TITLES[name], start)
        if at < 0:
            return None
        start = at + len(VIEW_TITLES[name])
        if at <= column < start:
            return name
    return None


def view_title(view: str, width: int) -> str:
    """Return the views as tabs, the current one in brackets; where they do not fit, its name and its place."""
    names = [f"[{VIEW_TITLES[name]}]" if name == view else VIEW_TITLES[name] for name in VIEWS]
    for tabs in (" · ".join(names), " ".join(names)):
        if len(tabs) <= width:
            return tabs
    return shorten(f"[{VIEW_TITLES[view]}] {VIEWS.index(view) + 1} of {len(VIEWS)}", width)
