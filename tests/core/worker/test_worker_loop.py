"""The worker's loop, as the engine sees it: a real process that is given orders and tells what happens.

The workload is the synthetic one, so that a training lasts as long as the test wants it to.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import psutil
import pytest

from hpo_core.errors import DataError
from hpo_core.journal.events import (
    DataPrepared,
    EpochEnded,
    Job,
    JobEnded,
    JobStarted,
    Probe,
    ProbeEnded,
    Progress,
    Quit,
    StopTraining,
    WorkerEvent,
    WorkerOrder,
    WorkerReady,
)
from hpo_core.worker.joblog import KEEP_BYTES
from hpo_core.worker.loop import failure
from hpo_core.workloads.synthetic import synthetic_curve
from hpo_core.workloads.workload import Reporter

LIMIT = 60.0
"""Seconds after which a worker that says nothing has failed the test."""

Kind = TypeVar("Kind", bound=WorkerEvent)


class Worker:
    """A worker process and both ends of the talk with it."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.seen: list[WorkerEvent] = []
        told, theirs = os.pipe()
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-P", "-m", "hpo_core.worker", "--workload", "synthetic"),
                *("--events-fd", str(theirs), "--log", str(folder / "worker.log"), "--parent", str(os.getpid())),
            ],
            stdin=subprocess.PIPE,
            pass_fds=(theirs,),
            env={**os.environ, **environment},
        )
        os.close(theirs)
        self._lines = os.fdopen(told, "rb")
        self._watchdog = threading.Timer(LIMIT, self.process.kill)
        self._watchdog.start()

    def job(self, number: int = 1, seconds_per_epoch: float = 0.02, **values: Any) -> Job:
        """A job of three epochs; its log is named after its number."""
        return Job(
            trial=number,
            replicate=1,
            attempt=1,
            seed=11,
            values={"learning_rate": 1e-3, "filters": 24, "epochs": 3, **values},
            data={"source": "fruit", "classes": 4, "seconds_per_epoch": seconds_per_epoch},
            settings={},
            log=str(self.folder / f"job-{number}.log"),
        )

    def order(self, *orders: WorkerOrder) -> None:
        assert self.process.stdin is not None
        for order in orders:
            self.process.stdin.write(msgspec.json.encode(order) + b"\n")
        self.process.stdin.flush()

    def events(self) -> Iterator[WorkerEvent]:
        for line in self._lines:
            self.seen.append(msgspec.json.decode(line, type=WorkerEvent))
            yield self.seen[-1]

    def next(self, kind: type[Kind], where: Callable[[Kind], bool] = lambda event: True) -> Kind:
        """Wait for an event of one kind."""
        for event in self.events():
            if isinstance(event, kind) and where(event):
                return event
        raise AssertionError(f"the worker ended without {kind.__name__}; it said {self.seen}")

    def wait(self) -> int:
        return self.process.wait(LIMIT)

    def close(self) -> None:
        self._watchdog.cancel()
        self.process.kill()
        self.process.wait()
        assert self.process.stdin is not None
        self.process.stdin.close()
        self._lines.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    """Start workers that end with the test."""
    workers: list[Worker] = []

    def one(**environment: str) -> Worker:
        workers.append(Worker(tmp_path, **environment))
        return workers[-1]

    yield one
    for worker in workers:
        worker.close()


def test_a_job_is_told_from_its_start_to_its_end(start: Callable[..., Worker]) -> None:
    worker = start()
    job = worker.job()
    worker.order(job, Quit())
    told = [event for event in worker.events() if not isinstance(event, Progress)]
    ready, data, started, *epochs, ended = told
    assert isinstance(ready, WorkerReady)
    assert (ready.pid, ready.device) == (worker.process.pid, "cpu")
    assert isinstance(data, DataPrepared)
    assert len(data.classes) == 4
    assert isinstance(started, JobStarted)
    assert [event.metrics for event in epochs] == synthetic_curve(job.values, 11, 3, 4)
    assert isinstance(ended, JobEnded)
    assert (ended.trial, ended.status, ended.reason) == (1, "complete", "")
    assert ended.seconds >= 0.06
    assert ended.memory > 1_000_000
    assert worker.wait() == 0


def test_the_data_is_told_once_and_jobs_come_one_after_the_other(start: Callable[..., Worker]) -> None:
    worker = start()
    worker.order(worker.job(1), worker.job(2), Quit())
    kinds = [type(event) for event in worker.events() if not isinstance(event, Progress)]
    job = [JobStarted, EpochEnded, EpochEnded, EpochEnded, JobEnded]
    assert kinds == [WorkerReady, DataPrepared, *job, *job]


def test_a_stop_ends_the_training_within_an_epoch_and_the_next_job_runs(start: Callable[..., Worker]) -> None:
    worker = start()
    worker.order(worker.job(1, seconds_per_epoch=5.0))
    worker.next(JobStarted)
    worker.order(StopTraining(), worker.job(2))
    ended = worker.next(JobEnded)
    assert (ended.trial, ended.status, ended.reason) == (1, "stopped", "Stopped in epoch 1.")
    assert worker.next(JobEnded).status == "complete", "the stop was for the first job alone"


def test_a_stop_after_the_epoch_lets_the_epoch_end(start: Callable[..., Worker]) -> None:
    worker = start()
    worker.order(worker.job(1, seconds_per_epoch=0.3))
    worker.next(JobStarted)
    worker.order(StopTraining(after_epoch=True))
    assert worker.next(EpochEnded).epoch == 1
    assert worker.next(JobEnded).reason == "Stopped after epoch 1."


def test_quit_waits_for_the_training_under_way(start: Callable[..., Worker]) -> None:
    worker = start()
    worker.order(worker.job(1, seconds_per_epoch=0.1))
    worker.next(JobStarted)
    worker.order(Quit())
    assert worker.next(JobEnded).status == "complete"
    assert worker.wait() == 0


def test_a_worker_whose_engine_is_gone_leaves_at_once(start: Callable[..., Worker]) -> None:
    worker = start()
    worker.order(worker.job(1, seconds_per_epoch=60.0))
    worker.next(JobStarted)
    assert worker.process.stdin is not None
    worker.process.stdin.close()
    worker.wait()
    assert not [event for event in worker.events() if isinstance(event, JobEnded)]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can end a process with its parent")
def test_a_worker_dies_with_an_engine_that_is_killed(tmp_path: Path) -> None:
    engine = """
import os, subprocess, sys, time
told, theirs = os.pipe()
worker = subprocess.Popen(
    [sys.executable, "-P", "-m", "hpo_core.worker", "--workload", "synthetic", "--events-fd", str(theirs),
     "--log", sys.argv[1], "--parent", str(os.getpid())],
    stdin=subprocess.PIPE, pass_fds=(theirs,))
held = os.dup(worker.stdin.fileno())
os.read(told, 1)
print(worker.pid, flush=True)
time.sleep(60)
"""
    with subprocess.Popen(
        [sys.executable, "-c", engine, str(tmp_path / "worker.log")], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        worker = psutil.Process(int(process.stdout.readline()))
        process.kill()
    worker.wait(LIMIT)


def test_a_worker_that_starts_after_its_engine_has_gone_leaves(tmp_path: Path) -> None:
    told, theirs = os.pipe()
    with subprocess.Popen(
        [
            *(sys.executable, "-P", "-m", "hpo_core.worker", "--workload", "synthetic"),
            *("--events-fd", str(theirs), "--log", str(tmp_path / "log"), "--parent", "1"),
        ],
        stdin=subprocess.PIPE,
        pass_fds=(theirs,),
    ) as worker:
        os.close(theirs)
        with os.fdopen(told, "rb") as lines:
            assert lines.read() == b""
        worker.wait(LIMIT)


def test_ctrl_c_is_not_for_the_worker(start: Callable[..., Worker]) -> None:
    worker = start()
    worker.order(worker.job(1))
    worker.next(JobStarted)
    worker.process.send_signal(signal.SIGINT)
    assert worker.next(JobEnded).status == "complete"


def test_a_job_that_raises_fails_with_a_sentence_and_the_worker_goes_on(start: Callable[..., Worker]) -> None:
    worker = start(HPO_SYNTHETIC_FAULTS="1=error,2=memory")
    worker.order(worker.job(1), worker.job(2), worker.job(3))
    first, second, third = (worker.next(JobEnded) for _ in range(3))
    assert (first.status, first.kind, first.reason) == ("failed", "error", "ValueError: a fault was asked for")
    assert (second.status, second.kind) == ("failed", "out of memory")
    assert second.reason == "Out of memory: a fault was asked for"
    assert third.status == "complete"
    assert "Traceback" in (worker.folder / "job-1.log").read_text()


@pytest.mark.fault(25)
def test_a_crash_leaves_the_stack_in_the_jobs_log(start: Callable[..., Worker]) -> None:
    worker = start(HPO_SYNTHETIC_FAULTS="2=crash")
    worker.order(worker.job(1), worker.job(2))
    assert worker.wait() == -signal.SIGSEGV
    text = (worker.folder / "job-2.log").read_text()
    assert "Segmentation fault" in text
    assert "synthetic.py" in text


@pytest.mark.fault(27)
def test_a_training_that_diverges_says_at_which_epoch(start: Callable[..., Worker]) -> None:
    worker = start()
    worker.order(worker.job(1, learning_rate=10.0))
    ended = worker.next(JobEnded)
    assert (ended.status, ended.kind, ended.reason) == ("diverged", "diverged", "loss is NaN at epoch 1")


def test_each_attempt_has_a_log_of_its_own(start: Callable[..., Worker]) -> None:
    worker = start()
    worker.order(worker.job(1), worker.job(2), Quit())
    worker.wait()
    one, two = ((worker.folder / f"job-{number}.log").read_text() for number in (1, 2))
    assert "trial 1 r1 attempt 1, seed 11" in one
    assert "filters=24" in one
    assert "complete after" in one
    assert "trial 2" not in one
    assert "trial 2" in two


def test_a_log_keeps_its_last_64_kilobytes(start: Callable[..., Worker]) -> None:
    worker = start()
    log = worker.folder / "job-1.log"
    log.write_text("an earlier line, of which there are many\n" * 10_000)
    worker.order(worker.job(1), Quit())
    worker.wait()
    text = log.read_text()
    assert len(text) <= KEEP_BYTES
    assert text.startswith("an earlier line")
    assert "complete after" in text.splitlines()[-1]
    assert sorted(path.name for path in worker.folder.glob("*.log*")) == ["job-1.log", "worker.log"]


def prints(worker: Worker, steps: int = 8, epochs: float = 10.0, **values: Any) -> ProbeEnded:
    """What the worker answers to a probe; its epoch has 3 steps."""
    worker.order(Probe(job=worker.job(0, **values), steps=steps, epochs=epochs))
    return worker.next(ProbeEnded)


def test_a_probe_tells_bits_and_no_result_and_the_next_job_runs(start: Callable[..., Worker]) -> None:
    worker = start(HPO_SYNTHETIC_WIRING="loss=nothing,l2=late")
    base, again = prints(worker, 4).answer, prints(worker, 4).answer
    assert base.epoch_steps == 3
    assert len(set(base.prints)) == 4
    assert again == base
    assert prints(worker, 4, learning_rate=0.1).answer.prints[0] != base.prints[0]
    assert prints(worker, 4, loss="poisson").answer == base
    late = prints(worker, 4, l2=0.1).answer.prints
    assert late[:2] == base.prints[:2]
    assert late[2] != base.prints[2]
    assert {type(event) for event in worker.seen} == {WorkerReady, JobStarted, Progress, ProbeEnded}
    worker.order(worker.job(1))
    assert worker.next(JobEnded).status == "complete"
    assert "probe of 4 steps" in (worker.folder / "job-0.log").read_text()


def test_a_probe_that_costs_too_much_or_no_step_is_declined(start: Callable[..., Worker]) -> None:
    worker = start()
    assert prints(worker, 4, epochs=1.3).answer.prints == ()
    assert prints(worker, 0, epochs=0.0).answer.epoch_steps == 3
    assert len(prints(worker, 4, epochs=4 / 3).answer.prints) == 4


def test_a_probe_that_raises_says_why_and_the_worker_goes_on(start: Callable[..., Worker]) -> None:
    worker = start(HPO_SYNTHETIC_FAULTS="0=error")
    answer = prints(worker).answer
    assert (answer.prints, answer.reason) == ((), "ValueError: a fault was asked for")
    worker.order(worker.job(1))
    assert worker.next(JobEnded).status == "complete"


def test_an_order_that_is_none_ends_the_worker_and_is_logged(start: Callable[..., Worker]) -> None:
    worker = start()
    worker.next(WorkerReady)
    assert worker.process.stdin is not None
    worker.process.stdin.write(b'{"type": "Sing"}\n')
    worker.process.stdin.flush()
    assert worker.wait() == 2
    assert "Sing" in (worker.folder / "worker.log").read_text()


def test_a_reason_is_one_clean_sentence() -> None:
    assert failure(DataError("There is no data folder x.")).reason == "There is no data folder x."
    assert failure(ValueError("bad\x1b[31m\nand more")).reason == "ValueError: bad␛[31m"
    assert failure(RuntimeError()).reason == "RuntimeError: no message"
    graph = failure(RuntimeError("Graph execution error:\n\nDetected at node x\nfilter must not be larger"))
    assert graph.reason == "RuntimeError: filter must not be larger"
    full = failure(MemoryError("{{node x}} OOM when allocating tensor with shape[9,9] on /job:localhost/x by mkl"))
    assert full.reason == "Out of memory: OOM when allocating tensor with shape[9,9]"


def test_a_metric_that_is_no_number_leaves_as_a_gap_and_progress_is_sparing() -> None:
    events: list[WorkerEvent] = []
    values = {"epochs": 2}
    job = Job(trial=1, replicate=1, attempt=1, seed=1, values=values, data={}, settings={}, log="")
    report = Reporter(job, events.append)
    for batch in range(100):
        report.progress(1, batch, 100, {"loss": float("nan"), "accuracy": 0.5})
    report.epoch(1, {"loss": float("inf"), "accuracy": 0.5}, 1.0)
    progress, epoch = events
    assert isinstance(progress, Progress)
    assert progress.metrics == {"accuracy": 0.5}
    assert isinstance(epoch, EpochEnded)
    assert epoch.metrics == {"loss": None, "accuracy": 0.5}
