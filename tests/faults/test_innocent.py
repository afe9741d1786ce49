"""A training is not blamed for what another one did, nor for time in which nothing ran."""

from __future__ import annotations

import signal
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

    def end_hang(self, worker: int) -> None:
        self.ended.append(worker)


@pytest.mark.fault(45)
def test_time_in_which_nothing_ran_is_no_hang_and_a_hang_after_it_is_one(tmp_path: Path) -> None:
    now = [100.0]
    executor = Ended()
    supervisor = Supervisor(executor, Clock(steady=lambda: now[0]), Limits(first_progress=120.0))
    supervisor.grow(1)
    job = Job(trial=1, replicate=1, attempt=1, seed=1, values={}, data={}, settings={}, log=str(tmp_path / "log"))
    supervisor.hand_over(supervisor.slots[1], job, "network")
    now[0] += 3600.0
    assert supervisor.end_hangs() == 3600.0
    for _ in range(119):
        now[0] += 1.0
        assert supervisor.end_hangs() == 0.0
    assert executor.ended == []
    now[0] += 2.0
    supervisor.end_hangs()
    assert executor.ended == [1]
