"""Screens that come and go on a training, are hung up on, or give orders two at a time."""

from __future__ import annotations

import contextlib
import os
import subprocess
from pathlib import Path

import psutil
from drill_census import count_left, workers_of
from drill_screen import Screen
from drill_tools import Acknowledged, Figures, count_doubled, new_session, wait

from hpo_core.engine.launch import start_engine
from hpo_core.journal.events import EngineOptions, EpochEnded, QueuePaused, QueueResumed, StopSession
from hpo_core.journal.lock import read_holder
from hpo_core.journal.reader import JournalReader
from hpo_core.plan.grid import JobKey
from hpo_core.session.control import send_order, waiting_orders
from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder
from hpo_core.workloads.synthetic import synthetic_curve

EPOCHS = 100_000


class Training:
    """A training that lasts until it is told to end, its engine, and what was seen of both."""

    def __init__(self, sessions: Path, name: str) -> None:
        self.folder = new_session(sessions, name, rates=2, filters=2, epochs=EPOCHS)
        os.environ["HPO_SYNTHETIC_SECONDS_PER_EPOCH"] = "0.2"
        try:
            self.engine = psutil.Process(start_engine(self.folder, EngineOptions(workload="synthetic", workers=1)))
        finally:
            del os.environ["HPO_SYNTHETIC_SECONDS_PER_EPOCH"]
        self.holder = read_holder(self.folder.lock)
        self._acknowledged = Acknowledged()
        self._workers: set[psutil.Process] = set()

    def look(self) -> None:
        """Take note of what is acknowledged, and of the workers; the engine must be the one that began."""
        self._acknowledged.look(self.folder)
        self._workers.update(workers_of(self.engine))
        assert read_holder(self.folder.lock) == self.holder, "the same engine is at work all the time"

    def _seen_working(self) -> bool:
        self.look()
        return bool(self._acknowledged.count and self._workers)

    def finish(self, figures: Figures) -> None:
        """Tell the engine to stop, and count."""
        wait(self._seen_working, "an epoch")
        send_order(self.folder.control, StopSession(now=True))
        wait(lambda: not self.folder.engine_runs(), "the engine's end")
        figures.add(
            lost=self._acknowledged.lost(self.folder),
            doubled=count_doubled(self.folder),
            orphaned=count_left([self.engine, *self._workers]),
            wrong=len(read_session(self.folder).damage) + _other_epochs(self.folder),
        )


def _other_epochs(folder: SessionFolder) -> int:
    """Return how many epochs in the journal are not those that their seeds give."""
    spec = folder.load_spec()
    state = read_session(folder)
    told = [r.event for r in JournalReader(folder.path).poll() if isinstance(r.event, EpochEnded)]
    longest = max((event.epoch for event in told), default=0)
    curves = {}
    for event in told:
        key = JobKey(event.trial, event.replicate)
        if key not in curves:
            seed = state.replicate(key).seed or 0
            curves[key] = synthetic_curve(spec.values_of(key.trial), seed, longest, 4)
    return sum(curves[JobKey(e.trial, e.replicate)][e.epoch - 1] != e.metrics for e in told)


def come_and_go(sessions: Path, rounds: int, *, hang_ups: bool) -> Figures:
    """Open a screen on a training and leave it, or let its terminal hang up, ``rounds`` times."""
    fault = "hang-ups of the terminal" if hang_ups else "attach and detach"
    figures = Figures(fault, rounds, lost=0, doubled=0, orphaned=0, wrong=0)
    training = Training(sessions, "hang-ups" if hang_ups else "visits")
    slowest = 0.0
    for _ in range(rounds):
        with contextlib.closing(Screen(training.folder)) as screen:
            slowest = max(slowest, screen.wait_until_drawn())
            if hang_ups:
                screen.hang_up()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    screen.process.wait(60)
                figures.add(orphaned=screen.process.poll() is None)
            else:
                assert screen.leave() == 0
        training.look()
    training.finish(figures)
    figures.note = f"slowest start to a live screen {slowest:.1f} s"
    return figures


def two_screens(sessions: Path, rounds: int) -> Figures:
    """Two screens on one session pause and resume it at the same time, again and again, with effect."""
    figures = Figures("two screens give orders at once", rounds, lost=0, doubled=0, orphaned=0, wrong=0)
    training = Training(sessions, "two-screens")
    folder = training.folder
    with contextlib.closing(Screen(folder)) as one, contextlib.closing(Screen(folder)) as other:
        for screen in (one, other):
            screen.wait_until_drawn()
        for _ in range(rounds):
            before = _switches(folder)
            one.type("p")
            other.type("p")

            def obeyed(before: int = before) -> bool:
                one.read(0.02)
                other.read(0.02)
                done = _switches(folder) > before and not any(waiting_orders(folder.control))
                paused = read_session(folder).paused is not None
                # a screen that does not show it yet would order once more what is so already
                return done and all(("paused" in screen.text.split("\n")[0]) == paused for screen in (one, other))

            try:
                wait(obeyed, "an effect")
            except AssertionError:
                figures.add(lost=1)
            training.look()
        assert one.leave() == 0
        assert other.leave() == 0
    training.finish(figures)
    return figures


def _switches(folder: SessionFolder) -> int:
    """Return how often the queue was paused or resumed."""
    events = (record.event for record in JournalReader(folder.path).poll())
    return sum(isinstance(event, (QueuePaused, QueueResumed)) for event in events)
