"""Keeps ``status.json`` true: at most four times a second, only when something changed, with a heartbeat."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

import msgspec

from hpo_core.engine.clock import Clock, Every
from hpo_core.engine.estimate import Estimator
from hpo_core.engine.readings import Readings
from hpo_core.engine.supervisor import Slot, Supervisor, Task
from hpo_core.journal.files import open_own
from hpo_core.plan.grid import JobKey
from hpo_core.session.status import LiveStatus, Machine, RunningJob, write_status

PUBLISH_SECONDS = 0.25
"""To replace a file is dear: at five times a second it was a third of what an engine with busy workers costs."""
HEARTBEAT_SECONDS = 2.0
READINGS_SECONDS = HEARTBEAT_SECONDS
"""As often as they are told where nothing else is new."""
ESTIMATE_SECONDS = 1.0


class LiveBoard:
    """Publishes where the running jobs are."""

    def __init__(
        self, path: Path, gen: int, supervisor: Supervisor, estimator: Estimator, readings: Readings, clock: Clock
    ) -> None:
        self._path = path
        self._gen = gen
        self._supervisor = supervisor
        self._estimator = estimator
        self._readings = readings
        self._clock = clock
        self._machine = Machine()
        self._facts: tuple[object, ...] = ()
        """What is worth writing for: everything but the readings and the slow drift of estimates."""
        self._publish = Every(PUBLISH_SECONDS, clock)
        self._heartbeat = Every(HEARTBEAT_SECONDS, clock)
        self._read = Every(READINGS_SECONDS, clock)
        self._estimate = Every(ESTIMATE_SECONDS, clock)
        self._eta: float | None = None

    def due(self) -> bool:
        """Whether it is time to look again."""
        return self._publish.due()

    def publish(self, workers: int, waiting: Collection[JobKey], message: str, held: str = "") -> None:
        """Write the status if it has changed, or if nothing was written for two seconds."""
        if self._read.due():
            self._machine = self._readings.take(self._supervisor.memory())
        running = tuple(self._running(slot, task) for slot, task in self._supervisor.tasks() if not task.probes)
        if self._estimate.due():
            self._eta = self._estimator.queue(waiting, [job.eta for job in running], workers)
        facts = (workers, self._supervisor.ready, running, message, held)
        if self._heartbeat.due() or facts != self._facts:
            self._facts = facts
            self._write(
                LiveStatus(
                    pid=os.getpid(),
                    gen=self._gen,
                    time=self._clock.wall(),
                    workers=workers,
                    ready=self._supervisor.ready,
                    running=running,
                    eta=self._eta,
                    speed=self._estimator.speed(self._clock.wall()),
                    machine=self._machine,
                    message=message,
                    held=held,
                )
            )

    def last_word(self, message: str) -> None:
        """Say that the engine has ended: nothing runs."""
        self._write(
            LiveStatus(
                pid=os.getpid(), gen=self._gen, time=self._clock.wall(), workers=0, ready=0, message=message
            )
        )

    def _write(self, status: LiveStatus) -> None:
        try:
            write_status(self._path, status)
        except OSError:
            self._write_in_place(status)

    def _write_in_place(self, status: LiveStatus) -> None:
        """On a full disk there is no room for a second file; the old one's own block can still be written."""
        try:
            with os.fdopen(open_own(self._path, os.O_RDWR), "r+b") as file:
                file.write(msgspec.json.encode(status))
                file.truncate()
        except OSError:
            return  # it is worth nothing after a crash, and the engine's log has the message too

    def _running(self, slot: Slot, task: Task) -> RunningJob:
        epochs = task.job.epochs
        shown = RunningJob(
            trial=task.job.trial,
            replicate=task.job.replicate,
            attempt=task.job.attempt,
            worker=slot.number,
            phase="train" if task.training else "start",
            epoch=min(task.epochs + 1, epochs),
            epochs=epochs,
            metrics={} if task.progress is None else task.progress.metrics,
            started=task.started,
        )
        shown = _with_progress(shown, task)
        eta = self._estimator.rest(task, shown)
        return msgspec.structs.replace(shown, eta=None if eta is None else round(eta, 1))


def _with_progress(shown: RunningJob, task: Task) -> RunningJob:
    """Add where within its epoch the training is; words from before it, or on an ended epoch, are stale."""
    progress = task.progress
    if task.epochs == shown.epochs:
        return msgspec.structs.replace(shown, phase="validate")  # all epochs have ended, the job not yet
    if progress is None or (task.training and (progress.phase == "prepare" or progress.epoch <= task.epochs)):
        return shown
    return msgspec.structs.replace(
        shown,
        phase=progress.phase,
        epoch=max(progress.epoch, shown.epoch),
        batch=progress.batch,
        batches=progress.batches,
    )
