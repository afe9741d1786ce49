"""What the keys of the training and the session do: orders to the engine, exports, leaving."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from textual import on, work

from hpo_core.engine.takeover import HeldElsewhere, take_over
from hpo_core.errors import HpoError
from hpo_tui.desk.follower import Update
from hpo_tui.look.keys import SESSION_KEYS
from hpo_tui.panes.key_words import SIGNS, help_places
from hpo_tui.screens.desk_screen import DeskScreen
from hpo_tui.screens.dialogs import Words, leave_choice, take_over_choice
from hpo_tui.screens.help import HelpScreen
from hpo_tui.screens.logout_warning import warn_of_logout
from hpo_tui.screens.messages import FollowFailed, Updated


class TrainingActions(DeskScreen):
    """Gives orders and leaves."""

    _seen_at_work = False

    def on_mount(self) -> None:
        """Warn of the logout before an engine is started from here."""
        self.work.before_start = partial(warn_of_logout, self.app)

    @on(Updated)
    def warn_where_it_trains(self, message: Updated) -> None:
        """Warn of the logout where a training is seen at work: whoever started it may have been told nothing."""
        if message.update.engine_alive and not (self._seen_at_work or self.work.read_only):
            self._seen_at_work = True
            self.run_worker(self.work.before_start, thread=True, group="logout")

    @work(thread=True, exclusive=True, group="deed")
    def do(self, deed: Callable[[Update], str]) -> None:
        """Do something on the disk in a thread, and say what came of it."""
        if (update := self.latest) is not None:
            try:
                said, severity = deed(update), "information"
            except HeldElsewhere as error:
                self.app.call_from_thread(self._ask_to_take_over, error, deed)
                return
            except HpoError as error:
                said, severity = str(error), "error"
            self.app.call_from_thread(self.notify, said, severity=severity, markup=False)

    def _ask_to_take_over(self, held: HeldElsewhere, deed: Callable[[Update], str]) -> None:
        def take(update: Update) -> str:
            take_over(self.folder)
            return deed(update)

        def answered(answer: str | None) -> None:
            if answer == "take":
                self.do(take)

        self.app.push_screen(take_over_choice(held.holder), answered)

    @on(FollowFailed)
    def only_look(self, message: FollowFailed) -> None:
        """Write nothing to a session that cannot be read; where nothing of it was shown, say why and go home."""
        self.work.read_only = True
        if self.latest is None:
            self.app.push_screen(Words("This session cannot be shown", [message.sentence]), self._go_home)

    def _go_home(self, _: str | None) -> None:
        self.app.call_later(self.app.run_action, "home")

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
        """Show the keys, those of the pane with the focus and of the view first."""
        focused = self.focused.id if self.focused else None
        self.app.push_screen(HelpScreen(SESSION_KEYS, help_places(focused, self.state.view), SIGNS))

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
            try:
                self.work.stop(now=answer == "stop")
            except HpoError as error:  # the person asked for the end: they are not sent away without it
                self.notify(str(error), severity="error", timeout=30, markup=False)
                return
        self.app.exit()
