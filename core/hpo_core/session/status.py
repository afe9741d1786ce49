"""``status.json``: where the running jobs are right now. Replaced atomically, worth nothing after a crash."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Literal

import msgspec

from hpo_core.journal.files import read_own, write_atomically

OLD_SECONDS = 10.0
"""An engine that can write says something more often than that."""

READ_ONLY = "The disk is read-only; paused until it can be written."


class RunningJob(msgspec.Struct, frozen=True):
    """One training under way. ``eta`` is the seconds it will take to its end, None where nothing is known yet."""

    trial: int
    replicate: int
    attempt: int
    worker: int
    phase: Literal["start", "prepare", "train", "validate"]
    epoch: int = 0
    epochs: int = 0
    batch: int = 0
    batches: int = 0
    metrics: dict[str, float] = {}
    started: float = 0.0
    eta: float | None = None

    @property
    def done(self) -> float:
        """The share of the training that is done, 0 to 1."""
        if not self.epochs:
            return 0.0
        within = (
            self.batch / self.batches
            if self.batches and self.phase == "train"
            else float(self.phase == "validate")
        )
        return min((max(self.epoch - 1, 0) + within) / self.epochs, 1.0)


class SessionHere(msgspec.Struct, frozen=True):
    """A session whose workers are on this machine: its name, its engine's process, and the GPUs that it uses."""

    name: str
    pid: int
    workers: int
    gpus: tuple[str, ...] = ()


class Machine(msgspec.Struct, frozen=True):
    """What the machine is doing: CPU in percent of all cores, memory in bytes, GPU in percent or None.

    ``sessions`` are those that train on it, this one among them; ``cores`` is how many there are for all of them.
    """

    cpu: float = 0.0
    memory_used: int = 0
    memory_total: int = 0
    workers_memory: int = 0
    gpu: float | None = None
    gpu_memory_used: int | None = None
    gpu_memory_total: int | None = None
    gpu_name: str | None = None
    cores: int = 0
    sessions: tuple[SessionHere, ...] = ()


class LiveStatus(msgspec.Struct, frozen=True):
    """The whole file; ``eta`` is the seconds to the end of the queue, ``speed`` trainings a minute."""

    pid: int
    gen: int
    time: float
    workers: int
    ready: int
    running: tuple[RunningJob, ...] = ()
    eta: float | None = None
    speed: float | None = None
    machine: Machine = Machine()
    message: str = ""
    held: str = ""
    """Why the disk holds the queue up, in a sentence; the message then says it too."""

    @property
    def others(self) -> tuple[SessionHere, ...]:
        """The other sessions that train on the machine."""
        return tuple(session for session in self.machine.sessions if session.pid != self.pid)

    @property
    def gpus(self) -> tuple[str, ...]:
        """The GPUs that this session uses."""
        return next((session.gpus for session in self.machine.sessions if session.pid == self.pid), ())


def write_status(path: Path, status: LiveStatus) -> None:
    """Replace the status file. Raises ``OSError``."""
    write_atomically(path, msgspec.json.encode(status), durable=False)


def read_status(path: Path) -> LiveStatus | None:
    """Return the status, or None where there is none that can be read.

    An engine whose disk has become read-only cannot say so: its last word is old, and the disk is asked.
    """
    try:
        status = msgspec.json.decode(read_own(path), type=LiveStatus)
        old = time.time() - status.time > OLD_SECONDS
        if old and os.statvfs(path.parent).f_flag & os.ST_RDONLY:
            return msgspec.structs.replace(status, message=READ_ONLY, held=READ_ONLY)
    except (OSError, msgspec.DecodeError):
        return None
    return status
