"""The stop ladder of one process that does not move: it was asked, then comes SIGTERM, then SIGKILL."""

from __future__ import annotations

import signal
import time

from msgspec import Struct, field

from hpo_core.executors.process import WorkerProcess
from hpo_core.journal.events import StopTraining

ASK_SECONDS = 3.0
TERM_SECONDS = 1.0
"""So long after asking comes SIGTERM, and so long after that SIGKILL."""


class Ladder(Struct):
    """Begun by asking the process to stop its training; one that still starts cannot hear that."""

    process: WorkerProcess
    _due: float = 0.0
    _rungs: list[signal.Signals] = field(default_factory=lambda: [signal.SIGTERM, signal.SIGKILL])
    _asked: bool = False
    _work: int = 0

    def __post_init__(self) -> None:
        self._asked, self._work = self.process.busy, self.process.work
        if self._asked:
            self.process.send(StopTraining())
            self._due = time.monotonic() + ASK_SECONDS

    def climb(self) -> bool:
        """Take the next rung where it is due; whether there is one more to come."""
        if self._asked and not (self.process.busy and self.process.work == self._work):
            return False  # it has answered, and what it may have begun since is nobody's to end
        if time.monotonic() >= self._due:
            self.process.signal(self._rungs.pop(0))
            self._due = time.monotonic() + TERM_SECONDS
        return bool(self._rungs)
