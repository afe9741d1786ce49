"""What the keys of the training and the session do: orders to the engine, exports, leaving."""

from __future__ import annotations

from collections.abc import Callable

from textual import work

from hpo_core.errors import HpoError
from hpo_tui.follow import Update
from hpo_tui.keys import SESSION_KEYS
from hpo_tui.screens.desk_screen import DeskScreen
from hpo_tui.screens.dialogs import HelpScreen, leave_choice


class TrainingActions(DeskScreen):
    """Gives orders and leaves."""

    @work(thread=True, exclusive=True, group="deed")
    def do(self, deed: Callable[[Update], str]) -> None:
        """Do something on the disk in a thread, and say what came of it."""
        if (update := self.latest) is not None:
            try:
                said, severity = deed(update), "information"
            except HpoError as error:
                said, severity = str(error), "error"
            self.app.call_from_thread(self.notify, said, severity=severity, markup=False)

    def action_pause(self) -> None:
        """Pause or resume the queue."""
        self.do(self.work.pause_or_resume)

    def action_restart(self) -> None:
        """Start an engine."""
        self.do(self.work.restart)

    def action_export(self) -> None:
        """Export the CSVs."""
        trim = self.state.trim
        self.do(lambda update: self.work.export(update, trim))

    def action_help(self) -> None:
        """Show the keys."""
        self.app.push_screen(HelpScreen(SESSION_KEYS))

    def action_quit(self) -> None:
        """Leave; ask what becomes of the training, if one is under way."""
        update = self.latest
        if update is None or not update.engine_alive or update.snapshot.finished or self.work.read_only:
            self.app.exit()
        else:
            self.app.push_screen(leave_choice(), self._leave)

    def _leave(self, answer: str | None) -> None:
        if answer is None:
            return
        if answer != "leave":
            self.work.stop(now=answer == "stop")
        self.app.exit()
