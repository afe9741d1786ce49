"""Schedules, smoothing, augmentation and the rest share programs, are deterministic, and say what they did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from msgspec.structs import replace

from hpo_core.journal.events import EpochEnded
from hpo_core.plan.hyperparameters import CLASS_WEIGHTS, SCHEDULES
from hpo_core.workloads.images.dataset import Dataset

if TYPE_CHECKING:  # imported for the first of these tests, see conftest.py
    import tensorflow as tf

    from hpo_core.workloads.paper import training
    from hpo_core.workloads.paper.augment import flipped, shifted
    from hpo_core.workloads.paper.program import Program
    from hpo_core.workloads.paper.training import PaperWorkload, balanced_weights

pytestmark = pytest.mark.tf


def test_one_program_serves_every_value_of_what_a_step_is_given(
    train: Any, built: list[Program], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "balanced_weights", lambda data: [0.5, 1.0, 1.5])
    fresh = PaperWorkload("cpu", 1)
    changes: list[dict[str, Any]] = [
        *({"schedule": schedule} for schedule in SCHEDULES[:-1]),
        {"warmup_epochs": 1.0},
        {"class_weight": CLASS_WEIGHTS[1]},
        {"label_smoothing": 0.1},
        {"weight_decay": 0.1},
        {"horizontal_flip": 0.5},
        {"shift": 0.1},
    ]
    curves = [train(with_workload=fresh, optimizer="sgd", **changed).curve for changed in (*changes, *changes)]
    (program,) = built
    assert program._train.experimental_get_tracing_count() == 1
    assert program._train_augmented.experimental_get_tracing_count() == 1
    assert len({str(curve) for curve in curves}) == len(changes), "each matters"
    assert curves[: len(changes)] == curves[len(changes) :], "and leaves nothing behind"


def test_images_are_mirrored_and_shifted_by_whole_pixels(fruit: Dataset) -> None:
    images, seed = tf.constant(fruit.x_train[:16].astype(np.float32)), tf.constant([7, 4], tf.int64)
    mirrored = flipped(images, tf.constant(0.5), seed).numpy()
    turned = [bool((one == before[:, ::-1]).all()) for one, before in zip(mirrored, images.numpy(), strict=True)]
    kept = [bool((one == before).all()) for one, before in zip(mirrored, images.numpy(), strict=True)]
    assert [a or b for a, b in zip(turned, kept, strict=True)] == [True] * 16
    assert 0 < sum(turned) < 16
    assert (flipped(images, tf.constant(0.0), seed).numpy() == images.numpy()).all()

    column = tf.tile(tf.range(20.0)[tf.newaxis, tf.newaxis, :, tf.newaxis], (64, 20, 1, 3))
    moved = shifted(column, tf.constant(0.1), seed).numpy()[:, :, 10, 0] - 10
    assert set(moved[:, 0]) == {-2, -1, 0, 1, 2}, "up to 10 % of 20 pixels"
    assert (shifted(column, tf.constant(0.0), seed).numpy() == column.numpy()).all()


def test_a_class_with_few_images_counts_more(fruit: Dataset) -> None:
    assert balanced_weights(fruit) == [1.0, 1.0, 1.0]
    uneven = replace(fruit, y_train=np.repeat([0, 1, 2], (2, 4, 12)))
    assert balanced_weights(uneven) == [3.0, 1.5, 0.5]


def test_a_training_that_stopped_early_is_complete_and_says_so(train: Any) -> None:
    told = train(epochs=9, early_stopping=2, learning_rate=1e-9)  # val_loss barely moves, and not for the better
    whole = train(epochs=9, learning_rate=1e-9)
    best = int(np.argmin([row["val_loss"] for row in whole.curve[: len(told.curve)]]))
    assert told.outcome.status == "complete"
    assert len(told.curve) == best + 3 < 9
    assert told.curve == whole.curve[: len(told.curve)], "the same training, but shorter"
    assert told.outcome.reason == (
        f"stopped early after epoch {len(told.curve)} of 9, val_loss was no better for 2 epochs; "
        "its scores are those of its last epoch"
    )
    assert [event.epoch for event in told.events if isinstance(event, EpochEnded)][-1] == len(told.curve)
