"""Sessions are marked at home and compared: one ranking, one table of values, one plot, or why not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hpo_core.plan.metrics import Objective
from hpo_core.plan.spec import SessionSpec
from hpo_core.session.store import create
from hpo_tui.look.inks import category
from hpo_tui.plots.data import Axis, trials
from hpo_tui.plots.picture import Picture
from hpo_tui.plots.slice_plot import Groups, slices


def screen(see) -> str:
    return type(see.app.screen).__name__


async def compare(see) -> None:
    """Mark the first two sessions of the list, and compare them."""
    await see.press("home", "space", "space")
    await see.shows("sessions", "2 marked")
    await see.press("equals_sign")
    await see.until(lambda: screen(see) == "CompareScreen")


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_marked_sessions_are_one_ranking_one_table_and_one_plot(make_session, open_app, size) -> None:
    make_session("first")
    make_session("second", done=6)
    async with open_app(size=size) as see:
        await see.shows("sessions", "2 sessions")
        await compare(see)
        await see.shows("said", "6 trials of second")
        assert "12 trials of first" in see.text("said")
        await see.shows("ranking", "0.9450 ± 0.0071")
        assert see.text("ranking").count("first") + see.text("ranking").count("second") > 3
        await see.press("tab")
        await see.shows("means", "0.6250 (4)")
        await see.press("tab")
        await see.shows("plot", "◆ first")
        assert "learning_rate" in see.text("plot")
        await see.press("m")
        await see.shows("said", "↑ accuracy")
        await see.press("escape")
        await see.until(lambda: screen(see) == "HomeScreen")
        assert "2 marked" in see.text("sessions")


async def test_enter_opens_the_session_of_the_ranked_trial(make_session, open_app) -> None:
    make_session("first")
    make_session("second", done=6)
    async with open_app() as see:
        await see.shows("sessions", "2 sessions")
        await compare(see)
        await see.shows("ranking", "0.9450")
        await see.press("down", "enter")
        await see.shows("header", "first")


async def test_what_cannot_be_compared_says_why(make_session, open_app, sessions: Path) -> None:
    make_session("first")
    other = '[data]\nsource = "import"\n[grid]\nx = [1, 2]\n[session]\nobjective = "val_accuracy"\n'
    create(sessions, "other", SessionSpec.parse(other))
    async with open_app(size=(80, 24)) as see:
        await see.shows("sessions", "2 sessions")
        await see.press("equals_sign")
        assert screen(see) == "HomeScreen", "nothing is marked"
        await compare(see)
        await see.until(lambda: "share no hyperparameter" in " ".join(see.text("said").split()))


def test_each_session_has_a_sign_a_colour_and_a_mean_of_its_own_in_the_plot() -> None:
    axis = Axis("rate", ("0.1", "0.2"), (0.1, 0.2))
    rows = trials((axis,), np.array([[0], [1], [0], [1]]), [0.2, 0.4, 0.6, 0.8])

    def drawn(*names: str) -> Picture:
        of_two = Groups(names, np.array([0, 0, 1, 1]))
        return slices(rows, Objective("accuracy", "max"), 40, 14, groups=of_two)

    picture = drawn("a", "b")
    text = picture.text()
    assert (text.count("●"), text.count("◆")) == (3, 3), "two points each, and the name"
    inked = {(sign, ink) for row in picture.rows for said, ink in row for sign in said if sign in "●◆"}
    assert inked == {("●", category(0)), ("◆", category(1))}
    assert "+1 more" in drawn("a-long-name-of-a-session", "another-long-name-of-one").text()
