"""What an executor is: the one way in which the engine reaches workers, wherever they run.

An executor has numbered workers. The engine starts them, hands an idle one a single job, and polls for what they
report; the next job goes out only after the last one ended. An executor decides nothing: which job, how often a
worker is started again, and what a death means are the engine's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from msgspec import Struct

from hpo_core.journal.events import Job, Probe, WorkerEvent


class WorkerDied(Struct, frozen=True):
    """A worker ended without being told to. ``returncode`` as in subprocess: negative is a signal's number.

    ``log`` is the file that holds its last words. ``lost``: with the machine it was on, by no fault of its own.
    """

    pid: int
    returncode: int
    log: Path
    lost: bool = False


Report = tuple[int, WorkerEvent | WorkerDied]
"""A worker's number and what it says. ``WorkerReady`` says that a fresh worker stands there, nothing compiled."""


class Executor(Protocol):
    """Workers by number. None of the calls waits for a worker, except ``poll`` (to its limit) and ``close``."""

    @property
    def device(self) -> str:
        """What the workers compute on: "cpu", "gpu"."""
        ...

    @property
    def suggested_workers(self) -> int:
        """How many workers suit this machine."""
        ...

    def start_worker(self, worker: int) -> None:
        """Start worker ``worker``; ``WorkerReady`` or ``WorkerDied`` follows. Raises ``OSError``."""
        ...

    def submit(self, worker: int, job: Job) -> None:
        """Hand a job to an idle worker."""
        ...

    def probe(self, worker: int, probe: Probe) -> bool:
        """Hand a probe to an idle worker; False where these workers cannot be probed."""
        ...

    def stop_training(self, worker: int, after_epoch: bool = False) -> None:
        """Ask the worker to stop its training, or its probe, between two chunks or at the end of its epoch."""
        ...

    def retire(self, worker: int) -> None:
        """Let an idle worker leave; nothing more is reported of it."""
        ...

    def kill(self, worker: int) -> None:
        """End a worker that does not answer; ``WorkerDied`` follows."""
        ...

    def end_hang(self, worker: int) -> None:
        """End a worker that hangs: ask, SIGTERM, SIGKILL; ``JobEnded`` or ``WorkerDied`` follows."""
        ...

    def cpu_seconds(self, worker: int) -> float:
        """CPU time that the worker and what it started have used; 0 where nobody knows."""
        ...

    def poll(self, timeout: float) -> list[Report]:
        """Return what was reported, waiting at most ``timeout`` seconds for the first of it.

        Raises ``ExecutorError`` where no worker can be reached or started any more.
        """
        ...

    def memory(self) -> int:
        """Resident bytes of all workers together."""
        ...

    def close(self) -> None:
        """End every worker: ask, then SIGTERM, then SIGKILL. Afterwards none is left, and more can be started."""
        ...
