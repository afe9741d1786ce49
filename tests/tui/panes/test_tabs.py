"""The tabs of the views: their letters, the page that fits, and what a click on the title opens."""

from __future__ import annotations

import pytest

from hpo_tui.panes.view_pane import letters_at, tab_at, tabs
from hpo_tui.views import VIEWS
from hpo_tui.views.view import View


def test_each_view_has_a_letter_of_its_own_that_stands_in_its_tab() -> None:
    assert len({view.letter for view in VIEWS}) == len(VIEWS)
    assert all(view.letter in view.title and view.letter in (view.tab or view.title) for view in VIEWS)


@pytest.mark.parametrize("width", [36, 50, 66, 120])
@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_as_many_tabs_as_fit_are_shown_with_their_letters_and_a_click_finds_each(view: View, width: int) -> None:
    title = "".join(text for _, text in tabs(view, width))
    assert len(title) <= width
    shown = [other for other, _ in tabs(view, width) if other is not None]
    assert view in shown
    assert title.count("[") == 1
    assert len(shown) >= {36: 4, 50: 6, 66: len(VIEWS), 120: len(VIEWS)}[width]
    letters = letters_at(view, width)
    assert [title[place] for place in letters] == [other.letter for other in shown]
    assert [tab_at(view, place, width) for place in letters] == shown
    assert tab_at(view, -1, width) is tab_at(view, len(title), width) is None
