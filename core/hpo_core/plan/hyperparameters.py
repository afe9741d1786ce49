"""The hyperparameters that the product knows: type, permitted range, default and usual values.

One table drives the validation of a spec, the defaults of a training and the form for a new grid.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from hpo_core.errors import SpecError
from hpo_core.text import clean

Value = str | int | float | bool
"""One setting of a hyperparameter."""

LOSSES = ("poisson", "categorical_crossentropy", "mean_squared_error")
OPTIMIZERS = ("adam", "sgd", "rmsprop", "adamw", "nadam")
SWITCH = ("off", "on")
ACTIVATIONS = ("relu", "elu", "gelu", "selu", "silu", "tanh", "leaky_relu")


@dataclass(frozen=True, slots=True)
class KnownHyperparameter:
    """What the product knows of one hyperparameter.

    ``low`` and ``high`` are inclusive unless ``open_low``; ``choices`` limits a text; where they are
    ``SWITCH``, true and false stand for them too. ``scale`` says how finer values lie between two others:
    geometric, linear or none (a choice).
    """

    name: str
    kind: Literal["int", "float", "choice"]
    default: Value | None
    usual: tuple[Value, ...]
    low: float = 0
    high: float = float("inf")
    open_low: bool = False
    choices: tuple[str, ...] = ()
    scale: Literal["geometric", "linear", "none"] = "none"
    meaning: str = ""

    def check(self, value: object, where: str) -> Value:
        """Return ``value`` in its own type, or raise ``SpecError`` naming ``where``, the value and the rule."""
        if isinstance(value, list):
            raise SpecError(f"{where}: a list varies it, and belongs in [grid]; give one value here.")
        if self.kind == "choice":
            if isinstance(value, bool) and self.choices == SWITCH:
                return SWITCH[value]
            if isinstance(value, str) and value in self.choices:
                return value
            raise SpecError(f"{where}: {toml_word(value)} is not one of {', '.join(self.choices)}.")
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise SpecError(f"{where}: {toml_word(value)} is not a number; {self.rule()}.")
        if self.kind == "int" and not (isinstance(value, int) or value.is_integer()):
            raise SpecError(f"{where}: {toml_word(value)} is not a whole number; {self.rule()}.")
        inside = value > self.low if self.open_low else value >= self.low
        if not (inside and value <= self.high) or value in (float("inf"), float("-inf")):
            raise SpecError(f"{where}: {toml_word(value)} is out of range; {self.rule()}.")
        return int(value) if self.kind == "int" else float(value)

    def rule(self) -> str:
        """Return the permitted range in words, to end a sentence with."""
        number = "a whole number" if self.kind == "int" else "a number"
        lower = f"above {self.low:g}" if self.open_low else f"of at least {self.low:g}"
        upper = "" if self.high == float("inf") else f" and at most {self.high:g}"
        return f"give {number} {lower}{upper}"


def toml_word(value: object) -> str:
    """Return a value as a spec spells it, to name it in a sentence: 'text' in quotes, true, 0.1."""
    if isinstance(value, bool):
        return str(value).lower()
    return repr(clean(value, 60)) if isinstance(value, str) else clean(value, 60)


def _table(*known: KnownHyperparameter) -> Mapping[str, KnownHyperparameter]:
    return MappingProxyType({entry.name: entry for entry in known})


KNOWN = _table(
    KnownHyperparameter(
        "learning_rate",
        "float",
        1e-3,
        (1e-4, 5e-4, 1e-3, 5e-3, 1e-2),
        0,
        open_low=True,
        high=1e3,
        scale="geometric",
        meaning="step size of the optimizer",
    ),
    KnownHyperparameter(
        "loss",
        "choice",
        "categorical_crossentropy",
        LOSSES,
        choices=LOSSES,
        meaning="what the training minimises, on probabilities",
    ),
    KnownHyperparameter(
        "filters",
        "int",
        12,
        (12, 24, 36, 48),
        1,
        4096,
        scale="linear",
        meaning="filters of the first convolution; each next one has twice as many",
    ),
    KnownHyperparameter(
        "kernel_size",
        "int",
        4,
        (3, 4, 5),
        1,
        64,
        scale="linear",
        meaning="side of the convolution kernels, pixels",
    ),
    KnownHyperparameter(
        "stride", "int", 2, (1, 2), 1, 16, scale="linear", meaning="step of the convolutions, pixels"
    ),
    KnownHyperparameter(
        "pool_size",
        "int",
        2,
        (1, 2),
        1,
        16,
        scale="linear",
        meaning="side of the max-pools, pixels; 1 is none",
    ),
    KnownHyperparameter(
        "conv_layers",
        "int",
        3,
        (2, 3, 4),
        1,
        12,
        scale="linear",
        meaning="number of convolutions, each with a pool",
    ),
    KnownHyperparameter(
        "dense_units",
        "int",
        None,
        (24, 48, 96),
        1,
        65_536,
        scale="linear",
        meaning="units of the hidden dense layer; 2 for each class if not set",
    ),
    KnownHyperparameter(
        "dropout",
        "float",
        0.05,
        (0.0, 0.05, 0.2, 0.5),
        0,
        0.95,
        scale="linear",
        meaning="share of the hidden units left out in training",
    ),
    KnownHyperparameter(
        "l2",
        "float",
        0.0,
        (0.0, 1e-5, 1e-4, 1e-3),
        0,
        10,
        scale="geometric",
        meaning="weight of the kernels' squares in the loss; 0 is none",
    ),
    KnownHyperparameter(
        "batch_norm",
        "choice",
        "off",
        SWITCH,
        choices=SWITCH,
        meaning="batch normalisation between each convolution and its activation",
    ),
    KnownHyperparameter(
        "activation",
        "choice",
        "relu",
        ("relu", "elu"),
        choices=ACTIVATIONS,
        meaning="activation of the hidden layers",
    ),
    KnownHyperparameter(
        "optimizer",
        "choice",
        "adam",
        ("adam", "sgd", "rmsprop"),
        choices=OPTIMIZERS,
        meaning="the rule that turns gradients into steps",
    ),
    KnownHyperparameter(
        "batch_size",
        "int",
        64,
        (32, 64, 128),
        1,
        1_048_576,
        scale="geometric",
        meaning="images for each step",
    ),
    KnownHyperparameter(
        "epochs", "int", 3, (3, 5, 10), 1, 1_000_000, scale="linear", meaning="passes over the data"
    ),
)
"""Every hyperparameter of a training, by name."""
