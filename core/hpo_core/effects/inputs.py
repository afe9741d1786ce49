"""What the analysis works on: plain arrays, one entry for each training, already trimmed by whoever made them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from msgspec import Struct, field
from msgspec.structs import replace
from numpy.typing import NDArray

from hpo_core.plan.hyperparameters import Value
from hpo_core.plan.probes import Finding

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

Curve = Sequence[Mapping[str, float | None]]
"""One training's epochs in order: Keras' metric names and their values, None where one is not a finite number.

One that has a method ``column(metric)`` is asked for all values of a metric at once: see ``column``.
"""


def column(curve: Curve, metric: str) -> list[float | None]:
    """Return a metric's values, epoch by epoch; None where one was not told."""
    at_once = getattr(curve, "column", None)
    if at_once is None:
        return [epoch.get(metric) for epoch in curve]
    found: list[float | None] = at_once(metric)
    return found


class Factor(Struct, frozen=True):
    """A hyperparameter and its values, in the order of the spec."""

    name: str
    values: tuple[Value, ...]


class Results(Struct, frozen=True):
    """The trainings to analyse: n of them, k hyperparameters.

    ``codes`` (n × k) holds the place of each training's value in its factor's ``values``; ``y`` (n) the metric,
    NaN for none; ``replicate`` and ``trial`` (n) the numbers of both. ``blocked`` says that the same seeds serve
    every trial, so that a replicate is a block; otherwise every training is independent of every other.

    The rest is optional, n entries each: ``status`` and ``kind`` (the journal's words for how an attempt ended),
    ``train_metric`` and ``val_metric`` (accuracy, 0 to 1), ``loss`` (validation loss), ``seconds`` (a training),
    ``parameters`` (of the model). ``curves`` holds the epochs by (trial, replicate). ``classes`` and
    ``validation_images`` describe the data. ``shown_epoch`` says in words which epoch ``y`` is taken from;
    ``repeatable`` whether the device gives the same bits for the same seed. ``collapsed`` (n) says which trainings
    are known to have collapsed, where more than these were looked at; without it, they are judged by themselves.
    ``incomparable`` says why ``y`` does not compare these trainings; empty where it does. ``look`` says that so
    many replicates of so many have ended (0 of 0: nothing more is to come), see looks.py. ``probed`` is what was
    found by probes.
    """

    factors: tuple[Factor, ...]
    codes: Ints
    y: Floats
    replicate: Ints
    trial: Ints
    blocked: bool = False
    status: Sequence[str] | None = None
    kind: Sequence[str] | None = None
    train_metric: Floats | None = None
    val_metric: Floats | None = None
    loss: Floats | None = None
    seconds: Floats | None = None
    parameters: Floats | None = None
    collapsed: Bools | None = None
    curves: Mapping[tuple[int, int], Curve] = field(default_factory=dict)
    classes: int | None = None
    validation_images: int | None = None
    shown_epoch: str = "last epoch"
    repeatable: bool = True
    incomparable: str = ""
    look: tuple[int, int] = (0, 0)
    probed: Sequence[Finding] = ()

    def __post_init__(self) -> None:
        count = len(self.y)
        if self.codes.shape != (count, len(self.factors)):
            raise ValueError(f"codes has shape {self.codes.shape}, not ({count}, {len(self.factors)})")
        for name in _PER_TRAINING:
            array = getattr(self, name)
            if array is not None and len(array) != count:
                raise ValueError(f"{name} has {len(array)} entries for {count} trainings")

    def __len__(self) -> int:
        return len(self.y)

    def counted(self) -> Bools:
        """Which trainings have a score that counts: a finite metric of a training that came to its end."""
        finite: Bools = np.isfinite(self.y)
        if self.status is None:
            return finite
        ended: Bools = np.asarray([word == "complete" for word in self.status], dtype=bool)
        return finite & ended

    def only(self, rows: Bools) -> Results:
        """Return the trainings that ``rows`` (n booleans) marks, everything else unchanged."""
        kept = np.flatnonzero(rows)
        changes: dict[str, object] = {"codes": self.codes[kept]}
        for name in ("y", *_PER_TRAINING):
            array = getattr(self, name)
            if isinstance(array, np.ndarray):
                changes[name] = array[kept]
            elif array is not None:
                changes[name] = tuple(array[row] for row in kept)
        return replace(self, **changes)

    def measured(self, y: Floats) -> Results:
        """Return the same trainings with another metric: seconds, images a second, a gap, a slope."""
        return replace(self, y=np.asarray(y, dtype=float))

    def values_of(self, codes: Ints) -> dict[str, Value]:
        """Return the hyperparameters' values that one row of ``codes`` stands for."""
        return {factor.name: factor.values[int(code)] for factor, code in zip(self.factors, codes, strict=True)}


_PER_TRAINING = (
    "replicate",
    "trial",
    "status",
    "kind",
    "train_metric",
    "val_metric",
    "loss",
    "seconds",
    "parameters",
    "collapsed",
)


def number_together(first: Ints, second: Ints) -> Ints:
    """Return one number from 0 for each pair of entries, the same for the same pair, in ascending order."""
    combined = first * (int(second.max(initial=0)) + 1) + second
    numbers: Ints = np.unique(combined, return_inverse=True)[1].astype(np.int64)
    return numbers
