"""A second opinion that no scale can sway: the same analysis on the ranks of the scores.

Accuracies near 1, collapsed trainings, a few losses that ran away: mean and variance are then made by the few.
Ranks know the order alone (Conover and Iman, Rank transformations, The American Statistician 1981). They do not
decide: where they disagree with the verdict, that is said beside it. An interaction on ranks may come from main
effects, so they are only asked whether they confirm one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace

from hpo_core.effects.inputs import Floats
from hpo_core.effects.model import Effect


def ranks_of(y: Floats) -> Floats:
    """Return the rank of each score (n), from 1; equal scores share the mean of their ranks."""
    place, counts = np.unique(y, return_inverse=True, return_counts=True)[1:]
    ranks: Floats = (np.cumsum(counts) - (counts - 1) / 2)[place]
    return ranks


def beside_ranks(effects: Sequence[Effect], on_ranks: Sequence[Effect]) -> tuple[Effect, ...]:
    """Return the effects with what the ranks say of each, where they were asked."""
    real = {line.factors: line.real for line in on_ranks if line.p == line.p}
    return tuple(
        replace(line, in_ranks=real[line.factors])
        if line.factors in real and line.p == line.p and (line.real or len(line.factors) == 1)
        else line
        for line in effects
    )
