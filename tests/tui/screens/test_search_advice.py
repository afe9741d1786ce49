"""A trim while a search runs is taken as advice: the screen says so, and the engine keeps to it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hpo_core.engine.engine import Engine
from hpo_core.executors.replay import ReplayExecutor, synthetic
from hpo_core.journal.events import EngineOptions, Job, Progress, WorkerEvent
from hpo_core.plan.spec import SessionSpec
from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder
from hpo_core.session.store import create

SPEC = """
[data]
source = "fruit"
[grid]
optimizer = ["adam", "sgd", "rmsprop"]
learning_rate = {low = 1e-4, high = 1e-2, scale = "log"}
[fixed]
epochs = 1
[search]
plan = "tpe"
trials = 16
"""
SEEN = 8
"""So many trials have ended when the person looks; the next one waits for them."""


@contextmanager
def searching(folder: SessionFolder) -> Iterator[threading.Event]:
    """Search in the background; the event lets it go on past the first trials."""
    go_on = threading.Event()

    def held(job: Job) -> Iterator[WorkerEvent]:
        while job.trial > SEEN and not go_on.is_set():
            time.sleep(0.01)
            yield Progress(trial=job.trial, replicate=1, epoch=1, epochs=1, batch=0, batches=0)
        yield from synthetic(job)

    engine = Engine(folder, ReplayExecutor(held), EngineOptions(workers=1), tick=0.01)
    thread = threading.Thread(target=engine.run)
    thread.start()
    try:
        yield go_on
    finally:
        go_on.set()
        thread.join(60)
    assert not thread.is_alive()


async def test_values_taken_out_of_view_are_not_proposed_any_more_and_the_screen_says_so(
    open_app, sessions: Path
) -> None:
    pytest.importorskip("optuna")
    folder = create(sessions, "search", SessionSpec.parse(SPEC))
    with searching(folder) as go_on:
        async with open_app(folder) as see:
            await see.until(lambda: read_session(folder).counts["complete"] == SEEN)
            await see.shows("header", f"{SEEN} of 16")
            tried = {trial.values["optimizer"] for trial in read_session(folder).spec.grid.trials()}
            assert tried == {"adam", "sgd", "rmsprop"}
            await see.press("2")
            said = "The search goes on within what is in view of optimizer."
            await see.until(lambda: any(said in note.message for note in see.app._notifications))
            await see.until(lambda: read_session(folder).advised == {"optimizer": ("adam", "rmsprop")})
            go_on.set()
            await see.until(lambda: read_session(folder).finished)
    grid = read_session(folder).spec.grid
    assert len(grid) == 16
    assert "sgd" not in {
        grid[number].values["optimizer"] for number in range(SEEN + 3, 17)
    }  # one ran, and one waited
