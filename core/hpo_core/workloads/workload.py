"""What a workload is to the worker: something that trains one job, reports as it goes, and stops when told."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from hpo_core.journal.events import (
    AttemptStatus,
    DataReady,
    Job,
    JobEpoch,
    JobStarted,
    Progress,
    StopTraining,
    WorkerEvent,
)

PROGRESS_SECONDS = 0.2
"""Progress events leave at most this often."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a training ended; see ``events.JobEnded``."""

    status: AttemptStatus
    reason: str = ""
    kind: str = ""
    parameters: int | None = None


class StopSignal:
    """Whether the training under way was told to stop: between two chunks, or at the end of its epoch."""

    def __init__(self) -> None:
        self.now = False
        self.after_epoch = False

    def obey(self, order: StopTraining) -> None:
        """Take the order over."""
        if order.after_epoch:
            self.after_epoch = True
        else:
            self.now = True

    @property
    def at_epoch_end(self) -> bool:
        """Whether to stop at the end of an epoch."""
        return self.now or self.after_epoch


class Reporter:
    """What a trainer tells of one job while it trains."""

    def __init__(self, job: Job, emit: Callable[[WorkerEvent], None]) -> None:
        self.job = job
        self._emit = emit
        self._last_progress = -math.inf

    def data(self, ready: DataReady) -> None:
        """The images are there."""
        self._emit(ready)

    def started(self) -> None:
        """Data loaded, model built: the first step is next."""
        self._emit(JobStarted(trial=self.job.trial, replicate=self.job.replicate, attempt=self.job.attempt))

    def progress(
        self,
        epoch: int,
        batch: int,
        batches: int,
        metrics: Mapping[str, float] | None = None,
        phase: Literal["prepare", "train", "validate"] = "train",
    ) -> None:
        """Say where the training is; swallowed when the last one left less than 0.2 s ago."""
        now = time.monotonic()
        if now - self._last_progress < PROGRESS_SECONDS:
            return
        self._last_progress = now
        self._emit(
            Progress(
                trial=self.job.trial,
                replicate=self.job.replicate,
                epoch=epoch,
                epochs=int(self.job.values["epochs"]),
                batch=batch,
                batches=batches,
                phase=phase,
                metrics={name: value for name, value in (metrics or {}).items() if math.isfinite(value)},
            )
        )

    def epoch(self, epoch: int, metrics: Mapping[str, float], seconds: float) -> None:
        """An epoch has ended; a metric that is NaN or infinite leaves as null."""
        self._emit(
            JobEpoch(
                trial=self.job.trial,
                replicate=self.job.replicate,
                attempt=self.job.attempt,
                epoch=epoch,
                metrics={name: value if math.isfinite(value) else None for name, value in metrics.items()},
                seconds=seconds,
            )
        )


class Trainer(Protocol):
    """What trains a job: TensorFlow, or the synthetic stand-in."""

    device: str
    """Where it computes: "cpu", "gpu:0"."""

    def train(self, job: Job, report: Reporter, stop: StopSignal) -> Outcome:
        """Train to the end of ``job``, or until told to stop. Whatever it raises becomes a failed job."""
        ...
