"""Probes of the paper's network: the paper's own fault is found in a few steps, an honest grid is not accused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hpo_core.engine.engine import Engine
from hpo_core.executors.replay import ReplayExecutor
from hpo_core.journal.events import EngineOptions, Job, Probe, ProbeEnded, WiringProbed, WorkerEvent
from hpo_core.plan.grid import Hyperparameter
from hpo_core.plan.hyperparameters import KNOWN, SCHEDULES, Value
from hpo_core.plan.probes import Answer, Finding, Question, probing
from hpo_core.plan.spec import SessionSpec
from hpo_core.results.analysis import session_wiring
from hpo_core.session.opening import read_session
from hpo_core.session.store import create
from hpo_core.workloads.workload import Reporter, StopSignal

if TYPE_CHECKING:  # imported for the first of these tests, see conftest.py
    from hpo_core.workloads.paper import program as train
    from hpo_core.workloads.paper.training import Images, PaperWorkload

pytestmark = pytest.mark.tf

FRUIT = """
[data]
source = "fruit"
image_size = [20, 20]
classes = 3
train_per_class = 22
validation_per_class = 7
"""

SPEC = f"""
{FRUIT}
[grid]
learning_rate = [1e-4, 1e-3]
loss = ["poisson", "categorical_crossentropy", "mean_squared_error"]
filters = [4, 6]

[fixed]
kernel_size = 3
conv_layers = 2
batch_size = 16
epochs = 3

[session]
replicates = 20
"""


class Prober:
    """Answers probes with the real network."""

    def __init__(self, workload: PaperWorkload) -> None:
        self.workload = workload
        self.events: list[WorkerEvent] = []

    def answer(self, probe: Probe) -> Answer:
        return self.workload.probe(probe, Reporter(probe.job, self.events.append), StopSignal())

    def script(self, probe: Probe) -> Iterator[WorkerEvent]:
        yield ProbeEnded(answer=self.answer(probe), seconds=0.1)

    def find(self, budget: float = 100.0, **varied: tuple[Value, ...]) -> dict[str, str]:
        """Probe hyperparameters of a small network, and return the verdicts."""
        spec = SessionSpec.parse(SPEC)
        plan = probing([Hyperparameter(name, values) for name, values in varied.items()], budget)

        def answer(question: Question) -> Answer:
            values = {**spec.values_of(1), **question.values}
            job = Job(
                trial=0,
                replicate=0,
                attempt=0,
                seed=5,
                values=values,
                data=spec.data.table(),
                settings=spec.settings,
                log="",
            )
            return self.answer(Probe(job=job, steps=question.steps, epochs=question.epochs))

        try:
            question = next(plan)
            while True:
                question = plan.send(answer(question))
        except StopIteration as end:
            findings: tuple[Finding, ...] = end.value
        return {finding.hyperparameter: finding.verdict for finding in findings}


@pytest.fixture(scope="module")
def prober(fresh: Callable[[], PaperWorkload]) -> Prober:
    """One for all tests, as programs are traced once: what the tests change acts when a program is reset."""
    return Prober(fresh())


def usual(name: str) -> tuple[Value, ...]:
    """Two values of a hyperparameter that a person might compare."""
    return KNOWN[name].usual[:2]


SMALL = ("filters", "kernel_size", "stride", "pool_size", "conv_layers", "dense_units", "batch_norm", "activation")


@pytest.mark.long
def test_no_hyperparameter_of_an_honest_grid_is_accused(prober: Prober) -> None:
    varied: dict[str, tuple[Value, ...]] = {
        "learning_rate": (1e-4, 1e-3),
        "loss": KNOWN["loss"].usual,
        "dropout": (0.0, 0.3),
        "l2": (0.0, 1e-5),
        "batch_size": (8, 16),
        "optimizer": ("adam", "sgd", "rmsprop"),
    }
    assert prober.find(**varied) == dict.fromkeys(varied, "reaches")


@pytest.mark.long
def test_every_hyperparameter_of_the_table_but_the_length_reaches_the_network(prober: Prober) -> None:
    varied = {name: usual(name) for name in SMALL}
    assert prober.find(**varied) == dict.fromkeys(varied, "reaches")


def test_what_acts_late_in_a_training_shows_within_the_steps_of_a_probe(prober: Prober) -> None:
    for schedule in SCHEDULES[1:]:
        (verdict,) = prober.find(schedule=("constant", schedule)).values()
        assert verdict == ("late" if schedule in ("step", "reduce_on_plateau") else "reaches"), schedule


def test_what_each_step_is_given_reaches_it(prober: Prober) -> None:
    varied = {name: usual(name) for name in ("warmup_epochs", "label_smoothing", "weight_decay", "shift")}
    assert prober.find(**varied) == dict.fromkeys(varied, "reaches")


def test_probes_build_no_program_that_the_trainings_would_not_build(
    prober: Prober, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken, real = set(), prober.workload._program

    def noted(job: Job, images: Images) -> train.Program:
        program = real(job, images)
        taken.add(program)
        return program

    monkeypatch.setattr(prober.workload, "_program", noted)
    prober.find(learning_rate=(1e-4, 1e-3), loss=KNOWN["loss"].usual, filters=(4, 6))
    assert len(taken) == 2


def test_a_loss_that_is_wired_to_nothing_is_named(prober: Prober, monkeypatch: pytest.MonkeyPatch) -> None:
    real = train.argument
    monkeypatch.setattr(train, "argument", lambda known, value: 0 if known.name == "loss" else real(known, value))
    found = prober.find(learning_rate=(1e-4, 1e-3), loss=KNOWN["loss"].usual, filters=(4, 6))
    assert found == {"learning_rate": "reaches", "loss": "nothing", "filters": "reaches"}


def test_the_papers_fault_is_found_before_the_first_training(
    tmp_path: Path, prober: Prober, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = train.argument
    monkeypatch.setattr(train, "argument", lambda known, value: 0 if known.name == "loss" else real(known, value))
    folder = create(tmp_path / "sessions", "paper", SessionSpec.parse(SPEC))
    executor = ReplayExecutor(probes=prober.script)
    Engine(folder, executor, EngineOptions(workers=1), tick=0.001).run()
    snapshot = read_session(folder)
    assert snapshot.counts["complete"] == 240
    assert isinstance(snapshot.probed, WiringProbed)
    (fault,) = session_wiring(snapshot)
    assert fault.fault
    assert str(fault).startswith("loss changes nothing in 8 steps")


def test_a_network_whose_seed_is_not_heeded_cannot_be_told(
    prober: Prober, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = iter(range(1000))
    first_weights = train.set_first_weights
    monkeypatch.setattr(train, "set_first_weights", lambda model, seed: first_weights(model, seed + next(calls)))
    found = prober.find(learning_rate=(1e-4, 1e-3), loss=KNOWN["loss"].usual)
    assert found == {"learning_rate": "untold", "loss": "untold"}


def test_a_learning_rate_at_which_it_diverges_is_another_one(prober: Prober) -> None:
    assert prober.find(learning_rate=(1e-3, 1e3), optimizer=("sgd", "adam"))["learning_rate"] == "reaches"
