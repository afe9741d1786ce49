"""Numbers as people read them: aligned decimals, round ticks, and steps of the ramp that point the right way."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hpo_core.plan.metrics import Objective
from hpo_tui.plots.frame import ends_first
from hpo_tui.plots.scale import format_numbers, format_ticks, fraction, ramp_steps, round_ticks


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ((0.75215, 0.96605), ("0.7522", "0.9661")),
        ((0.0159, 0.9661), ("0.0159", "0.9661")),
        ((1.031, 7.25), ("1.031", "7.250")),
        ((120.25, 80.5), ("120.3", "80.5")),
        ((0.0, -0.00001, 0.5), ("0.0000000", "-0.0000100", "0.5000000")),
        ((12345.0, 0.0), ("12345", "0")),
        ((2.5e-7, 1e-7), ("2.50e-7", "1.00e-7")),
        ((float("nan"), 0.5), ("–", "0.5000")),
        ((0.0, 0.0), ("0", "0")),
        ((), ()),
    ],
)
def test_numbers_share_their_decimals(values: tuple[float, ...], texts: tuple[str, ...]) -> None:
    assert format_numbers(values) == texts


def test_close_numbers_get_the_decimals_that_tell_them_apart() -> None:
    assert format_numbers((0.96651, 0.96654)) == ("0.966510", "0.966540")
    assert format_numbers((0.96651, 0.96654), gap=0.0) == ("0.9665", "0.9665")


def test_no_number_is_minus_nought() -> None:
    assert format_numbers((-0.00001, 0.5), gap=0.0) == ("0.0000", "0.5000")


@pytest.mark.parametrize(
    ("low", "high", "most", "ticks"),
    [
        (0.7522, 0.9661, 4, ("0.80", "0.85", "0.90", "0.95")),
        (0.0, 100.0, 5, ("0", "50", "100")),
        (1.0, 3.0, 5, ("1.0", "1.5", "2.0", "2.5", "3.0")),
        (5.0, 5.0, 3, ("5",)),
        (-0.02, 0.02, 5, ("-0.02", "-0.01", "0.00", "0.01", "0.02")),
    ],
)
def test_ticks_are_round_and_within_the_limits(low: float, high: float, most: int, ticks: tuple[str, ...]) -> None:
    assert format_ticks(round_ticks(low, high, most)) == ticks


@example(0.0, 9.99999999e307, 1)
@given(st.floats(allow_nan=False), st.floats(allow_nan=False), st.integers(0, 12))
def test_there_are_never_more_ticks_than_asked_for(low: float, high: float, most: int) -> None:
    ticks = round_ticks(min(low, high), max(low, high), most)
    assert len(ticks) <= max(most, 0)
    assert all(math.isfinite(tick) for tick in ticks)


def test_the_last_step_is_the_better_end_whichever_direction_is_better() -> None:
    scores = np.array([0.0, 0.5, 1.0, np.nan, np.inf])
    assert ramp_steps(scores, 0.0, 1.0, Objective("accuracy")).tolist() == [0, 6, 11, -1, -1]
    assert ramp_steps(scores, 0.0, 1.0, Objective("loss", "min")).tolist() == [11, 6, 0, -1, -1]


@pytest.mark.parametrize("better", ["max", "min"])
def test_scores_that_are_all_the_same_are_all_best(better: str) -> None:
    metric = Objective("m", "max" if better == "max" else "min")
    assert ramp_steps(np.array([0.3, 0.3]), 0.3, 0.3, metric).tolist() == [11, 11]


def test_the_largest_floats_do_not_overflow() -> None:
    assert fraction(np.array([-1.7e308, 0.0, 1.7e308]), -1.7e308, 1.7e308).tolist() == [0.0, 0.5, 1.0]


@given(st.integers(0, 60))
def test_labels_claim_their_room_from_both_ends_and_each_once(count: int) -> None:
    order = ends_first(count)
    assert sorted(order) == list(range(count))
    assert order[:2] == [0, count - 1][:count]
