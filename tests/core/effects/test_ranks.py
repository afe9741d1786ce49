"""The ranks of the scores as a second opinion: said where they disagree, and only there."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import scipy

from hpo_core.effects import Effects, Factor, Results, analyse
from hpo_core.effects.ranks import ranks_of
from hpo_core.effects.words import sentences

RATES = Factor("rate", (1e-3, 1e-2, 1e-1))
WIDTHS = Factor("width", (8, 16))


def session(y: np.ndarray) -> Results:
    """3 × 2 trials, four replicates each."""
    cells = np.array(list(itertools.product(range(3), range(2))))
    return Results((RATES, WIDTHS), np.tile(cells, (4, 1)), y, np.repeat(range(1, 5), 6), np.tile(range(1, 7), 4))


def said_of(found: Effects, name: str) -> str:
    return next(words for words in sentences(found) if words.startswith(name))


def test_ranks_are_those_of_scipy_ties_included() -> None:
    y = np.array([0.5, 0.1, 0.5, 0.9, 0.1, 0.1, 0.7])
    assert ranks_of(y) == pytest.approx(scipy.stats.rankdata(y))


def test_where_both_agree_nothing_is_said() -> None:
    random = np.random.default_rng(1)
    results = session(0.1 * np.tile(np.repeat([1, 2, 3], 2), 4) + 0.01 * random.normal(size=24))
    found = analyse(results, metric="score")
    assert found.effects[0].in_ranks is True
    assert "ranks" not in " ".join(sentences(found))


def test_an_effect_that_a_few_wild_losses_hide_is_pointed_at() -> None:
    """Two trainings that ran away make a variance in which a clear order of the rates disappears."""
    random = np.random.default_rng(2)
    y = 0.1 * np.tile(np.repeat([1, 2, 3], 2), 4) + 0.01 * random.normal(size=24)
    y[[3, 20]] = 400.0, 250.0
    found = analyse(session(y), metric="score")
    assert not found.effects[0].real
    assert "By the ranks of the scores it has an effect: a few extreme scores may hide it." in said_of(
        found, "rate"
    )
