"""The pane of the histograms, below the view: the same as their view, without a heading of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from hpo_core.text import clean
from hpo_tui.desk.desk import Desk
from hpo_tui.desk.view_state import ViewState
from hpo_tui.panes.pane import Pane
from hpo_tui.plots.canvas import shorten
from hpo_tui.plots.rows import Row
from hpo_tui.views.histograms import Histograms, highest_bar, histogram_rows

INSET = 4
"""Cells of the content beside the title."""


class HistogramsPane(Pane):
    """The spread of the results, whatever view is open."""

    focusable = False
    view: ClassVar[Histograms] = Histograms()
    name = view.name
    """That of the view, beside which the pane is not shown."""

    def rows(self, desk: Desk, width: int, height: int) -> Sequence[Row]:
        """Return the histograms."""
        return histogram_rows(desk, width, height, headed=False)

    def basis(self, desk: Desk) -> tuple[object, ...]:
        """Return the results in view, and how they are told apart."""
        state = desk.state
        return desk.table, state.bins, state.overlay, state.cumulative

    def title(self, desk: Desk, width: int) -> str:
        """Return what is counted."""
        what = f"Histograms · {clean(desk.measure.metric)}, % of each value"
        scale = "cumulative" if desk.state.cumulative else f"highest bar {highest_bar(desk, width + INSET):.0f} %"
        return next((text for text in (f"{what}, {scale}", what) if len(text) <= width), shorten(what, width))

    def rebinned(self, desk: Desk, step: int, width: int) -> ViewState | None:
        """Take more or fewer bins."""
        return self.view.rebinned(desk, step, width)
