"""The paper's network as anybody writes it in Keras: its layers by name, for a script and for a model alike.

Pixels from 0 to 255 go in, probabilities come out. Its weights are, one for one, those of ``network.build_model``,
and so are its answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from hpo_core.plan.setting import Value

MONOTONE = ("relu", "elu", "selu", "tanh", "leaky_relu")
"""Activations that never fall: each lets the largest of several inputs through as the largest output."""

FLATTENED = {"none": "Flatten", "average": "GlobalAveragePooling2D", "max": "GlobalMaxPooling2D"}
"""What makes a row of numbers of the last maps, for each ``global_pooling``."""


class L2(Struct, frozen=True):
    """A penalty on a layer's kernel."""

    weight: float

    def __str__(self) -> str:
        return f"keras.regularizers.L2({self.weight!r})"


class Layer(Struct, frozen=True):
    """One of ``keras.layers``: its class, and the arguments by position and by name."""

    kind: str
    places: tuple[Any, ...] = ()
    named: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        named = (f"{name}={_code(value)}" for name, value in self.named.items())
        return f"layers.{self.kind}({', '.join([*map(_code, self.places), *named])})"


def _code(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def plain_layers(
    values: Mapping[str, Value], image_size: Sequence[int], classes: int, precision: str = "float32"
) -> list[Layer]:
    """Return the layers after the input: those of ``network.build_model``, as one would write them."""
    mixed = {} if precision == "float32" else {"dtype": precision}
    penalty = {"kernel_regularizer": L2(float(values["l2"]))} if float(values["l2"]) else {}
    stride, pool = int(values["stride"]), int(values["pool_size"])
    height, width = image_size
    stack = [Layer("Rescaling", (1 / 255,))]
    for number in range(int(values["conv_layers"])):
        height, width = -(-height // stride), -(-width // stride)
        window = (min(pool, height), min(pool, width))
        last = int(values["convs_per_pool"]) - 1
        for place in range(last + 1):
            named = {"strides": 1 if place else stride, "padding": "same", **penalty, **mixed}
            convolution = Layer("Conv2D", (int(values["filters"]) * 2**number, int(values["kernel_size"])), named)
            pooled = place == last and window != (1, 1)
            stack += _convolution(convolution, values, [Layer("MaxPooling2D", (window,), mixed)] if pooled else [])
        height, width = height // window[0], width // window[1]
    units = int(values.get("dense_units") or 2 * classes)
    stack += [
        Layer(FLATTENED[str(values["global_pooling"])], (), mixed),
        Layer("Dense", (units,), {"activation": str(values["activation"]), **penalty, **mixed}),
        Layer("Dropout", (float(values["dropout"]),), mixed),
        Layer("Dense", (classes,), {**penalty, **mixed}),
        Layer("Activation", ("softmax",), {"dtype": "float32"}),
    ]
    return stack


def _convolution(convolution: Layer, values: Mapping[str, Value], pool: list[Layer]) -> list[Layer]:
    """Return a convolution with its normalisation and activation in the ``layer_order``."""
    activation, order = str(values["activation"]), str(values["layer_order"]).split("_")[1:]
    mixed = {name: value for name, value in convolution.named.items() if name == "dtype"}

    def with_more(**more: Any) -> Layer:
        return replace(convolution, named={**convolution.named, **more})

    made = {"pool": pool, "activation": [Layer("Activation", (activation,), mixed)]}
    if str(values["batch_norm"]) == "on":
        made["norm"] = [Layer("BatchNormalization", (), mixed)]
        biased = order.index("activation") < order.index("norm")
        return [
            convolution if biased else with_more(use_bias=False),
            *(layer for part in order for layer in made[part]),
        ]
    if activation in MONOTONE or order.index("activation") < order.index("pool"):
        return [with_more(activation=activation), *pool]
    return [convolution, *pool, *made["activation"]]
