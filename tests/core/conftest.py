"""What tests of sessions and engines share: small sessions, a processless engine, failing files, a clock."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hpo_core.engine.clock import Clock
from hpo_core.engine.engine import Engine
from hpo_core.executors.executor import Executor, Report
from hpo_core.executors.replay import ProbeScript, ReplayExecutor, Script, synthetic
from hpo_core.journal.events import EngineOptions, Job
from hpo_core.journal.files import Files
from hpo_core.plan.spec import SessionSpec
from hpo_core.session import store as session
from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder
from hpo_core.session.snapshot import Snapshot

MakeSpec = Callable[..., SessionSpec]
MakeSession = Callable[..., SessionFolder]
RunEngine = Callable[..., Snapshot]


@pytest.fixture
def make_spec() -> MakeSpec:
    """A spec on generated images: learning rates × filters."""

    def make(
        rates: Sequence[float] = (1e-4, 1e-3),
        filters: Sequence[int] = (12, 24),
        replicates: int = 2,
        epochs: int = 2,
    ) -> SessionSpec:
        return SessionSpec.parse(
            f"""
            [data]
            source = "fruit"
            classes = 4
            [grid]
            learning_rate = {list(rates)}
            filters = {list(filters)}
            [fixed]
            epochs = {epochs}
            [session]
            replicates = {replicates}
            """
        )

    return make


@pytest.fixture
def make_session(tmp_path: Path, make_spec: MakeSpec) -> MakeSession:
    """A fresh session's folder; keywords as for ``make_spec``, and a ``name``."""

    def make(name: str = "small", **spec: object) -> SessionFolder:
        return session.create(tmp_path / "sessions", name, make_spec(**spec))

    return make


class UnsyncedFiles(Files):
    """Files that do not wait for the disk, so that tests are quick."""

    def sync(self, fd: int) -> None:
        del fd

    def sync_folder(self, folder: Path) -> None:
        del folder


@dataclass
class FailingFiles(UnsyncedFiles):
    """Files whose calls fail as ``plan`` says: it gets the call's name, how often it was made, and the bytes.

    It returns None (all is well), an errno, or for a write a pair: so many bytes go out, then the errno.
    """

    plan: Callable[[str, int, bytes], int | tuple[int, int] | None] = lambda name, count, data: None
    counts: dict[str, int] = field(default_factory=dict)

    def _ask(self, name: str, data: bytes = b"") -> int | tuple[int, int] | None:
        self.counts[name] = self.counts.get(name, 0) + 1
        return self.plan(name, self.counts[name], data)

    def _check(self, name: str) -> None:
        wrong = self._ask(name)
        if isinstance(wrong, int):
            raise OSError(wrong, os.strerror(wrong))

    def write(self, fd: int, data: bytes) -> int:
        wrong = self._ask("write", data)
        if isinstance(wrong, tuple):
            if wrong[0]:
                return super().write(fd, data[: wrong[0]])
            wrong = wrong[1]
        if wrong is not None:
            raise OSError(wrong, os.strerror(wrong))
        return super().write(fd, data)

    def sync(self, fd: int) -> None:
        del fd
        self._check("sync")

    def truncate(self, fd: int, size: int) -> None:
        self._check("truncate")
        super().truncate(fd, size)

    def takes_files(self, folder: Path) -> bool:
        del folder
        return self._ask("another file") is None

    def open_append(self, path: Path) -> int:
        self._check("open")
        return super().open_append(path)

    def create(self, path: Path) -> int:
        self._check("open")
        return super().create(path)


@pytest.fixture
def failing_files() -> type[FailingFiles]:
    """Files that fail by plan."""
    return FailingFiles


@pytest.fixture
def unsynced_files() -> Files:
    """Files that do not wait for the disk."""
    return UnsyncedFiles()


@dataclass
class Hands:
    """A clock that is moved by hand, both hands together; it starts at a plausible date."""

    now: float = 1_800_000_000.0

    def forward(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds

    def clock(self) -> Clock:
        """The clock to inject."""
        return Clock(wall=lambda: self.now, steady=lambda: self.now)


@pytest.fixture
def hands() -> Hands:
    """A clock moved by hand."""
    return Hands()


@pytest.fixture
def run_engine() -> RunEngine:
    """Run an engine in this process to its end, by default on a replay, and return the session as it then is."""

    def run(
        folder: SessionFolder, executor: Executor | None = None, *, workers: int = 2, **collaborators: object
    ) -> Snapshot:
        collaborators = {"files": UnsyncedFiles(), "tick": 0.001} | collaborators
        if isinstance(executor, WatchedExecutor):
            collaborators["clock"] = executor.hands.clock()
        engine = Engine(folder, executor or ReplayExecutor(), EngineOptions(workers=workers), **collaborators)  # type: ignore[arg-type]
        engine.run()
        return read_session(folder)

    return run


class WatchedExecutor(ReplayExecutor):
    """A replay that calls ``on_turn(number)`` at every turn of the engine, so that a test can give orders.

    A turn takes 0.11 s of its own time, so that whatever the engine does ten times a second is done every turn.
    """

    def __init__(
        self, on_turn: Callable[[int], None], script: Script = synthetic, probes: ProbeScript | None = None
    ) -> None:
        super().__init__(script, probes)
        self.turn = 0
        self.hands = Hands()
        self.on_turn = on_turn
        self.submitted: list[tuple[int, Job]] = []

    def submit(self, worker: int, job: Job) -> None:
        self.submitted.append((worker, job))
        super().submit(worker, job)

    def poll(self, timeout: float) -> list[Report]:
        self.turn += 1
        self.hands.forward(0.11)
        self.on_turn(self.turn)
        return super().poll(0 * timeout)


@pytest.fixture
def watched() -> type[WatchedExecutor]:
    """A replay executor with a hook at every turn."""
    return WatchedExecutor
