"""What every drill uses: small sessions, engines on replays, how losses are counted, one row of figures."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hpo_core.engine.engine import Engine
from hpo_core.executors.replay import ReplayExecutor
from hpo_core.journal.events import AttemptStarted, EngineOptions, EpochEnded
from hpo_core.journal.files import Files
from hpo_core.journal.reader import JournalReader
from hpo_core.plan.spec import SessionSpec
from hpo_core.session import store as session
from hpo_core.session.paths import SessionFolder
from hpo_core.session.snapshot import Snapshot
from hpo_core.workloads.synthetic import synthetic_curve

CLASSES = 4
LIMIT = 60.0


@dataclass
class Figures:
    """One row of the drills' table: what was acknowledged and is lost, what counts twice, who was left behind.

    ``wrong`` counts what differs from an undisturbed session. None is what the drill does not measure: where there
    is nothing to lose, or no process is started.
    """

    fault: str
    rounds: int
    lost: int | None = None
    doubled: int | None = None
    orphaned: int | None = None
    wrong: int | None = None
    note: str = ""

    def add(self, lost: int = 0, doubled: int = 0, orphaned: int = 0, wrong: int = 0) -> None:
        """Count in what was seen; only what this drill measures may be added to."""
        for name, count in {"lost": lost, "doubled": doubled, "orphaned": orphaned, "wrong": wrong}.items():
            if count:
                setattr(self, name, getattr(self, name) + count)

    def add_part(self, part: Figures) -> None:
        """Count in what another saw."""
        self.add(part.lost or 0, part.doubled or 0, part.orphaned or 0, part.wrong or 0)

    @property
    def clean(self) -> bool:
        """Whether nothing was lost, doubled, orphaned or wrong."""
        return not (self.lost or self.doubled or self.orphaned or self.wrong)


class UnsyncedFiles(Files):
    """Files that do not wait for the disk: what is drilled here is not the disk's speed."""

    def sync(self, fd: int) -> None:
        del fd

    def sync_folder(self, folder: Path) -> None:
        del folder


def small_spec(rates: int = 2, filters: int = 2, replicates: int = 1, epochs: int = 2) -> SessionSpec:
    """Return a spec of ``rates`` × ``filters`` trials."""
    return SessionSpec.parse(
        f"""
        [data]
        source = "fruit"
        classes = {CLASSES}
        [grid]
        learning_rate = {[1e-4 * 2**n for n in range(rates)]}
        filters = {[12 * (n + 1) for n in range(filters)]}
        [fixed]
        epochs = {epochs}
        [session]
        replicates = {replicates}
        """
    )


def new_session(sessions: Path, name: str, **spec: int) -> SessionFolder:
    """Make a session that nobody has worked on."""
    return session.create(sessions, name, small_spec(**spec))


def work_off(folder: SessionFolder, files: Files | None = None) -> None:
    """Let an engine in this process work the session off on a replay."""
    Engine(folder, ReplayExecutor(), EngineOptions(workers=2), files=files or UnsyncedFiles(), tick=0.001).run()


def finished_session(sessions: Path, name: str, **spec: int) -> SessionFolder:
    """Make a session and work it off."""
    folder = new_session(sessions, name, **spec)
    work_off(folder)
    return folder


def wait(condition: Callable[[], object], what: str, limit: float = LIMIT, pause: float = 0.005) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < deadline, f"waited {limit:.0f} s for {what}"
        time.sleep(pause)


def count_doubled(folder: SessionFolder) -> int:
    """Return how many attempts were started twice, and epochs of an attempt recorded twice."""
    events = [record.event for record in JournalReader(folder.path).poll()]
    starts = [(e.trial, e.replicate, e.attempt) for e in events if isinstance(e, AttemptStarted)]
    epochs = [(e.trial, e.replicate, e.attempt, e.epoch) for e in events if isinstance(e, EpochEnded)]
    return len(starts) - len(set(starts)) + len(epochs) - len(set(epochs))


def count_wrong(snapshot: Snapshot) -> int:
    """Return how many trainings are not complete with the very results that their seeds give undisturbed."""
    wrong = snapshot.trainings - len(snapshot.replicates) + len(snapshot.damage)
    for key, entry in snapshot.replicates.items():
        values = snapshot.spec.values_of(key.trial)
        expected = synthetic_curve(values, entry.seed or 0, int(values["epochs"]), CLASSES)
        got = [dict(epoch.metrics) for epoch in entry.epochs]
        wrong += entry.status != "complete" or got != expected
    return wrong


class Acknowledged:
    """What was once shown as saved, and must be in the journal for ever."""

    def __init__(self) -> None:
        self._seen: set[tuple[int, int, int, int, float | None]] = set()

    @property
    def count(self) -> int:
        """How many were seen."""
        return len(self._seen)

    def look(self, folder: SessionFolder) -> None:
        """Take note of every epoch that stands in the journal now."""
        self._seen |= set(_epochs(folder))

    def lost(self, folder: SessionFolder) -> int:
        """Return how many epochs that were seen are there no more, or are others."""
        return len(self._seen - set(_epochs(folder)))


def _epochs(folder: SessionFolder) -> list[tuple[int, int, int, int, float | None]]:
    events = (record.event for record in JournalReader(folder.path).poll())
    return [
        (e.trial, e.replicate, e.attempt, e.epoch, e.metrics["loss"]) for e in events if isinstance(e, EpochEnded)
    ]
