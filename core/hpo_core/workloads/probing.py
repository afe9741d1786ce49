"""How a workload answers a probe: the steps in their two halves, and the bits after each."""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Callable, Iterable
from typing import Protocol

from hpo_core.journal.events import Probe
from hpo_core.plan.probes import Answer
from hpo_core.workloads.workload import Reporter, StopSignal

ROUNDING = 1e-6
"""Steps; a budget is a sum of shares of an epoch."""


class Steps(Protocol):
    """A fresh training of a probe's job, taken step by step."""

    def step(self, epoch: int, place: int) -> float:
        """Train the step in this place (from 0) of an epoch (from 1), and return its loss."""
        ...

    def weights(self) -> Iterable[bytes]:
        """Return the bits of what was learnt so far: no setting, which differs although nobody reads it."""
        ...

    def end_epoch(self) -> None:
        """Do what is done between two epochs."""
        ...


def take_prints(
    probe: Probe, epoch_steps: int, report: Reporter, stop: StopSignal, begin: Callable[[], Steps]
) -> Answer:
    """Train the steps of a probe and return a print of the loss and the weights after each.

    ``epoch_steps`` is how many an epoch has; ``begin`` is called where the probe costs no more than it may.
    """
    if not probe.steps or probe.steps > probe.epochs * epoch_steps + ROUNDING:
        return Answer(epoch_steps=epoch_steps)
    training = begin()
    report.started()
    fresh = _print(0.0, training.weights())
    prints: list[str] = []

    def answer(reason: str = "") -> Answer:
        return Answer(epoch_steps=epoch_steps, prints=tuple(prints), reason=reason)

    for epoch in (1, 2):
        for place in range(min(probe.steps // 2, epoch_steps)):
            if stop.now:
                return answer("stopped")
            loss = training.step(epoch, place)
            if not math.isfinite(loss):
                prints.append("diverged")
                return answer("the training diverges within these steps")
            prints.append(_print(loss, training.weights()))
            report.progress(epoch, place + 1, epoch_steps)
        if _print(0.0, training.weights()) == fresh:
            return answer("nothing is learnt within these steps")
        if epoch == 1:
            training.end_epoch()
    return answer()


def _print(loss: float, weights: Iterable[bytes]) -> str:
    digest = hashlib.blake2b(struct.pack("<d", loss), digest_size=8)
    for bits in weights:
        digest.update(bits)
    return digest.hexdigest()
