"""The losses, each applied to softmax probabilities of one-hot targets, as Keras defines them.

All three stand in one graph and a number picks one as it runs, so that a compiled training serves every loss.
They cost next to nothing beside a convolution; tracing anew for each would cost half a second each time.
"""

from __future__ import annotations

import tensorflow as tf

from hpo_core.plan import hyperparameters

EPSILON = 1e-7
"""Keras' fuzz factor, in the logarithm of the Poisson loss."""


def poisson(targets: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Return for each sample the mean over classes of ``p - t·log(p + ε)``.

    On probabilities Σp is 1, so that this is (1 + cross-entropy) / classes: the same direction, a shorter step,
    which an optimizer that scales its steps (adam) all but undoes.
    """
    probabilities = tf.nn.softmax(logits)
    return tf.reduce_mean(probabilities - targets * tf.math.log(probabilities + EPSILON), axis=-1)


def categorical_crossentropy(targets: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Return for each sample ``-Σ t·log p``, computed from the logits so that no probability can round to 0."""
    return tf.nn.softmax_cross_entropy_with_logits(targets, logits)


def mean_squared_error(targets: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Return for each sample the mean over classes of ``(p - t)²``."""
    return tf.reduce_mean(tf.math.squared_difference(tf.nn.softmax(logits), targets), axis=-1)


_FORMULAS = {loss.__name__: loss for loss in (poisson, categorical_crossentropy, mean_squared_error)}
LOSSES = {name: _FORMULAS[name] for name in hyperparameters.LOSSES}
"""Each loss that a spec may name, in the table's order."""


def chosen_loss(
    number: tf.Tensor, targets: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor | float = 1.0
) -> tf.Tensor:
    """Return the mean over the samples of the loss in place ``number`` of ``LOSSES`` (a scalar tensor); float32.

    ``targets`` are ``(n, classes)``, of sum 1, ``logits`` float32 of the same shape; each sample's loss counts
    ``weights`` times. The losses that are not chosen add exact zeros to the gradient, so that its bits are those
    of the chosen one alone.
    """
    means = [tf.reduce_mean(loss(targets, logits) * weights) for loss in LOSSES.values()]
    return tf.gather(tf.stack(means), number)
