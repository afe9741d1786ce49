"""Trims and queue orders in any sequence, against a plain model: nothing is lost, doubled or invented by them."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from drill_tools import CLASSES, Figures, UnsyncedFiles, count_doubled, new_session
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from hpo_core.engine.clock import Clock
from hpo_core.engine.dispatch import Dispatcher
from hpo_core.engine.job_queue import JobQueue
from hpo_core.engine.order_book import OrderBook
from hpo_core.engine.recorder import Observer, Recorder
from hpo_core.engine.supervisor import Limits, Supervisor
from hpo_core.executors.replay import ReplayExecutor
from hpo_core.journal.events import (
    EngineStarted,
    EngineStopped,
    MoveJobs,
    PauseQueue,
    QueueJobs,
    ResumeQueue,
    SetWorkers,
    StopJob,
)
from hpo_core.journal.lock import SessionLock
from hpo_core.plan.grid import JobKey
from hpo_core.results.in_view import in_view
from hpo_core.results.trim import TRIAL, Hidden, Trim
from hpo_core.session.opening import read_session
from hpo_core.session.snapshot import ENDED
from hpo_core.session.state import SessionState
from hpo_core.workloads.synthetic import synthetic_curve

TRIALS, REPLICATES, EPOCHS = 4, 2, 3
JOBS = st.tuples(st.integers(0, TRIALS + 1), st.integers(0, REPLICATES + 2))
MANY = st.lists(JOBS, max_size=4).map(tuple)


class Desk(RuleBasedStateMachine):
    """An engine's books over a replay, given orders between any two turns, and a trim beside it."""

    def __init__(self) -> None:
        super().__init__()
        self._place = Path(tempfile.mkdtemp())
        self.folder = new_session(self._place, "desk", rates=2, filters=2, replicates=REPLICATES, epochs=EPOCHS)
        self.begin()
        self.trim = Trim()
        self.hidden: Hidden = frozenset()
        self.past: list[Hidden] = []
        self.future: list[Hidden] = []

    def begin(self) -> None:
        """An engine takes the session, or takes it over."""
        self.lock = SessionLock(self.folder.lock)
        self.lock.acquire()
        queues: list[JobQueue] = []

        def learners(state: SessionState) -> list[Observer]:
            queues.append(JobQueue(state))
            return [queues[-1].observe]

        self.recorder = Recorder(self.folder, self.lock, UnsyncedFiles(), watched_by=learners)
        self.state = self.recorder.state
        self.supervisor = Supervisor(ReplayExecutor(), Clock(), Limits())
        self.dispatcher = Dispatcher(self.folder, self.recorder, self.supervisor, queues[-1], 2)
        self.orders = OrderBook(self.recorder, self.supervisor, self.dispatcher)
        self.recorder.record(EngineStarted(host="h", boot_id="b", pid=os.getpid(), version="0"))

    # Queue ---------------------------------------------------------------------------------------------------

    @rule(turns=st.integers(1, 6))
    def work(self, turns: int) -> None:
        """The engine takes a few turns."""
        for _ in range(turns):
            self.turn()

    def turn(self) -> None:
        """One turn of the loop; while the queue is paused, no training begins."""
        paused, running = self.state.paused, {entry.key for entry in self.state.running()}
        for slot, task, (_, event) in self.supervisor.poll(0.0):
            self.dispatcher.take(slot, task, event)
        self.dispatcher.staff()
        self.dispatcher.hand_out()
        assert paused is None or running >= {entry.key for entry in self.state.running()}

    @rule(order=st.sampled_from([PauseQueue(), ResumeQueue()]))
    def pause_or_resume(self, order: PauseQueue | ResumeQueue) -> None:
        """Somebody presses p."""
        self.orders.obey(order)
        assert (self.state.paused is not None) == isinstance(order, PauseQueue)

    @rule(job=JOBS, after_epoch=st.booleans())
    def stop_one(self, job: tuple[int, int], after_epoch: bool) -> None:
        """A training is stopped, or a waiting one taken out of the queue."""
        key = JobKey(*job)
        waited = key in set(self.state.waiting())
        self.orders.obey(StopJob(trial=key.trial, replicate=key.replicate, after_epoch=after_epoch))
        assert not waited or self.state.status_of(key) == "stopped"

    @rule(jobs=MANY)
    def queue(self, jobs: tuple[tuple[int, int], ...]) -> None:
        """Trainings are queued again, more replicates asked for, and some that cannot be."""
        running = {entry.key for entry in self.state.running()}
        self.orders.obey(QueueJobs(jobs=jobs))
        waiting = set(self.state.waiting())
        for trial, replicate in jobs:
            key = JobKey(trial, replicate)
            possible = 1 <= trial <= TRIALS and 1 <= replicate <= self.state.replicate_count(trial)
            assert key in waiting or key in running or not possible

    @rule(jobs=MANY, to=st.sampled_from(["front", "back"]))
    def move(self, jobs: tuple[tuple[int, int], ...], to: str) -> None:
        """Waiting trainings are moved; the queue holds what it held."""
        before = list(self.state.waiting())
        self.orders.obey(MoveJobs(jobs=jobs, to=to))  # type: ignore[arg-type]
        after = list(self.state.waiting())
        assert (len(after), set(after)) == (len(before), set(before))

    @rule(count=st.integers(-1, 4))
    def set_workers(self, count: int) -> None:
        """More or fewer workers."""
        self.orders.obey(SetWorkers(count=count))
        assert 1 <= self.dispatcher.workers <= 4

    @rule(orderly=st.booleans())
    def replace_engine(self, orderly: bool) -> None:
        """The engine leaves, or is killed between two turns, and another follows."""
        running = {entry.key for entry in self.state.running()}
        if orderly:
            self.recorder.record(EngineStopped(reason="stopped"))
        self.leave()
        self.begin()
        assert running <= set(self.state.waiting()), "what was interrupted starts again"

    def leave(self) -> None:
        """Give the session back."""
        self.supervisor.close()
        self.recorder.close()
        self.lock.release()

    # Trim ----------------------------------------------------------------------------------------------------

    @rule(
        factor=st.integers(0, 1), value=st.integers(0, 1), how=st.sampled_from(["hide", "show", "toggle", "only"])
    )
    def trim_a_value(self, factor: int, value: int, how: str) -> None:
        """A value in or out of view."""
        chosen = self.state.spec.grid.hyperparameters[factor]
        pair = (chosen.name, chosen.values[value])
        others = {(chosen.name, other) for other in chosen.values} - {pair}
        model: dict[str, Hidden] = {
            "hide": self.hidden | {pair},
            "show": self.hidden - {pair},
            "toggle": self.hidden ^ {pair},
            "only": (self.hidden - {pair}) | others,
        }
        deeds: dict[str, Callable[[], Trim]] = {
            "hide": lambda: self.trim.hide(*pair),
            "show": lambda: self.trim.show(*pair),
            "toggle": lambda: self.trim.toggle(*pair),
            "only": lambda: self.trim.only(chosen, pair[1]),
        }
        self.go(deeds[how](), model[how])

    @rule(factor=st.integers(0, 1), how=st.sampled_from(["all", "invert", "reset"]))
    def trim_a_hyperparameter(self, factor: int, how: str) -> None:
        """All values of a hyperparameter, or everything."""
        chosen = self.state.spec.grid.hyperparameters[factor]
        own = {(chosen.name, value) for value in chosen.values}
        if how == "all":
            self.go(self.trim.all(chosen), self.hidden - own)
        elif how == "invert":
            self.go(self.trim.invert(chosen), self.hidden ^ own)
        else:
            self.go(self.trim.reset(), frozenset())

    @rule(trial=st.integers(1, TRIALS))
    def drop_a_trial(self, trial: int) -> None:
        """A single trial out of view."""
        self.go(self.trim.drop([trial]), self.hidden | {(TRIAL, trial)})

    def go(self, trim: Trim, hidden: Hidden) -> None:
        """Take a step, if it is one."""
        if hidden != self.hidden:
            self.past.append(self.hidden)
            self.future.clear()
        self.trim, self.hidden = trim, hidden

    @precondition(lambda self: self.past)
    @rule()
    def undo(self) -> None:
        """One step back."""
        self.future.append(self.hidden)
        self.hidden = self.past.pop()
        self.trim = self.trim.undo()

    @precondition(lambda self: self.future)
    @rule()
    def redo(self) -> None:
        """One step forward again."""
        self.past.append(self.hidden)
        self.hidden = self.future.pop()
        self.trim = self.trim.redo()

    # What always holds ---------------------------------------------------------------------------------------

    @invariant()
    def the_trim_is_the_model(self) -> None:
        """In view is what the model has in view; the grid is what it was."""
        assert self.trim.hidden == self.hidden
        seen = in_view(self.state.snapshot(), self.trim)
        for trial in self.state.spec.grid.trials():
            pairs = {*trial.values.items(), (TRIAL, trial.number)}
            assert seen[trial.number - 1] == self.hidden.isdisjoint(pairs)

    @invariant()
    def every_job_is_in_one_place(self) -> None:
        """Waiting, running or ended: each job once, none lost."""
        waiting = list(self.state.waiting())
        assert len(waiting) == len(set(waiting))
        for trial in range(1, TRIALS + 1):
            assert self.state.replicate_count(trial) >= REPLICATES
            for replicate in range(1, self.state.replicate_count(trial) + 1):
                key = JobKey(trial, replicate)
                status = self.state.status_of(key)
                assert (key in waiting) == (status == "waiting"), (key, status)
                assert status in ENDED | {"waiting", "running"}
        tasks = {task.key for _, task in self.supervisor.tasks()}
        assert tasks == {entry.key for entry in self.state.running()}

    @invariant()
    def the_disk_says_the_same(self) -> None:
        """Who opens the session now sees what the engine sees."""
        seen, known = read_session(self.folder), self.state.snapshot()
        assert seen.replicates == known.replicates
        assert seen.queue == known.queue
        assert seen.paused == known.paused

    def teardown(self) -> None:
        """Whatever was ordered, the queue can be worked off, and every complete result is its seed's."""
        self.orders.obey(ResumeQueue())
        self.orders.obey(SetWorkers(count=2))
        turns = 0
        while self.state.next_waiting() is not None or any(self.state.running()):
            self.turn()
            turns += 1
            assert turns < 2000, "every job ends"
        for key, entry in self.state.snapshot().replicates.items():
            if entry.status == "complete":
                values = self.state.spec.values_of(key.trial)
                curve = synthetic_curve(values, entry.seed or 0, EPOCHS, CLASSES)
                assert [dict(epoch.metrics) for epoch in entry.epochs] == curve
        self.leave()
        assert count_doubled(self.folder) == 0
        shutil.rmtree(self._place)


def give_orders(rounds: int, steps: int = 30) -> Figures:
    """Run ``rounds`` sequences of ``steps`` orders.

    A job that is lost or counts twice, or a result that is not its seed's, raises: the figures are what is left.
    """
    run_state_machine_as_test(
        Desk,
        settings=settings(
            max_examples=rounds,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
    fault = f"trim and queue orders in any sequence, {steps} each"
    return Figures(fault, rounds, lost=0, doubled=0, wrong=0)
