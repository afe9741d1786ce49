"""The compiled training: an epoch in few calls of one TensorFlow function, which every job that can re-uses.

A ``Program`` is a network, its optimizer, and the functions compiled for them. All else is an argument (the loss,
the batch size, each step's learning rate), so that one program serves every job of the same network, optimizer and
precision: tracing and optimising the graphs costs about half a second, as much as an epoch on a thousand small
images.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from msgspec import Struct
from numpy.typing import NDArray

from hpo_core.plan import hyperparameters
from hpo_core.plan.hyperparameters import KNOWN, KnownHyperparameter, Value, built_in
from hpo_core.plan.workloads import MEASURED
from hpo_core.workloads.pace import Pace
from hpo_core.workloads.paper.augment import flipped, shifted
from hpo_core.workloads.paper.losses import chosen_loss
from hpo_core.workloads.paper.network import build_model, set_first_weights
from hpo_core.workloads.paper.schedules import Rates
from hpo_core.workloads.paper.tensors import Feed, Order, Part, from_lanes, lanes_of

ADAMW_DECAY = 0.004
"""Keras' weight decay for adamw, which holds where no other is given."""


class _OneReplica:
    """An optimizer's step without Keras' sum over replicas, of which there is one, and with any weight decay.

    That sum registers a gradient of its own with TensorFlow for good, and with it every graph it was traced in:
    5 MB for each program, never freed. ``decay`` is a scalar variable, so that a program serves every value of it.
    """

    decay: tf.Variable
    learning_rate: keras.Variable

    def _all_reduce_sum_gradients(self, grads_and_vars: Any) -> Any:
        return grads_and_vars

    def _apply_weight_decay(self, variables: Any) -> None:
        """Take ``decay`` times the learning rate off each weight (Loshchilov & Hutter 2019)."""

        def take_off() -> None:
            for variable in variables:
                value = variable.value
                value.assign_sub(value * self.decay * self.learning_rate.value)

        tf.cond(self.decay > 0, take_off, lambda: None)


_KINDS = {  # taken by their names, for one that Keras looks up is made, and TensorFlow then set up for good
    kind.__name__.lower(): type(kind.__name__, (_OneReplica, kind), {})
    for kind in (
        keras.optimizers.Adam,
        keras.optimizers.SGD,
        keras.optimizers.RMSprop,
        keras.optimizers.AdamW,
        keras.optimizers.Nadam,
    )
}
OPTIMIZERS = {name: _KINDS[name] for name in hyperparameters.OPTIMIZERS}

OutOfMemory = tf.errors.ResourceExhaustedError


def forget_dropped_programs() -> None:
    """Free what Keras and TensorFlow still keep of programs that nobody holds any more: about 1 MB for each."""
    keras.backend.clear_session()


Measure = Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor]
"""From the logits, the labels and the mean loss of a batch to its sum of a metric, float64."""


def _hits(logits: tf.Tensor, labels: tf.Tensor, loss: tf.Tensor) -> tf.Tensor:
    # Of the probabilities, as Keras: logits that differ by less than these can show would be another's tie.
    right = tf.equal(tf.argmax(tf.nn.softmax(logits), axis=-1), labels)
    return tf.cast(tf.math.count_nonzero(right), tf.float64)


def _losses(logits: tf.Tensor, labels: tf.Tensor, loss: tf.Tensor) -> tf.Tensor:
    return tf.cast(loss, tf.float64) * tf.cast(tf.shape(labels)[0], tf.float64)


def _crossentropies(logits: tf.Tensor, labels: tf.Tensor, loss: tf.Tensor) -> tf.Tensor:
    each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
    return tf.cast(tf.reduce_sum(each), tf.float64)


_SUMS: Mapping[str, Measure] = {"accuracy": _hits, "loss": _losses, "crossentropy": _crossentropies}
MEASURES = tuple(_SUMS[name] for name in MEASURED)
"""How each metric that the paper's trainings report is summed up, in the order of the table."""

LOSS = MEASURED.index("loss")


class Totals(Struct):
    """Sums over the images seen so far, one for each of ``MEASURED``; ``metrics`` are their means, as in Keras."""

    sums: NDArray[np.float64]
    rows: int = 0

    @property
    def loss(self) -> float:
        """The mean loss of an image."""
        return float(self.sums[LOSS]) / self.rows

    def metrics(self) -> dict[str, float]:
        """Return the means by Keras' names."""
        return {name: float(total) / self.rows for name, total in zip(MEASURED, self.sums, strict=True)}


AfterChunk = Callable[[Totals, int], None]
"""Called after each chunk with the totals so far and the images in all; may raise to end the training."""

_Step = Callable[[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor]


class Program:
    """A network of one shape with its optimizer, compiled once; ``reset`` makes it fresh for the next job.

    Of ``values``, those that are built in (``hyperparameters.built_in``) are all that the network can be built
    from; what each step is given, it reads from ``arguments``, a variable for each such hyperparameter. So a
    training never meets a number that another one left in its program. ``precision`` is a Keras dtype policy,
    and ``jit`` compiles with XLA, once for each batch shape. ``balanced`` is each class's weight in the loss where
    ``class_weight`` is balanced.
    """

    def __init__(
        self,
        values: Mapping[str, Value],
        image_size: tuple[int, int],
        classes: int,
        precision: str = "float32",
        jit: bool = False,
        balanced: Sequence[float] = (),
    ) -> None:
        self.built = built_in(values, jit)
        self.model = build_model(self.built, image_size, classes, precision)
        self.arguments = {known.name: _variable(known) for known in KNOWN.values() if known.acts_on == "step"}
        self.optimizer = OPTIMIZERS[str(self.built["optimizer"])]()
        self.optimizer.decay = self.arguments["weight_decay"]
        if precision == "mixed_float16":
            self.optimizer = keras.optimizers.LossScaleOptimizer(self.optimizer)
        self.optimizer.build(self.model.trainable_variables)
        self.parameters = int(self.model.count_params())
        self._fresh = [(variable, variable.numpy()) for variable in self.optimizer.variables]
        self._classes, self._jit = classes, jit
        plain = np.ones(classes)
        self._class_weights = tf.constant(np.stack([plain, balanced or plain]), tf.float32)
        self._drawn = tf.Variable([0, 0], trainable=False, dtype=tf.int64)
        """The seed of the next changes to the images."""
        self._train = self._compiled(self._train_step, image_size)
        # A function of its own, which nobody else pays for: a branch in the other one would change what is fused.
        self._train_augmented = self._compiled(self._augmented_step, image_size)
        self._evaluate = self._compiled(self._evaluate_step, image_size)
        # One answer from the device, not one for each weight.
        self._finite = tf.function(self._weights_finite, autograph=False)
        self._paces = {True: Pace(), False: Pace()}

    def reset(self, seed: int, values: Mapping[str, Value]) -> None:
        """Make everything as it is in a fresh program of ``seed`` for a training with these ``values``.

        Weights, optimizer, the streams of dropout and augmentation, and the arguments of each step.
        """
        values = {"weight_decay": ADAMW_DECAY if values["optimizer"] == "adamw" else 0.0, **values}
        set_first_weights(self.model, seed)
        for variable, value in self._fresh:
            variable.assign(value)
        for name, variable in self.arguments.items():
            variable.assign(argument(KNOWN[name], values[name]))
        self._drawn.assign([seed, 0])
        self._rate = float(values["learning_rate"])
        self._augments = any(float(values[name]) for name in ("horizontal_flip", "shift"))

    def train(
        self, feed: Feed, order: Order, batch: int, after_chunk: AfterChunk, rates: Rates | None = None
    ) -> Totals:
        """Train one epoch over the images in ``order``, in batches of ``batch``; the last may be smaller.

        ``rates`` are the learning rates of its steps; where there are none, the one of ``reset`` holds.
        """
        if rates is None:
            rates = np.full(-(-len(order) // batch), self._rate, np.float32)
        step = self._train_augmented if self._augments else self._train
        return self._pass(step, self._paces[True], feed, order, batch, after_chunk, rates)

    def evaluate(self, feed: Feed, order: Order, batch: int, after_chunk: AfterChunk) -> Totals:
        """Return the totals over the images without learning from them."""
        none = np.zeros(0, np.float32)
        return self._pass(self._evaluate, self._paces[False], feed, order, batch, after_chunk, none)

    def weights_are_finite(self) -> bool:
        """Whether no weight is NaN or infinite."""
        return bool(self._finite())

    def _weights_finite(self) -> tf.Tensor:
        weights = self.model.trainable_variables
        return tf.reduce_all(tf.stack([tf.reduce_all(tf.math.is_finite(weight.value)) for weight in weights]))

    # ---------------------------------------------------------------------------------------------------------

    def _train_step(self, images: tf.Tensor, labels: tf.Tensor, rates: tf.Tensor, place: tf.Tensor) -> tf.Tensor:
        self.optimizer.learning_rate = tf.gather(rates, place)
        counted = tf.gather(tf.gather(self._class_weights, self.arguments["class_weight"]), labels)
        with tf.GradientTape() as tape:
            logits = self.model(images, training=True)
            loss = self._loss_of(logits, labels, counted)
            scaled = self.optimizer.scale_loss(loss)
        weights = self.model.trainable_variables
        self.optimizer.apply(tape.gradient(scaled, weights), weights)
        return _measured(logits, labels, loss)

    def _augmented_step(
        self, images: tf.Tensor, labels: tf.Tensor, rates: tf.Tensor, place: tf.Tensor
    ) -> tf.Tensor:
        seed = self._drawn.assign_add([0, 4])
        images = flipped(images, self.arguments["horizontal_flip"], seed)
        images = shifted(images, self.arguments["shift"], seed)
        return self._train_step(images, labels, rates, place)

    def _evaluate_step(self, images: tf.Tensor, labels: tf.Tensor, *_: tf.Tensor) -> tf.Tensor:
        logits = self.model(images, training=False)
        return _measured(logits, labels, self._loss_of(logits, labels))

    def _loss_of(self, logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor | float = 1.0) -> tf.Tensor:
        smoothing = self.arguments["label_smoothing"]
        targets = tf.one_hot(labels, self._classes) * (1 - smoothing) + smoothing / self._classes
        loss = chosen_loss(self.arguments["loss"], targets, logits, weights)
        return tf.add_n([loss, *self.model.losses])  # the penalties count in both losses, as in Keras' fit

    def _compiled(self, step: _Step, image_size: tuple[int, int]) -> Any:
        """Return ``step`` repeated over ``count`` batches, from row ``first`` of the order on, as one function.

        The sums go in and come out, so that each addition is the same however an epoch falls into chunks.
        """

        def chunk(
            lanes: tf.Tensor,
            labels: tf.Tensor,
            order: tf.Tensor,
            first: tf.Tensor,
            count: tf.Tensor,
            batch: tf.Tensor | int,
            sums: tf.Tensor,
            rates: tf.Tensor,
            passed: tf.Tensor,
        ) -> tf.Tensor:
            def body(done: tf.Tensor, sums: tf.Tensor) -> tuple[tf.Tensor, ...]:
                rows = tf.slice(order, [first + done * batch], [batch])
                images = from_lanes(tf.gather(lanes, rows), image_size)
                pixels = tf.cast(images, tf.float32) * (1 / 255)
                return done + 1, sums + step(pixels, tf.gather(labels, rows), rates, passed + done)

            start = (tf.constant(0), sums)
            return tf.while_loop(lambda done, _: done < count, body, start, parallel_iterations=1)[1]

        if self._jit:  # XLA wants whole shapes: the batch is a number, and each new one is compiled
            return tf.function(chunk, autograph=False, jit_compile=True)
        number, rows = tf.TensorSpec((), tf.int32), tf.TensorSpec((None,), tf.int64)
        sums = tf.TensorSpec((len(MEASURED),), tf.float64)
        lanes = tf.TensorSpec((None, lanes_of(image_size)), tf.int64)
        rates = tf.TensorSpec((None,), tf.float32)
        signature = (lanes, rows, rows, number, number, number, sums, rates, number)
        return tf.function(chunk, autograph=False, input_signature=signature)

    def _pass(
        self, chunk: Any, pace: Pace, feed: Feed, order: Order, batch: int, after_chunk: AfterChunk, rates: Rates
    ) -> Totals:
        told, passed = tf.constant(rates), 0
        sums = tf.zeros(len(MEASURED), tf.float64)
        totals = Totals(sums.numpy())
        for part in feed.parts(order, batch):
            first = 0
            while first < part.rows:
                size, count = _next_batches(part, first, batch, pace)
                began = time.perf_counter()
                sums = chunk(
                    part.lanes,
                    part.labels,
                    part.order,
                    tf.constant(first),
                    tf.constant(count),
                    size if self._jit else tf.constant(size),
                    sums,
                    told,
                    tf.constant(passed),
                )
                totals.sums = sums.numpy()
                if size == batch:  # a lone smaller batch says little
                    pace.learn(size * count, time.perf_counter() - began)
                first += size * count
                passed += count
                totals.rows += size * count
                after_chunk(totals, len(order))
        return totals


def _next_batches(part: Part, first: int, batch: int, pace: Pace) -> tuple[int, int]:
    """Return (batch size, how many of them) for the next chunk: whole batches while there are some."""
    left = part.rows - first
    return (batch, min(pace.steps(batch), left // batch)) if left >= batch else (left, 1)


def _measured(logits: tf.Tensor, labels: tf.Tensor, loss: tf.Tensor) -> tf.Tensor:
    """Return a batch's sum of each metric, ``(len(MEASURED),)``."""
    return tf.stack([measure(logits, labels, loss) for measure in MEASURES])


def argument(known: KnownHyperparameter, value: Value) -> float:
    """Return a value as the compiled step reads it: a number, of a choice its place among the choices."""
    return known.choices.index(str(value)) if known.kind == "choice" else float(value)


def _variable(known: KnownHyperparameter) -> tf.Variable:
    return tf.Variable(0, trainable=False, dtype=tf.float32 if known.kind == "float" else tf.int64)
