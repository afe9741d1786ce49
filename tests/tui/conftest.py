"""Sessions for the screen's tests: real folders with real journals, written without an engine."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from quiet_pilot import LIMIT, run_quietly, settled
from textual.css.query import NoMatches
from textual.pilot import Pilot

from hpo_core.journal.events import AttemptEnded, AttemptStarted, EngineStarted, EngineStopped, EpochEnded, Event
from hpo_core.journal.writer import JournalWriter
from hpo_core.plan.grid import JobKey
from hpo_core.plan.spec import SessionSpec
from hpo_core.session.paths import SessionFolder
from hpo_core.session.store import create
from hpo_tui.app import HpoApp
from hpo_tui.screens.desk_screen import DeskScreen
from hpo_tui.widgets.cell_pane import CellPane

LOSSES = 'loss = ["poisson", "mean_squared_error"]'
SPEC = f"""
[data]
source = "fruit"

[grid]
learning_rate = [1e-4, 1e-3, 1e-2]
{LOSSES}
filters = [12, 24]

[fixed]
epochs = 3

[session]
replicates = 2
"""


def accuracy(spec: SessionSpec, key: JobKey, epoch: int) -> float:
    """A made-up result that is easy to check: learning rate 0.001 and more filters are better."""
    values = spec.values_of(key.trial)
    level = {1e-4: 0.60, 1e-3: 0.90, 1e-2: 0.10}[float(values["learning_rate"])]
    more = 0.04 if values["filters"] == 24 else 0.0
    return round(level + more + 0.01 * (key.replicate - 1) + 0.005 * (epoch - 3), 4)


def training(spec: SessionSpec, key: JobKey) -> list[Event]:
    """The events of one whole training."""
    ids = {"trial": key.trial, "replicate": key.replicate, "attempt": 1}
    events: list[Event] = [AttemptStarted(**ids, seed=7, worker=1)]
    for epoch in (1, 2, 3):
        value = accuracy(spec, key, epoch)
        metrics = {"accuracy": value, "loss": 1 - value, "val_accuracy": value, "val_loss": 1 - value}
        events.append(EpochEnded(**ids, epoch=epoch, metrics=metrics, seconds=0.5))
    return [*events, AttemptEnded(**ids, status="complete", seconds=1.5)]


SessionMaker = Callable[..., SessionFolder]


@pytest.fixture
def sessions(tmp_path: Path) -> Path:
    folder = tmp_path / "sessions"
    folder.mkdir()
    return folder


@pytest.fixture
def make_session(sessions: Path) -> SessionMaker:
    """Make a session whose first ``done`` trainings have ended (all of them by default)."""

    def make(
        name: str = "grid",
        done: int | None = None,
        extra: tuple[Event, ...] = (),
        objective: str = "val_accuracy",
        losses: str = LOSSES,
    ) -> SessionFolder:
        spec = SessionSpec.parse(f'{SPEC.replace(LOSSES, losses)}objective = "{objective}"\n')
        folder = create(sessions, name, spec)
        writer = JournalWriter(folder.path, 1, 0)
        writer.append(EngineStarted(host="box", boot_id="b", pid=1, version="0.1.0", workers=2))
        jobs = list(spec.grid.jobs(spec.replicates))
        for key in jobs if done is None else jobs[:done]:
            for event in training(spec, key):
                writer.append(event)
        for event in extra:
            writer.append(event)
        if done is None:
            writer.append(EngineStopped(reason="finished"))
        writer.close()
        return folder

    return make


class Driver:
    """Drives the app as a person would: presses keys, reads panes, waits for what should appear."""

    def __init__(self, pilot: Pilot[None]) -> None:
        self.pilot = pilot
        self.app = pilot.app

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()
        await self.drawn()

    async def drawn(self) -> None:
        """Wait until every pane shows what the screen knows: they are drawn in turn, so one may lag behind."""
        end = time.monotonic() + LIMIT
        while self._drawing() and not self.app._exit:
            assert time.monotonic() < end, "the screen did not come to draw what it knows"
            await self.pilot.pause(0.005)

    def _drawing(self) -> bool:
        screen = self.app.screen
        return isinstance(screen, DeskScreen) and (screen._draws or screen._in_turn)

    def text(self, pane: str) -> str:
        """The pane's frame and rows as plain text."""
        try:
            found = self.app.screen.query_one(f"#{pane}", CellPane)
        except NoMatches:
            return ""
        return "\n".join([*found.titles, *("".join(t for t, _ in row) for row in found.rows)])

    async def until(self, condition: Callable[[], bool], limit: float = LIMIT) -> None:
        """Wait for a condition, at most ``limit`` seconds, and until all that comes with it stands as well."""
        end = time.monotonic() + limit
        while not condition():
            assert time.monotonic() < end, "the screen did not come to show what was waited for"
            await self.pilot.pause(0.02)
        await settled(self.pilot)  # a screen that was pushed has no widgets yet
        await self.drawn()

    async def shows(self, pane: str, words: str) -> None:
        """Wait until the pane shows these words."""
        try:
            await self.until(lambda: words in self.text(pane))
        except AssertionError:
            raise AssertionError(f"{words!r} is not in {pane}:\n{self.text(pane)}") from None


OpenApp = Callable[..., AbstractAsyncContextManager[Driver]]


@pytest.fixture
def open_app(sessions: Path) -> OpenApp:
    """Open the app on a session (or on home), in a terminal of the given size."""

    @asynccontextmanager
    async def opened(
        folder: SessionFolder | None = None,
        size: tuple[int, int] = (120, 40),
        notices: bool = False,
        **options: Any,
    ) -> AsyncIterator[Driver]:
        app = HpoApp(sessions, folder, **options)
        async with run_quietly(app, size, notices) as pilot:
            driver = Driver(pilot)
            await driver.until(lambda: app.filled)
            if folder is not None:
                await driver.shows("header", folder.name)
                await driver.until(lambda: "reading…" not in driver.text("header"))
            yield driver

    return opened
