"""How long it will take: sane from the first training on, and better with every one that ends."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hpo_core.engine.estimate import Estimator
from hpo_core.engine.job_queue import compile_key
from hpo_core.engine.supervisor import Task
from hpo_core.journal.events import AttemptEnded, AttemptStarted, Envelope, EpochEnded, Event, Job
from hpo_core.plan.grid import JobKey
from hpo_core.plan.spec import SessionSpec
from hpo_core.session.status import RunningJob


@pytest.fixture
def spec(make_spec: Callable[..., SessionSpec]) -> SessionSpec:
    return make_spec(rates=(1e-4, 1e-3), filters=(12, 24), epochs=4)


@pytest.fixture
def estimator(spec: SessionSpec) -> Estimator:
    return Estimator(lambda: spec, lambda trial: compile_key(spec, trial))


def tell(estimator: Estimator, time: float, event: Event) -> None:
    estimator.observe(Envelope(1, 1, time, event))


def train(
    estimator: Estimator,
    trial: int,
    began: float,
    epoch_seconds: float,
    overhead: float = 0.0,
    compiling: float = 0.0,
    epochs: int = 4,
) -> None:
    """Tell of a whole training."""
    tell(estimator, began, AttemptStarted(trial=trial, replicate=1, attempt=1, seed=0, worker=1))
    for number in range(1, epochs + 1):
        seconds = epoch_seconds + (compiling if number == 1 else 0.0)
        tell(
            estimator,
            began + number * epoch_seconds,
            EpochEnded(trial=trial, replicate=1, attempt=1, epoch=number, metrics={}, seconds=seconds),
        )
    seconds = epochs * epoch_seconds + compiling + overhead
    ended = AttemptEnded(trial=trial, replicate=1, attempt=1, status="complete", seconds=seconds)
    tell(estimator, began + seconds, ended)


def running(epoch: int = 1, batch: int = 0, batches: int = 10) -> RunningJob:
    return RunningJob(1, 1, 1, 1, "train", epoch=epoch, epochs=4, batch=batch, batches=batches)


def task(first_batch: tuple[float, float] | None = None, now: float = 0.0) -> Task:
    job = Job(trial=1, replicate=1, attempt=1, seed=0, values={"epochs": 4}, data={}, settings={}, log="")
    return Task(job, started=0.0, began=0.0, last_sign=now, training=True, first_batch=first_batch)


def test_before_anything_is_known_nothing_is_claimed(estimator: Estimator) -> None:
    assert estimator.training(1) is None
    assert estimator.rest(task(), running()) is None
    assert estimator.queue([JobKey(2, 1)], [None], workers=1) is None
    assert estimator.speed(100.0) is None


def test_trainings_that_stop_early_are_expected_of_the_others_too(estimator: Estimator) -> None:
    for trial in range(1, 5):
        train(estimator, trial, 10.0 * trial, 1.0, epochs=2)
    assert estimator.training(1) == pytest.approx(2.0), "each stopped after two of its four epochs"


def test_a_training_whose_spec_names_no_epochs_has_as_many_as_others_had() -> None:
    model = '[model]\ncommand = "train {units}"\n[grid]\nunits = [1, 2]\n[session]\nobjective = "val_mae"'
    spec = SessionSpec.parse(model)
    estimator = Estimator(lambda: spec, lambda trial: trial)
    train(estimator, 1, 0.0, 1.0, epochs=3)
    train(estimator, 1, 10.0, 1.0, epochs=3)
    assert estimator.training(2) == pytest.approx(3.0)


def test_within_the_first_epoch_the_share_that_is_done_speaks(estimator: Estimator) -> None:
    only_the_first = estimator.rest(task((50.0, 0.025), now=50.0), running(epoch=1, batch=1))
    assert only_the_first is None, "the time to the first batch is mostly the compiling"
    rest = estimator.rest(task((50.0, 0.025), now=52.0), running(epoch=1, batch=5))
    assert rest == pytest.approx(17.5), "4 of 40 tenths of an epoch took 2 s, so 35 take 17.5 s"
    whole = estimator.queue([JobKey(2, 1)] * 7, [rest], workers=1)
    assert whole == pytest.approx(8 * 17.5)


def test_the_compiling_in_a_first_epoch_does_not_make_the_rest_look_long(estimator: Estimator) -> None:
    train(estimator, 1, 0.0, 1.0, compiling=30.0)
    assert estimator.training(3) == pytest.approx(4.0)


def test_a_first_epoch_is_better_than_nothing(estimator: Estimator) -> None:
    tell(estimator, 0.0, AttemptStarted(trial=1, replicate=1, attempt=1, seed=0, worker=1))
    tell(estimator, 5.0, EpochEnded(trial=1, replicate=1, attempt=1, epoch=1, metrics={}, seconds=5.0))
    assert estimator.training(1) == pytest.approx(20.0)


def test_a_network_that_was_measured_counts_by_itself_and_the_mean_stands_for_the_others(
    estimator: Estimator,
) -> None:
    train(estimator, 1, 0.0, 1.0)
    assert estimator.training(1) == pytest.approx(4.0)
    assert estimator.training(3) == pytest.approx(4.0), "another learning rate, the same network"
    assert estimator.training(2) == pytest.approx(4.0), "another network, only the mean is known"
    train(estimator, 2, 10.0, 3.0)
    assert estimator.training(1) == pytest.approx(4.0)
    assert estimator.training(2) == pytest.approx(12.0)


def test_what_a_training_costs_beside_its_epochs_is_counted(estimator: Estimator) -> None:
    train(estimator, 1, 0.0, 1.0, overhead=2.0)
    assert estimator.training(1) == pytest.approx(6.0)


def test_the_queue_is_shared_by_the_workers_but_never_ends_before_the_longest_training(
    estimator: Estimator,
) -> None:
    train(estimator, 1, 0.0, 1.0)
    train(estimator, 2, 0.0, 1.0)
    jobs = [JobKey(trial, 2) for trial in (1, 2, 3, 4)]
    assert estimator.queue(jobs, [2.0, 2.0], workers=2) == pytest.approx((4 * 4 + 4) / 2)
    assert estimator.queue([], [9.0, 1.0], workers=2) == pytest.approx(9.0)
    assert estimator.queue([], [], workers=2) == 0.0


def test_a_long_queue_is_estimated_from_a_sample(estimator: Estimator) -> None:
    train(estimator, 1, 0.0, 1.0)
    assert estimator.queue([JobKey(1, 2)] * 10_000, [], workers=1) == pytest.approx(40_000.0)


def test_the_speed_is_of_this_engine_not_of_the_night_before(estimator: Estimator) -> None:
    train(estimator, 1, 0.0, 1.0)
    estimator.begin(1000.0)
    assert estimator.speed(1010.0) is None
    train(estimator, 2, 1000.0, 2.5)
    train(estimator, 3, 1010.0, 2.5)
    assert estimator.speed(1020.0) == pytest.approx(6.0)
