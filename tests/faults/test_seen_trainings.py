"""What a person sees of trainings that end badly, and that the queue goes on: in ``show``, screen and log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from drill_app import Drawn, opened
from drill_tools import UnsyncedFiles, new_session, wait

from hpo_core.engine import dispatch
from hpo_core.engine.engine import Engine
from hpo_core.engine.enqueue import queue_jobs
from hpo_core.engine.launch import start_engine
from hpo_core.executors.executor import WorkerDied
from hpo_core.executors.replay import ReplayExecutor, synthetic
from hpo_core.journal.events import (
    DataPrepared,
    EngineOptions,
    EpochEnded,
    Job,
    JobEnded,
    JobStarted,
    WorkerEvent,
)
from hpo_core.plan.grid import JobKey
from hpo_core.plan.spec import SessionSpec
from hpo_core.session import store as session
from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder
from hpo_tui.cli import cli

SPEC = """
[data]
source = "fruit"
classes = 4
[grid]
learning_rate = [1e-3, 0.5]
filters = [12, 24, 36]
[fixed]
epochs = 2
"""


@pytest.fixture
def sessions(tmp_path: Path) -> Path:
    return tmp_path / "sessions"


def shown(folder: SessionFolder) -> str:
    """What ``show`` prints, its wrapped lines joined."""
    result = CliRunner().invoke(cli, ["show", str(folder.path)], prog_name="hpo-tui", color=True)
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())


def run_script(folder: SessionFolder, script: Callable[[Job], Iterator[WorkerEvent]]) -> None:
    Engine(folder, ReplayExecutor(script), EngineOptions(workers=1), files=UnsyncedFiles(), tick=0.001).run()


async def see_logs(see: Drawn, wanted: dict[JobKey, tuple[str, ...]]) -> None:
    """Walk down the queue, and open the log of each training there; see these words in those wanted."""
    await see.press("tab", "tab")
    left = dict(wanted)
    for _ in range(12):
        await see.press("L")
        await see.shows("Log · ")
        for key in [key for key in left if f"Log · {key}, attempt" in see.text]:
            for words in left.pop(key):
                await see.shows(words)
        await see.press("escape", "down")
    assert not left


@pytest.mark.fault(1, 25, 27)
async def test_killed_crashed_and_diverged_trainings_are_named_with_their_logs_and_the_queue_goes_on(
    sessions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HPO_SYNTHETIC_SECONDS_PER_EPOCH", "0.01")
    monkeypatch.setenv("HPO_SYNTHETIC_FAULTS", "1=kill,2=crash")
    folder = session.create(sessions, "drill", SessionSpec.parse(SPEC))
    start_engine(folder, EngineOptions(workload="synthetic", workers=1))
    wait(lambda: not folder.engine_runs(), "the end")
    page = shown(folder)
    assert "6 trainings: 1 complete, 3 diverged, 2 failed" in page
    assert "trial 1 r1 failed: killed (SIGKILL), cause unknown" in page
    assert "trial 2 r1 failed: segmentation fault (SIGSEGV); the Python stack is in the log" in page
    assert "trial 4 r1 diverged: loss is NaN at epoch 1" in page
    async with opened(sessions, folder) as see:
        await see.shows("finished 6 of 6")
        await see.shows("failed  killed (SIGKILL), cause unknown")
        await see.shows("failed  segmentation fault (SIGSEGV)")
        await see.shows("diverged  loss is NaN at epoch 1")
        await see_logs(see, {JobKey(1, 1): ("trial 1",), JobKey(2, 1): ("Segmentation fault", "in _suffer")})


class Killed(ReplayExecutor):
    """The worker of trial 2 is killed, once."""

    def poll(self, timeout: float) -> list[tuple[int, WorkerEvent | WorkerDied]]:  # type: ignore[override]
        for worker, job in self._jobs.items():
            if job.trial == 2 and worker not in self._killed:
                self.kill(worker)
        return list(super().poll(timeout))


@pytest.mark.fault(24)
@pytest.mark.parametrize(
    ("counted", "said"), [(True, "failed: killed for memory"), (False, "failed: killed (SIGKILL), cause unknown")]
)
async def test_memory_is_blamed_only_where_the_system_says_so(
    sessions: Path, monkeypatch: pytest.MonkeyPatch, counted: bool, said: str
) -> None:
    monkeypatch.setattr(dispatch.MemoryKills, "happened", lambda _: counted)
    folder = new_session(sessions, "drill")
    Engine(folder, Killed(), EngineOptions(workers=1), files=UnsyncedFiles(), tick=0.001).run()
    assert f"trial 2 r1 {said}" in shown(folder)
    async with opened(sessions, folder) as see:
        await see.shows("finished 4 of 4")
        await see.shows(said.replace(": ", "  ", 1))
        assert "3 done" in see.text


def diverging(reason: str) -> Callable[[Job], Iterator[WorkerEvent]]:
    """A script in which trial 2 ends in its second epoch, as a real worker tells it."""

    def script(job: Job) -> Iterator[WorkerEvent]:
        if job.trial != 2:
            yield from synthetic(job)
            return
        ids = {"trial": job.trial, "replicate": job.replicate, "attempt": job.attempt}
        yield JobStarted(**ids)
        yield EpochEnded(**ids, epoch=1, metrics={"val_accuracy": 0.5, "loss": 0.7}, seconds=0.1)
        yield JobEnded(**ids, status="diverged", seconds=0.1, reason=reason, kind="diverged")

    return script


@pytest.mark.fault(27, 28)
@pytest.mark.parametrize("reason", ["loss is infinite at epoch 2", "weights are NaN or infinite at epoch 2"])
async def test_a_training_that_diverges_says_where_and_keeps_its_earlier_epochs(
    sessions: Path, reason: str
) -> None:
    folder = new_session(sessions, "drill")
    run_script(folder, diverging(reason))
    assert f"trial 2 r1 diverged: {reason}" in shown(folder)
    epochs = read_session(folder).replicate(JobKey(2, 1)).epochs
    assert [epoch.metrics["val_accuracy"] for epoch in epochs] == [0.5]
    async with opened(sessions, folder) as see:
        await see.shows(f"diverged  {reason}")
        assert "3 done" in see.text


def with_images(fingerprint: str) -> Callable[[Job], Iterator[WorkerEvent]]:
    def script(job: Job) -> Iterator[WorkerEvent]:
        yield DataPrepared(
            fingerprint=fingerprint, train=4, validation=2, classes=("a", "b"), image_size=(8, 8), seconds=0.0
        )
        yield from synthetic(job)

    return script


@pytest.mark.fault(33)
async def test_images_that_changed_in_the_middle_are_warned_of(sessions: Path) -> None:
    folder = new_session(sessions, "drill")
    run_script(folder, with_images("before"))
    queue_jobs(folder, [JobKey(1, 2)])
    run_script(folder, with_images("after"))
    said = "The data have changed; results from here on are of the new ones."
    assert f"warning: {said}" in shown(folder)
    async with opened(sessions, folder) as see:
        await see.shows("The data changed during this session; compare only results of the same")
