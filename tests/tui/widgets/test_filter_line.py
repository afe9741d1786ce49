"""The filter line: its example is of this session, and what is wrong with a line can be read whole."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from places import PAPER
from textual.widgets import Input, Static

from hpo_core.results.filter import compile_filter
from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder
from hpo_tui.desk.filter_example import filter_example


@pytest.fixture
def imported(sessions: Path) -> SessionFolder:
    shutil.copytree(PAPER, sessions / "paper")
    return SessionFolder(sessions / "paper")


def test_the_example_can_be_typed_and_takes_something_out(imported) -> None:
    snapshot = read_session(imported)
    example = filter_example(snapshot)
    assert example == "learning_rate<=0.001 and optimizer!=p and accuracy>0.89"
    assert 0 < compile_filter(example, snapshot).mask(snapshot).sum() < 60


def test_the_example_needs_no_result(make_session) -> None:
    assert filter_example(read_session(make_session(done=0))) == "learning_rate<=0.001 and loss!=poisson"


@pytest.mark.parametrize("width", [80, 120])
async def test_an_error_is_shown_whole_and_moves_nothing(imported, open_app, width: int) -> None:
    async with open_app(imported, size=(width, 30)) as see:
        await see.press("slash")
        await see.until(lambda: isinstance(see.app.focused, Input))
        assert see.app.focused.placeholder == filter_example(read_session(imported))
        below = see.app.screen.query_one("#filter-error", Static)
        await see.until(lambda: below.region.width > 60)
        before = see.app.screen.query_one("#queue").region
        await see.press(*"learning_rato<1")
        await see.until(lambda: "learning_rato" in str(below.content))
        shown = " ".join(line.text for line in below.render_lines(below.size.region))
        assert shown.split() == str(below.content).split()
        assert see.app.screen.query_one("#queue").region == before


async def test_keys_that_move_a_cursor_do_no_harm_in_the_line(imported, open_app) -> None:
    async with open_app(imported) as see:
        for key in ("up", "down", "pageup", "pagedown"):
            await see.press("slash")
            await see.until(lambda: isinstance(see.app.focused, Input))
            await see.press(key, "escape")
            await see.until(lambda: not isinstance(see.app.focused, Input))
            await see.shows("values", "learning_rate")
