"""The app driven without a terminal, at the cost of the app alone.

Textual's pilot waits by sending a message to every widget, two or three times a key: a form has 500 of them, and
a key then costs 0.1 s and more; it gives up after 30 s, which a busy machine may take. This one looks instead
whether any of them still has a message to work off, and waits on while one does.

Textual reads the style sheets of all widgets anew for every app, and takes every drawn line through its filters
for the terminal's colours, seen by nobody here: that is a third of a test. The sheets are read once for all apps
with the same colours; the app's own filter, to ASCII, stays.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from textual.app import App
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.message_pump import MessagePump
from textual.pilot import Pilot, WaitForScreenTimeout

from hpo_tui.screens import desk_screen
from hpo_tui.screens.acts import looking

LIMIT = 120.0
AT_ONCE = 100
"""So many turns of the loop are made without a rest; what is waited for longer is a thread or a timer."""


@asynccontextmanager
async def run_quietly(
    app: App[None], size: tuple[int, int], notifications: bool = False
) -> AsyncIterator[Pilot[None]]:
    """Run the app in a terminal that is none, and that shows each key's picture at once."""
    looking.TURN_SECONDS = 0.0
    desk_screen.TURN_SECONDS = 0.001
    Pilot._wait_for_screen = settled  # type: ignore[method-assign] - ``run_test`` itself waits with it too
    Stylesheet._parse_rules = read_once  # type: ignore[method-assign]
    app._filters.clear()
    async with app.run_test(size=size, notifications=notifications) as pilot:
        yield pilot


read_rules = Stylesheet._parse_rules
sheets: dict[tuple[object, ...], list[RuleSet]] = {}


def read_once(sheet: Stylesheet, *source: Any, **how: Any) -> list[RuleSet]:
    """Read a style sheet, or return what came of it before: nothing changes rules that were read."""
    key = (source, *how.values(), *sheet._variables.items())
    if key not in sheets:
        sheets[key] = read_rules(sheet, *source, **how)
    return sheets[key]


def at_work(pump: MessagePump) -> bool:
    """Whether it has a message to work off, or is at one: whoever is not, waits for the next."""
    if pump._closing or pump._closed:
        return False
    queue = pump._message_queue
    return not queue.empty() or not queue.ready_event._waiters


async def settled(pilot: Pilot[None], timeout: float = LIMIT) -> bool:
    """Wait until the screen, and all that stands on it, has worked off its messages."""
    app = pilot.app
    end = time.monotonic() + timeout
    turns = 0
    while not app._exception_event.is_set():
        if not app.screen_stack:
            return False
        if not any(map(at_work, (app, *app.screen.walk_children(with_self=True)))):
            return True
        if time.monotonic() > end:
            raise WaitForScreenTimeout(f"the screen is still at work after {timeout:.0f} s")
        turns += 1
        await asyncio.sleep(0 if turns < AT_ONCE else 0.005)
    return False
