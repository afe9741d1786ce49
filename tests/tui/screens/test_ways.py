"""Ways to everywhere: a letter opens each view, escape never quits, the footer is clicked, notices hide little."""

from __future__ import annotations

import importlib
import pkgutil

import pytest
from textual.command import CommandList
from textual.screen import Screen
from textual.widgets import Input
from textual.widgets._toast import Toast

from hpo_core.journal.lock import SessionLock
from hpo_core.plan.spec import SessionSpec
from hpo_core.session.store import create
from hpo_tui import screens
from hpo_tui.app import HpoApp
from hpo_tui.views import VIEWS
from hpo_tui.widgets.cell_pane import CellPane


async def test_g_and_a_letter_open_the_view_whose_tab_has_it_underlined(make_session, open_app) -> None:
    async with open_app(make_session()) as see:
        for view in VIEWS:
            await see.press("g")
            assert "i hist" in see.text("footer")
            await see.press(view.letter)
            await see.until(lambda view=view: f"[{view.tab or view.title}"[:5] in see.text("view"))
            assert "i hist" not in see.text("footer")
        await see.press("g", "escape", "e")  # escape ends the offer, and "e" is the key that it is else
        assert "[machine]" in see.text("view")
        await see.until(lambda: [note.message[:8] for note in see.app._notifications] == ["Exported"])


async def look_for(see, words: str) -> None:
    """Paste words into the palette and type the last letter, wait for the line that is called so, and take it."""
    await see.press("ctrl+p")
    see.app.screen.query_one(Input).value = words[:-1]
    await see.press("end", words[-1])
    lines = see.app.screen.query_one(CommandList)
    await see.until(lambda: lines.option_count > 0 and words in str(lines.get_option_at_index(0).prompt))
    await see.press("enter")


async def test_the_palette_finds_views_values_sessions_and_what_is_done(make_session, open_app) -> None:
    make_session("another")
    async with open_app(make_session()) as see:
        await look_for(see, "view: effects")
        await see.until(lambda: "[effects]" in see.text("view"))
        await look_for(see, "toggle learning_rate=0.01")
        await see.shows("values", "8 of 12")
        await look_for(see, "undo")
        await see.shows("values", "12 of 12")
        await look_for(see, "session: another")
        await see.until(lambda: "another" in see.text("header"))


async def click_on(see, word: str) -> None:
    """Click on a word of the footer."""
    footer = see.app.screen.query_one("#footer", CellPane)
    await see.pilot.click(footer, offset=(see.text("footer").strip("\n").index(word), 0))
    await see.pilot.pause()


async def test_what_the_footer_offers_can_be_clicked(make_session, open_app) -> None:
    async with open_app(make_session()) as see:
        await click_on(see, "view")
        await click_on(see, "effects")
        await see.until(lambda: "[effects]" in see.text("view"))
        await click_on(see, "? keys")
        assert type(see.app.screen).__name__ == "HelpScreen"


async def test_what_the_footers_of_home_and_forms_offer_can_be_clicked(make_session, open_app) -> None:
    make_session("one")
    async with open_app() as see:
        await see.shows("sessions", "one")
        await click_on(see, "new grid")
        await see.until(lambda: type(see.app.screen).__name__ == "NewGridScreen")
        await click_on(see, "back")
        await see.until(lambda: type(see.app.screen).__name__ == "HomeScreen")


async def test_what_starts_an_engine_is_offered_where_none_runs_and_what_pauses_one_where_one_does(
    make_session, sessions, open_app
) -> None:
    async with open_app(make_session("ended"), (200, 60)) as see:
        await see.shows("values", "12 of 12")
        assert not {"pause", "train"} & set(see.text("footer").split())
    folder = create(sessions, "fresh", SessionSpec.parse('[data]\nsource = "fruit"\n[grid]\nfilters = [2, 4]\n'))
    async with open_app(folder, (200, 60)) as see:
        await see.shows("footer", "R train")
        assert "pause" not in see.text("footer")
        with SessionLock(folder.lock):
            await see.shows("footer", "p pause")
            assert "R train" not in see.text("footer")


async def test_a_key_of_another_view_is_not_offered_and_says_where_it_belongs(make_session, open_app) -> None:
    async with open_app(make_session(), (200, 60)) as see:
        await see.press("f", "g", "r")
        await see.until(lambda: "[rank" in see.text("view") and "axes" not in see.text("footer"))
        await see.press("f", "c")
        assert [note.message for note in see.app._notifications] == [
            "f is for scatter (g s) and curves (g c).",
            "c is for scatter (g s), heatmap (g h) and parallel (g p).",
        ]
        await see.press("g", "s")
        await see.until(lambda: "c axes" in see.text("footer"))
        assert see.app.screen.state.box  # as it was switched where it is seen


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_notice_stands_on_the_footer_alone_and_the_newest_is_seen(make_session, open_app, size) -> None:
    async with open_app(make_session(), size, notices=True) as see:
        screen = see.app.screen
        await see.press("u", "ctrl+r")
        place = screen.query_one("#footer").region
        await see.until(
            lambda: (
                [(toast.render().plain, toast.region) for toast in screen.query(Toast) if toast.region]
                == [("Nothing was undone.", place)]
            )
        )


def every_screen() -> set[type[Screen[object]]]:
    """The screens of the app, as they are written."""
    for module in pkgutil.iter_modules(screens.__path__, "hpo_tui.screens."):
        importlib.import_module(module.name)
    found, left = set(), [Screen]
    while left:
        below = left.pop().__subclasses__()
        found |= {screen for screen in below if screen.__module__.startswith("hpo_tui.")}
        left += below
    return found


def test_on_no_screen_does_escape_leave_the_app() -> None:
    assert len(every_screen()) > 8
    for screen in every_screen():
        bound = screen._merge_bindings().key_to_bindings.get("escape", [])
        assert {binding.action for binding in bound} <= {"dismiss(None)", "back", "leave", "press('escape')"}, (
            screen
        )
    assert not any("escape" in str(binding) for binding in HpoApp.BINDINGS)


async def test_escape_steps_out_of_one_layer_and_in_the_end_nothing_is_left_to_leave(
    make_session, open_app
) -> None:
    async with open_app(make_session()) as see:
        for keys, layer in (
            (["question_mark"], "HelpScreen"),
            (["t"], "Words"),
            (["N"], "Choice"),
            (["ctrl+p"], "CommandPalette"),
            (["enter"], "SessionScreen"),
            (["slash"], "SessionScreen"),
            (["r"], "RefineScreen"),
            (["h"], "HomeScreen"),
            (["n"], "NewGridScreen"),
        ):
            await see.press(*keys)
            await see.until(lambda layer=layer: type(see.app.screen).__name__ == layer)
            await see.press("escape")
        for _ in range(3):
            await see.press("escape")
        assert type(see.app.screen).__name__ == "HomeScreen"
        assert see.app._exit is False
