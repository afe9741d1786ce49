"""Workers that are not there: each job's events come from a script, at once, in order, always the same.

For tests of the engine, and for trying it out without a worker. The script is computed (``synthetic``) or read
from a session's results (``recorded``). Each poll takes one event from every worker that has a job.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

from hpo_core.errors import HpoError
from hpo_core.executors.executor import Executor, Report, WorkerDied
from hpo_core.journal.events import (
    AttemptStatus,
    EngineOptions,
    EpochEnded,
    Job,
    JobEnded,
    JobStarted,
    Probe,
    ProbeEnded,
    WorkerEvent,
    WorkerReady,
)
from hpo_core.plan.grid import JobKey
from hpo_core.plan.probes import Answer
from hpo_core.plan.workloads import facts_of
from hpo_core.session.paths import SessionFolder
from hpo_core.session.snapshot import ENDED, Snapshot
from hpo_core.workloads.synthetic import synthetic_curve

Script = Callable[[Job], Iterator[WorkerEvent]]
"""From a job to what a worker would report of it, ``JobEnded`` last."""

ProbeScript = Callable[[Probe], Iterator[WorkerEvent]]
"""From a probe to what a worker would report of it, ``ProbeEnded`` last."""

EPOCH_SECONDS = 0.01


def synthetic(job: Job) -> Iterator[WorkerEvent]:
    """Report the synthetic workload's curve, without its pace."""
    curve = synthetic_curve(job.values, job.seed, int(job.values["epochs"]), int(job.data.get("classes", 10)))
    yield JobStarted(trial=job.trial, replicate=job.replicate, attempt=job.attempt)
    for epoch, metrics in enumerate(curve, 1):
        if math.isnan(metrics["loss"]):
            yield _ended(job, "diverged", epoch * EPOCH_SECONDS, f"loss is NaN at epoch {epoch}", "diverged")
            return
        yield _epoch(job, epoch, dict(metrics), EPOCH_SECONDS)
    yield _ended(job, "complete", len(curve) * EPOCH_SECONDS)


def recorded(snapshot: Snapshot) -> Script:
    """Return the script that repeats a session's results; a job that it does not have fails."""

    def script(job: Job) -> Iterator[WorkerEvent]:
        result = snapshot.replicate(JobKey(job.trial, job.replicate))
        yield JobStarted(trial=job.trial, replicate=job.replicate, attempt=job.attempt)
        for epoch in result.epochs:
            yield _epoch(job, epoch.number, dict(epoch.metrics), epoch.seconds)
        if result.status in ENDED:
            yield _ended(job, cast(AttemptStatus, result.status), result.seconds, result.reason, result.kind)
        else:
            yield _ended(job, "failed", 0.0, f"{result.key} is not among the recorded results.", "not recorded")

    return script


class ReplayExecutor:
    """See ``Executor``. Answers probes only where it is told how to."""

    device = "cpu"
    suggested_workers = 2

    def __init__(self, script: Script = synthetic, probes: ProbeScript | None = None) -> None:
        self._script = script
        self._probes = probes
        self._fresh: list[int] = []
        self._killed: list[int] = []
        self._jobs: dict[int, Job | Probe] = {}
        self._scripts: dict[int, Iterator[WorkerEvent]] = {}
        self._stops: dict[int, bool] = {}

    def start_worker(self, worker: int) -> None:
        """Nothing to start; ready at the next poll."""
        self._fresh.append(worker)

    def submit(self, worker: int, job: Job) -> None:
        """Begin the job's script."""
        self._jobs[worker] = job
        self._scripts[worker] = self._script(job)

    def probe(self, worker: int, probe: Probe) -> bool:
        """Begin the probe's script, where there is one."""
        if self._probes is None:
            return False
        self._jobs[worker] = probe
        self._scripts[worker] = self._probes(probe)
        return True

    def stop_training(self, worker: int, after_epoch: bool = False) -> None:
        """End the script at the next poll, or after its next epoch."""
        if worker in self._jobs:
            self._stops[worker] = after_epoch

    def retire(self, worker: int) -> None:
        """Nothing to end."""
        self._drop(worker)

    def kill(self, worker: int) -> None:
        """Report the death at the next poll."""
        self._killed.append(worker)

    def end_hang(self, worker: int) -> None:
        """Nothing hears, so that it dies."""
        self.kill(worker)

    def cpu_seconds(self, worker: int) -> float:
        """None is used."""
        del worker
        return 0.0

    def poll(self, timeout: float) -> list[Report]:
        """One event from every worker that has a job; waits only where nobody has one."""
        reports: list[Report] = []
        for worker in self._killed:
            self._drop(worker)
            reports.append((worker, WorkerDied(os.getpid(), -9, Path(os.devnull))))
        reports += [(worker, WorkerReady(pid=os.getpid(), device=self.device)) for worker in self._fresh]
        self._killed, self._fresh = [], []
        for worker in list(self._scripts):
            event = self._next(worker)
            if event is not None:
                reports.append((worker, event))
        if not reports:
            time.sleep(timeout)
        return reports

    def memory(self) -> int:
        """No process, no memory."""
        return 0

    def close(self) -> None:
        """Forget everything."""
        for worker in list(self._jobs):
            self._drop(worker)

    def _next(self, worker: int) -> WorkerEvent | None:
        job = self._jobs[worker]
        if self._stops.get(worker) is False:
            event: WorkerEvent | None = _stopped(job)
        else:
            event = next(self._scripts[worker], None)
        if isinstance(event, EpochEnded) and self._stops.get(worker):
            self._stops[worker] = False
        if isinstance(event, (JobEnded, ProbeEnded)):
            self._drop(worker)
        return event

    def _drop(self, worker: int) -> None:
        self._jobs.pop(worker, None)
        self._scripts.pop(worker, None)
        self._stops.pop(worker, None)


def start(folder: SessionFolder, options: EngineOptions) -> Executor:
    """Return the executor for a session; see ``ExecutorModule``. It makes results up: the workload must too."""
    del folder
    if not facts_of(options.workload).made_up:
        raise HpoError("The executor 'replay' makes results up, so it goes with --workload synthetic alone.")
    return ReplayExecutor()


def _epoch(job: Job, epoch: int, metrics: dict[str, float | None], seconds: float) -> EpochEnded:
    return EpochEnded(
        trial=job.trial,
        replicate=job.replicate,
        attempt=job.attempt,
        epoch=epoch,
        metrics=metrics,
        seconds=seconds,
    )


def _stopped(job: Job | Probe) -> WorkerEvent:
    if isinstance(job, Probe):
        return ProbeEnded(answer=Answer(reason="stopped"), seconds=0.0)
    return _ended(job, "stopped", 0.0, "Stopped.", "stopped")


def _ended(job: Job, status: AttemptStatus, seconds: float, reason: str = "", kind: str = "") -> JobEnded:
    return JobEnded(
        trial=job.trial,
        replicate=job.replicate,
        attempt=job.attempt,
        status=status,
        seconds=seconds,
        reason=reason,
        kind=kind,
    )
