"""The paper's fault in a real training: a loss that never reaches the network is caught after its second trial."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hpo_core.effects.wiring import Wiring
from hpo_core.engine.engine import Engine
from hpo_core.executors.replay import ReplayExecutor
from hpo_core.journal.events import EngineOptions, Job, JobEnded, JobStarted, WorkerEvent
from hpo_core.plan.spec import SessionSpec
from hpo_core.results.analysis import session_wiring
from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder
from hpo_core.session.store import create
from hpo_core.workloads.workload import Reporter, StopSignal, Workload

if TYPE_CHECKING:  # imported for the first of these tests, see conftest.py
    from hpo_core.workloads.paper import program as train

pytestmark = pytest.mark.tf

SPEC = """
[data]
source = "fruit"
image_size = [20, 20]
classes = 3
train_per_class = 18
validation_per_class = 7

[grid]
loss = ["poisson", "categorical_crossentropy", "mean_squared_error"]

[fixed]
filters = 4
kernel_size = 3
conv_layers = 2
batch_size = 16
epochs = 2

[session]
replicates = 1
seeds = "shared"
"""


class Trainings:
    """Trains every job for real, one after the other, and notes after each what the wiring check says."""

    def __init__(self, folder: SessionFolder, workload: Workload) -> None:
        self.folder = folder
        self.found: list[tuple[Wiring, ...]] = []
        self._workload = workload

    def __call__(self, job: Job) -> Iterator[WorkerEvent]:
        ids = {"trial": job.trial, "replicate": job.replicate, "attempt": job.attempt}
        events: list[WorkerEvent] = []
        outcome = self._workload.train(job, Reporter(job, events.append), StopSignal())
        yield from (event for event in events if not isinstance(event, JobStarted))
        self.found.append(session_wiring(read_session(self.folder)))
        yield JobEnded(**ids, status=outcome.status, seconds=1.0, parameters=outcome.parameters)


def run(tmp_path: Path, workload: Workload) -> tuple[Trainings, tuple[Wiring, ...]]:
    folder = create(tmp_path / "sessions", "wiring", SessionSpec.parse(SPEC))
    trainings = Trainings(folder, workload)
    Engine(folder, ReplayExecutor(trainings), EngineOptions(workers=1), tick=0.001).run()
    snapshot = read_session(folder)
    assert snapshot.counts["complete"] == 3
    return trainings, session_wiring(snapshot)


def test_a_loss_that_is_wired_to_nothing_is_caught_after_its_second_trial(
    tmp_path: Path, fresh: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = train.argument
    monkeypatch.setattr(train, "argument", lambda known, value: 0 if known.name == "loss" else real(known, value))
    trainings, at_the_end = run(tmp_path, fresh())
    # What was found when the first and the second training had given their last epoch, but not yet ended, and
    # when the third had: a training counts from its end on.
    assert [len(found) for found in trainings.found] == [0, 0, 1]
    (fault,) = trainings.found[-1]
    assert str(fault).startswith("loss has no effect on training: 2 values gave identical curves")
    assert str(at_the_end[0]).startswith("loss has no effect on training: 3 values gave identical curves")


def test_a_loss_that_is_wired_is_not_accused(tmp_path: Path, fresh: Any) -> None:
    trainings, at_the_end = run(tmp_path, fresh())
    assert trainings.found == [(), (), ()]
    assert at_the_end == ()
