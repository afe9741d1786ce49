"""One contract, every executor: the replay, processes with the synthetic workload, processes with TensorFlow."""

from __future__ import annotations

import contextlib
import math
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from hpo_core.executors.executor import Executor, Report, WorkerDied
from hpo_core.executors.hardware import cores, memory_allowance
from hpo_core.executors.local import LocalExecutor
from hpo_core.executors.registry import EXECUTORS
from hpo_core.executors.replay import ReplayExecutor
from hpo_core.journal.events import (
    EpochEnded,
    Job,
    JobEnded,
    JobStarted,
    Probe,
    ProbeEnded,
    Progress,
    StopTraining,
    WorkerEvent,
    WorkerReady,
)
from hpo_core.plan.spec import SessionSpec
from hpo_core.plan.workloads import PAPER_METRICS

LIMIT = 60.0
DATA = {
    "source": "fruit",
    "image_size": [16, 16],
    "classes": 2,
    "train_per_class": 4,
    "validation_per_class": 2,
    "seed": 0,
}


class Listener:
    """Listens to an executor without losing what comes with, or after, the report that is waited for."""

    def __init__(self, executor: Executor) -> None:
        self.executor = executor
        self._heard: deque[Report] = deque()

    def until(self, wanted: Callable[[Report], bool]) -> list[Report]:
        """Return the reports up to the one waited for; fails after a minute."""
        heard: list[Report] = []
        deadline = time.monotonic() + LIMIT
        while time.monotonic() < deadline:
            self._heard.extend(self.executor.poll(0.05))
            while self._heard:
                heard.append(self._heard.popleft())
                if wanted(heard[-1]):
                    return heard
        raise AssertionError(f"not heard in {LIMIT:.0f} s; heard: {heard}")

    def until_a(self, kind: type[WorkerEvent | WorkerDied], worker: int = 1) -> list[WorkerEvent | WorkerDied]:
        """Return the worker's reports up to one of this kind."""
        heard = self.until(lambda report: report[0] == worker and isinstance(report[1], kind))
        return [event for number, event in heard if number == worker]

    def start(self, worker: int = 1) -> WorkerReady:
        """Start a worker and wait until it is ready."""
        self.executor.start_worker(worker)
        ready = self.until_a(WorkerReady, worker)[-1]
        assert isinstance(ready, WorkerReady)
        return ready

    def train(self, job: Job, worker: int = 1) -> JobEnded:
        """Train a job to its end."""
        self.executor.submit(worker, job)
        return self.end(worker)

    def end(self, worker: int = 1) -> JobEnded:
        """Wait for the end of the job under way."""
        ended = self.until_a(JobEnded, worker)[-1]
        assert isinstance(ended, JobEnded)
        return ended


def make_executor(kind: str, folder: Path) -> Executor:
    if kind == "replay":
        return ReplayExecutor()
    pace = {"HPO_SYNTHETIC_SECONDS_PER_EPOCH": "0.02"}
    if kind == "ray":
        from hpo_core.executors.ray_cluster import RayExecutor

        return RayExecutor(folder, workload="synthetic", data=DATA, environment=pace)
    workload = "synthetic" if kind == "local" else "paper"
    return LocalExecutor(folder, workload=workload, data=DATA, environment=pace)


def served(kind: str, folder: Path) -> Iterator[Listener]:
    executor = make_executor(kind, folder)
    yield Listener(executor)
    executor.close()
    assert workers(folder) == [], "a worker outlived its executor"


def workers(folder: Path) -> list[psutil.Process]:
    """The worker processes whose logs go to ``folder``."""
    found = []
    for child in psutil.Process().children(recursive=True):  # over Ray, they are its processes' children
        with contextlib.suppress(psutil.NoSuchProcess):  # another test's process may be ending just now
            if str(folder) in " ".join(child.cmdline()):
                found.append(child)
    return found


BY_NAME = [pytest.param(name, marks=pytest.mark.ray if name == "ray" else ()) for name in EXECUTORS]


@pytest.fixture(scope="module", params=[*BY_NAME, pytest.param("tensorflow", marks=pytest.mark.tf)])
def warm(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listener]:
    """An executor with one worker that is warm: to start TensorFlow takes seconds."""
    folder = tmp_path_factory.mktemp(request.param)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        for listener in served(request.param, folder):
            listener.start()
            yield listener


@pytest.fixture(params=BY_NAME)
def cold(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Listener]:
    """An executor without a worker yet."""
    yield from served(request.param, tmp_path)


@pytest.fixture
def job(tmp_path: Path) -> Callable[..., Job]:
    grid = '[grid]\nlearning_rate = [1e-3, 1e-2]\n[fixed]\nconv_layers = 1\nepochs = 2\n[data]\nsource = "fruit"'
    spec = SessionSpec.parse(grid)

    def make(trial: int = 1, epochs: int = 2) -> Job:
        return Job(
            trial=trial,
            replicate=1,
            attempt=1,
            seed=7,
            values=spec.values_of(trial) | {"epochs": epochs},
            data=DATA,
            settings={"precision": "float32", "jit": False},
            log=str(tmp_path / f"trial-{trial}.log"),
        )

    return make


def test_a_job_is_reported_from_its_start_to_its_end(warm: Listener, job: Callable[..., Job]) -> None:
    warm.executor.submit(1, job(epochs=3))
    heard = warm.until_a(JobEnded)
    kinds = [type(event) for event in heard if isinstance(event, (JobStarted, EpochEnded, JobEnded))]
    assert kinds == [JobStarted, EpochEnded, EpochEnded, EpochEnded, JobEnded]
    epochs = [event for event in heard if isinstance(event, EpochEnded)]
    assert [event.epoch for event in epochs] == [1, 2, 3]
    assert set(epochs[-1].metrics) == set(PAPER_METRICS)
    assert all(value is not None and math.isfinite(value) for event in epochs for value in event.metrics.values())
    ended = heard[-1]
    assert isinstance(ended, JobEnded)
    assert (ended.trial, ended.replicate, ended.attempt, ended.status) == (1, 1, 1, "complete")


def test_the_same_seed_gives_the_same_curve_on_a_worker_that_stays_warm(
    warm: Listener, job: Callable[..., Job]
) -> None:
    curves = []
    for _ in range(2):
        warm.executor.submit(1, job())
        curves.append([event.metrics for event in warm.until_a(JobEnded) if isinstance(event, EpochEnded)])
    assert curves[0] == curves[1] != []


def test_what_a_worker_has_computed_can_be_asked_for_at_any_time(warm: Listener, job: Callable[..., Job]) -> None:
    assert warm.executor.cpu_seconds(1) >= 0
    assert warm.train(job()).status == "complete"
    assert warm.executor.cpu_seconds(1) >= 0


def test_a_training_is_stopped_and_the_worker_takes_the_next(warm: Listener, job: Callable[..., Job]) -> None:
    warm.executor.submit(1, job(epochs=100_000))
    warm.until_a(EpochEnded)
    warm.executor.stop_training(1)
    assert warm.end().status == "stopped"
    assert warm.train(job()).status == "complete"


def test_a_training_is_stopped_at_the_end_of_its_epoch(warm: Listener, job: Callable[..., Job]) -> None:
    warm.executor.submit(1, job(epochs=100_000))
    heard = warm.until_a(EpochEnded)
    warm.executor.stop_training(1, after_epoch=True)
    heard += warm.until_a(JobEnded)
    assert isinstance(heard[-1], JobEnded)
    assert heard[-1].status == "stopped"
    told = [event for event in heard if isinstance(event, (EpochEnded, JobEnded)) or is_training(event)]
    assert isinstance(told[-2], EpochEnded), "the epoch under way was finished, and no other begun"


def is_training(event: WorkerEvent | WorkerDied) -> bool:
    return isinstance(event, Progress) and event.phase == "train" and event.batch > 0


def test_a_probe_is_answered_with_the_same_bits_each_time_and_a_job_can_follow(
    warm: Listener, job: Callable[..., Job]
) -> None:
    probe = Probe(job=job(trial=1), steps=2, epochs=10.0)
    answers = []
    for _ in range(2):
        if not warm.executor.probe(1, probe):
            pytest.skip("these workers cannot be probed")
        ended = warm.until_a(ProbeEnded)[-1]
        assert isinstance(ended, ProbeEnded)
        answers.append(ended.answer)
    assert answers[0] == answers[1]
    assert len(answers[0].prints) == 2
    assert warm.train(job()).status == "complete"


def test_two_workers_work_at_once_and_one_that_retires_is_not_heard_of_again(
    cold: Listener, job: Callable[..., Job]
) -> None:
    for worker in (1, 2):
        cold.start(worker)
    for worker in (1, 2):
        cold.executor.submit(worker, job(worker))
    running = {1: 1, 2: 2}

    def both_ended(report: Report) -> bool:
        if isinstance(report[1], JobEnded):
            assert running.pop(report[0]) == report[1].trial
        return not running

    cold.until(both_ended)
    cold.executor.retire(2)
    cold.executor.submit(1, job(1))
    assert {worker for worker, _ in cold.until(lambda report: isinstance(report[1], JobEnded))} == {1}


def test_a_worker_that_is_killed_is_reported_and_its_number_can_be_started_again(
    cold: Listener, job: Callable[..., Job]
) -> None:
    cold.start()
    cold.executor.submit(1, job(epochs=100_000))
    cold.until_a(EpochEnded)
    cold.executor.kill(1)
    death = cold.until_a(WorkerDied)[-1]
    assert isinstance(death, WorkerDied)
    assert death.returncode == -9
    cold.start()
    assert cold.train(job()).status == "complete"


def test_polling_an_executor_without_workers_waits_and_reports_nothing(cold: Listener) -> None:
    assert cold.executor.poll(0.01) == []


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Callable[..., Listener]]:
    """Local executors with the synthetic workload, closed at the end."""
    made: list[Executor] = []

    def make(allowance: int | None = None, **environment: str) -> Listener:
        variables = {"HPO_SYNTHETIC_SECONDS_PER_EPOCH": "0.005", **environment}
        made.append(LocalExecutor(tmp_path, workload="synthetic", allowance=allowance, environment=variables))
        return Listener(made[-1])

    yield make
    for executor in made:
        executor.close()
    assert workers(tmp_path) == []


@pytest.mark.ray
def test_over_ray_a_worker_past_its_memory_allowance_is_replaced_and_the_next_job_waits_for_the_new_one(
    tmp_path: Path, job: Callable[..., Job]
) -> None:
    pytest.importorskip("ray")
    from hpo_core.executors.ray_cluster import RayExecutor

    executor = RayExecutor(tmp_path, workload="synthetic", data=DATA, allowance=1)
    listener = Listener(executor)
    try:
        first = listener.start()
        assert listener.train(job()).status == "complete"
        executor.submit(1, job())
        heard = listener.until_a(JobEnded)
        (second,) = [event for event in heard if isinstance(event, WorkerReady)]
        assert second.pid != first.pid
        assert not any(isinstance(event, WorkerDied) for event in heard)
    finally:
        executor.close()


def test_a_worker_past_its_memory_allowance_is_replaced_by_one_that_is_warm(
    local: Callable[..., Listener], job: Callable[..., Job], tmp_path: Path
) -> None:
    listener = local(allowance=1)
    first = listener.start()
    replacement: list[WorkerReady] = []

    def is_replacement(report: Report) -> bool:
        assert not isinstance(report[1], WorkerDied)
        if isinstance(report[1], WorkerReady):
            replacement.append(report[1])
        elif isinstance(report[1], JobEnded):
            at_work = {process.pid for process in workers(tmp_path)}
            assert at_work - {first.pid}, "the new one starts before the old one leaves"
        return bool(replacement)

    listener.executor.submit(1, job())
    listener.until(is_replacement)
    assert replacement[0].pid != first.pid
    assert listener.train(job()).status == "complete"


def test_a_worker_that_ignores_everything_is_gone_after_close(
    local: Callable[..., Listener], job: Callable[..., Job], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hpo_core.executors.local.ASK_SECONDS", 0.1)
    monkeypatch.setattr("hpo_core.executors.local.TERM_SECONDS", 0.1)
    listener = local(HPO_SYNTHETIC_FAULTS="1=hang")
    listener.start()
    listener.executor.submit(1, job())
    listener.until_a(JobStarted)
    listener.executor.close()
    assert workers(tmp_path) == []


@pytest.mark.parametrize("stopped", [False, True], ids=["in a loop", "not scheduled at all"])
def test_a_worker_that_hangs_is_asked_then_told_then_killed(
    local: Callable[..., Listener], job: Callable[..., Job], monkeypatch: pytest.MonkeyPatch, stopped: bool
) -> None:
    monkeypatch.setattr("hpo_core.executors.ladder.ASK_SECONDS", 0.1)
    monkeypatch.setattr("hpo_core.executors.ladder.TERM_SECONDS", 0.1)
    listener = local(HPO_SYNTHETIC_FAULTS="1=hang")
    monkeypatch.setattr("hpo_core.executors.ladder.StopTraining", lambda: StopTraining(after_epoch=True))
    ready = listener.start()  # asked for the end of an epoch that never ends, it cannot answer before it hangs
    listener.executor.submit(1, job())
    listener.until_a(JobStarted)
    if stopped:
        psutil.Process(ready.pid).suspend()
    listener.executor.end_hang(1)
    death = listener.until_a(WorkerDied)[-1]
    assert isinstance(death, WorkerDied)
    assert death.returncode == (-signal.SIGKILL if stopped else -signal.SIGTERM)


def test_a_worker_that_answers_when_it_is_asked_stays(
    local: Callable[..., Listener], job: Callable[..., Job]
) -> None:
    listener = local()
    listener.start()
    listener.executor.submit(1, job(epochs=100_000))
    listener.until_a(EpochEnded)
    listener.executor.end_hang(1)
    assert listener.end().status == "stopped"
    assert listener.train(job()).status == "complete"


def test_workers_can_be_started_again_after_close(cold: Listener, job: Callable[..., Job]) -> None:
    cold.start()
    cold.executor.close()
    cold.start()
    assert cold.train(job()).status == "complete"


def test_a_worker_that_cannot_start_leaves_its_last_words_in_its_log(local: Callable[..., Listener]) -> None:
    listener = local(PYTHONHOME="/no-such-python")
    listener.executor.start_worker(1)
    death = listener.until_a(WorkerDied)[-1]
    assert isinstance(death, WorkerDied)
    assert death.returncode == 1
    assert "no-such-python" in death.log.read_text(encoding="utf-8")


def test_the_machine_offers_what_this_process_may_use() -> None:
    assert 1 <= cores() <= (psutil.cpu_count() or 1)
    assert memory_allowance(10_000) == 4 << 30
