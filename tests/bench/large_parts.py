"""What large sessions cost: each part runs in a process of its own, and prints its figures as one line of JSON.

    python tests/bench/large_parts.py open FOLDER     read it whole (again: by its index), draw, toggle, sort
    python tests/bench/large_parts.py day             the screen's side of 24 hours of training, as fast as it goes
    python tests/bench/large_parts.py engine FOLDER   an engine with all jobs of a session queued, for 20 s

``light.py`` puts them into its table. Seconds are the processor's unless they are called wall: those of a busy
machine say little.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
from large_session import spec_of
from msgspec.structs import replace

from hpo_core.engine.launch import start_engine
from hpo_core.journal.events import AttemptEnded, AttemptStarted, EngineOptions, Envelope, EpochEnded
from hpo_core.session.opening import PIECE_BYTES, SessionReader
from hpo_core.session.paths import SessionFolder
from hpo_core.session.snapshot import Replicate, Snapshot
from hpo_core.session.state import SessionState
from hpo_tui.desk.desk import Desk
from hpo_tui.desk.follower import Update
from hpo_tui.desk.view_state import ViewState
from hpo_tui.panes import PANES
from hpo_tui.views import VIEWS

SIZES = {"values": (50, 24), "view": (66, 20), "histograms": (66, 8), "queue": (118, 6)}
WATCHED_SECONDS = 20.0
DAY, EPOCH_SECONDS, WORKERS = 86_400, 5, 4


def megabytes() -> int:
    """The resident memory of this process."""
    return int(psutil.Process().memory_info().rss) >> 20


def cost(deed: Callable[[], object]) -> float:
    """The processor's milliseconds that a deed takes."""
    began = time.process_time()
    deed()
    return (time.process_time() - began) * 1000


class Screen:
    """The panes of the session's screen, each drawn where what it is made of has changed, as the screen does."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.update = Update(snapshot, None, False)
        self.desk: Desk | None = None
        self._drawn: dict[str, tuple[object, ...]] = {}

    def draw(self, state: ViewState) -> None:
        """Draw what is to be drawn anew."""
        self.desk = Desk("bench", self.update, state, before=self.desk)
        for name, pane in PANES.items():
            width, height = SIZES.get(name, (120, 1))
            if (basis := pane.basis(self.desk)) != self._drawn.get(name):
                self._drawn[name] = basis
                pane.drawn(self.desk, width, height)
            if pane.framed:
                pane.title(self.desk, width)
                pane.edge(self.desk, width, height)

    def show(self, snapshot: Snapshot, state: ViewState) -> None:
        """Draw a later moment."""
        self.update = Update(snapshot, None, True)
        self.draw(state)


def opening(folder: SessionFolder) -> dict[str, Any]:
    """Read a session as the screen does, piece by piece, and look at it."""
    began, first = time.process_time(), 0.0
    reader = SessionReader(folder, indexed=True)
    while reader.poll(PIECE_BYTES) and reader.share < 1:
        first = first or time.process_time() - began
    snapshot, read = reader.snapshot(), time.process_time() - began
    keep = cost(reader.keep_index)
    screen, state = Screen(snapshot), ViewState(axes=tuple(range(len(snapshot.spec.grid.hyperparameters))))
    screen.draw(state)
    last = snapshot.spec.grid.hyperparameters[-1]
    toggles, sorts = {}, []
    for view in VIEWS:
        rounds = []
        for value in last.values[:3]:
            whole = replace(state, view=view.name)
            screen.draw(whole)
            rounds.append(cost(lambda s=whole, v=value: screen.draw(replace(s, trim=s.trim.hide(last.name, v)))))
        toggles[view.name] = min(rounds)
    for sort in range(3):
        screen.draw(replace(state, view="ranking"))
        sorts.append(cost(lambda n=sort: screen.draw(replace(state, view="ranking", sort=n + 1))))
    slowest = max(toggles, key=lambda name: toggles[name])
    return {
        "first": first, "read": read, "keep": keep, "toggle": toggles[slowest], "slowest": slowest,
        "sort": min(sorts), "megabytes": megabytes(),
    }  # fmt: skip


def a_day() -> dict[str, Any]:
    """Take in and draw what a day of training tells, and say how the memory grew after its first tenth.

    Four workers end an epoch each in 5 s; all is taken in, each 1,000th epoch is drawn. What the trainings that
    ended meanwhile take, by themselves and as they are kept, is told beside it.
    """
    spec = spec_of(2_000, 2, 20)
    state, view = SessionState(spec), ViewState(axes=tuple(range(4)))
    jobs, seq, screen, begun, ended_before = spec.grid.jobs(2), 0, None, 0, 0
    epochs = DAY // EPOCH_SECONDS * WORKERS
    for number in range(epochs // 20):
        key = next(jobs)
        told: list[Any] = [AttemptStarted(trial=key.trial, replicate=key.replicate, attempt=1, seed=1, worker=0)]
        told += [
            EpochEnded(
                trial=key.trial, replicate=key.replicate, attempt=1, epoch=epoch, seconds=5.0,
                metrics={"accuracy": epoch / 25, "loss": 1.0, "val_accuracy": epoch / 30, "val_loss": 1.0},
            )
            for epoch in range(1, 21)
        ]  # fmt: skip
        told.append(
            AttemptEnded(trial=key.trial, replicate=key.replicate, attempt=1, status="complete", epochs=20)
        )
        for event in told:
            seq += 1
            state.apply(Envelope(seq, 1, seq * 1.0, event))
        if number % 50 == 0:
            screen = screen or Screen(state.snapshot())
            screen.show(state.snapshot(), view)
        if number == epochs // 200:
            begun, ended_before = megabytes(), number + 1
    after = megabytes()
    return {
        "before": begun,
        "after": after,
        "results": sum(map(held_by, [*state.replicates()][ended_before:])) / 1e6,
    }


def held_by(entry: Replicate) -> int:
    """Return the bytes of a training: its facts, and the columns of its epochs."""
    epochs: Any = entry.epochs
    return sum(map(sys.getsizeof, (entry, entry.key, entry.ended, epochs, epochs.numbers, epochs.cells)))


def engine(folder: SessionFolder) -> dict[str, Any]:
    """Start an engine on made-up trainings, and watch it while its workers are busy."""
    os.environ["HPO_SYNTHETIC_SECONDS_PER_EPOCH"] = "1"
    began, journal = time.monotonic(), folder.path / "journal.jsonl"
    process = psutil.Process(start_engine(folder, EngineOptions(workload="synthetic", workers=2)))
    while not (journal.exists() and b"AttemptStarted" in journal.read_bytes()):
        time.sleep(0.05)
    started, start_cost = time.monotonic() - began, sum(process.cpu_times()[:2])
    time.sleep(3)
    before, at = sum(process.cpu_times()[:2]), time.monotonic()
    time.sleep(WATCHED_SECONDS)
    share = (sum(process.cpu_times()[:2]) - before) / (time.monotonic() - at)
    found = {
        "start": started,
        "start_cost": start_cost,
        "share": share,
        "megabytes": process.memory_info().rss >> 20,
    }
    process.terminate()
    process.wait(60)
    return found


def main() -> None:
    """Run one part."""
    part, *folders = sys.argv[1:]
    if part == "day":
        print(json.dumps(a_day()))
    else:
        print(json.dumps({"open": opening, "engine": engine}[part](SessionFolder(Path(folders[0])))))


if __name__ == "__main__":
    main()
