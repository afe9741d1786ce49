"""The session screen: values left, the view and the histograms right, the queue below; and what is done to it.

A key does what its row of ``session_keys`` names; the mouse and the filter line do what a key does too.
"""

from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.binding import BindingType

from hpo_tui.look.keys import Key, bindings
from hpo_tui.panes import PANES
from hpo_tui.panes.footer import clicked_key
from hpo_tui.panes.key_words import off_here
from hpo_tui.screens.acts import cursor, trimming
from hpo_tui.screens.desk_screen import DeskScreen
from hpo_tui.screens.session_keys import GO_KEYS, SESSION_KEYS
from hpo_tui.widgets.cell_pane import CellPane
from hpo_tui.widgets.filter_line import FilterLine


class SessionScreen(DeskScreen):
    """One session: what runs, what is in view, and what it says."""

    KEYS = SESSION_KEYS
    GO_KEYS = GO_KEYS
    BINDINGS: ClassVar[list[BindingType]] = bindings(SESSION_KEYS)

    def action_press(self, keys: str) -> None:
        """Do what the table says of these keys; where nothing would be seen of it, say which view they are for."""
        key = next(key for key in SESSION_KEYS if key.keys == keys)
        if off := off_here(key, self.state):
            self.say(off)
        else:
            self._do(key)

    def on_key(self, event: events.Key) -> None:
        """Open the view of the letter that was pressed after "g"; any other key only ends the offer."""
        if self.going:
            event.stop()
            event.prevent_default()
            self.offer_views(False)
            self._do(next((key for key in GO_KEYS if key.keys == event.key), None))

    def _do(self, key: Key | None) -> None:
        if key is not None and callable(key.does):
            key.does(self)

    @on(CellPane.Clicked)
    async def click(self, message: CellPane.Clicked) -> None:
        """Toggle the value, or go to the trial or the job, that was clicked; or press the key of the footer."""
        place, size = (message.column, message.row), message.pane.content_size
        pane = PANES.get(message.pane.id or "")
        if pane is None:
            key = clicked_key(self.offered, size[0], place[0])
            if self.going:
                self.offer_views(False)
                self._do(key)
            elif key is not None:
                await self.run_action(key.action)
        elif (desk := self.desk()) is not None:
            self.look(pane.clicked(desk, place, size))

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
