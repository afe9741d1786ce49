"""The answer in one line: a stranger asks what won, what does not matter, and what now."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from msgspec.structs import replace

from hpo_core.effects import Effects, Factor, Results, analyse
from hpo_core.effects.answer import BETWEEN, Part, SoFar, answer, fitted
from hpo_core.effects.wiring import SameCurves

RATES, WIDTHS = (1e-4, 1e-3, 1e-2), (8, 16, 32)
FACTORS = (Factor("rate", RATES), Factor("width", WIDTHS))
DONE = SoFar(36, 36)
CLEAR = [[0.7, 0.7, 0.7], [0.9, 0.9, 0.9], [0.895, 0.895, 0.895]]
FLAT = [[0.9, 0.9, 0.9]] * 3
CROSSED = [[0.6, 0.8, 0.98], [0.8, 0.8, 0.8], [0.98, 0.8, 0.6]]


def found(table: list[list[float]], sd: float = 0.01, replicates: int = 4, count: int = 99) -> Effects:
    """The findings of the first trainings around a table of true scores, rate by width."""
    codes = np.tile(np.array(list(itertools.product(range(3), range(3)))), (replicates, 1))
    y = np.array(table)[codes[:, 0], codes[:, 1]] + sd * np.random.default_rng(3).normal(size=len(codes))
    order = np.repeat(np.arange(1, replicates + 1), 9)
    results = Results(FACTORS, codes, y, order, np.tile(np.arange(1, 10), replicates))
    return analyse(results.only(np.arange(len(y)) < count), metric="accuracy")


def line(effects: Effects | None, so_far: SoFar = DONE, width: int = 1000) -> str:
    return BETWEEN.join(text for _, text in fitted(answer(effects, so_far), width))


def steps(effects: Effects, so_far: SoFar = DONE) -> list[str | None]:
    return [part.step for part in answer(effects, so_far) if part.step]


def test_what_decides_what_is_noise_what_is_best_and_what_to_do_are_said_in_this_order() -> None:
    said = line(found(CLEAR)).split(BETWEEN)
    assert said[0] == "rate decides"
    assert said[1] == "width is noise: keep one, a third of the work"
    assert said[2].startswith("best: trial ")
    assert "not told from" in said[2]
    assert said[3:] == ["drop 1 losing value"]


def test_at_any_width_it_says_the_most_that_fits_and_cuts_no_word() -> None:
    whole = answer(found(CLEAR), DONE)
    wordings = {text for part in whole for text in part.texts}
    lengths = []
    for width in range(34, 130):
        said = [text for _, text in fitted(whole, width)]
        assert set(said) <= wordings
        assert len(BETWEEN.join(said)) <= width
        lengths.append(len(said))
    assert lengths[0] < 4 == lengths[45]  # at 79 all four are said
    assert lengths == sorted(lengths)


def test_where_nothing_stands_out_it_says_that_nothing_decides() -> None:
    said = line(found(FLAT, sd=0.003, replicates=8))
    assert said.startswith("nothing decides: rate and width are noise: keep one of each, 1/9 of the work")
    assert "nothing decides · best: trial 1, not told from 8 others" in line(
        found(FLAT, sd=0.003, replicates=8), width=80
    )
    assert steps(found(FLAT, sd=0.003, replicates=8)) == ["use", "refine"]


def test_hyperparameters_that_matter_only_together_are_not_called_noise() -> None:
    said = line(found(CROSSED))
    assert "rate and width matter only together" in said
    assert "noise" not in said


@pytest.mark.parametrize(
    ("effects", "so_far", "says"),
    [
        (None, SoFar(0, 36), "no training has ended"),
        (None, SoFar(0, 36, goes_on=True), "the first results are on their way"),
        (found(CLEAR, replicates=1), DONE, "each trial is trained once: what is noise is not known yet"),
        (found(FLAT, count=11), SoFar(11, 36, goes_on=True), "too early to say what decides: 11 of 36"),
    ],
)
def test_while_little_is_known_it_says_what_is_missing(effects: Effects | None, so_far: SoFar, says: str) -> None:
    assert says in line(effects, so_far)


def test_while_training_goes_on_the_best_is_best_so_far_and_only_losers_are_offered() -> None:
    assert "best so far: trial" in line(found(CLEAR), SoFar(30, 36, goes_on=True))
    assert steps(found(CLEAR), SoFar(30, 36, goes_on=True)) == ["drop"]
    assert steps(found(FLAT, sd=0.003), SoFar(30, 36, goes_on=True)) == []


def test_a_table_that_cannot_be_trained_is_offered_no_training() -> None:
    assert steps(found(FLAT, sd=0.003, replicates=8), SoFar(72, 72, trainable=False)) == ["export"]


def test_what_the_collapsed_trainings_hide_is_neither_noise_nor_signal() -> None:
    codes = np.tile(np.array(list(itertools.product(range(3), range(3)))), (4, 1))
    y = 0.5 + 0.1 * codes[:, 1] + 0.01 * np.random.default_rng(1).normal(size=36)
    y[(codes[:, 0] == 2) & (np.arange(36) % 2 == 0)] = math.pi / 100
    trial, order = np.tile(np.arange(1, 10), 4), np.repeat(np.arange(1, 5), 9)
    collapsed = y < 0.1
    effects = analyse(Results(FACTORS, codes, y, order, trial, collapsed=collapsed), metric="accuracy")
    said = line(effects, DONE)
    assert "width matters once the 6 collapsed trainings are left out (x)" in said
    assert "width is noise" not in said


def test_a_hyperparameter_that_reaches_no_training_comes_first() -> None:
    fault = SameCurves("width", WIDTHS, every_value=True, pairs=9, exact=True)
    said = line(replace(found(CLEAR), wiring=(fault,)))
    assert said.startswith("width changes nothing in the training: look at the code · rate decides")
    assert "width is noise" not in said


def test_the_least_that_is_said_is_said_whatever_the_width() -> None:
    parts = (Part("decides", ("a long name decides",)), Part("best", ("best: trial 1",)), Part("next", ("go", "")))
    assert [text for _, text in fitted(parts, 5)] == ["a long name decides", "best: trial 1"]
