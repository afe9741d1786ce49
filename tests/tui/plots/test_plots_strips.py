"""Strips: every training of a value, on the axis that all values share."""

from __future__ import annotations

import numpy as np

from hpo_tui.plots.strips import Strip, strip_rows


def strip(numbers: list[float], collapsed: int = 0) -> Strip:
    return Strip(np.array(numbers), np.arange(len(numbers)) < collapsed, 40)


def texts(strips: list[Strip], width: int = 8, plain: bool = False) -> list[str]:
    return ["".join(text for text, _ in row) for row in strip_rows(strips, (0.0, 1.0), width, plain)]


def test_every_row_has_its_numbers_in_their_places_and_heights_are_shares_of_each_row() -> None:
    assert texts([strip([0.0, 1.0, 1.0]), strip([0.5] * 6)]) == ["▃······▆", "····█···"]


def test_what_collapsed_has_its_sign_and_what_is_beyond_the_axis_an_arrow() -> None:
    assert texts([strip([0.0, 0.99], collapsed=1), strip([-3.0, 0.5])]) == ["⊘······█", "<···█···"]


def test_a_value_without_a_training_yet_is_an_empty_axis_and_ascii_is_ascii() -> None:
    assert texts([strip([])]) == ["········"]
    assert texts([strip([0.0, 1.0, 1.0])], plain=True)[0].isascii()
