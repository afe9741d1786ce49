"""Keras models as people write them, each as ``build(rate)``, its data, and what else ``fit`` is given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

ROWS, MORE = 150, 40
draw = np.random.default_rng(0)
FLAT, FLAT_MORE = (draw.random((count, 6), dtype=np.float32) for count in (ROWS, MORE))
PICTURES, PICTURES_MORE = (draw.integers(0, 256, (count, 8, 8, 3), np.uint8) for count in (ROWS, MORE))
CLASS, CLASS_MORE = (draw.integers(0, 3, count) for count in (ROWS, MORE))
NUMBER, NUMBER_MORE = (flat.sum(1, keepdims=True) for flat in (FLAT, FLAT_MORE))
WEIGHT = draw.random(ROWS).astype(np.float32)


@dataclass(frozen=True)
class Exhibit:
    """``build`` takes a learning rate and returns a compiled model. ``shared``: one program serves every rate."""

    build: Callable[[float], keras.Model]
    data: Any
    validation: Any
    callbacks: Callable[[], Sequence[Any]] = tuple
    options: dict[str, Any] = field(default_factory=dict)
    shared: bool = True


def functional(rate: float) -> keras.Model:
    inputs = keras.Input((6,))
    hidden = layers.Dropout(0.3)(layers.Dense(8, "relu", kernel_regularizer="l2")(inputs))
    model = keras.Model(inputs, layers.Dense(3, "softmax")(hidden))
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def lazy(rate: float) -> keras.Model:
    model = keras.Sequential([layers.Dense(8, "relu"), layers.BatchNormalization(), layers.Dense(1)])
    model.compile(keras.optimizers.RMSprop(rate), "mse", metrics=["mae"])
    return model


def augmented(rate: float) -> keras.Model:
    images = keras.Input((8, 8, 3))
    seen = layers.RandomTranslation(0.1, 0.1)(layers.RandomFlip()(layers.Rescaling(1 / 255)(images)))
    seen = layers.BatchNormalization()(layers.Conv2D(4, 3, use_bias=False)(seen))
    seen = layers.GlobalAveragePooling2D()(layers.Activation("relu")(seen))
    model = keras.Model(images, layers.Dense(3, "softmax")(seen))
    top = keras.metrics.SparseTopKCategoricalAccuracy(2, name="top2")
    optimizer = keras.optimizers.SGD(rate, momentum=0.9)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy", top])
    return model


def two_heads(rate: float) -> keras.Model:
    left, right = keras.Input((6,), name="left"), keras.Input((6,), name="right")
    hidden = layers.Dense(8, "tanh")(layers.Concatenate()([left, right]))
    outputs = {
        "kind": layers.Dense(3, "softmax", name="kind")(hidden),
        "size": layers.Dense(1, name="size")(hidden),
    }
    model = keras.Model({"left": left, "right": right}, outputs)
    losses = {"kind": "sparse_categorical_crossentropy", "size": "mse"}
    metrics = {"kind": ["accuracy"], "size": ["mae"]}
    model.compile(keras.optimizers.Adam(rate), losses, metrics=metrics, loss_weights={"kind": 1.0, "size": 0.5})
    return model


class Penalised(keras.Model):
    """Its own step, which also reports what no metric holds, and its own loss."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.out = layers.Dense(8, "relu"), layers.Dense(1)

    def call(self, inputs: Any) -> Any:
        return self.out(self.hidden(inputs))

    def train_step(self, data: Any) -> Any:
        x, y, weight = keras.utils.unpack_x_y_sample_weight(data)
        with tf.GradientTape() as tape:
            found = self(x, training=True)
            loss = self.compute_loss(x=x, y=y, y_pred=found, sample_weight=weight)
            loss += 1e-4 * tf.add_n([tf.reduce_sum(each.value**2) for each in self.trainable_variables])
        slopes = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply(slopes, self.trainable_variables)
        self._loss_tracker.update_state(loss)
        return {**self.compute_metrics(x, y, found, weight), "slope": tf.linalg.global_norm(slopes)}


def subclassed(rate: float) -> keras.Model:
    def huber_like(truth: Any, found: Any) -> Any:
        return tf.reduce_mean(tf.math.log(tf.cosh(found - truth)), -1)

    model = Penalised()
    model.compile(keras.optimizers.Adam(rate), huber_like, metrics=["mae"])
    return model


def scheduled(rate: float) -> keras.Model:
    model = keras.Sequential([keras.Input((6,)), layers.Dense(3, "softmax")])
    slower = keras.optimizers.schedules.ExponentialDecay(rate, 4, 0.9)
    model.compile(keras.optimizers.AdamW(slower, weight_decay=0.01), "sparse_categorical_crossentropy")
    return model


def watchers() -> Sequence[Any]:
    slower = keras.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=0, min_delta=10)
    return slower, keras.callbacks.EarlyStopping("val_loss", patience=1, min_delta=10, restore_best_weights=True)


BOTH, BOTH_MORE = {"left": FLAT, "right": FLAT[::-1]}, {"left": FLAT_MORE, "right": FLAT_MORE[::-1]}
HEADS, HEADS_MORE = {"kind": CLASS, "size": NUMBER}, {"kind": CLASS_MORE, "size": NUMBER_MORE}

ZOO = {
    "sequential without an input": Exhibit(lazy, (FLAT, NUMBER), (FLAT_MORE, NUMBER_MORE)),
    "augmented images": Exhibit(augmented, (PICTURES, CLASS), (PICTURES_MORE, CLASS_MORE)),
    "two inputs, two heads": Exhibit(two_heads, (BOTH, HEADS), (BOTH_MORE, HEADS_MORE)),
    "subclassed": Exhibit(subclassed, (FLAT, NUMBER), (FLAT_MORE, NUMBER_MORE), shared=False),
    "a schedule": Exhibit(scheduled, (FLAT, CLASS), (FLAT_MORE, CLASS_MORE), shared=False),
    "sample weights, not shuffled": Exhibit(
        functional,
        (FLAT, CLASS, WEIGHT),
        (FLAT_MORE, CLASS_MORE),
        options={"shuffle": False, "validation_batch_size": 7},
    ),
    "class weights, watched": Exhibit(
        functional,
        (FLAT, CLASS),
        (FLAT_MORE, CLASS_MORE),
        watchers,
        {"class_weight": {0: 1.0, 1: 2.0, 2: 0.5}},
    ),
    "without validation": Exhibit(lazy, (FLAT, NUMBER), None),
}
