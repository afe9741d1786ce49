"""The learning rate of each step: a warm-up, then a schedule over the rest of the training. Plain numpy.

The rates are what a compiled step is given, so that one program serves every schedule.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from hpo_core.plan import hyperparameters
from hpo_core.plan.hyperparameters import Value

Floats = NDArray[np.float64]
Rates = NDArray[np.float32]

PLATEAU_PATIENCE = 2
"""Epochs without a better val_loss until ``reduce_on_plateau`` lowers the rate."""

PLATEAU_FACTOR = 0.1


def _constant(done: Floats) -> Floats:
    return np.ones_like(done)


def _step(done: Floats) -> Floats:
    return np.power(0.1, (done >= 0.5).astype(np.float64) + (done >= 0.75))


def _exponential(done: Floats) -> Floats:
    return np.power(0.01, done)


def _cosine(done: Floats) -> Floats:
    """Loshchilov & Hutter 2017, without restarts."""
    return 0.5 * (1 + np.cos(np.pi * done))


def _one_cycle(done: Floats) -> Floats:
    """Smith & Topin 2018, in two cosine phases as PyTorch has them: from 1/25 up, then down to 1/250,000."""
    low, end, top = 1 / 25, 1 / 250_000, 0.3
    up = low + (1 - low) * 0.5 * (1 - np.cos(np.pi * done / top))
    down = end + (1 - end) * 0.5 * (1 + np.cos(np.pi * (done - top) / (1 - top)))
    return np.where(done < top, up, down)


def _reduce_on_plateau(done: Floats) -> Floats:
    """See ``LearningRate.epoch_ended``."""
    return _constant(done)


_SHAPES = {
    shape.__name__[1:]: shape
    for shape in (_constant, _step, _exponential, _cosine, _one_cycle, _reduce_on_plateau)
}
SCHEDULES: Mapping[str, Callable[[Floats], Floats]] = {name: _SHAPES[name] for name in hyperparameters.SCHEDULES}
"""Each schedule that a spec may name: from the share of its steps that are done, 0 to 1, to the rate's factor."""


class Plateau:
    """Counts the ``epochs`` since the loss was last better than ever, as Keras' callbacks do."""

    def __init__(self) -> None:
        self.epochs = 0
        self._best = math.inf

    def saw(self, loss: float) -> None:
        """Take an epoch's loss into account."""
        if loss < self._best:
            self._best, self.epochs = loss, 0
        else:
            self.epochs += 1


class LearningRate:
    """The rates of one training with these ``values``, of ``epochs`` with ``epoch_steps`` steps each."""

    def __init__(self, values: Mapping[str, Value], epochs: int, epoch_steps: int) -> None:
        self._rate, self._schedule = float(values["learning_rate"]), str(values["schedule"])
        self._warmup = float(values["warmup_epochs"]) * epoch_steps
        self._steps, self._epoch_steps = epochs * epoch_steps, epoch_steps
        self._plateau, self._factor = Plateau(), 1.0

    def rates(self, epoch: int) -> Rates:
        """Return the rate of each step of an epoch (from 1)."""
        step = np.arange(self._epoch_steps, dtype=np.float64) + (epoch - 1) * self._epoch_steps
        rest = max(self._steps - self._warmup, 1.0)
        factors = SCHEDULES[self._schedule](np.clip((step - self._warmup) / rest, 0, 1))
        rising = step < self._warmup
        factors[rising] = SCHEDULES[self._schedule](np.zeros(1))[0] * step[rising] / self._warmup
        return (self._rate * self._factor * factors).astype(np.float32)

    def epoch_ended(self, val_loss: float) -> None:
        """Lower the rate of the epochs to come, where the schedule waits for a plateau and this is one."""
        self._plateau.saw(val_loss)
        if self._plateau.epochs >= PLATEAU_PATIENCE:
            self._plateau.epochs = 0
            self.plateau_reached()

    def plateau_reached(self) -> None:
        """Lower the rate of the epochs to come, where the schedule does so on a plateau."""
        if self._schedule == "reduce_on_plateau":
            self._factor *= PLATEAU_FACTOR
