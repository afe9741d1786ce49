"""Where the cursor goes: through the values, through the trials of a view, through the queue; and which pane."""

from __future__ import annotations

from dataclasses import replace

from hpo_tui.desk import view_changes as moves
from hpo_tui.panes.queue_pane import QueueList
from hpo_tui.screens.desk_screen import FRAMED, DeskScreen


class CursorActions(DeskScreen):
    """Moves the cursor of the pane that has the focus."""

    def action_cursor(self, step: int) -> None:
        """Move the cursor of the focused pane."""
        self.move_in(self.focused.id if self.focused else None, step)

    def move_in(self, pane: str | None, step: int) -> None:
        """Move the cursor of a pane: values, trials in the order of the ranking, or jobs."""
        if pane == "queue" and self.latest is not None:
            last = max(len(QueueList(self.latest.snapshot)) - 1, 0)
            self.look(replace(self.state, job=min(max((self.state.job or 0) + step, 0), last)))
        elif pane == "view" and self.latest is not None:
            self.look(moves.move_trial(self.state, self.desk(self.latest).order, step))
        else:
            self.look(moves.move_cursor(self.state, self.factors, step))

    def action_factor(self, step: int) -> None:
        """Move the cursor to another hyperparameter; in the view and the queue, by ten lines."""
        pane = self.focused.id if self.focused else None
        if pane in ("view", "queue"):
            self.move_in(pane, 10 * step)
        else:
            self.look(moves.move_factor(self.state, self.factors, step))

    def action_pane(self, step: int) -> None:
        """Focus the next or the previous pane; in a zoomed one, zoom that."""
        shown = [name for name in FRAMED if self.pane(name).can_focus]
        at = shown.index(self.focused.id) if self.focused is not None and self.focused.id in shown else 0
        name = shown[(at + step) % len(shown)]
        if self.zoomed is not None:
            self.zoom(name)
        self.pane(name).focus()

    def on_descendant_focus(self) -> None:
        """Show the queue's cursor only while the queue has the focus."""
        in_queue = self.focused is not None and self.focused.id == "queue"
        if in_queue != (self.state.job is not None):
            self.look(replace(self.state, job=0 if in_queue else None))
