"""The metric against each hyperparameter, a panel for each."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from hpo_core.plan.metrics import Objective
from hpo_tui.look.inks import category
from hpo_tui.plots.data import Axis, trials
from hpo_tui.plots.slice_plot import slice_numbers, slices

ACCURACY = Objective("accuracy", "max")
AXES = (Axis("rate", ("0.001", "0.01")), Axis("loss", ("p", "c", "m"), places=(0, 2, 3)))
CODES = np.array(list(itertools.product(range(2), range(3))) * 2)
SCORES = np.where(CODES[:, 0] == 0, 0.9, 0.3) + 0.01 * CODES[:, 1]
TRAININGS = trials(AXES, CODES, SCORES)


def test_each_value_has_the_mean_of_its_trainings() -> None:
    numbers = slice_numbers(TRAININGS)
    assert numbers is not None
    assert (numbers.low, numbers.high) == (pytest.approx(0.3), pytest.approx(0.92))
    assert numbers.means[0] == pytest.approx([0.91, 0.31])
    assert numbers.counts == ((6, 6), (4, 4, 4))


def test_every_hyperparameter_has_a_panel_with_its_values_and_one_axis_of_the_metric() -> None:
    picture = slices(TRAININGS, ACCURACY, 68, 18)
    text = picture.text()
    for words in ("accuracy ↑", "rate", "loss", "0.001", "0.01", "0.6"):
        assert words in text
    inked = {ink for row in picture.rows for text, ink in row if "●" in text or "─" in text}
    assert {
        category(0),
        category(1),
        category(2),
        category(3),
    } <= inked  # c keeps its own


def test_panels_that_do_not_fit_are_counted() -> None:
    assert "+1 more" in slices(TRAININGS, ACCURACY, 30, 8).text()


def test_before_the_first_result_it_says_what_will_come() -> None:
    nothing = trials(AXES, CODES, np.full(len(CODES), np.nan))
    assert "first results" in " ".join(slices(nothing, ACCURACY, 60, 10).text().split())
