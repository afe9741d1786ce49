"""The grid: trials numbered once, jobs replicate-major."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpo_core.plan.grid import Grid, Hyperparameter, JobKey

GRID = Grid((Hyperparameter("rate", (0.1, 0.2)), Hyperparameter("loss", ("a", "b", "c"))))
LISTED = Grid(GRID.hyperparameters, ((0.2, "a"), (0.1, "c")))


def test_trials_are_numbered_with_the_last_hyperparameter_fastest() -> None:
    assert [(trial.number, *trial.values.values()) for trial in GRID.trials()] == [
        (1, 0.1, "a"),
        (2, 0.1, "b"),
        (3, 0.1, "c"),
        (4, 0.2, "a"),
        (5, 0.2, "b"),
        (6, 0.2, "c"),
    ]


def test_a_listed_grid_has_the_trials_that_it_lists() -> None:
    assert [tuple(trial.values.values()) for trial in LISTED.trials()] == [(0.2, "a"), (0.1, "c")]
    assert LISTED.codes.tolist() == [[1, 0], [0, 2]]


@pytest.mark.parametrize("number", [0, -1, 7])
def test_there_is_no_trial_beyond_the_grid(number: int) -> None:
    with pytest.raises(IndexError, match=f"there is no trial {number}: the grid has 6"):
        GRID[number]


def test_every_trial_s_first_replicate_comes_before_any_second() -> None:
    assert [str(key) for key in LISTED.jobs(2)] == ["trial 1 r1", "trial 2 r1", "trial 1 r2", "trial 2 r2"]
    assert JobKey(1, 2) in set(GRID.jobs(2))


@given(sizes=st.lists(st.integers(1, 5), min_size=1, max_size=4))
def test_number_values_and_codes_agree_for_every_grid(sizes: list[int]) -> None:
    factors = tuple(Hyperparameter(f"h{n}", tuple(range(10, 10 + size))) for n, size in enumerate(sizes))
    grid = Grid(factors)
    expected = list(itertools.product(*(factor.values for factor in factors)))
    assert [tuple(trial.values.values()) for trial in grid.trials()] == expected
    assert (grid.codes + 10).tolist() == [list(row) for row in expected]
    assert not grid.codes.flags.writeable


def test_a_large_grid_costs_nothing_until_it_is_walked() -> None:
    grid = Grid(tuple(Hyperparameter(f"h{n}", tuple(range(100))) for n in range(6)))
    assert len(grid) == 10**12
    assert list(grid[10**12].values.values()) == [99] * 6
