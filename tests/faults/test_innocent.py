"""A training is not blamed for what another one did, nor for time in which nothing ran."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, cast

import pytest

from hpo_core.engine.clock import Clock
from hpo_core.engine.supervisor import Limits, Supervisor
from hpo_core.executors.ladder import Ladder
from hpo_core.executors.process import WorkerProcess
from hpo_core.executors.replay import ReplayExecutor
from hpo_core.journal.events import Job


class Stalled:
    """A worker that is at its first training, and does not answer."""

    def __init__(self) -> None:
        self.busy, self.work, self.signals = True, 1, list[signal.Signals]()

    def send(self, order: object) -> None:
        pass

    def signal(self, number: signal.Signals) -> None:
        self.signals.append(number)


@pytest.mark.fault(44)
@pytest.mark.parametrize(("work", "signals"), [(1, [signal.SIGTERM]), (2, [])])
def test_a_ladder_ends_with_the_training_that_it_was_begun_for(
    work: int, signals: list[signal.Signals], monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = Stalled()
    ladder = Ladder(cast(WorkerProcess, worker))
    worker.work = work  # 2: it obeyed late, and was handed its next training between two looks
    later = time.monotonic() + 60
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert ladder.climb() == (work == 1)
    assert worker.signals == signals


class Ended(ReplayExecutor):
    """Remembers whom it was told to end."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.ended: list[int] = []

        self.cpu = 0.0

    def end_hang(self, worker: int) -> None:
        self.ended.append(worker)

    def cpu_seconds(self, worker: int) -> float:
        return self.cpu

    def hand_over(self, folder: Path, now: list[float]) -> Supervisor:
        """A supervisor of this one worker, that is at a training; ``now`` is its clock."""
        supervisor = Supervisor(self, Clock(steady=lambda: now[0]), Limits(first_progress=120.0))
        supervisor.grow(1)
        log = str(folder / "log")
        job = Job(trial=1, replicate=1, attempt=1, seed=1, values={}, data={}, settings={}, log=log)
        supervisor.hand_over(supervisor.slots[1], job, "network")
        return supervisor


@pytest.mark.fault(45)
def test_time_in_which_nothing_ran_is_no_hang_and_a_hang_after_it_is_one(tmp_path: Path) -> None:
    now = [100.0]
    executor = Ended()
    supervisor = executor.hand_over(tmp_path, now)
    now[0] += 3600.0
    assert supervisor.end_hangs() == 3600.0
    for _ in range(119):
        now[0] += 1.0
        assert supervisor.end_hangs() == 0.0
    assert executor.ended == []
    now[0] += 2.0
    supervisor.end_hangs()
    assert executor.ended == [1]


@pytest.mark.fault(46)
@pytest.mark.parametrize(("share", "ended_after"), [(0.0, 121), (0.02, 121), (0.3, 24 * 3600 + 1)])
def test_an_epoch_that_computes_goes_on_for_a_day_and_a_hang_does_not(
    share: float, ended_after: int, tmp_path: Path
) -> None:
    now = [100.0]
    executor = Ended()
    supervisor = executor.hand_over(tmp_path, now)
    while not executor.ended:
        now[0] += 1.0
        executor.cpu += share
        supervisor.end_hangs()
    assert now[0] == 100.0 + ended_after


@pytest.mark.fault(46)
def test_what_a_worker_starts_works_for_it() -> None:
    """As a command does, whose program computes while the worker waits for it."""
    program = "import time\nwhile time.process_time() < 0.3: pass\nprint(flush=True); time.sleep(60)"
    waits = f"import subprocess, sys; subprocess.run([sys.executable, '-S', '-c', {program!r}])"
    worker = WorkerProcess.__new__(WorkerProcess)
    with subprocess.Popen([sys.executable, "-S", "-c", waits], stdout=subprocess.PIPE, process_group=0) as process:
        assert process.stdout is not None
        process.stdout.readline()
        worker.pid = process.pid
        assert worker.cpu_seconds() >= 0.3
        worker.signal(signal.SIGKILL)
    assert worker.cpu_seconds() == 0.0
