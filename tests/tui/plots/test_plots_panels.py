"""The flat scatter: a panel for each value of the third hyperparameter, every trial in its place."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from hpo_core.plan.metrics import Objective
from hpo_tui.look.inks import CURSOR, STRONG
from hpo_tui.plots.data import Axis, Trials, trials
from hpo_tui.plots.legend import SHAPES, SIZES
from hpo_tui.plots.scatter_numbers import ScatterLook
from hpo_tui.plots.scatter_plot import point_at, scatter

ACCURACY = Objective("accuracy", "max")
AXES = (
    Axis("rate", ("0.0001", "0.0005", "0.001", "0.005", "0.01"), (1e-4, 5e-4, 1e-3, 5e-3, 1e-2)),
    Axis("loss", ("p", "c", "m")),
    Axis("filters", ("12", "24", "36", "48"), (12.0, 24.0, 36.0, 48.0)),
)
CODES = np.array(list(itertools.product(range(5), range(3), range(4))))
SCORES = np.round(np.linspace(0.111, 0.989, 60), 3)
FLAT = ScatterLook(box=False)


def sixty(highlight: int | None = None) -> Trials:
    return trials(AXES, CODES, SCORES, highlight=highlight)


def test_sixty_trials_stand_in_the_view_of_120_columns_each_with_its_number() -> None:
    text = scatter(sixty(), ACCURACY, 68, 20, FLAT).text()
    for score in SCORES:
        assert f"{score:.3f}"[1:] in text
    for label in ("filters 12", "filters 48", "→ rate", "↑ loss", ".0005", "accuracy ↑"):
        assert label in text


def test_where_there_is_no_room_for_every_number_there_is_none_and_every_trial_has_its_mark() -> None:
    text = scatter(sixty(), ACCURACY, 38, 16, FLAT).text()
    assert ".989" not in text.split("\n", 1)[1]
    below = text.split("\n", 1)[1]
    assert sum(below.count(sign) for sign in SIZES) == 60


@pytest.mark.parametrize("size", [(38, 16), (68, 20), (122, 36)])
def test_a_click_finds_the_trial_that_stands_there(size: tuple[int, int]) -> None:
    for trial in (0, 17, 59):
        picture = scatter(sixty(highlight=trial), ACCURACY, *size, FLAT)
        cells = [
            (sum(len(text) for text, _ in row[:place]), down)
            for down, row in enumerate(picture.rows)
            for place, (_, ink) in enumerate(row)
            if ink == CURSOR
        ]
        assert point_at(sixty(), ACCURACY, *size, FLAT, cells[0]) == trial


def test_the_best_trials_number_stands_out() -> None:
    picture = scatter(sixty(), ACCURACY, 68, 20, FLAT)
    strong = [text.strip() for row in picture.rows for text, ink in row if ink == STRONG]
    assert any(".989" in text for text in strong)
    assert not any(".974" in text for text in strong)


def test_without_colours_shapes_tell_the_scores_apart() -> None:
    text = scatter(sixty(), ACCURACY, 68, 20, ScatterLook(box=False, shapes=True)).text()
    assert all(shape in text for shape in SHAPES)


def test_in_a_wide_view_marks_are_larger() -> None:
    assert "███" in scatter(sixty(), ACCURACY, 122, 36, FLAT).text()
    assert "█" not in scatter(sixty(), ACCURACY, 122, 36, FLAT, ascii=True).text()


def test_more_panels_than_there_is_room_for_become_the_box() -> None:
    many = (*AXES[:2], Axis("seed", tuple(map(str, range(90)))))
    codes = np.array(list(itertools.product(range(5), range(3), range(90))))
    drawn = trials(many, codes, np.linspace(0, 1, len(codes)))
    assert "→ rate" not in scatter(drawn, ACCURACY, 68, 20, FLAT).text()


def test_trials_that_are_still_to_come_have_a_place() -> None:
    waiting = SCORES.copy()
    waiting[1:] = np.nan
    text = scatter(trials(AXES, CODES, waiting), ACCURACY, 68, 20, FLAT).text()
    assert text.count("·") == 59
