"""A key press makes one desk and one table and draws each plot once; what the analyst finds redraws no plot."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from hpo_tui.desk import desk as desks
from hpo_tui.desk.analyst import Analyst
from hpo_tui.panes.values_pane import ValuesPane
from hpo_tui.screens import desk_screen
from hpo_tui.screens.messages import Updated
from hpo_tui.views import curves, heatmap, histograms, parallel, scatter
from hpo_tui.views.effects.effects_view import EffectsView

PLOTS = {"scatter": scatter, "heatmap": heatmap, "histogram": histograms, "curves": curves, "parallel": parallel}


class Slow:
    """Lets the analyst answer when it is told to."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.open.set()


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often a desk and a table are made, and a plot or a pane is drawn."""
    counts: Counter[str] = Counter()

    def count(owner: Any, attribute: str, name: str) -> None:
        plain = getattr(owner, attribute)

        def counting(*args: Any, **rest: Any) -> Any:
            counts[name] += 1
            return plain(*args, **rest)

        monkeypatch.setattr(owner, attribute, counting)

    count(desks.Desk, "__init__", "desk")
    count(desks, "build_table", "table")
    count(ValuesPane, "rows", "values")
    count(EffectsView, "rows", "effects")
    for name, module in PLOTS.items():
        count(module, name, name)
    return counts


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    """An analyst that can be held up."""
    held = Slow()
    work_out = Analyst._work_out

    def when_told(self: Analyst, *question: Any) -> Any:
        held.open.wait(60)
        return work_out(self, *question)

    monkeypatch.setattr(Analyst, "_work_out", when_told)
    yield held
    held.open.set()


async def settled(see: Any) -> None:
    """Everything is drawn, and the analyst has answered what is asked of it."""
    screen = see.app.screen
    await see.until(lambda: screen.latest is not None and screen.desk().effects is not None)
    await drawn(see)


async def drawn(see: Any) -> None:
    """Every pane is drawn as it shall be now."""
    screen = see.app.screen
    await see.until(lambda: not (screen._draws or screen._in_turn or screen._plots_wait))


async def test_a_key_makes_one_desk_and_one_table_and_draws_each_plot_once(
    make_session, open_app, counted, slow
) -> None:
    async with open_app(make_session()) as see:
        await settled(see)
        slow.open.clear()
        counted.clear()
        await see.press("3")
        await drawn(see)
        assert "8 of 12 trials in view" in see.text("values")
        assert counted == {"desk": 1, "table": 1, "values": 1, "scatter": 1, "histogram": 1}


async def test_what_the_analyst_finds_redraws_no_plot(make_session, open_app, counted, slow) -> None:
    async with open_app(make_session()) as see:
        await settled(see)
        slow.open.clear()
        await see.press("3")
        await drawn(see)
        assert "8 of 12 trials in view" in see.text("values")
        counted.clear()
        slow.open.set()
        await settled(see)
        assert counted["desk"] == 1
        assert set(counted) <= {"desk", "values"}


async def test_no_interval_of_the_former_view_stands_beside_the_new_mean(make_session, open_app, slow) -> None:
    async with open_app(make_session()) as see:
        await settled(see)
        await see.until(
            lambda: see.text("values").count(" ± ") > 4
        )  # three headings and the legend, and intervals
        slow.open.clear()
        await see.press("3")
        await see.shows("values", "8 of 12 trials in view")
        rows = see.text("values").split("\n")
        assert not [row for row in rows if " ± " in row and "95 %" not in row]
        slow.open.set()
        await see.until(lambda: any(" ± " in row and "95 %" not in row for row in see.text("values").split("\n")))


async def test_the_effects_show_the_answer_when_it_comes(make_session, open_app, counted, slow) -> None:
    async with open_app(make_session()) as see:
        await see.press("left_square_bracket", "left_square_bracket")
        await settled(see)
        slow.open.clear()
        await see.press("3")
        await see.shows("view", "working…")
        counted.clear()
        slow.open.set()
        await see.until(lambda: "working…" not in see.text("view"))
        assert counted["effects"] == 1
        assert not counted["histogram"]


async def test_the_cursor_moves_without_another_table_and_without_a_plot(make_session, open_app, counted) -> None:
    async with open_app(make_session()) as see:
        await settled(see)
        counted.clear()
        await see.press("down")
        await see.until(lambda: counted["values"] == 1)
        assert counted == {"desk": 1, "values": 1}


async def test_a_key_leaves_what_came_in_meanwhile_to_the_next_time_of_the_plots(
    make_session, open_app, counted, monkeypatch
) -> None:
    waits: list[Any] = []
    async with open_app(make_session()) as see:
        await settled(see)
        screen = see.app.screen
        timed = screen.set_timer
        monkeypatch.setattr(
            screen,
            "set_timer",
            lambda seconds, drawn: waits.append(drawn) if drawn == screen._catch_up else timed(seconds, drawn),
        )
        newer = replace(screen.latest, snapshot=replace(screen.latest.snapshot))
        screen.post_message(Updated(newer))
        await see.until(lambda: waits)
        counted.clear()
        await see.press("down")
        await see.until(lambda: counted["values"] == 1)
        assert not counted["scatter"]
        assert not counted["histogram"]
        waits[0]()
        await see.until(lambda: counted["scatter"] == counted["histogram"] == 1)


async def test_a_plot_that_fails_says_so_in_its_own_pane(make_session, open_app, monkeypatch) -> None:
    monkeypatch.setattr(scatter, "scatter", lambda *_, **__: 1 / 0)
    async with open_app(make_session()) as see:
        await see.shows("view", "This could not be drawn: ZeroDivisionError")
        await see.shows("values", "12 of 12")
        assert "could not be drawn" not in see.text("histograms")


async def test_once_all_of_a_session_has_been_read_its_plots_wait_no_longer(
    make_session, open_app, counted, monkeypatch
) -> None:
    monkeypatch.setattr(desk_screen, "PLOT_SECONDS", 3600.0)
    async with open_app(make_session()) as see:
        await settled(see)
        screen = see.app.screen
        whole = screen.latest
        screen.post_message(Updated(replace(whole, read=0.5)))
        await see.shows("header", "reading 50 %")
        counted.clear()
        screen.post_message(Updated(replace(whole, snapshot=replace(whole.snapshot))))
        await see.until(lambda: counted["scatter"] == counted["histogram"] == 1)
