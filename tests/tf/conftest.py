"""What the training tests share: TensorFlow on one quiet thread, small images, and a way to train one job."""

# ruff: noqa: E402 - what TensorFlow reads is set before anything imports it.

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hpo_core.workloads.keras_process import prepare_environment

prepare_environment("cpu", 1)

import pytest

from hpo_core.journal.events import EpochEnded, Job, Keep, WorkerEvent
from hpo_core.plan.hyperparameters import KNOWN, Value
from hpo_core.workloads.images.dataset import Dataset, prepare
from hpo_core.workloads.workload import Outcome, Reporter, StopSignal

if TYPE_CHECKING:
    from hpo_core.workloads.images.dataset import Opening
    from hpo_core.workloads.paper.program import Program
    from hpo_core.workloads.paper.training import Images, PaperWorkload

FRUIT = {
    "source": "fruit",
    "image_size": [20, 20],
    "classes": 3,
    "train_per_class": 18,
    "validation_per_class": 7,
}


NORMALISED = {
    "conv_layers": 1,
    "l2": 0.01,
    "batch_norm": "on",
    "layer_order": "conv_activation_norm_pool",
    "global_pooling": "max",
}
"""A network in which little is as it comes: tests that need one share its compiled program."""


def small_values(**changed: Value) -> dict[str, Value]:
    """Every hyperparameter of a small training."""
    small: dict[str, Value] = {"filters": 4, "kernel_size": 3, "conv_layers": 2, "batch_size": 16, "epochs": 2}
    defaults = {name: known.default for name, known in KNOWN.items() if known.default is not None}
    return {**defaults, **small, **changed}


class Trained:
    """What came of one job: its outcome and everything it reported."""

    def __init__(self, outcome: Outcome, events: list[WorkerEvent], data: dict[str, Any]) -> None:
        self.outcome = outcome
        self.events = events
        self.data = data

    @property
    def curve(self) -> list[dict[str, float | None]]:
        return [event.metrics for event in self.events if isinstance(event, EpochEnded)]


Train = Callable[..., Trained]


@pytest.fixture(scope="module", autouse=True)
def late_imports(request: pytest.FixtureRequest) -> None:
    """Import what the module names under ``TYPE_CHECKING``: processes that run other tests need no TensorFlow."""
    parts = ast.parse(inspect.getsource(request.module)).body
    late = [part for part in parts if isinstance(part, ast.If) and ast.unparse(part.test) == "TYPE_CHECKING"]
    imports = ast.Module([line for part in late for line in part.body], [])
    exec(compile(imports, request.module.__file__, "exec"), request.module.__dict__)


@pytest.fixture
def fruit() -> Dataset:
    """The small data set."""
    return prepare(FRUIT)


@pytest.fixture
def values() -> Callable[..., dict[str, Value]]:
    """Every hyperparameter of a small training, with some changed."""
    return small_values


@pytest.fixture(scope="session")
def workload() -> PaperWorkload:
    """The workload of all tests that need none of their own: as in a worker, one serves many jobs."""
    from hpo_core.workloads.paper.training import PaperWorkload

    return PaperWorkload("cpu", 1)


@pytest.fixture(scope="session")
def fresh(workload: PaperWorkload) -> Callable[..., PaperWorkload]:
    """Return a workload that has opened no images; the programs it needs are those that were traced for others."""
    from hpo_core.workloads.paper.training import PaperWorkload

    class Fresh(PaperWorkload):
        def _program(self, job: Job, images: Images) -> Program:
            return workload._program(job, images)

    def made(opening: Opening | None = None) -> PaperWorkload:
        return Fresh("cpu", 1, opening)

    return made


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[Program]:
    """The programs that are built within a test."""
    from hpo_core.workloads.paper import training
    from hpo_core.workloads.paper.program import Program

    programs: list[Program] = []

    class Counted(Program):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            programs.append(self)

    monkeypatch.setattr(training, "Program", Counted)
    return programs


@pytest.fixture
def train(workload: PaperWorkload) -> Train:
    """Train one job; ``on_event`` sees each event and the job's stop signal."""

    def run(
        seed: int = 7,
        settings: dict[str, Any] | None = None,
        on_event: Callable[[WorkerEvent, StopSignal], None] | None = None,
        with_workload: PaperWorkload | None = None,
        data: dict[str, Any] | None = None,
        keep: Keep | None = None,
        **changed: Value,
    ) -> Trained:
        job = Job(
            trial=1,
            replicate=1,
            attempt=1,
            seed=seed,
            values=small_values(**changed),
            data=data or FRUIT,
            settings=settings or {},
            log="",
            keep=keep,
        )
        events: list[WorkerEvent] = []
        stop = StopSignal()

        def emit(event: WorkerEvent) -> None:
            events.append(event)
            if on_event is not None:
                on_event(event, stop)

        return Trained((with_workload or workload).train(job, Reporter(job, emit), stop), events, job.data)

    return run
