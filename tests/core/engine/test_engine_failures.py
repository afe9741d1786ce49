"""What goes wrong with workers costs their own training only, is said in words, and never loops for ever."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hpo_core.engine.failures import MemoryKills, Repetition, describe_death, last_words
from hpo_core.engine.supervisor import Limits
from hpo_core.errors import ExecutorError
from hpo_core.executors.executor import Report, WorkerDied
from hpo_core.executors.replay import ReplayExecutor, synthetic
from hpo_core.journal.events import (
    DataPrepared,
    Job,
    JobEnded,
    JobStarted,
    ResumeQueue,
    StopJob,
    StopSession,
    WorkerEvent,
    WorkerReady,
)
from hpo_core.plan.grid import JobKey
from hpo_core.session.control import send_order
from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder
from hpo_core.session.snapshot import Snapshot
from hpo_core.session.status import read_status

MakeSession = Callable[..., SessionFolder]
RunEngine = Callable[..., Snapshot]
Watched = Callable[..., Any]


@pytest.mark.fault(24)
@pytest.mark.parametrize(
    ("returncode", "for_memory", "kind", "reason"),
    [
        (-signal.SIGKILL, False, "killed", "killed (SIGKILL), cause unknown"),
        (-signal.SIGKILL, True, "memory", "killed for memory"),
        (-signal.SIGSEGV, False, "segmentation fault", "segmentation fault (SIGSEGV)"),
        (-signal.SIGABRT, False, "aborted", "aborted (SIGABRT)"),
        (-signal.SIGTERM, False, "terminated", "terminated from outside (SIGTERM)"),
        (-signal.SIGUSR1, False, "killed", "killed (SIGUSR1), cause unknown"),
        (-63, False, "killed", "killed by signal 63"),
        (3, False, "exit", "the worker left with exit status 3"),
    ],
)
def test_a_death_is_described_and_memory_is_blamed_only_where_the_system_says_so(
    returncode: int, for_memory: bool, kind: str, reason: str
) -> None:
    told_kind, told_reason = describe_death(returncode, for_memory)
    assert told_kind == kind
    assert told_reason.startswith(reason)


@pytest.mark.fault(24)
def test_the_systems_own_count_says_whether_it_killed_for_memory(tmp_path: Path) -> None:
    counter = tmp_path / "memory.events"
    counter.write_text("low 0\noom 4\noom_kill 2\n", encoding="ascii")
    kills = MemoryKills(counter)
    assert not kills.happened()
    counter.write_text("low 0\noom 4\noom_kill 3\n", encoding="ascii")
    assert kills.happened()
    assert not kills.happened()
    counter.unlink()
    assert not kills.happened()


def test_only_the_same_failure_in_a_row_counts_up() -> None:
    repetition = Repetition(3)
    outcomes = [repetition.failed("error", reason) for reason in ("a", "a", "b", "a", "a", "a")]
    assert outcomes == ["", "", "", "", "", "3 trainings in a row failed the same way: a"]


def test_failures_that_differ_in_numbers_only_are_the_same() -> None:
    repetition = Repetition(3)
    reasons = [f"OOM when allocating tensor with shape[{n},48] at 0x7f{n:04x}" for n in (64, 128, 10)]
    told = [repetition.failed("out of memory", reason) for reason in reasons]
    assert told == ["", "", f"3 trainings in a row failed the same way: {reasons[2]}"]


def test_too_many_failures_of_any_kind_in_a_row_pause_too() -> None:
    repetition = Repetition(3, 4)
    told = [repetition.failed("error", reason) for reason in "abcd"]
    assert told == ["", "", "", "4 trainings in a row failed, the last one so: d"]
    repetition.reset()
    assert [repetition.failed("error", reason) for reason in "abc"] == ["", "", ""]


def test_the_last_words_of_a_log_are_its_last_line_made_harmless(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    log.write_bytes(b"Traceback\n  File x\nImportError: no \x1b[31mfoo\n\n")
    assert last_words(WorkerDied(1, 1, log)) == "ImportError: no ␛[31mfoo"
    assert last_words(WorkerDied(1, 1, tmp_path / "missing")) == ""


class Mortal(ReplayExecutor):
    """A replay in which the workers of some trials die, as ``deaths`` says (trial: exit status, attempts)."""

    def __init__(self, deaths: dict[int, int]) -> None:
        super().__init__()
        self.deaths = deaths
        self.starts = 0
        self._dying: list[tuple[int, int]] = []

    def start_worker(self, worker: int) -> None:
        self.starts += 1
        super().start_worker(worker)

    def submit(self, worker: int, job: Job) -> None:
        if job.trial in self.deaths:
            self._dying.append((worker, self.deaths[job.trial]))
        else:
            super().submit(worker, job)

    def poll(self, timeout: float) -> list[Report]:
        dying, self._dying = self._dying, []
        return [(worker, WorkerDied(1, status, Path("log"))) for worker, status in dying] + super().poll(timeout)


def test_a_worker_that_dies_costs_its_own_training_and_is_replaced(
    make_session: MakeSession, run_engine: RunEngine
) -> None:
    executor = Mortal({2: -signal.SIGKILL})
    snapshot = run_engine(make_session(), executor)
    assert snapshot.counts["complete"] == 6
    dead = snapshot.replicate(JobKey(2, 1))
    assert (dead.status, dead.kind, dead.reason) == ("failed", "killed", "killed (SIGKILL), cause unknown")
    assert executor.starts == 4, "two at the beginning, and one for each that died"


def failing(reason: Callable[[Job], str]) -> Callable[[Job], Iterator[WorkerEvent]]:
    def script(job: Job) -> Iterator[WorkerEvent]:
        yield JobStarted(trial=job.trial, replicate=job.replicate, attempt=job.attempt)
        yield JobEnded(
            trial=job.trial,
            replicate=job.replicate,
            attempt=job.attempt,
            status="failed",
            seconds=0.1,
            reason=reason(job),
            kind="error",
        )

    return script


def resume_or_stop(folder: SessionFolder, messages: list[str], times: int) -> Callable[[int], None]:
    """Whenever the queue is paused: note why, and resume it, ``times`` times; then end the session."""

    def on_turn(turn: int) -> None:
        live = read_status(folder.status)
        if live is None or not live.message or live.message == "stopping":
            return
        if turn % 10 == 0:
            messages.append(live.message)
            send_order(folder.control, ResumeQueue() if len(messages) <= times else StopSession())

    return on_turn


@pytest.mark.fault(29)
def test_five_identical_failures_in_a_row_pause_the_queue_which_never_ends_silently(
    make_session: MakeSession, run_engine: RunEngine, watched: Watched
) -> None:
    folder = make_session(replicates=4)
    messages: list[str] = []
    executor = watched(resume_or_stop(folder, messages, 1), failing(lambda job: "no such image"))
    snapshot = run_engine(folder, executor, workers=1)
    assert messages[0] == "5 trainings in a row failed the same way: no such image"
    assert snapshot.counts["failed"] == 10, "after the user resumed, five more"
    assert snapshot.counts["waiting"] == 6
    assert snapshot.paused is not None


def test_different_failures_do_not_pause_the_queue(make_session: MakeSession, run_engine: RunEngine) -> None:
    executor = ReplayExecutor(failing(lambda job: f"{'abcd'[job.trial - 1]} is cursed"))
    snapshot = run_engine(make_session(replicates=4), executor)
    assert snapshot.counts["failed"] == 16
    assert snapshot.paused is None


class Dissolved(ReplayExecutor):
    """A replay whose machines are all gone once a training has ended."""

    def __init__(self, folder: SessionFolder) -> None:
        super().__init__()
        self.folder = folder

    def poll(self, timeout: float) -> list[Report]:
        if read_session(self.folder).counts["complete"]:
            raise ExecutorError("The machines are gone.")
        return super().poll(timeout)


def test_an_engine_without_machines_says_so_ends_and_is_followed_by_one_that_goes_on(
    make_session: MakeSession, run_engine: RunEngine
) -> None:
    folder = make_session()
    with pytest.raises(ExecutorError):
        run_engine(folder, Dissolved(folder))
    left = read_session(folder)
    assert ("error", "The machines are gone.") in [(note.level, note.text) for note in left.notes]
    assert not folder.engine_runs()
    assert run_engine(folder, ReplayExecutor()).finished


class StillBorn(ReplayExecutor):
    """A replay of which some workers die before they are ready."""

    def __init__(self, workers: set[int], log: Path) -> None:
        super().__init__()
        self.still_born = workers
        self.log = log
        self.starts = 0
        self._dead: list[int] = []

    def start_worker(self, worker: int) -> None:
        self.starts += 1
        if worker in self.still_born:
            self._dead.append(worker)
        else:
            super().start_worker(worker)

    def poll(self, timeout: float) -> list[Report]:
        dead, self._dead = self._dead, []
        return [(worker, WorkerDied(1, 1, self.log)) for worker in dead] + super().poll(timeout)


@pytest.mark.fault(30)
def test_workers_that_cannot_start_at_all_pause_the_queue_with_their_last_words(
    make_session: MakeSession, tmp_path: Path, run_engine: RunEngine, hands: Any
) -> None:
    folder = make_session()
    log = tmp_path / "worker.log"
    log.write_text("Traceback ...\nModuleNotFoundError: No module named 'tensorflow'\n", encoding="utf-8")
    executor = StillBorn({1, 2}, log)
    paused: list[str] = []

    def poll(timeout: float) -> list[Report]:
        hands.forward(0.11)
        live = read_status(folder.status)
        if live is not None and live.message:
            paused.append(live.message)
            if len(paused) == 3:
                send_order(folder.control, StopSession())
        return StillBorn.poll(executor, timeout)

    executor.poll = poll  # type: ignore[method-assign]
    snapshot = run_engine(folder, executor, clock=hands.clock())
    assert "ModuleNotFoundError: No module named 'tensorflow'" in paused[0]
    assert executor.starts <= 4
    assert snapshot.counts["waiting"] == 8
    assert snapshot.paused == paused[0]


def test_where_one_worker_cannot_start_the_queue_goes_on_with_the_others(
    make_session: MakeSession, tmp_path: Path, run_engine: RunEngine
) -> None:
    snapshot = run_engine(make_session(replicates=4), StillBorn({2}, tmp_path / "none"))
    assert snapshot.counts["complete"] == 16
    assert snapshot.paused is None
    assert [note.text for note in snapshot.notes] == [
        f"3 workers could not start; the last one: exit status 1, no word in {tmp_path / 'none'}; "
        "the queue goes on with 1 worker."
    ]


class Gpus(ReplayExecutor):
    """A replay on a GPU, which the first worker's replacement does not find any more; ``first`` had it or not."""

    device = "gpu"

    def __init__(self, first: str) -> None:
        super().__init__()
        self._devices = [first, "cpu"]
        self._deaths = [3]

    def poll(self, timeout: float) -> list[Report]:
        reports = super().poll(timeout)
        for at, (worker, event) in enumerate(reports):
            if isinstance(event, WorkerReady):
                reports[at] = worker, msgspec.structs.replace(event, device=self._devices.pop(0))
        if self._scripts and self._deaths and self._deaths.pop():
            self.kill(1)
        return reports


@pytest.mark.parametrize("first", ["gpu:0", "cpu"])
def test_a_gpu_that_is_lost_pauses_the_queue_and_one_that_never_was_is_said(
    make_session: MakeSession, run_engine: RunEngine, hands: Any, first: str
) -> None:
    folder = make_session()
    executor = Gpus(first)
    poll = executor.poll
    told: list[str] = []

    def turn(timeout: float) -> list[Report]:
        hands.forward(0.11)
        live = read_status(folder.status)
        if live is not None and live.message and not told:
            told.append(live.message)
            assert not any(entry.status == "running" for entry in read_session(folder).replicates.values())
            send_order(folder.control, ResumeQueue())
        return poll(0 * timeout)

    executor.poll = turn  # type: ignore[method-assign]
    snapshot = run_engine(folder, executor, workers=1, clock=hands.clock())
    assert snapshot.counts["complete"] == 7, "who says so goes on without it"
    if first == "cpu":
        assert told == []
        assert "finds no GPU that it can use" in snapshot.notes[0].text
    else:
        assert told == ["worker 1 finds no GPU any more, and would train on the CPU"]


def gives_in(job: Job) -> Iterator[WorkerEvent]:
    if job.trial == 2 and job.attempt == 1:
        yield JobStarted(trial=2, replicate=job.replicate, attempt=1)
        while True:
            yield None  # type: ignore[misc]
    yield from synthetic(job)


def test_a_hang_that_gives_in_when_it_is_asked_has_failed_as_a_hang(
    make_session: MakeSession, run_engine: RunEngine, watched: Watched
) -> None:
    executor = watched(lambda turn: None, gives_in)
    executor.end_hang = executor.stop_training
    snapshot = run_engine(make_session(replicates=1), executor, limits=Limits(no_progress=60, first_progress=60))
    entry = snapshot.replicate(JobKey(2, 1))
    assert (entry.status, entry.kind, entry.reason) == ("failed", "hang", "no progress for 1 min; stopped")
    assert snapshot.counts["complete"] == 3


def hangs_in_trial_2(job: Job) -> Iterator[WorkerEvent]:
    if job.trial == 2 and job.attempt == 1:
        yield JobStarted(trial=2, replicate=job.replicate, attempt=1)
        while True:
            yield None  # type: ignore[misc]
    yield from synthetic(job)


@pytest.mark.fault(26)
def test_a_training_without_progress_is_ended_at_a_limit_that_adapts(
    make_session: MakeSession, run_engine: RunEngine, watched: Watched
) -> None:
    executor = watched(lambda turn: None, hangs_in_trial_2)
    began = executor.hands.now
    limits = Limits(no_progress=120.0, first_progress=240.0)
    snapshot = run_engine(make_session(replicates=1), executor, limits=limits)
    entry = snapshot.replicate(JobKey(2, 1))
    assert (entry.status, entry.kind) == ("failed", "hang")
    assert entry.reason in ("no progress for 2 min; stopped", "no progress for 4 min; stopped")
    assert snapshot.counts["complete"] == 3
    assert 120 < executor.hands.now - began < 300


def test_a_long_preparation_of_the_data_is_not_taken_for_a_hang(
    make_session: MakeSession, run_engine: RunEngine, watched: Watched
) -> None:
    def prepares_long(job: Job) -> Iterator[WorkerEvent]:
        for _ in range(12):
            executor.hands.forward(120.0)
            yield None  # type: ignore[misc]
        yield DataPrepared(
            fingerprint="f", train=1, validation=1, classes=("a", "b"), image_size=(1, 1), seconds=1440.0
        )
        yield from synthetic(job)

    executor = watched(lambda turn: None, prepares_long)
    snapshot = run_engine(make_session(rates=(1e-3,), filters=(12,), replicates=1), executor)
    assert snapshot.counts["complete"] == 1


def test_a_training_that_does_not_stop_when_told_is_ended_as_stopped(
    make_session: MakeSession, run_engine: RunEngine, watched: Watched
) -> None:
    folder = make_session(replicates=1)

    def on_turn(turn: int) -> None:
        if turn == 5:
            send_order(folder.control, StopJob(trial=2, replicate=1))

    executor = watched(on_turn, hangs_in_trial_2)
    executor.stop_training = lambda worker, after_epoch=False: None
    entry = run_engine(folder, executor, limits=Limits(stop=30.0)).replicate(JobKey(2, 1))
    assert (entry.status, entry.reason) == ("stopped", "did not stop for 30 s; its worker was ended")
