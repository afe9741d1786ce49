"""The loss is truly a choice: three formulas, three gradients, Keras' numbers."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest

from hpo_core.plan.hyperparameters import LOSSES

if TYPE_CHECKING:  # imported for the first of these tests, see conftest.py
    import keras
    import tensorflow as tf

    from hpo_core.workloads.paper.losses import LOSSES as IMPLEMENTED
    from hpo_core.workloads.paper.losses import chosen_loss

pytestmark = pytest.mark.tf

TARGETS = np.eye(3, dtype=np.float32)[[0, 2, 1, 2]]
LOGITS = np.array([[2.0, -1.0, 0.5], [0.1, 0.2, 0.3], [-3.0, 4.0, 1.0], [5.0, 0.0, -5.0]], np.float32)


def gradient(loss: str, values: np.ndarray = LOGITS) -> np.ndarray:
    logits = tf.constant(values)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        value = chosen_loss(tf.constant(LOSSES.index(loss)), TARGETS, logits)
    return tape.gradient(value, logits).numpy()


def test_every_loss_of_the_spec_exists() -> None:
    assert tuple(IMPLEMENTED) == LOSSES


@pytest.mark.parametrize("loss", LOSSES)
def test_a_loss_is_keras_loss_on_probabilities(loss: str) -> None:
    ours = chosen_loss(tf.constant(LOSSES.index(loss)), TARGETS, LOGITS)
    theirs = keras.losses.get(loss)(TARGETS, tf.nn.softmax(LOGITS))
    assert float(ours) == pytest.approx(float(np.mean(theirs)), rel=1e-5)


def test_the_three_losses_give_three_gradients() -> None:
    for one, other in itertools.combinations(LOSSES, 2):
        a, b = gradient(one), gradient(other)
        assert np.linalg.norm(a - b) > 0.1 * np.linalg.norm(b), (one, other)


@pytest.mark.parametrize("loss", LOSSES)
def test_choosing_by_number_changes_no_bit_of_the_gradient(loss: str) -> None:
    logits = tf.constant(LOGITS)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        alone = tf.reduce_mean(IMPLEMENTED[loss](TARGETS, logits))
    np.testing.assert_array_equal(gradient(loss), tape.gradient(alone, logits).numpy())


@pytest.mark.parametrize("loss", LOSSES)
def test_a_certain_and_wrong_answer_gives_finite_numbers(loss: str) -> None:
    extreme = LOGITS * 1e4
    assert np.isfinite(float(chosen_loss(tf.constant(LOSSES.index(loss)), TARGETS, extreme)))
    assert np.isfinite(gradient(loss, extreme)).all()
