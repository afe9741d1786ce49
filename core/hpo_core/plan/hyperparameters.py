"""The hyperparameters that the product knows: what each acts on, type, permitted range, default and usual values.

One table drives the validation of a spec, the defaults of a training, the form for a new grid, and which trainings
share a compiled program (``built_in``).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from hpo_core.plan.setting import SWITCH, Setting
from hpo_core.plan.setting import Value as Value
from hpo_core.text import format_value

LOSSES = ("poisson", "categorical_crossentropy", "mean_squared_error")
OPTIMIZERS = ("adam", "sgd", "rmsprop", "adamw", "nadam")
CLASS_WEIGHTS = ("none", "balanced")
GLOBAL_POOLINGS = ("none", "average", "max")
SCHEDULES = ("constant", "step", "exponential", "cosine", "one_cycle", "reduce_on_plateau")
WITHOUT_AN_END = frozenset({"constant", "reduce_on_plateau"})
"""Schedules that do not depend on how many epochs are to come."""
ACTIVATIONS = ("relu", "elu", "gelu", "selu", "silu", "tanh", "leaky_relu")
LAYER_ORDERS = tuple(
    "_".join(("conv", *order)) for order in itertools.permutations(("norm", "activation", "pool"))
)
"""In which order a convolution, its normalisation, its activation and its pool stand; the first is the default."""

ActsOn = Literal["network", "step", "rate", "order", "length"]
Scale = Literal["geometric", "linear", "none"]


class KnownHyperparameter(Setting, frozen=True, kw_only=True):
    """What the product knows of one hyperparameter beyond its type and range.

    ``acts_on`` says what it changes of a training: the ``network`` (all that is built before the first step,
    layers and optimizer), the ``step`` (what each step is given as an argument), the learning ``rate`` that each
    step is given, the ``order`` of the images and their batches, or the ``length``. ``scale`` says how finer
    values lie between two others: geometric, linear or none (a choice). ``usual`` are the values that a form
    suggests.
    ``unset`` says what holds where there is no default. ``in_loss`` is true of what says what a loss is: its
    values are not compared by a loss.
    """

    acts_on: ActsOn
    usual: tuple[Value, ...]
    scale: Scale = "none"
    unset: str = ""
    in_loss: bool = False

    @property
    def default_words(self) -> str:
        """What holds where no value is given, in words."""
        return self.unset if self.default is None else format_value(self.default)


def built_in(values: Mapping[str, Value], jit: bool = False) -> dict[str, Value]:
    """Return those of a training's ``values`` that are built into its compiled program: the program's identity.

    Trainings share a program, and the time to compile it, where these are the same; only what is left out here may
    be given to a program that is built already. XLA (``jit``) compiles the batch size in as well. A hyperparameter
    that is not in the table counts as built in, so that none is forgotten.
    """
    kept = ("network", "order") if jit else ("network",)
    return {name: value for name, value in values.items() if name not in KNOWN or KNOWN[name].acts_on in kept}


def _number(
    name: str, default: float | None, acts_on: ActsOn, usual: tuple[float, ...], ends: tuple[float, float],
    meaning: str, scale: Scale = "linear", open_low: bool = False, unset: str = "", in_loss: bool = False,
) -> KnownHyperparameter:  # fmt: skip
    """A number between two ends; whole where its usual values are."""
    return KnownHyperparameter(
        name=name,
        kind="int" if all(isinstance(value, int) for value in usual) else "float",
        default=default,
        acts_on=acts_on,
        usual=usual,
        low=ends[0],
        high=ends[1],
        open_low=open_low,
        scale=scale,
        unset=unset,
        in_loss=in_loss,
        meaning=meaning,
    )


def _choice(
    name: str, default: str, acts_on: ActsOn, usual: tuple[str, ...], choices: tuple[str, ...], meaning: str,
    in_loss: bool = False,
) -> KnownHyperparameter:  # fmt: skip
    return KnownHyperparameter(
        name=name,
        kind="choice",
        default=default,
        acts_on=acts_on,
        usual=usual,
        choices=choices,
        in_loss=in_loss,
        meaning=meaning,
    )


_ROWS = (
    _number("learning_rate", 1e-3, "rate", (1e-4, 5e-4, 1e-3, 5e-3, 1e-2), (0, 1e3),
            "step size of the optimizer", "geometric", open_low=True),
    _choice("schedule", SCHEDULES[0], "rate", ("constant", "cosine", "one_cycle"), SCHEDULES,
            "how the learning rate changes over the training's steps"),
    _number("warmup_epochs", 0.0, "rate", (0.0, 0.5, 1.0), (0, 1_000_000),
            "epochs in which the learning rate first rises from 0; the schedule has the rest"),
    _choice("loss", "categorical_crossentropy", "step", LOSSES, LOSSES,
            "what the training minimises, on probabilities", in_loss=True),
    _number("label_smoothing", 0.0, "step", (0.0, 0.05, 0.1), (0, 1),
            "share of each target that is spread over all classes, in the loss", in_loss=True),
    _choice("class_weight", CLASS_WEIGHTS[0], "step", CLASS_WEIGHTS, CLASS_WEIGHTS,
            "balanced: each class counts as much as any other in the training loss, however many images it has"),
    _number("filters", 12, "network", (12, 24, 36, 48), (1, 4096),
            "filters of the first convolution; each next one has twice as many"),
    _number("kernel_size", 4, "network", (3, 4, 5), (1, 64), "side of the convolution kernels, pixels"),
    _number("stride", 2, "network", (1, 2), (1, 16), "step of the convolutions, pixels"),
    _number("pool_size", 2, "network", (1, 2), (1, 16), "side of the max-pools, pixels; 1 is none"),
    _number("conv_layers", 3, "network", (2, 3, 4), (1, 12), "number of convolutions, each with a pool"),
    _number("convs_per_pool", 1, "network", (1, 2), (1, 8),
            "convolutions before each pool; those after the first have stride 1"),
    _choice("layer_order", LAYER_ORDERS[0], "network", LAYER_ORDERS[:3], LAYER_ORDERS,
            "order of convolution, normalisation, activation and pool"),
    _choice("global_pooling", GLOBAL_POOLINGS[0], "network", GLOBAL_POOLINGS, GLOBAL_POOLINGS,
            "what takes each channel to one number before the dense layers; none keeps every pixel"),
    _number("dense_units", None, "network", (24, 48, 96), (1, 65_536),
            "units of the hidden dense layer", unset="2 for each class"),
    _number("dropout", 0.05, "network", (0.0, 0.05, 0.2, 0.5), (0, 0.95),
            "share of the hidden units left out in training"),
    _number("l2", 0.0, "network", (0.0, 1e-5, 1e-4, 1e-3), (0, 10),
            "weight of the kernels' squares in the loss; 0 is none", "geometric", in_loss=True),
    _choice("batch_norm", "off", "network", SWITCH, SWITCH,
            "batch normalisation between each convolution and its activation"),
    _choice("activation", "relu", "network", ("relu", "elu"), ACTIVATIONS, "activation of the hidden layers"),
    _choice("optimizer", "adam", "network", ("adam", "sgd", "rmsprop"), OPTIMIZERS,
            "the rule that turns gradients into steps"),
    _number("weight_decay", None, "step", (0.0, 1e-2, 1e-1), (0, 1e3),
            "share of each weight, times the learning rate, taken off in each step, whatever the optimizer",
            "geometric", unset="0.004 with adamw, else 0"),
    _number("horizontal_flip", 0.0, "step", (0.0, 0.5), (0, 1),
            "chance that a training image is mirrored left to right"),
    _number("shift", 0.0, "step", (0.0, 0.05, 0.1), (0, 0.9),
            "training images are shifted by up to this share of their sides"),
    _number("batch_size", 64, "order", (32, 64, 128), (1, 1_048_576), "images for each step", "geometric"),
    _number("epochs", 3, "length", (3, 5, 10), (1, 1_000_000), "passes over the data"),
    _number("early_stopping", 0, "length", (0, 3, 5), (0, 1_000_000),
            "epochs without a better val_loss after which a training stops; 0 is never"),
)  # fmt: skip

KNOWN: Mapping[str, KnownHyperparameter] = MappingProxyType({known.name: known for known in _ROWS})
"""Every hyperparameter of a training, by name."""


def in_loss(name: str) -> bool:
    """Whether the values of a hyperparameter are different losses."""
    return name in KNOWN and KNOWN[name].in_loss
