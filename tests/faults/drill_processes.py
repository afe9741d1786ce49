"""kill -9 of the screen, the engine and the workers at random, again and again; and engines that race."""

from __future__ import annotations

import contextlib
import os
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
from drill_census import count_left, gone, kill, workers_of
from drill_screen import Screen
from drill_tools import Acknowledged, Figures, count_doubled, count_wrong, new_session, wait

from hpo_core.engine.enqueue import queue_jobs
from hpo_core.engine.launch import start_engine
from hpo_core.engine.recorder import Recorder
from hpo_core.errors import SessionLocked
from hpo_core.journal.events import EngineOptions, ResumeQueue
from hpo_core.journal.lock import SessionLock, read_holder
from hpo_core.session.control import send_order
from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder

PACE = "HPO_SYNTHETIC_SECONDS_PER_EPOCH"
SPEC = {"rates": 3, "filters": 2, "replicates": 2, "epochs": 4}
SCREENS = 0.04
"""So many of the blows hit a screen: to start one takes longer than everything else in a round."""


def attack(sessions: Path, rounds: int, at_once: int = 2) -> Figures:
    """Kill a process at random ``rounds`` times: ``at_once`` sessions under attack, one after the other."""
    figures = Figures("kill -9 of screen, engine and workers", rounds, lost=0, doubled=0, orphaned=0, wrong=0)
    shares = [rounds // at_once + (number < rounds % at_once) for number in range(at_once)]
    with pace(0.02), ThreadPoolExecutor(at_once) as pool:
        parts = pool.map(lambda number: _attack(sessions / str(number), shares[number], number), range(at_once))
        for part in parts:
            figures.add_part(part)
    return figures


def _attack(sessions: Path, rounds: int, seed: int) -> Figures:
    figures = Figures("", rounds, lost=0, doubled=0, orphaned=0, wrong=0)
    chance = random.Random(seed)
    left = rounds
    while left:
        siege = Siege(new_session(sessions, f"siege-{left}", **SPEC), chance)
        while left and not siege.over():
            siege.strike()
            left -= 1
        siege.relieve(figures)
    return figures


@contextlib.contextmanager
def pace(seconds: float) -> Iterator[None]:
    """Let the synthetic workloads of this block's engines take so long for an epoch."""
    before = os.environ.get(PACE)
    os.environ[PACE] = str(seconds)
    yield
    if before is None:
        del os.environ[PACE]
    else:
        os.environ[PACE] = before


class Siege:
    """One session under attack: its engine is restarted, what failed waits again, until all is complete."""

    def __init__(self, folder: SessionFolder, chance: random.Random) -> None:
        self.folder = folder
        self._chance = chance
        self._acknowledged = Acknowledged()
        self._children: set[psutil.Process] = set()
        self._engine: psutil.Process | None = None
        self._unfinished = 0

    def over(self) -> bool:
        """Whether every training is complete; where none is under way any more, those that failed wait again."""
        if self.folder.engine_runs():
            return False
        snapshot = read_session(self.folder)
        return snapshot.counts["complete"] == snapshot.trainings

    def strike(self) -> None:
        """Kill one of them, or all, at a moment that chance decides."""
        engine = self._have_engine()
        choice = self._chance.random()
        if choice < SCREENS:
            self._kill_a_screen()
            return
        wait(lambda: workers_of(engine) or gone(engine) or paused(self.folder), "workers", pause=0.03)
        self._children |= set(workers_of(engine))
        time.sleep(self._chance.uniform(0.0, 0.08))
        workers = workers_of(engine)
        self._children |= set(workers)
        victims = [engine, *workers] if choice < 0.12 else [engine] if choice < 0.4 else workers[:1]
        self._acknowledged.look(self.folder)
        for victim in victims:
            kill(victim)
        if engine in victims:
            wait(lambda: gone(engine), "the engine's death")
            wait(lambda: not self.folder.engine_runs(), "the lock")

    def relieve(self, figures: Figures) -> None:
        """Let the session end undisturbed, and count what was lost, doubled, wrong or orphaned."""
        while not self.over():
            engine = self._have_engine()
            wait(lambda: gone(engine) or paused(self.folder), "the engine's end")  # noqa: B023 - called at once
        figures.add(
            lost=self._acknowledged.lost(self.folder),
            doubled=count_doubled(self.folder),
            wrong=count_wrong(read_session(self.folder)),
            orphaned=count_left(self._children),
        )

    def _have_engine(self) -> psutil.Process:
        """Return the engine, started again where it is gone, with all that failed in its queue."""
        if self._engine is None or gone(self._engine) or not self.folder.engine_runs():
            wait(lambda: not self.folder.engine_runs(), "the lock")
            failed = [
                key for key, entry in read_session(self.folder).replicates.items() if entry.status == "failed"
            ]
            if failed:
                queue_jobs(self.folder, failed, "drill")
            self._engine = psutil.Process(
                start_engine(self.folder, EngineOptions(workload="synthetic", workers=2))
            )
        if paused(self.folder):  # five trainings in a row that were killed: a person would look, and go on
            with contextlib.suppress(FileNotFoundError):
                send_order(self.folder.control, ResumeQueue())
        return self._engine

    def _kill_a_screen(self) -> None:
        screen = Screen(self.folder)
        with contextlib.closing(screen):
            screen.wait_until_drawn()
            time.sleep(self._chance.uniform(0.0, 0.1))
            engine = read_holder(self.folder.lock)
            screen.process.kill()
            screen.process.wait(60)
        later = read_holder(self.folder.lock)
        assert engine is None or later is None or later == engine, "the engine outlives its screens"


def paused(folder: SessionFolder) -> bool:
    """Whether the queue has paused itself."""
    return read_session(folder).paused is not None


def race(sessions: Path, rounds: int, racers: int = 3) -> Figures:
    """Start several engines on one session at the same moment: one works, the others are told who does.

    The queue is paused until all have tried, so that the one that was first is still there.
    """
    fault = f"{racers} engines race for one session"
    figures = Figures(fault, rounds, lost=0, doubled=0, orphaned=0, wrong=0)
    with pace(0.002):
        for number in range(rounds):
            folder = new_session(sessions, f"race-{number}", epochs=2)
            pause(folder)
            with ThreadPoolExecutor(racers) as pool:
                answers = list(pool.map(_try_to_start, [folder] * racers))
            started = [answer for answer in answers if isinstance(answer, psutil.Process)]
            told = [answer for answer in answers if isinstance(answer, str)]
            figures.add(wrong=abs(len(started) - 1))
            figures.add(wrong=sum(f"process {started[0].pid}, since" not in words for words in told))
            _let_it_finish(folder, started, figures)
    return figures


def _let_it_finish(folder: SessionFolder, started: list[psutil.Process], figures: Figures) -> None:
    """Go on with the queue, watch it to its end, and count."""
    acknowledged, children = Acknowledged(), set[psutil.Process]()

    def over() -> bool:
        acknowledged.look(folder)
        children.update(child for engine in started for child in workers_of(engine))
        return all(gone(engine) for engine in started)

    send_order(folder.control, ResumeQueue())
    wait(over, "the engine's end")
    figures.add(
        lost=acknowledged.lost(folder),
        doubled=count_doubled(folder),
        wrong=count_wrong(read_session(folder)),
        orphaned=count_left(children),
    )


def pause(folder: SessionFolder) -> None:
    """Pause the queue of a session that no engine works on."""
    with SessionLock(folder.lock) as lock:
        recorder = Recorder(folder, lock)
        recorder.pause("drill")
        recorder.close()


def _try_to_start(folder: SessionFolder) -> psutil.Process | str:
    """Start an engine, or return what was said where another was first."""
    try:
        return psutil.Process(start_engine(folder, EngineOptions(workload="synthetic", workers=2)))
    except SessionLocked as error:
        return str(error)
