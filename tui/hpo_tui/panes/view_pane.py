"""The view's pane: the views as tabs, the open one below them, and the trial under its cursor on the edge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hpo_tui.desk.desk import Desk
from hpo_tui.desk.view_state import ViewState
from hpo_tui.panes.pane import PAGE, Pane
from hpo_tui.plots.canvas import shorten
from hpo_tui.plots.rows import Row
from hpo_tui.views import VIEWS, open_view
from hpo_tui.views.view import Cells, View

TITLE_INSET = 2
"""Columns of the content that lie left of the title."""


class ViewPane(Pane):
    """Hands everything to the open view."""

    name = "view"

    def rows(self, desk: Desk, width: int, height: int) -> Sequence[Row]:
        """Return the open view."""
        return open_view(desk.state).rows(desk, width, height)

    def basis(self, desk: Desk) -> tuple[object, ...]:
        """Return what the open view is made of."""
        view = open_view(desk.state)
        return view, *view.basis(desk)

    def title(self, desk: Desk, width: int) -> str:
        """Return the tabs."""
        return view_title(open_view(desk.state), width)

    def edge(self, desk: Desk, width: int, height: int) -> str:
        """Return what the open view says on its edge."""
        return open_view(desk.state).edge(desk, width - 2)

    def clicked(self, desk: Desk, place: Cells, size: Cells) -> ViewState:
        """Open the view of the tab, or go to the trial, that was clicked."""
        if place[1] >= 0:
            return open_view(desk.state).clicked(desk, place, size)
        view = tab_at(open_view(desk.state), place[0] - TITLE_INSET, size[0] - 2)
        return replace(desk.state, view=view.name) if view is not None else desk.state

    def moved(self, desk: Desk, step: int, size: Cells) -> ViewState:
        """Move the view's cursor."""
        return open_view(desk.state).moved(desk, step, size)

    def paged(self, desk: Desk, step: int, size: Cells) -> ViewState:
        """Move the view's cursor by a page."""
        return self.moved(desk, PAGE * step, size)

    def rebinned(self, desk: Desk, step: int, width: int) -> ViewState | None:
        """Take more or fewer bins in the open view."""
        return open_view(desk.state).rebinned(desk, step, width)


def tab_at(view: View, column: int, width: int) -> View | None:
    """Return the view whose tab stands at a column (0-based) of the title, None beside all of them."""
    title, start = view_title(view, width), 0
    for other in VIEWS:
        at = title.find(other.title, start)
        if at < 0:
            return None
        start = at + len(other.title)
        if at <= column < start:
            return other
    return None


def view_title(view: View, width: int) -> str:
    """Return the views as tabs, the open one in brackets; where they do not fit, its name and its place."""
    names = [f"[{other.title}]" if other is view else other.title for other in VIEWS]
    for tabs in (" · ".join(names), " ".join(names)):
        if len(tabs) <= width:
            return tabs
    return shorten(f"[{view.title}] {VIEWS.index(view) + 1} of {len(VIEWS)}", width)
