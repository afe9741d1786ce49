"""Shared seeds: what a mean, and a difference of two, has of each effect's variation over the seeds."""

from __future__ import annotations

import functools
import itertools

import numpy as np
import pytest

from hpo_core.effects import Factor, Results, analyse
from hpo_core.effects.anova import analyse_variance
from hpo_core.effects.cells import Cells, cells_of
from hpo_core.effects.spread import SharedSeeds, spread_of
from hpo_core.effects.words import sentences

SHAPE = (3, 2, 4)
SEEDS = 3


def session(random: np.random.Generator, correlation: float = 0.8, effect: float = 0.0) -> Results:
    """Trials of which those with the same first value are near-copies of each other, seed by seed."""
    levels = np.array(list(itertools.product(*map(range, SHAPE))))
    codes = np.tile(levels, (SEEDS, 1))
    replicate = np.repeat(np.arange(1, SEEDS + 1), len(levels))
    seed = random.normal(size=(SHAPE[0], SEEDS + 1))[codes[:, 0], replicate]
    own = random.normal(size=len(codes))
    y = 0.5 + 0.01 * (correlation**0.5 * seed + (1 - correlation) ** 0.5 * own + effect * codes[:, 2])
    factors = tuple(Factor(name, tuple(range(size))) for name, size in zip("abc", SHAPE, strict=True))
    return Results(factors, codes, y, replicate, np.tile(np.arange(1, len(levels) + 1), SEEDS), blocked=True)


def projection(term: tuple[int, ...]) -> np.ndarray:
    """Return the projection of a table of trials on one effect, as a matrix."""
    parts = []
    for place, size in enumerate(SHAPE):
        mean = np.full((size, size), 1 / size)
        parts.append(np.eye(size) - mean if place in term else mean)
    return functools.reduce(np.kron, parts)


def spread(results: Results) -> tuple[Cells, SharedSeeds]:
    cells = cells_of(results)
    found = spread_of(cells, analyse_variance(cells, results.factors, 2))
    assert isinstance(found, SharedSeeds)
    return cells, found


@pytest.mark.parametrize("term", [(0, 1, 2), (0,), (2,), (0, 1)])
def test_a_difference_has_of_each_effect_what_it_projects_on_it(term: tuple[int, ...]) -> None:
    cells, found = spread(session(np.random.default_rng(1)))
    own = cells.levels[:, list(term)]
    first = np.array([0, 3, 11, 17])
    second = 22
    weights = found.of_difference(term, first, second)
    for row, cell in enumerate(first):
        alike = [np.all(own == own[which], axis=1) for which in (cell, second)]
        vector = alike[0] / alike[0].sum() - alike[1] / alike[1].sum()
        terms = [part for size in (1, 2, 3) for part in itertools.combinations(range(3), size)]
        expected = {part: vector @ projection(part) @ vector / SEEDS for part in terms}
        assert weights[row, :6] == pytest.approx([expected[part] for part in found.terms[:6]])
        assert weights[row, 6] == pytest.approx(expected[0, 1, 2])
        assert weights[row, 7] == pytest.approx(0)


def test_a_mean_is_as_sure_as_its_means_by_seed_are() -> None:
    """The interval of all trainings' mean is Student's, of one number for each seed."""
    from scipy import stats

    results = session(np.random.default_rng(2))
    _, found = spread(results)
    by_seed = results.y.reshape(SEEDS, -1).mean(axis=1)
    expected = stats.sem(by_seed) * stats.t.ppf(0.975, SEEDS - 1)
    assert found.half_width(found.of_mean((), 0), 0.05) == pytest.approx(expected)


def test_near_copies_are_not_counted_as_so_many_pieces_of_evidence() -> None:
    alarms = 0
    for seed in range(100):
        results = session(np.random.default_rng(seed))
        found = analyse_variance(cells_of(results), results.factors, 2, seen=False)
        alarms += any(line.real for line in found.effects)
    assert alarms <= 12  # of 100 at 5 %; judged as independent trainings it is more than 50


def test_an_effect_that_all_seeds_agree_on_is_found_and_the_few_seeds_are_said() -> None:
    found = analyse(session(np.random.default_rng(3), effect=2.0), metric="val_accuracy")
    line = found.effect("c")
    assert line is not None
    assert (line.real, line.df, line.noise_df) == (True, 3, 6)
    said = next(words for words in sentences(found) if "the same 3 seeds" in words)
    assert "each effect is judged by how it varies from seed to seed" in said
