"""Processes under attack: kill -9 of workers and engines costs the training under way, and nothing else."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner

from hpo_core.engine.engine import Engine
from hpo_core.engine.launch import start_engine
from hpo_core.engine.supervisor import Limits
from hpo_core.executors.local import LocalExecutor
from hpo_core.journal.events import AttemptStarted, EngineOptions, EpochEnded
from hpo_core.journal.reader import JournalReader
from hpo_core.plan.grid import JobKey
from hpo_core.plan.spec import SessionSpec
from hpo_core.session import store as session
from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder
from hpo_core.session.snapshot import Snapshot
from hpo_core.workloads.synthetic import synthetic_curve
from hpo_tui.cli import cli

LIMIT = 60.0
SPEC = """
[data]
source = "fruit"
classes = 4
[grid]
learning_rate = [1e-4, 1e-3]
filters = [12, 24]
[fixed]
epochs = 4
[session]
replicates = 2
"""


@pytest.fixture
def folder(tmp_path: Path) -> SessionFolder:
    return session.create(tmp_path, "drill", SessionSpec.parse(SPEC))


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., psutil.Process]]:
    """Start an engine with the synthetic workload; none of what was started is left in the end."""
    begun: list[psutil.Process] = []

    def begin(folder: SessionFolder, pace: float = 0.03, faults: str = "") -> psutil.Process:
        monkeypatch.setenv("HPO_SYNTHETIC_SECONDS_PER_EPOCH", str(pace))
        monkeypatch.setenv("HPO_SYNTHETIC_FAULTS", faults)
        begun.append(psutil.Process(start_engine(folder, EngineOptions(workload="synthetic", workers=2))))
        return begun[-1]

    yield begin
    for process in begun:
        if not gone(process):
            process.kill()


def wait(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < deadline, f"waited {LIMIT:.0f} s for {what}"
        time.sleep(0.005)


def gone(process: psutil.Process) -> bool:
    """Whether a process has ended; a zombie has."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def workers(engine: psutil.Process) -> list[psutil.Process]:
    try:
        return [child for child in engine.children() if not gone(child)]
    except psutil.NoSuchProcess:
        return []


def training(folder: SessionFolder) -> list[JobKey]:
    """The trainings that have an epoch behind them and are under way."""
    return [
        key for key, entry in read_session(folder).replicates.items() if entry.status == "running" and entry.epochs
    ]


def worker_of(engine: psutil.Process, folder: SessionFolder, key: JobKey) -> psutil.Process:
    """The process that trains ``key``: the one whose output goes to its log."""
    log = str(folder.log_of(key, 1))
    return next(child for child in workers(engine) if os.path.realpath(f"/proc/{child.pid}/fd/2") == log)


def expected(spec: SessionSpec, key: JobKey, seed: int) -> list[Mapping[str, float | None]]:
    return list(synthetic_curve(spec.values_of(key.trial), seed, 4, 4))


def assert_as_undisturbed(snapshot: Snapshot, but: tuple[JobKey, ...] = ()) -> None:
    """Every training but these is complete, with the results that its seed gives without any disturbance."""
    assert snapshot.damage == ()
    assert len(snapshot.replicates) == snapshot.trainings
    for key, entry in snapshot.replicates.items():
        if key not in but:
            assert entry.status == "complete", entry
            assert [dict(epoch.metrics) for epoch in entry.epochs] == expected(snapshot.spec, key, entry.seed or 0)


def assert_nothing_doubled(folder: SessionFolder) -> None:
    """No attempt was started twice, and no epoch of an attempt was recorded twice."""
    events = [record.event for record in JournalReader(folder.path).poll()]
    starts = [(e.trial, e.replicate, e.attempt) for e in events if isinstance(e, AttemptStarted)]
    epochs = [(e.trial, e.replicate, e.attempt, e.epoch) for e in events if isinstance(e, EpochEnded)]
    assert len(starts) == len(set(starts))
    assert len(epochs) == len(set(epochs))


@pytest.mark.fault(1)
def test_kill_9_of_a_worker_in_the_middle_of_an_epoch_costs_that_training_only(
    folder: SessionFolder, start: Callable[..., psutil.Process]
) -> None:
    engine = start(folder, pace=0.1)
    wait(lambda: training(folder), "a training in the middle")
    victim = training(folder)[0]
    worker_of(engine, folder, victim).send_signal(signal.SIGKILL)
    wait(lambda: gone(engine), "the engine's end")
    snapshot = read_session(folder)
    dead = snapshot.replicate(victim)
    assert (dead.status, dead.kind, dead.reason) == ("failed", "killed", "killed (SIGKILL), cause unknown")
    assert dead.epochs, "the epochs before its death are kept"
    assert folder.log_of(victim, 1).read_text(encoding="utf-8")
    assert_as_undisturbed(snapshot, but=(victim,))
    assert_nothing_doubled(folder)


@pytest.mark.fault(25)
def test_a_worker_that_crashes_costs_its_training_and_leaves_its_log(
    tmp_path: Path, start: Callable[..., psutil.Process]
) -> None:
    crashes = {
        2: ("crash", "segmentation fault", "Segmentation fault"),
        3: ("exit", "exit", "trial 3"),
        5: ("error", "error", "a fault was asked for"),
        6: ("memory", "out of memory", "MemoryError"),
    }
    more = SPEC.replace("[12, 24]", "[12, 24, 36, 48]")
    folder = session.create(tmp_path, "drill", SessionSpec.parse(more))
    engine = start(
        folder, pace=0.01, faults=",".join(f"{trial}={fault}" for trial, (fault, *_) in crashes.items())
    )
    wait(lambda: gone(engine), "the engine's end")
    snapshot = read_session(folder)
    for trial, (_, kind, in_log) in crashes.items():
        victims = [snapshot.replicate(JobKey(trial, replicate)) for replicate in (1, 2)]
        assert [(victim.status, victim.kind) for victim in victims] == [("failed", kind)] * 2
        assert in_log in folder.log_of(JobKey(trial, 1), 1).read_text(encoding="utf-8")
    assert_as_undisturbed(
        snapshot, but=tuple(JobKey(trial, replicate) for trial in crashes for replicate in (1, 2))
    )


@pytest.mark.fault(26)
def test_a_training_that_hangs_is_ended_at_its_limit_and_the_queue_goes_on(folder: SessionFolder) -> None:
    variables = {"HPO_SYNTHETIC_SECONDS_PER_EPOCH": "0.01", "HPO_SYNTHETIC_FAULTS": "2=hang"}
    executor = LocalExecutor(folder.logs, workload="synthetic", environment=variables)
    limits = Limits(no_progress=3.0, longest_epochs=5, first_progress=20.0)
    Engine(folder, executor, EngineOptions(workers=2), limits=limits).run()
    snapshot = read_session(folder)
    victims = (JobKey(2, 1), JobKey(2, 2))
    assert [snapshot.replicate(key).kind for key in victims] == ["hang", "hang"]
    assert all("no progress for" in snapshot.replicate(key).reason for key in victims)
    page = " ".join(CliRunner().invoke(cli, ["show", str(folder.path)]).stdout.split())
    assert "trial 2 r1 failed: no progress for" in page
    assert "6 complete, 2 failed" in page
    assert_as_undisturbed(snapshot, but=victims)


@pytest.mark.fault(2)
def test_kill_9_of_the_engine_leaves_no_orphan_and_a_new_engine_finishes_as_if_nothing_had_been(
    folder: SessionFolder, start: Callable[..., psutil.Process]
) -> None:
    engine = start(folder, pace=0.05)
    wait(lambda: training(folder), "a training in the middle")
    children = workers(engine)
    acknowledged = read_session(folder)
    engine.kill()
    wait(lambda: not folder.engine_runs(), "the lock")
    wait(lambda: all(gone(child) for child in children), "the end of the orphans")
    again = start(folder, pace=0.01)
    wait(lambda: gone(again), "the engine's end")
    snapshot = read_session(folder)
    assert_as_undisturbed(snapshot)
    assert_nothing_doubled(folder)
    for key, entry in acknowledged.replicates.items():
        if entry.status == "complete":
            assert snapshot.replicate(key) == entry, "what was finished is not trained again"
        elif entry.status == "running":
            assert snapshot.replicate(key).attempt == 2
    assert any("Taken over" in note.text for note in snapshot.notes)
