"""A search has as many values as trials: they are shown in a few ranges between round numbers."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpo_core.plan.grid import Grid, Hyperparameter
from hpo_core.plan.hyperparameters import Value
from hpo_core.plan.ranges import Range
from hpo_core.results.levels import MOST, Levels, levels_of

DRAWS = np.random.default_rng(1)
RATES = [float(f"{rate:.3g}") for rate in 10 ** DRAWS.uniform(-5, -1, 60)]


def lines(values: list[Value], drawn: Range | None = None) -> Levels:
    """The lines of one hyperparameter of a search with a trial for each of these values."""
    rows = tuple((value,) for value in values)
    [levels] = levels_of(Grid((Hyperparameter("x", tuple(dict.fromkeys(values)), drawn),), rows))
    return levels


@pytest.mark.parametrize(
    ("values", "drawn", "labels"),
    [
        (RATES, None, ("1e-5..1e-4", "1e-4..1e-3", "1e-3..0.01", "0.01..0.1")),
        (
            RATES[:20],
            Range(3e-6, 0.3, "log"),
            ("3e-6..1e-5", "1e-5..1e-4", "1e-4..1e-3", "1e-3..0.01", "0.01..0.1"),
        ),
        (DRAWS.uniform(0, 0.48, 60).tolist(), None, ("0..0.1", "0.1..0.2", "0.2..0.3", "0.3..0.4", "0.4..0.5")),
        (DRAWS.integers(8, 65, 60).tolist(), Range(8, 64, int=True), ("8..19", "20..39", "40..59", "60..64")),
    ],
    ids=["logarithmic", "of a declared range", "linear", "whole"],
)
def test_ranges_lie_between_round_numbers(
    values: list[Value], drawn: Range | None, labels: tuple[str, ...]
) -> None:
    found = lines(values, drawn)
    assert set(found.labels) <= set(labels)
    assert len(found.labels) >= len(labels) - 1


def test_a_grids_own_values_and_few_values_of_a_search_stand_alone() -> None:
    many = tuple(range(20))
    [levels] = levels_of(Grid((Hyperparameter("x", many),)))
    assert levels.groups == tuple((value,) for value in many)
    assert not lines([float(value) for value in range(12)]).gathered
    assert not lines([8, 16, 24] * 10, Range(8, 64, step=8, int=True)).gathered
    assert not levels_of(Grid((Hyperparameter("x", (), Range(0.0, 1.0)),), ()))[0].groups


def test_what_is_no_number_stands_beside_the_ranges() -> None:
    found = lines([*RATES, "not set"])
    assert found.labels[-1] == "not set"
    assert found.groups[-1] == ("not set",)


@given(st.lists(st.floats(allow_nan=True) | st.integers() | st.text(max_size=3), min_size=1, max_size=60))
def test_whatever_the_values_each_stands_in_one_line_and_ranges_ascend(values: list[Value]) -> None:
    values = [value for value in values if value == value]
    found = lines(values or [0.0])
    every = found.factor.values
    assert sorted((value for group in found.groups for value in group), key=str) == sorted(every, key=str)
    for value, line in zip(every, found.of.tolist(), strict=True):
        assert value in found.groups[line]
    if found.gathered:
        ranges = [group for group in found.groups if len(group) > 1]
        assert len(ranges) <= MOST + 1
        ends = [(min(group), max(group)) for group in ranges if not any(isinstance(v, str) for v in group)]
        assert all(before[1] <= after[0] for before, after in pairwise(ends))


def test_a_line_is_out_of_view_when_nothing_of_it_is_left() -> None:
    found = lines(RATES)
    hidden = np.array([value in found.groups[0] for value in found.factor.values])
    assert found.within(hidden).tolist() == [True, *[False] * (len(found.groups) - 1)]
    hidden[found.factor.values.index(found.groups[0][0])] = False
    assert not found.within(hidden).any()
