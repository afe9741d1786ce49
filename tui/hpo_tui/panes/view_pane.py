"""The view's pane: the views as tabs, the open one below them, and the trial under its cursor on the edge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate

from msgspec.structs import replace

from hpo_tui.desk.desk import Desk
from hpo_tui.desk.view_state import ViewState
from hpo_tui.panes.pane import PAGE, Pane
from hpo_tui.plots.canvas import shorten
from hpo_tui.plots.rows import Row
from hpo_tui.views import VIEWS, open_view
from hpo_tui.views.view import Cells, View

TITLE_INSET = 2
"""Columns of the content that lie left of the title."""
MORE = "… "
"""Stands beside the tabs where there are more than are shown."""


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
        return shorten("".join(text for _, text in tabs(open_view(desk.state), width)), width)

    def letters(self, desk: Desk, width: int) -> Sequence[int]:
        """Return where the letters stand that open the views."""
        return letters_at(open_view(desk.state), width)

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


Tab = tuple[View | None, str]
"""A piece of the title: a view's tab, or what stands between two of them."""


def tabs(view: View, width: int) -> list[Tab]:
    """Return the views as tabs, the open one in brackets: all of them, or the page of those with the open one."""
    titles = {other: other.title for other in VIEWS}
    short = {other: other.tab or other.title for other in VIEWS}
    for names, gap in ((titles, " · "), (titles, " "), (short, " ")):
        if sum(map(len, names.values())) + len(gap) * (len(VIEWS) - 1) + 2 <= width:
            return _between(view, VIEWS, names, gap)
    room = width - len(f"{MORE}[]{MORE}")
    page = _page(VIEWS, short, room)
    while view not in page:
        page = _page(VIEWS[VIEWS.index(page[-1]) + 1 :], short, room)
    if page[-1] is VIEWS[-1]:
        page = _page(VIEWS[::-1], short, room)[::-1]
    before, after = "" if page[0] is VIEWS[0] else MORE, "" if page[-1] is VIEWS[-1] else MORE
    return [(None, before), *_between(view, page, short, " "), (None, after[::-1])]


def _page(left: Sequence[View], names: Mapping[View, str], room: int) -> Sequence[View]:
    """Return those of the views that fit beside each other, from the first; that one in any case."""
    ends = accumulate(len(names[other]) + 1 for other in left)
    return left[: max(sum(end - 1 <= room for end in ends), 1)]


def _between(view: View, shown: Sequence[View], names: Mapping[View, str], gap: str) -> list[Tab]:
    """Return tabs with a gap between each two."""
    written = [(other, f"[{names[other]}]" if other is view else names[other]) for other in shown]
    pieces: list[Tab] = []
    for tab in written:
        pieces += [(None, gap), tab]
    return pieces[1:]


def tab_at(view: View, column: int, width: int) -> View | None:
    """Return the view whose tab stands at a column (0-based) of the title, None beside all of them."""
    for other, text in tabs(view, width):
        if column < len(text):
            return other if column >= 0 else None
        column -= len(text)
    return None


def letters_at(view: View, width: int) -> list[int]:
    """Return the columns (0-based) of the title in which the letters stand that open the views."""
    places, column = [], 0
    for other, text in tabs(view, width):
        if other is not None:
            places.append(column + text.index(other.letter))
        column += len(text)
    return places
