"""The paper's network, built from a trial's values, and its first weights, drawn from a seed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from hpo_core.plan.hyperparameters import Value
from hpo_core.workloads.paper.plain_layers import FLATTENED, MONOTONE


class BiasActivation(keras.layers.Layer):  # type: ignore[misc]  # Keras tells no types
    """A bias for each channel, then the activation: what a convolution does last, after its pool instead.

    For a monotone activation max(f(x + b)) is f(max(x) + b), so both orders give the same numbers; this one
    touches a quarter of the pixels (4 to 8 % of a whole training step, measured on one CPU core).
    """

    def __init__(self, activation: str, **options: Any) -> None:
        super().__init__(**options)
        self.activation = keras.activations.get(activation)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Add the bias, zero at first."""
        self.bias = self.add_weight(shape=(input_shape[-1],), initializer="zeros", name="bias")

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Return ``activation(inputs + bias)``."""
        return self.activation(tf.nn.bias_add(inputs, self.bias))


def build_model(
    values: Mapping[str, Value], image_size: tuple[int, int], classes: int, precision: str = "float32"
) -> keras.Model:
    """Return the network of a trial: images ``(n, height, width, 3)`` from 0 to 1 in, float32 logits out.

    ``conv_layers`` times ``convs_per_pool`` convolutions with filters·2^i filters and same padding, then a
    max-pool; a hidden dense layer of ``dense_units`` (2·classes if not given) with dropout; a dense layer of
    ``classes``. A pool is never larger than the map it pools, so that no stack of layers shrinks an image to
    nothing. ``l2`` puts each kernel's squares into ``model.losses``. ``precision`` is a Keras dtype policy; the
    logits, and with them the softmax, are float32 under each. All weights are 0 until ``set_first_weights``.
    """
    layers = keras.layers
    activation = str(values["activation"])
    stride, pool = int(values["stride"]), int(values["pool_size"])
    height, width = image_size
    kernels = {"kernel_initializer": "zeros", "kernel_regularizer": _penalty(values), "dtype": precision}
    stack: list[keras.layers.Layer] = [keras.Input((height, width, 3))]
    for number in range(int(values["conv_layers"])):
        height, width = -(-height // stride), -(-width // stride)
        window = (min(pool, height), min(pool, width))
        last = int(values["convs_per_pool"]) - 1
        for place in range(last + 1):
            convolution = {
                "filters": int(values["filters"]) * 2**number,
                "kernel_size": int(values["kernel_size"]),
                "strides": 1 if place else stride,
                "padding": "same",
                **kernels,
            }
            stack += _convolution(convolution, values, window if place == last else (1, 1))
        height, width = height // window[0], width // window[1]
    stack += [
        getattr(layers, FLATTENED[str(values["global_pooling"])])(dtype=precision),
        layers.Dense(int(values.get("dense_units") or 2 * classes), activation, **kernels),
        layers.Dropout(float(values["dropout"]), seed=0, dtype=precision),
        layers.Dense(classes, **kernels),
        layers.Activation("linear", dtype="float32"),
    ]
    return keras.Sequential(stack)


def _penalty(values: Mapping[str, Value]) -> keras.regularizers.Regularizer | None:
    weight = float(values["l2"])
    return keras.regularizers.L2(weight) if weight else None


def _convolution(
    convolution: dict[str, Any], values: Mapping[str, Value], window: tuple[int, int]
) -> list[keras.layers.Layer]:
    """Return a convolution with its normalisation, activation and max-pool over ``window``; (1, 1) is no pool.

    They stand in the ``layer_order``. A bias that the normalisation would take off again is left out.
    """
    layers, precision, activation = keras.layers, convolution["dtype"], str(values["activation"])
    order = str(values["layer_order"]).split("_")[1:]
    made: dict[str, list[keras.layers.Layer]] = {
        "pool": [] if window == (1, 1) else [layers.MaxPooling2D(window, dtype=precision)]
    }
    if str(values["batch_norm"]) == "on":
        made["norm"] = [layers.BatchNormalization(dtype=precision)]
        made["activation"] = [layers.Activation(activation, dtype=precision)]
        biased = order.index("activation") < order.index("norm")
        return [layers.Conv2D(**convolution, use_bias=biased), *(layer for part in order for layer in made[part])]
    if activation in MONOTONE or order.index("pool") < order.index("activation"):
        return [
            layers.Conv2D(**convolution, use_bias=False),
            *made["pool"],
            BiasActivation(activation, dtype=precision),
        ]
    return [layers.Conv2D(**convolution, activation=activation), *made["pool"]]


def set_first_weights(model: keras.Model, seed: int) -> None:
    """Give ``model`` the weights, and its dropout the random stream, of a fresh training with ``seed``.

    Kernels are Glorot-uniform (Glorot & Bengio 2010, Keras' default), biases zero, scales one. Each kernel has
    a numpy stream of its own, of (seed, its place), so that the same seed gives the same numbers whatever was
    trained before.
    """
    for place, variable in enumerate(model.trainable_variables):
        if len(variable.shape) > 1:
            variable.assign(_glorot_uniform(variable.shape, seed, place))
        else:
            variable.assign(np.full(variable.shape, variable.name == "gamma", np.float32))
    for layer in model.layers:
        if isinstance(layer, keras.layers.Dropout) and layer.rate > 0:
            layer.seed_generator.state.assign([seed, 0])
        elif isinstance(layer, keras.layers.BatchNormalization):
            layer.moving_mean.assign(np.zeros(layer.moving_mean.shape, np.float32))
            layer.moving_variance.assign(np.ones(layer.moving_variance.shape, np.float32))


def _glorot_uniform(shape: tuple[int, ...], seed: int, place: int) -> NDArray[np.float32]:
    field = int(np.prod(shape[:-2]))
    limit = np.sqrt(6 / (field * (shape[-2] + shape[-1])))
    stream = np.random.default_rng([seed, place])
    return stream.uniform(-limit, limit, shape).astype(np.float32)
