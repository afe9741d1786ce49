"""A disk on which any one call fails: over a whole session, from its creation to its export."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

from drill_tools import Acknowledged, Figures, UnsyncedFiles, count_doubled, count_wrong, small_spec

from hpo_core.engine.clock import Clock
from hpo_core.engine.engine import Engine
from hpo_core.errors import SessionError
from hpo_core.executors.executor import Report
from hpo_core.executors.replay import ReplayExecutor
from hpo_core.interop.export import export
from hpo_core.journal.events import EngineOptions, ResumeQueue
from hpo_core.journal.files import Files
from hpo_core.session import store as session
from hpo_core.session.control import send_order
from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder
from hpo_core.session.status import read_status

FAULTS: dict[str, tuple[str, int]] = {
    "write: EIO": ("write", errno.EIO),
    "write: ENOSPC": ("write", errno.ENOSPC),
    "short write, then ENOSPC": ("short", errno.ENOSPC),
    "fsync: EIO": ("sync", errno.EIO),
    "fsync: ENOSPC": ("sync", errno.ENOSPC),
    "rename: EIO": ("replace", errno.EIO),
    "rename: ENOSPC": ("replace", errno.ENOSPC),
}


class OneFault(UnsyncedFiles):
    """Files of which the ``number``-th call of one kind fails, and ``length - 1`` more after it."""

    def __init__(self, kind: str, wrong: int, number: int, length: int) -> None:
        self.calls = 0
        self._kind, self._wrong = kind, wrong
        self._failing = range(number, number + length)
        self._half_written = False

    def write(self, fd: int, data: bytes) -> int:
        if self._kind == "short" and not self._half_written and self._due() and len(data) > 1:
            self._half_written = True
            return super().write(fd, data[: len(data) // 2])
        if self._half_written:
            self._half_written = False
            self._fail()
        if self._kind == "write" and self._due():
            self._fail()
        return super().write(fd, data)

    def sync(self, fd: int) -> None:
        if self._kind == "sync" and self._due():
            self._fail()
        super().sync(fd)

    def replace(self, source: Path, target: Path) -> None:
        if self._kind == "replace" and self._due():
            self._fail()
        super().replace(source, target)

    def _due(self) -> bool:
        self.calls += 1
        return self.calls in self._failing

    def _fail(self) -> None:
        raise OSError(self._wrong, os.strerror(self._wrong))


class Patient(ReplayExecutor):
    """A replay on a clock of its own, at which somebody looks who goes on with a queue that was paused."""

    def __init__(self, folder: SessionFolder, acknowledged: Acknowledged) -> None:
        super().__init__()
        self._folder = folder
        self._acknowledged = acknowledged
        self._now = 1_800_000_000.0

    def clock(self) -> Clock:
        return Clock(wall=lambda: self._now, steady=lambda: self._now)

    def poll(self, timeout: float) -> list[Report]:
        self._now += 0.3
        self._acknowledged.look(self._folder)
        live = read_status(self._folder.status)
        if live is not None and live.message.startswith("disk error"):
            send_order(self._folder.control, ResumeQueue())
        return super().poll(0 * timeout)


def fail_everywhere(sessions: Path, step: int = 1, lengths: tuple[int, ...] = (1, 3)) -> Figures:
    """Let every ``step``-th call fail, once and three times in a row, for each kind of fault."""
    figures = Figures("write, fsync or rename fails", 0, lost=0, doubled=0, wrong=0)
    spec = small_spec(rates=2, filters=1)
    for name, (kind, wrong) in FAULTS.items():
        for length in lengths:
            number, met = 1, True
            while met:
                where = sessions / f"{name}-{length}-{number}".replace(" ", "-").replace(":", "").replace(",", "")
                files = OneFault(kind, wrong, number, length)
                _whole_life(where, spec, files, figures)
                met = files.calls >= number
                figures.rounds += met
                number += step
    return figures


def _whole_life(sessions: Path, spec: session.SessionSpec, files: Files, figures: Figures) -> None:
    folder = _create(sessions, spec, files, figures)
    acknowledged = Acknowledged()
    _until_done(lambda: work(folder, files, acknowledged), figures)
    snapshot = read_session(folder)
    figures.add(acknowledged.lost(folder), count_doubled(folder), wrong=count_wrong(snapshot))
    exports = folder.exports
    export(snapshot, exports, files=UnsyncedFiles())
    old = {path.name: path.read_bytes() for path in exports.iterdir()}
    _until_done(lambda: export(snapshot, exports, files=files), figures)
    figures.add(wrong={path.name: path.read_bytes() for path in exports.iterdir()} != old)


def _create(sessions: Path, spec: session.SessionSpec, files: Files, figures: Figures) -> SessionFolder:
    """Make the session; where that fails nothing is left, and it can be tried again."""
    for _ in range(10):
        try:
            return session.create(sessions, "life", spec, files)
        except SessionError:
            figures.add(wrong=(sessions / "life").exists())
    raise AssertionError("the session could not be made")


def work(folder: SessionFolder, files: Files, acknowledged: Acknowledged) -> None:
    """Let an engine work the session off, with somebody who goes on whenever it pauses."""
    executor = Patient(folder, acknowledged)
    Engine(folder, executor, EngineOptions(workers=2), files=files, tick=0.0, clock=executor.clock()).run()
    assert read_session(folder).finished


def _until_done(deed: Callable[[], object], figures: Figures) -> None:
    """Do it again until it succeeds: each refusal must be a sentence for a person."""
    for _ in range(10):
        try:
            deed()
        except SessionError as error:
            figures.add(wrong=not str(error).endswith("."))
        else:
            return
    raise AssertionError("it never succeeded")
