"""The app without a terminal, read as it is drawn: every cell, whatever widget drew it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from quiet_pilot import run_quietly
from textual.pilot import Pilot

from hpo_core.session.paths import SessionFolder
from hpo_tui.app import HpoApp

LIMIT = 60.0


class Drawn:
    """What is on the screen now, and the keys."""

    def __init__(self, pilot: Pilot[None]) -> None:
        self.pilot = pilot
        self.app = pilot.app

    @property
    def text(self) -> str:
        """All cells as plain text."""
        return "\n".join(strip.text for strip in self.app.screen._compositor.render_strips())

    @property
    def told(self) -> str:
        """What the notifications say."""
        return "\n".join(notification.message for notification in self.app._notifications)

    async def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def until(self, condition: Callable[[], object], what: str = "") -> None:
        """Wait for a condition."""
        end = time.monotonic() + LIMIT
        while not condition():
            assert time.monotonic() < end, f"never came: {what}\n{self.text}\n{self.told}"
            await self.pilot.pause(0.02)

    async def shows(self, words: str) -> None:
        """Wait until these words stand somewhere on the screen."""
        await self.until(lambda: words in self.text, words)

    async def tells(self, words: str) -> None:
        """Wait until a notification says these words."""
        await self.until(lambda: words in self.told, words)


@asynccontextmanager
async def opened(
    sessions: Path, folder: SessionFolder | None = None, size: tuple[int, int] = (160, 48), **options: Any
) -> AsyncIterator[Drawn]:
    """Open the app on a session, or on home."""
    app = HpoApp(sessions, folder, **options)
    async with run_quietly(app, size, notifications=True) as pilot:
        drawn = Drawn(pilot)
        await drawn.until(lambda: app.filled, "a screen")
        yield drawn
