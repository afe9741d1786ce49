"""The session screen: values left, the view and the histograms right, the queue below; and what is done to it.

A key does what its row of ``session_keys`` names; the mouse and the filter line do what a key does too.
"""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.binding import BindingType

from hpo_tui.look.keys import bindings
from hpo_tui.panes import PANES
from hpo_tui.screens.acts import cursor, trimming
from hpo_tui.screens.desk_screen import DeskScreen
from hpo_tui.screens.session_keys import SESSION_KEYS
from hpo_tui.widgets.cell_pane import CellPane
from hpo_tui.widgets.filter_line import FilterLine


class SessionScreen(DeskScreen):
    """One session: what runs, what is in view, and what it says."""

    KEYS = SESSION_KEYS
    BINDINGS: ClassVar[list[BindingType]] = bindings(SESSION_KEYS)

    def action_press(self, keys: str) -> None:
        """Do what the table says of these keys."""
        does = next(key.does for key in SESSION_KEYS if key.keys == keys)
        assert callable(does)
        does(self)

    @on(CellPane.Clicked)
    def click(self, message: CellPane.Clicked) -> None:
        """Toggle the value, or move the cursor to the trial or the job, that was clicked."""
        if (desk := self.desk()) is not None and message.pane.id is not None:
            place, size = (message.column, message.row), message.pane.content_size
            self.look(PANES[message.pane.id].clicked(desk, place, size))

    @on(CellPane.Scrolled)
    def scroll(self, message: CellPane.Scrolled) -> None:
        """Scroll the pane under the wheel."""
        cursor.move_in(self, message.pane.id, message.step)

    def on_descendant_focus(self) -> None:
        """Show the queue's cursor only while the queue has the focus."""
        cursor.follow_focus(self)

    @on(FilterLine.Typed)
    def filter_as_typed(self, message: FilterLine.Typed) -> None:
        """Look through the filter while it is typed."""
        trimming.filter_as_typed(self, message.line, message.before)

    @on(FilterLine.Left)
    def leave_filter(self, message: FilterLine.Left) -> None:
        """Keep the filter, or go back to the trim before."""
        trimming.end_filter(self, message.kept, message.before)
