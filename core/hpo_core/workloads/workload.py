"""What a workload is: something that trains one job, reports as it goes, and stops when told; and its module.

What must be known of one before it is imported stands in ``hpo_core.plan.workloads``.
"""

from __future__ import annotations

import importlib
import importlib.util
import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, Protocol, cast, runtime_checkable

from msgspec import Struct

from hpo_core.errors import DataError, HpoError
from hpo_core.journal.events import (
    AttemptStatus,
    DataPrepared,
    EpochEnded,
    Job,
    JobStarted,
    Noted,
    Probe,
    Progress,
    StopTraining,
    WorkerEvent,
)
from hpo_core.plan.probes import Answer
from hpo_core.plan.spec import SessionSpec
from hpo_core.plan.workloads import facts_of
from hpo_core.text import clean
from hpo_core.workloads.winner import Winner

PROGRESS_SECONDS = 0.2
"""Progress events leave at most this often."""


class Outcome(Struct, frozen=True):
    """How a training ended; see ``events.JobEnded``."""

    status: AttemptStatus
    reason: str = ""
    kind: str = ""
    parameters: int | None = None
    program: str = ""


def not_finite(metrics: Mapping[str, float], epoch: int) -> Outcome | None:
    """Return that a training has diverged, where a metric of its epoch is NaN or infinite; else None."""
    for name, value in metrics.items():
        if not math.isfinite(value):
            what = "NaN" if math.isnan(value) else "infinite"
            return Outcome("diverged", f"{clean(name)} is {what} at epoch {epoch}", "diverged")
    return None


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
    """What a workload tells of one job while it trains."""

    def __init__(self, job: Job, emit: Callable[[WorkerEvent], None]) -> None:
        self.job = job
        self._emit = emit
        self._last_progress = -math.inf

    def data(self, prepared: DataPrepared) -> None:
        """The images are there."""
        self._emit(prepared)

    def note(self, text: str) -> None:
        """Say what the person should know; the session has it once, however often it is said."""
        self._emit(Noted(level="info", text=text))

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
                epochs=self.job.epochs,
                batch=batch,
                batches=batches,
                phase=phase,
                metrics={name: value for name, value in (metrics or {}).items() if math.isfinite(value)},
            )
        )

    def epoch(self, epoch: int, metrics: Mapping[str, float], seconds: float) -> None:
        """An epoch has ended; a metric that is NaN or infinite leaves as null."""
        self._emit(
            EpochEnded(
                trial=self.job.trial,
                replicate=self.job.replicate,
                attempt=self.job.attempt,
                epoch=epoch,
                metrics={name: value if math.isfinite(value) else None for name, value in metrics.items()},
                seconds=seconds,
            )
        )


class Workload(Protocol):
    """What trains a job."""

    device: str
    """Where it computes: "cpu", "gpu:0"."""

    def train(self, job: Job, report: Reporter, stop: StopSignal) -> Outcome:
        """Train to the end of ``job``, or until told to stop. Whatever it raises becomes a failed job."""
        ...


@runtime_checkable
class Probed(Protocol):
    """What a workload offers beside that where its trainings can be probed; see ``probing.take_prints``."""

    def probe(self, probe: Probe, report: Reporter, stop: StopSignal) -> Answer:
        """Train the probe's few steps, and nothing else of its job. Whatever it raises is the reason why not."""
        ...


class Setting(Struct, frozen=True):
    """What a worker trains in: one device ("cpu", "gpu:N"), its threads, the data that its jobs will ask for."""

    device: str
    threads: int
    data: Mapping[str, Any] | None = None


CountProgress = Callable[[int, int], None]
"""Told how much of the data is ready, of how much."""


class WorkloadModule(Protocol):
    """What the module of a workload offers. Commands and screens import it too: no framework before ``start``."""

    def check(self, data: Mapping[str, Any], progress: CountProgress | None = None) -> str:
        """Look at a ``[data]`` table before anything is made of it, and return the data in one line.

        Raises ``DataError``.
        """
        ...

    def data_now(self, material: Mapping[str, Any]) -> str:
        """Return the fingerprint that files to train on have now, as a training tells it; "" where there are none.

        Raises ``DataError``, and ``OSError``.
        """
        ...

    def has_model(self, material: Mapping[str, Any]) -> bool:
        """Whether a training with this material comes to a Keras model that can be kept."""
        ...

    def write_script(self, winner: Winner, to: Path) -> str:
        """Write into ``to`` what trains a trial without hpo-tui, and return a sentence or two on it.

        Raises ``DataError``, and ``OSError``.
        """
        ...

    def start(self, setting: Setting) -> Workload:
        """Set this process up for training: its environment, then what is to be imported."""
        ...


def load_workload(name: str) -> WorkloadModule:
    """Return the module of a workload. Raises ``HpoError`` where there is none of that name."""
    return cast(WorkloadModule, importlib.import_module(facts_of(name).module))


def check_can_train(spec: SessionSpec, workload: str, progress: CountProgress | None = None) -> str:
    """Return the data in a line, and in further lines how they were taken.

    Raises an ``HpoError`` for whatever would stop the training. Looks at all of the data, which takes a while
    where they are not ready yet; ``progress`` is told how far it is.
    """
    needs = facts_of(workload).needs
    if needs and importlib.util.find_spec(needs) is None:
        raise HpoError(
            f"{needs} is not installed here; install it with 'pip install {needs}', or try things out with "
            "--workload synthetic."
        )
    try:
        return load_workload(workload).check(spec.material, progress)
    except OSError as error:
        raise DataError(f"The data cannot be read: {error.strerror or error}.") from None


def data_now(spec: SessionSpec, workload: str) -> str:
    """Return the fingerprint that the data have now, by which results of the same data are known.

    It is "" where there are no files, or where they cannot be read, which ``check_can_train`` then says.
    """
    try:
        return load_workload(workload).data_now(spec.material)
    except (DataError, OSError):
        return ""
