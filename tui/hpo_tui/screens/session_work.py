"""What a session screen does outside itself: orders, exports, the saved view."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from hpo_core.engine.launching import start, trainer_of
from hpo_core.engine.stopping import stop_engine
from hpo_core.engine.takeover import check_held_here
from hpo_core.errors import SessionError
from hpo_core.journal.events import Order, PauseQueue, QueueJobs, ResumeQueue
from hpo_core.journal.lock import read_holder
from hpo_core.plan.grid import JobKey
from hpo_core.results.filter import compile_filter
from hpo_core.results.trim import Trim
from hpo_core.session.control import send_order
from hpo_core.session.paths import SessionFolder
from hpo_core.text import clean, plural
from hpo_tui.desk.follower import Update
from hpo_tui.desk.view_state import ViewState, save_view


class SessionWork:
    """The deeds of one session's screen; each raises ``SessionError`` with a sentence, or returns one.

    A deed that starts an engine raises ``HeldElsewhere`` where a person has to be asked first.
    """

    def __init__(self, folder: SessionFolder, read_only: bool) -> None:
        self.folder = folder
        self.read_only = read_only
        self.before_start: Callable[[], None] = lambda: None
        """What is to be said before an engine is started; called where the deed is done, in a thread."""

    def save_view(self, state: ViewState) -> None:
        """Remember how the session was looked at; on a read-only session nothing is kept."""
        if self.read_only:
            return
        try:
            save_view(self.folder.view, state)
        except OSError as error:
            raise SessionError(f"The view could not be saved: {error.strerror}.") from None

    def pause_or_resume(self, update: Update) -> str:
        """Pause the queue, or go on with it."""
        self._may_order(update)
        if update.snapshot.paused is None:
            self._send(PauseQueue())
            return "Pausing: the trainings under way go on to their end, no other begins."
        self._send(ResumeQueue())
        return "Going on with the queue."

    def give(self, update: Update, orders: Sequence[Order], said: str) -> str:
        """Give orders to the engine; return ``said``."""
        self._may_order(update)
        for order in orders:
            self._send(order)
        return said

    def queue(self, update: Update, jobs: Sequence[JobKey], reason: str) -> str:
        """Queue trainings; where no engine runs, start one for them."""
        queued = f"{plural(len(jobs), 'training')} queued"
        if update.engine_alive or self.read_only:
            pairs = tuple((key.trial, key.replicate) for key in jobs)
            return self.give(update, [QueueJobs(jobs=pairs, reason=reason)], f"{queued}.")
        from hpo_core.engine.enqueue import queue_jobs  # not needed to look at a session

        check_held_here(self.folder)
        queue_jobs(self.folder, jobs, reason)
        self._start(update)
        return f"{queued}; an engine is at work on them."

    def stop(self, now: bool) -> None:
        """End the engine, now or after the trainings under way."""
        stop_engine(self.folder, now)

    def restart(self, update: Update) -> str:
        """Start an engine where none is running and something waits."""
        if self.read_only:
            raise SessionError("The session is open read-only; open it without --read-only to train.")
        if update.engine_alive:
            holder = read_holder(self.folder.lock)
            who = f": {holder.describe()}" if holder is not None else ""
            raise SessionError(f"An engine is at work on this session already{who}.")
        if update.snapshot.finished:
            raise SessionError("Nothing waits to be trained.")
        check_held_here(self.folder)
        self._start(update)
        return "The engine is running again."

    def export(self, update: Update, trim: Trim) -> str:
        """Write the three CSVs; say where."""
        from hpo_core.interop.export import export  # brings in pandas

        if self.read_only:
            raise SessionError("The session is open read-only; hpo-tui export --to DIR writes elsewhere.")
        where = compile_filter(trim.where, update.snapshot) if trim.where else None
        written = export(update.snapshot, self.folder.exports, trim, where)
        names = ", ".join(path.name for path in written)
        return f"Exported {plural(len(written), 'file')} to {clean(_short(self.folder.exports))}: {names}."

    def _start(self, update: Update) -> None:
        self.before_start()
        start(self.folder, trainer_of(update.snapshot))

    def _may_order(self, update: Update) -> None:
        if self.read_only:
            raise SessionError("The session is open read-only; open it without --read-only to give orders.")
        if not update.engine_alive:
            raise SessionError("No engine is running; R starts one where trainings wait.")

    def _send(self, order: Order) -> None:
        try:
            send_order(self.folder.control, order)
        except OSError as error:
            raise SessionError(f"The order could not be written: {error.strerror}.") from None


def _short(path: Path) -> Path:
    try:
        return path.relative_to(Path.cwd())
    except ValueError:
        return path
