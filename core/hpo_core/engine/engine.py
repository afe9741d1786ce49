"""The engine: works one session off, and is the only writer of its journal.

One turn of the loop: take the workers' reports, obey the orders in ``control/``, look after journal and workers,
hand out jobs, publish the live status. Everything it knows of the past is in the journal, so an engine that is
killed at any point is followed by another that goes on where the journal ends.
"""

from __future__ import annotations

import logging
from importlib.metadata import version
from typing import Literal

from hpo_core.engine.clock import Clock, Every
from hpo_core.engine.dispatch import BY_SESSION, Dispatcher
from hpo_core.engine.estimate import Estimator
from hpo_core.engine.event_log import EventLog
from hpo_core.engine.inbox import Inbox
from hpo_core.engine.job_queue import JobQueue
from hpo_core.engine.live import LiveBoard
from hpo_core.engine.order_book import OrderBook
from hpo_core.engine.planner import Planner
from hpo_core.engine.prober import Prober
from hpo_core.engine.pruning import Pruning
from hpo_core.engine.readings import Readings
from hpo_core.engine.recorder import JournalLost, Observer, Recorder
from hpo_core.engine.recovery import write_recovery_copy
from hpo_core.engine.supervisor import Limits, Supervisor
from hpo_core.errors import ExecutorError, SessionError
from hpo_core.executors.executor import Executor
from hpo_core.executors.sharing import ENGINE, claim, engine_claims
from hpo_core.journal.events import (
    DEFAULT_OPTIONS,
    SCHEMA_VERSION,
    EngineOptions,
    EngineStarted,
    EngineStopped,
    EpochEnded,
    Noted,
    Progress,
    StopSession,
)
from hpo_core.journal.files import REAL_FILES, Files
from hpo_core.journal.lock import Holder, SessionLock
from hpo_core.plan.plans import start_plan
from hpo_core.session.control import discard_orders
from hpo_core.session.paths import SessionFolder
from hpo_core.session.state import SessionState
from hpo_core.text import clean, plural

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.1
"""Orders, journal, workers and queue are looked at so often at least, and whenever a worker has something new."""

STOP_SECONDS = 5.0
"""Trainings that are told to stop have this long before their workers are ended."""


class Engine:
    """Takes the session's lock on construction. Raises ``SessionError`` (``SessionLocked`` where it is held).

    ``options`` are recorded, so that the next engine is started with the same; ``executor`` was made from them.
    Collaborators are passed in: ``executor``, ``files``, ``clock``, ``limits``; ``tick`` is the seconds that one
    turn waits for news at most.
    """

    def __init__(
        self,
        folder: SessionFolder,
        executor: Executor,
        options: EngineOptions = DEFAULT_OPTIONS,
        *,
        take_over: bool = False,
        files: Files = REAL_FILES,
        clock: Clock | None = None,
        limits: Limits | None = None,
        tick: float = 0.1,
    ) -> None:
        self.folder = folder
        self._executor = executor
        self._options = options
        self._clock = clock or Clock()
        self._tick = tick
        self._ending: Literal["", "after", "now"] = ""
        self._deadline = 0.0
        self._stop_requested = False
        self._here = engine_claims()
        self._look_due = Every(LOOK_SECONDS, self._clock)
        self._hangs_due = Every(1.0, self._clock)
        spec = folder.load_spec()
        if not spec.trainable:
            raise SessionError(f"The session {folder.name!r} was imported: it has results, and nothing to train.")
        self._plan = start_plan(spec.search.plan)
        self._lock = SessionLock(folder.lock)
        try:
            self._lock.acquire(take_over)
            discard_orders(folder.control)
            self._recorder = Recorder(folder, self._lock, files, self._clock, self._learners)
        except OSError as error:
            self._lock.release()
            where = clean(error.filename or folder.path)
            raise SessionError(f"The session cannot be written: {where}: {error.strerror}.") from None
        except SessionError:
            self._lock.release()
            raise
        self._assemble(options.workers or executor.suggested_workers, limits or Limits())
        self._begin()

    def _learners(self, state: SessionState) -> tuple[Observer, Observer]:
        """Make those who learn from the past as well."""
        self._queue = JobQueue(state)
        self._estimator = Estimator(lambda: state.spec, self._queue.compile_key)
        return self._queue.observe, self._estimator.observe

    def _assemble(self, workers: int, limits: Limits) -> None:
        recorder = self._recorder
        self._state = recorder.state
        self._supervisor = Supervisor(self._executor, self._clock, limits)
        queue, estimator = self._queue, self._estimator
        if self._state.spec.tensorboard:
            recorder.watch(EventLog(self.folder.tensorboard, self._state, self._say_of_events).observe)
        estimator.begin(self._clock.wall())
        self._dispatcher = Dispatcher(self.folder, recorder, self._supervisor, queue, workers)
        self._prober = Prober(self.folder, recorder, self._supervisor, self._dispatcher)
        self._planner = Planner(recorder, self._plan)
        self._pruning = Pruning(recorder, self._supervisor)
        self._orders = OrderBook(recorder, self._supervisor, self._dispatcher)
        self._inbox = Inbox(self.folder.control, lambda: bool(recorder.blocked))
        readings = Readings(gpu=self._executor.device != "cpu")
        self._live = LiveBoard(
            self.folder.status, recorder.gen, self._supervisor, estimator, readings, self._clock
        )

    def _say_of_events(self, sentence: str) -> None:
        self._recorder.record(Noted(level="warning", text=sentence))

    def _begin(self) -> None:
        interrupted = sum(1 for _ in self._state.running())
        before = self._state.device
        this = Holder.this_process()
        self._recorder.record(
            EngineStarted(
                host=this.host,
                boot_id=this.boot_id,
                pid=this.pid,
                version=version("hpo-tui"),
                schema=SCHEMA_VERSION,
                workers=self._dispatcher.workers,
                device=self._executor.device,
                options=self._options,
            ),
            durable=True,
        )
        if self._recorder.blocked:
            self._close()
            raise SessionError(f"The session cannot be written. {self._recorder.blocked}")
        if not self._options.address:  # else its workers are elsewhere
            claim(self._here, self.folder, self._dispatcher.workers)
        self._planner.record_plan()
        self._pruning.begin()
        self._planner.plan_ahead(self._dispatcher.workers)
        if self._lock.stale is not None:
            again = f"; {plural(interrupted, 'training')} to be started again" if interrupted else ""
            gone = self._lock.stale.describe()
            self._recorder.note("info", f"Taken over from an engine that is gone: {gone}{again}.")
        if self._recorder.torn_bytes:
            size = plural(self._recorder.torn_bytes, "byte")
            self._recorder.note(
                "warning", f"1 partial record ({size}) at the journal's end was set aside in damaged/."
            )
        if before not in ("", "cpu") and self._executor.device == "cpu":
            self._recorder.note("warning", "It trained on a GPU before; there is none now: on the CPU it goes on.")

    def run(self) -> str:
        """Work until nothing is left or the end is ordered; return the reason.

        Raises ``JournalLost`` or ``Superseded`` where the journal is no longer this engine's, ``ExecutorError``
        where there is nothing to train on any more.
        """
        try:
            while True:
                while (reason := self._finished()) is None:
                    self._turn()
                self._supervisor.close()  # takes seconds, in which somebody may ask for more
                self._obey_orders()
                if self._ending or self._nothing_left():
                    break
            self._recorder.record(EngineStopped(reason=reason), durable=True)
            self._obey_orders()  # what comes later still waits in control/ for the next engine
            if self._recorder.blocked:
                log.error("the end could not be recorded: %s", self._recorder.blocked)
            return reason
        except JournalLost as error:
            raise JournalLost(self._save_from_memory(error)) from None
        except ExecutorError as error:
            self._recorder.note("error", str(error))
            raise
        finally:
            self._close()

    def request_stop(self) -> None:
        """Stop at the next turn; does nothing else, so that a signal handler may call it at any point."""
        self._stop_requested = True

    def stop(self, now: bool = True) -> None:
        """End in an orderly way: stop the trainings between two chunks (``now``), or let them end first."""
        if self._ending == "now":
            return
        self._ending = "now" if now else "after"
        if now:
            self._deadline = self._clock.steady() + STOP_SECONDS
            for slot, _ in self._supervisor.tasks():
                self._supervisor.stop(slot, BY_SESSION)

    def _turn(self) -> None:
        changed = False
        for slot, task, (_, event) in self._supervisor.poll(self._tick):
            self._dispatcher.take(slot, task, event)
            self._prober.take(task, event)
            self._pruning.take(slot, task, event)
            changed = changed or not isinstance(event, (Progress, EpochEnded))
        if self._stop_requested:
            self.stop()
        if self._look_due.due() or changed:  # most turns only take in how far trainings are
            self._look_after()
        if self._live.due():
            workers, held = self._dispatcher.workers, self._recorder.held
            self._live.publish(workers, self._state.waiting(), self._message(), held)

    def _look_after(self) -> None:
        self._obey_orders()
        if self._hangs_due.due() and (gap := self._supervisor.end_hangs()):
            self._recorder.note(
                "info", f"The engine was not running for {gap:.0f} s; no training is blamed for it."
            )
        self._recorder.tend()
        if not self._ending:
            self._pruning.tend()
            self._planner.plan_ahead(self._dispatcher.workers)
            self._dispatcher.staff()
            self._prober.ask()
            self._dispatcher.hand_out()

    def _obey_orders(self) -> None:
        for name, order in self._inbox.take():
            log.info("order: %s", order)
            if order is None:
                self._recorder.note("warning", f"An order could not be read and was dropped: {clean(name, 80)}.")
            elif isinstance(order, StopSession):
                self.stop(order.now)
            else:
                self._orders.obey(order)

    def _finished(self) -> str | None:
        """Return the reason to end, or None."""
        if self._ending == "now" and self._clock.steady() > self._deadline:
            return "stopped"
        if any(self._supervisor.tasks()):
            return None
        done = self._nothing_left() and self._recorder.settled  # while the disk fails, it waits for it
        if done and not self._ending:
            self._obey_orders()  # what came in the meantime may be more work
        if done and self._nothing_left() and self._recorder.settled:
            self._dispatcher.settle()
            return "finished"
        return "stopped" if self._ending else None

    def _nothing_left(self) -> bool:
        return self._state.next_waiting() is None and next(self._state.running(), None) is None

    def _message(self) -> str:
        if self._recorder.held:
            return self._recorder.held
        if self._ending:
            return "stopping" if self._ending == "now" else "stopping after the trainings under way"
        if self._recorder.unsafe:
            return self._recorder.unsafe
        return self._state.paused or self._prober.message

    def _close(self) -> None:
        self._supervisor.close()
        self._live.last_word(self._recorder.blocked)
        try:
            self._recorder.close()
        except OSError as error:
            log.error("the journal's end is not on the disk: %s", error)
        self._here.end(ENGINE)
        self._lock.release()

    def _save_from_memory(self, error: JournalLost) -> str:
        try:
            path = write_recovery_copy(self.folder.path, self._state.snapshot(), self._recorder.gen)
        except OSError as failed:
            return f"{error} A copy from memory could not be written either: {failed.strerror}."
        return f"{error} All of it is in {clean(path.name)}; rename that to journal.jsonl to go on."
