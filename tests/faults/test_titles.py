"""Whatever stands in a title, a dialog or a cell: it is shown character by character, and ends no app."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from drill_app import opened
from drill_tools import new_session
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.content import Content

from hpo_core.interop.import_table import import_table
from hpo_core.journal.lock import SessionLock
from hpo_core.session.status import LiveStatus, write_status
from hpo_core.text import clean
from hpo_tui.look.inks import DEFAULT
from hpo_tui.look.theme import palette
from hpo_tui.screens.dialogs import Choice, Words
from hpo_tui.widgets.cell_pane import CellPane

PIECES = [
    "[",
    "]",
    "/",
    "[/",
    "[/]",
    "\\",
    "[@click=app.exit]",
    "cl=$@=",
    "b",
    "é",
    "中",
    "'",
    '"',
    "\x1b[2J",
    "\x9b",
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=8).map("".join) | st.text(max_size=20)
BREAKING = ["[/", "[cl=$@=b", "KeyError: '[/foo'", "on [/device:GPU:0", "\\[b", "a\\", "[@click=app.exit]x[/]"]


class Panes(App[None]):
    """One framed pane."""

    CSS = "CellPane { border: round white; width: 90; height: 3; }"

    def compose(self) -> ComposeResult:
        yield CellPane()

    @property
    def top(self) -> str:
        return self.screen._compositor.render_strips()[0].text


@pytest.mark.fault(37)
def test_a_title_shows_exactly_its_text() -> None:
    async def look() -> None:
        app = Panes()
        async with app.run_test(size=(100, 6)):
            pane = app.screen.query_one(CellPane)

            @settings(max_examples=400, deadline=None, database=None)
            @given(title=TEXTS, subtitle=TEXTS)
            def check(title: str, subtitle: str) -> None:
                pane.entitle("another")
                pane.entitle(title, subtitle)
                for text, shown in ((title, pane._border_title), (subtitle, pane._border_subtitle)):
                    assert isinstance(shown, Content)
                    assert shown.plain == clean(text.partition("\n")[0])
                    assert shown.spans == []

            check()

    asyncio.run(look())


@pytest.mark.parametrize("text", BREAKING)
async def test_a_title_stands_on_the_frame_as_it_was_given(text: str) -> None:
    app = Panes()
    async with app.run_test(size=(100, 6)) as pilot:
        app.screen.query_one(CellPane).entitle(text)
        await pilot.pause()
        assert f" {text} " in app.top


def test_a_cell_that_nobody_cleaned_is_cleaned_on_its_way_to_the_terminal() -> None:
    pane = CellPane()
    pane._palette = palette("dark")
    assert pane._strip((("a\x1b[2J\u202e", DEFAULT),)).text == "a␛[2J<U+202E>"


@pytest.mark.fault(37)
async def test_dialogs_show_their_words_literally(tmp_path: Path) -> None:
    async with opened(tmp_path) as see:
        home = see.app.screen
        for text in (*BREAKING, "\x1b]0;owned\x07", "a\u202eb"):
            for dialog, times in ((Words(text, [text]), 2), (Choice(text, text, [("a", text)]), 3)):
                see.app.push_screen(dialog)
                await see.until(
                    lambda dialog=dialog, text=text, times=times: (
                        see.app.screen is dialog and see.text.count(clean(text)) == times
                    ),
                    text,
                )
                await see.press("escape")
                await see.until(lambda: see.app.screen is home, "home")
        assert see.app.is_running


@pytest.mark.fault(37)
@pytest.mark.parametrize("text", ["[/", "[cl=$@=b", "\\[@click=app.exit]x"])
async def test_a_value_with_an_unclosed_bracket_stands_under_the_cursor_and_ends_no_app(
    tmp_path: Path, text: str
) -> None:
    table = tmp_path / "table.csv"
    table.write_text(f"opt,filters,val_accuracy\n{text},1,0.9\nb,2,0.1\n", encoding="utf-8")
    folder = import_table(table, tmp_path / "sessions", "table").folder
    async with opened(tmp_path / "sessions", folder) as see:
        await see.shows("val_accuracy")
        await see.press("tab", "down", "up")
        await see.shows(f"opt {text} · filters 1 ─╯")


@pytest.mark.fault(37)
async def test_what_the_engine_says_may_have_an_unclosed_bracket(tmp_path: Path) -> None:
    folder = new_session(tmp_path / "sessions", "drill")
    with SessionLock(folder.lock):
        async with opened(tmp_path / "sessions", folder) as see:
            for text in ("5 trainings in a row failed the same way: KeyError: '[/foo'", "on [/device:GPU:0"):
                write_status(folder.status, LiveStatus(1, 9, time.time(), 2, 2, message=text))
                await see.shows(text)
