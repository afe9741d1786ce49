"""Successive halving: after some epochs, only the best third of the trainings goes on; and Hyperband above it.

Asynchronous, so that no worker waits for others: a training that reaches a rung goes on if it is among the best
third of those that have reached it so far (ASHA, Li et al. 2020). Hyperband (Li et al. 2018) begins to prune after
few epochs with some trials and after many with others, since early epochs may mislead.
"""

from __future__ import annotations

from collections.abc import Sequence

REDUCTION = 3
"""One of so many goes on, with so many times the epochs; Hyperband's own choice."""

DEEPEST = 4
"""The first rung is at a training's epochs over ``REDUCTION`` to this power, or after epoch 1."""

PERIOD = 20
"""Brackets are dealt out anew after so many trials for each of them."""


def rungs(epochs: int, bracket: int | None = None) -> tuple[int, ...]:
    """Return after which epochs of a training it is looked at; ``bracket`` leaves out the first ones."""
    found = [epochs // REDUCTION**step for step in range(min(DEEPEST, deepest(epochs)), 0, -1)]
    return tuple(found[bracket or 0 :])


def deepest(epochs: int) -> int:
    """Return how often so many epochs can be divided by ``REDUCTION``."""
    return 0 if epochs < REDUCTION else 1 + deepest(epochs // REDUCTION)


def bracket_of(trial: int, epochs: int) -> int:
    """Return the Hyperband bracket of a trial, from its number: how many of the first rungs do not count for it.

    Each bracket has as large a part of the trials as makes all cost about the same, dealt out evenly.
    """
    last = len(rungs(epochs))
    shares = [REDUCTION ** (last - bracket) / (last - bracket + 1) for bracket in range(last + 1)]
    dealt = [0] * len(shares)
    for _ in range((trial - 1) % (PERIOD * len(shares)) + 1):
        chosen = min(range(len(shares)), key=lambda bracket: (dealt[bracket] + 1) / shares[bracket])
        dealt[chosen] += 1
    return chosen


def goes_on(score: float | None, others: Sequence[float]) -> bool:
    """Whether a training goes on past a rung with this score, more being better, where ``others`` had theirs.

    One without a score does not; one that is equal to the last that does, does too.
    """
    if score is None:
        return False
    better = sum(other > score for other in others)
    return better < max((len(others) + 1) // REDUCTION, 1)
