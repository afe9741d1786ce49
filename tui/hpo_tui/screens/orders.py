"""What the screens ask of an engine: orders where one runs, a start where none does, and the word before that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from weakref import WeakSet

from textual.app import App

from hpo_core.engine import launch
from hpo_core.engine.logout import WARNING, logout_kills
from hpo_core.engine.resume import options_of, resume
from hpo_core.engine.stopping import stop_engine
from hpo_core.engine.takeover import check_held_here
from hpo_core.errors import SessionError
from hpo_core.executors.sharing import sharing_now
from hpo_core.journal.events import AdviseValues, Order, PauseQueue, QueueJobs, ResumeQueue
from hpo_core.journal.lock import read_holder
from hpo_core.plan.grid import JobKey
from hpo_core.results.advice import asked_for
from hpo_core.results.trim import Trim
from hpo_core.session.control import send_order
from hpo_core.session.paths import SessionFolder
from hpo_core.text import clean, joined, plural
from hpo_tui.desk.follower import Update

SHOWN_SECONDS = 30.0
_warned: WeakSet[App[object]] = WeakSet()


def before_start(app: App[object]) -> None:
    """Say before a training is started who trains on this machine too, and once that a logout would end it.

    Asks systemd and the driver of the GPUs, which takes a moment: call it in a thread.
    """
    if said := sharing_now():
        app.call_from_thread(app.notify, said, timeout=SHOWN_SECONDS, markup=False)
    warn_of_logout(app)


def warn_of_logout(app: App[object]) -> None:
    """Say once that a logout would end the training; see ``before_start``."""
    if app in _warned:
        return
    _warned.add(app)
    if logout_kills():
        said = f"{WARNING[0].upper()}{WARNING[1:]}"
        app.call_from_thread(app.notify, said, severity="warning", timeout=SHOWN_SECONDS, markup=False)


class Orders:
    """What one session's screen asks of its engine; each raises ``SessionError`` with a sentence, or returns one.

    What starts an engine raises ``HeldElsewhere`` where a person has to be asked first. All of it writes to the
    session's folder, so it is done in a thread.
    """

    def __init__(self, folder: SessionFolder, read_only: bool) -> None:
        self.folder = folder
        self.read_only = read_only
        self.before_start: Callable[[], None] = lambda: None
        """What is to be said before an engine is started; called in the thread that starts it."""

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
        self.before_start()
        launch.start_engine(self.folder, options_of(update.snapshot))
        return f"{queued}; an engine is at work on them."

    def advise(self, update: Update, trim: Trim) -> str:
        """Tell a running search what is still in view; "" where there is none, or nothing new to tell."""
        snapshot = update.snapshot
        if self.read_only or not update.engine_alive or not snapshot.to_be_added:
            return ""
        asked = asked_for(snapshot, trim)
        if asked == snapshot.advised:
            return ""
        self._send(AdviseValues(values=asked))
        names = joined([clean(name, 40) for name in asked]) if asked else ""
        return f"The search goes on within what is in view of {names}." if asked else "The search is free again."

    def stop(self, now: bool) -> str:
        """End the engine, now or after the trainings under way."""
        stop_engine(self.folder, now)
        return "Stopping." if now else "Stopping after the trainings under way."

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
        resume(self.folder, before_start=self.before_start)
        return "The engine is running again."

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
