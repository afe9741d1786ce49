"""What the peers share: the network and the images, as a competent user of Keras writes them.

Images are decoded once a process and kept in memory as bytes; tf.data shuffles, batches and scales them. Of four
ways to feed ``fit`` (arrays, tensor slices, a cached image folder, XLA on and off) none was faster on two cores.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
import tensorflow as tf
from grid_plan import Plan
from numpy.typing import NDArray


@dataclass(frozen=True)
class Part:
    """Images, uint8 ``(n, height, width, 3)``, and their one-hot labels."""

    images: NDArray[np.uint8]
    labels: NDArray[np.float32]


def read_images(plan: Plan) -> tuple[Part, Part]:
    """Return the images for training and for validation."""
    root = Path(plan.data)
    return _read(root / "Training", plan.image_size), _read(root / "Validation", plan.image_size)


def feeds(parts: tuple[Part, Part], batch_size: int) -> tuple[Any, Any]:
    """Return the tf.data sets to give to ``fit``, training and validation."""
    return _feed(parts[0], batch_size, shuffled=True), _feed(parts[1], batch_size, shuffled=False)


def compiled_model(plan: Plan, classes: int, learning_rate: float, loss: str, filters: int) -> keras.Model:
    """Return the paper's network with softmax output, compiled with Adam."""
    layers = keras.layers
    stack: list[Any] = [keras.Input((*plan.image_size, 3))]
    for factor in (1, 2, 4):
        stack += [layers.Conv2D(filters * factor, 4, 2, "same", activation="relu"), layers.MaxPooling2D(2)]
    stack += [
        layers.Flatten(),
        layers.Dense(2 * classes, "relu"),
        layers.Dropout(0.05),
        layers.Dense(classes, "softmax"),
    ]
    model = keras.Sequential(stack)
    model.compile(keras.optimizers.Adam(learning_rate), loss, metrics=["accuracy"])
    return model


def fit(model: keras.Model, plan: Plan, parts: tuple[Part, Part]) -> float:
    """Train a compiled model and return its validation accuracy after the last epoch."""
    training, validation = feeds(parts, plan.batch_size)
    history = model.fit(training, validation_data=validation, epochs=plan.epochs, shuffle=False, verbose=0)
    return float(history.history["val_accuracy"][-1])


def _read(folder: Path, size: Sequence[int]) -> Part:
    read = keras.utils.image_dataset_from_directory(
        folder, label_mode="categorical", image_size=tuple(size), batch_size=256, shuffle=False, verbose=False
    )
    batches = [(images.numpy().astype(np.uint8), labels.numpy()) for images, labels in read]
    images, labels = zip(*batches, strict=True)
    return Part(np.concatenate(images), np.concatenate(labels))


def _feed(part: Part, batch_size: int, shuffled: bool) -> Any:
    feed = tf.data.Dataset.from_tensor_slices((part.images, part.labels))
    if shuffled:
        feed = feed.shuffle(len(part.images))
    scaled = feed.batch(batch_size).map(lambda images, labels: (tf.cast(images, tf.float32) / 255, labels))
    return scaled.prefetch(tf.data.AUTOTUNE)
