"""A trained network as a Keras model of plain layers, which Keras alone loads, evaluates and trains on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras

from hpo_core.plan.setting import Value
from hpo_core.workloads.paper.plain_layers import L2, plain_layers


def plain_model(
    values: Mapping[str, Value], image_size: Sequence[int], classes: int, precision: str = "float32"
) -> keras.Model:
    """Return the network, compiled for one-hot labels: pixels ``(n, height, width, 3)`` from 0 to 255 in."""
    stack: list[Any] = [keras.Input((*image_size, 3))]
    for layer in plain_layers(values, image_size, classes, precision):
        named = {
            name: keras.regularizers.L2(value.weight) if isinstance(value, L2) else value
            for name, value in layer.named.items()
        }
        stack.append(getattr(keras.layers, layer.kind)(*layer.places, **named))
    model = keras.Sequential(stack)
    # an optimizer that holds no state: one that does would be missed, with a warning, whenever it is loaded
    model.compile(optimizer="sgd", loss=str(values["loss"]), metrics=["accuracy"])
    return model


def save_plain(
    values: Mapping[str, Value],
    image_size: Sequence[int],
    classes: int,
    precision: str,
    weights: list[Any],
    path: Path,
) -> None:
    """Write the network with these weights, those of ``build_model``, to a ``.keras`` file."""
    model = plain_model(values, image_size, classes, precision)
    model.set_weights(weights)
    model.save(path)
