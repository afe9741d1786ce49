"""A training's story: the same seed the same curve, NaN is said, stop is prompt, much data is streamed."""

from __future__ import annotations

import gc
import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from hpo_core.errors import DataError
from hpo_core.journal.events import DataPrepared, EpochEnded, JobStarted, Progress, WorkerEvent
from hpo_core.plan.workloads import MEASURED
from hpo_core.worker.loop import failure
from hpo_core.workloads.images.dataset import Dataset, Opening, prepare
from hpo_core.workloads.pace import Pace
from hpo_core.workloads.workload import StopSignal

if TYPE_CHECKING:  # imported for the first of these tests, see conftest.py
    import keras
    import tensorflow as tf

    from hpo_core.workloads.paper import program as worker_train
    from hpo_core.workloads.paper import tensors as worker_data
    from hpo_core.workloads.paper import training as paper_training
    from hpo_core.workloads.paper.program import LOSS, Program
    from hpo_core.workloads.paper.tensors import Resident, Stream, from_lanes
    from hpo_core.workloads.paper.training import PaperWorkload, epoch_order

pytestmark = pytest.mark.tf


def test_a_training_says_data_start_and_every_epoch(train: Any, fresh: Any) -> None:
    told = train(with_workload=fresh())
    data, started, *rest = [event for event in told.events if not isinstance(event, Progress)]
    assert isinstance(data, DataPrepared)
    assert (data.train, data.validation, len(data.classes), data.image_size) == (54, 21, 3, (20, 20))
    assert isinstance(started, JobStarted)
    assert [event.epoch for event in rest if isinstance(event, EpochEnded)] == [1, 2]
    assert told.outcome.status == "complete"
    assert told.outcome.parameters == 3 * 3 * 3 * 4 + 4 + 3 * 3 * 4 * 8 + 8 + (8 * 6 + 6) + (6 * 3 + 3)


def test_same_seed_and_values_give_the_same_bits_also_after_other_jobs(train: Any) -> None:
    again = {"loss": "poisson"}
    first = train(**again)
    train(seed=8, loss="mean_squared_error", learning_rate=0.5, batch_size=5)
    train(optimizer="sgd")
    assert train(**again).curve == first.curve, "a program that served other jobs must be as good as new"
    assert train(seed=8, **again).curve != first.curve


def test_a_job_reuses_the_program_whatever_its_loss_rate_batch_size_or_seed(
    train: Any, built: list[Program]
) -> None:
    changes: list[dict[str, Any]] = [
        {},
        {"loss": "poisson"},
        {"learning_rate": 0.1},
        {"batch_size": 7},
        {"seed": 99},
    ]
    served = [train(epochs=1, **changed).curve for changed in changes]
    built.clear()
    one = PaperWorkload("cpu", 1)
    curves = [train(epochs=1, with_workload=one, **changed).curve for changed in changes]
    assert len(built) == 1
    assert built[0]._train.experimental_get_tracing_count() == 1
    assert built[0]._evaluate.experimental_get_tracing_count() == 1
    assert len({str(curve) for curve in curves}) == 5, "and yet each of them matters"
    assert curves == served, "and a program that has served other jobs is as good as this new one"


@pytest.mark.long
def test_old_programs_are_let_go(train: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = PaperWorkload("cpu", 1)
    with monkeypatch.context() as patch:
        patch.setattr(paper_training, "PROGRAMS", 1)
        train(epochs=1, filters=2, with_workload=fresh)
        curve = train(epochs=1, with_workload=fresh).curve
    assert len(fresh._programs) == 1
    assert curve == train(epochs=1).curve


@pytest.mark.long
def test_a_program_that_is_let_go_leaves_no_graph_behind(values: Callable[..., Any], fruit: Dataset) -> None:
    def graphs() -> int:
        gc.collect()
        return sum(type(thing).__name__ == "FuncGraph" for thing in gc.get_objects())

    before = graphs()
    program = Program(values(), (20, 20), 3)
    program.reset(1, values(loss="poisson"))
    program.train(Resident(fruit.x_train, fruit.y_train), np.arange(54), 16, lambda totals, rows: None)
    assert graphs() > before
    del program
    assert graphs() == before


def test_chunks_of_any_length_give_the_same_bits(train: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pace, "steps", lambda self, batch: 1)
    short = train(batch_size=4).curve
    monkeypatch.setattr(Pace, "steps", lambda self, batch: 1000)
    assert train(batch_size=4).curve == short


def test_streamed_images_give_the_bits_that_resident_ones_give(
    train: Any, fresh: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    resident = train(batch_size=4)
    monkeypatch.setattr(worker_data, "resident_limit", lambda device, threads: 0)
    monkeypatch.setattr(worker_data, "STREAM_STEPS", 3)
    monkeypatch.setattr(worker_data, "Resident", None)
    streamed = train(batch_size=4, with_workload=fresh())
    assert streamed.curve == resident.curve


def test_images_that_start_up_began_to_open_are_waited_for_and_used(
    train: Any, fresh: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = train(epochs=1)
    early = fresh(Opening(expected.data))
    monkeypatch.setattr(paper_training, "prepare", None)
    assert train(epochs=1, with_workload=early).curve == expected.curve


def test_a_keras_data_set_is_fetched_by_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    digits = np.arange(20 * 6 * 6, dtype=np.uint8).reshape(20, 6, 6)
    labels = np.arange(20) % 2
    monkeypatch.setattr(keras.datasets.mnist, "load_data", lambda: ((digits, labels), (digits[:4], labels[:4])))
    data = prepare({"source": "mnist", "image_size": [8, 8]})
    assert (data.x_train.shape, data.x_val.shape, data.classes) == ((20, 8, 8, 3), (4, 8, 8, 3), ("0", "1"))

    def offline() -> None:
        raise OSError("no network")

    monkeypatch.setattr(keras.datasets.cifar10, "load_data", offline)
    with pytest.raises(DataError, match="cifar10 cannot be fetched: no network"):
        prepare({"source": "cifar10"})


def test_a_stream_yields_the_images_of_the_order_in_whole_batches(fruit: Dataset) -> None:
    order = epoch_order(len(fruit.y_train), 3, 1)
    parts = list(Stream(fruit.x_train, fruit.y_train).parts(order, 5))
    assert all(part.rows % 5 == 0 for part in parts[:-1])
    lanes = np.concatenate([tf.gather(part.lanes, part.order).numpy() for part in parts])
    labels = np.concatenate([tf.gather(part.labels, part.order).numpy() for part in parts])
    (whole,) = Resident(fruit.x_train, fruit.y_train).parts(order, 5)
    np.testing.assert_array_equal(lanes, tf.gather(whole.lanes, whole.order))
    np.testing.assert_array_equal(from_lanes(lanes, (20, 20)), fruit.x_train[order])
    np.testing.assert_array_equal(labels, fruit.y_train[order])


def test_every_epoch_has_its_own_order_that_only_the_seed_decides() -> None:
    orders = [tuple(epoch_order(50, seed, epoch)) for seed in (1, 2) for epoch in (1, 2)]
    assert len(set(orders)) == 4
    assert all(sorted(order) == list(range(50)) for order in orders)
    assert orders[0] == tuple(epoch_order(50, 1, 1))


@pytest.mark.fault(27)
def test_a_loss_that_is_nan_ends_the_training_and_names_the_epoch(train: Any) -> None:
    told = train(learning_rate=1e30, optimizer="sgd", activation="elu")
    assert (told.outcome.status, told.outcome.kind) == ("diverged", "diverged")
    assert told.outcome.reason in ("loss is NaN at epoch 1", "loss is infinite at epoch 1")
    assert told.curve == []
    assert told.outcome.parameters


def test_a_validation_loss_that_is_nan_leaves_its_epoch_with_a_gap(
    train: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluate = Program.evaluate

    def spoilt(self: Program, *args: Any) -> Any:
        totals = evaluate(self, *args)
        totals.sums[LOSS] = math.nan
        return totals

    monkeypatch.setattr(Program, "evaluate", spoilt)
    told = train()
    (epoch,) = told.curve
    assert epoch["val_loss"] is None
    assert epoch["loss"] is not None
    assert (told.outcome.status, told.outcome.reason) == ("diverged", "val_loss is NaN at epoch 1")


@pytest.mark.fault(28)
def test_infinite_weights_under_a_finite_loss_are_diverged(train: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    evaluate = Program.evaluate

    def then_spoil(self: Program, *args: Any) -> Any:
        totals = evaluate(self, *args)
        for weight in self.model.trainable_variables:
            weight.assign(weight + math.inf)
        return totals

    with monkeypatch.context() as patch:
        patch.setattr(Program, "evaluate", then_spoil)
        told = train()
    assert (told.outcome.status, told.outcome.reason) == ("diverged", "weights are NaN or infinite at epoch 1")
    assert len(told.curve) == 1
    assert train().outcome.status == "complete", "the next job of the same program begins with sound weights"


def test_stop_acts_between_two_chunks(train: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop_at_first_progress(event: WorkerEvent, stop: StopSignal) -> None:
        if isinstance(event, Progress) and event.epoch == 2 and event.phase == "train":
            stop.now = True

    monkeypatch.setattr("hpo_core.workloads.workload.PROGRESS_SECONDS", 0)
    told = train(epochs=50, batch_size=4, on_event=stop_at_first_progress)
    assert (told.outcome.status, told.outcome.reason) == ("stopped", "Stopped in epoch 2.")
    assert len(told.curve) == 1


def test_stop_after_the_epoch_keeps_the_epoch(train: Any) -> None:
    def stop_at_start(event: WorkerEvent, stop: StopSignal) -> None:
        stop.after_epoch = True

    told = train(epochs=50, on_event=stop_at_start)
    assert (told.outcome.status, told.outcome.reason) == ("stopped", "Stopped after epoch 1.")
    assert len(told.curve) == 1
    assert train(epochs=1, on_event=stop_at_start).outcome.status == "complete"


def test_progress_counts_batches_and_shows_the_metrics_so_far(train: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hpo_core.workloads.workload.PROGRESS_SECONDS", 0)
    progress = [
        event for event in train(epochs=1).events if isinstance(event, Progress) and event.phase == "train"
    ]
    assert [event.batches for event in progress] == [4] * len(progress)
    assert progress[-1].batch == 4
    assert all(set(MEASURED) == event.metrics.keys() for event in progress)


@pytest.mark.fault(23)
def test_out_of_memory_is_a_failure_that_frees_what_it_can(train: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    small = PaperWorkload("cpu", 1)

    def too_large(*args: Any) -> None:
        raise tf.errors.ResourceExhaustedError(
            None, None, "Graph execution error:\n\nDetected at\nOOM when allocating tensor with shape[64,9999]"
        )

    with monkeypatch.context() as patch:
        patch.setattr(worker_train.Program, "train", too_large)
        with pytest.raises(tf.errors.ResourceExhaustedError) as caught:
            train(with_workload=small, optimizer="sgd")
    outcome = failure(caught.value)
    assert (outcome.status, outcome.kind) == ("failed", "out of memory")
    assert "shape[64,9999]" in outcome.reason
    assert not small._programs
    assert train(with_workload=small, optimizer="sgd").outcome.status == "complete"


def test_a_network_never_shrinks_an_image_to_nothing(train: Any) -> None:
    told = train(epochs=1, conv_layers=4, pool_size=4, stride=3, optimizer="sgd")
    assert told.outcome.status == "complete"


def test_images_that_are_not_there_fail_the_job_with_one_sentence(train: Any, tmp_path: Path) -> None:
    train(epochs=1)  # the workload holds other images already
    with pytest.raises(DataError, match="There is no data folder"):
        train(data={"source": "folder", "path": str(tmp_path / "gone")})


def test_the_pace_finds_the_steps_of_a_quarter_second_and_forgets_the_compilation() -> None:
    pace = Pace()
    assert pace.steps(64) == 1
    pace.learn(64, 9.0)
    assert pace.steps(64) == 1, "the first call compiled"
    pace.learn(64, 0.010)
    assert pace.steps(64) == 25
    pace.learn(64 * 25, 0.5)
    assert pace.steps(64) == 12
    assert pace.steps(100_000) == 1


def test_the_seed_makes_the_first_weights(values: Callable[..., Any]) -> None:
    def weights(program: Program, seed: int) -> list[np.ndarray]:
        program.reset(seed, values(loss="poisson"))
        return [weight.numpy() for weight in program.model.trainable_variables]

    one, other = (Program(values(), (20, 20), 3) for _ in range(2))
    first = weights(one, 5)
    for kernel in (weight for weight in first if weight.ndim > 1):
        limit = math.sqrt(6 / (np.prod(kernel.shape[:-2]) * (kernel.shape[-2] + kernel.shape[-1])))
        assert 0.9 * limit < np.abs(kernel).max() <= limit
    assert all((weight == 0).all() for weight in first if weight.ndim == 1)
    assert any((a != b).any() for a, b in zip(first, weights(one, 6), strict=True))
    for a, b, c in zip(first, weights(one, 5), weights(other, 5), strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(a, c)
