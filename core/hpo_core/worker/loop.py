"""The worker's loop: orders in, trainings done one after the other, events out; no TensorFlow here.

A reader thread takes the orders, so that a ``StopTraining`` reaches the training under way. A training that
raises ends as ``failed`` with one sentence, its traceback in the log, and the loop goes on to the next job.
"""

from __future__ import annotations

import gc
import logging
import os
import queue
import threading
import time
from collections.abc import Callable
from typing import BinaryIO

import msgspec
import psutil

from hpo_core.errors import HpoError
from hpo_core.journal.events import (
    Job,
    JobEnded,
    Probe,
    ProbeEnded,
    Quit,
    StopTraining,
    WorkerEvent,
    WorkerOrder,
    WorkerReady,
)
from hpo_core.plan.probes import Answer
from hpo_core.text import clean, format_value
from hpo_core.worker.joblog import JobLog
from hpo_core.workloads.workload import Outcome, Probed, Reporter, StopSignal, Workload

log = logging.getLogger(__name__)

Work = queue.SimpleQueue[tuple[Job | Probe, StopSignal] | None]
"""What is to be done next; None is the end."""


class Events:
    """The way out: one JSON line for each event. A reader that is gone means that the engine is gone."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._encoder = msgspec.json.Encoder()
        self._lock = threading.Lock()

    def __call__(self, event: WorkerEvent) -> None:
        """Send one event."""
        line = memoryview(self._encoder.encode(event) + b"\n")
        with self._lock:
            try:
                while line:
                    line = line[os.write(self._fd, line) :]
            except BrokenPipeError:
                leave_at_once()


def leave_at_once() -> None:
    """End the process without waiting for anything: nobody is left to work for."""
    os._exit(0)


def serve(workload: Workload, orders: BinaryIO, emit: Callable[[WorkerEvent], None], job_log: JobLog) -> None:
    """Train the jobs and probes of ``orders`` until ``Quit``; the end of ``orders`` ends the process at once."""
    jobs: Work = queue.SimpleQueue()
    threading.Thread(target=_read_orders, args=(orders, jobs), name="orders", daemon=True).start()
    emit(WorkerReady(pid=os.getpid(), device=workload.device))
    while (item := jobs.get()) is not None:
        order, stop = item
        if isinstance(order, Probe):
            emit(_probe(workload, order, stop, emit, job_log))
        else:
            emit(_train(workload, order, stop, emit, job_log))


def _read_orders(orders: BinaryIO, jobs: Work) -> None:
    decoder = msgspec.json.Decoder(WorkerOrder)
    stop = StopSignal()
    for line in orders:
        try:
            order: WorkerOrder = decoder.decode(line)
        except msgspec.MsgspecError as error:
            log.error("an order that is none, so this worker ends: %s: %s", clean(error), clean(line[:200]))
            os._exit(2)
        if isinstance(order, (Job, Probe)):
            stop = StopSignal()
            jobs.put((order, stop))
        elif isinstance(order, StopTraining):
            stop.obey(order)
        elif isinstance(order, Quit):
            jobs.put(None)
            return
    leave_at_once()


def _train(
    workload: Workload, job: Job, stop: StopSignal, emit: Callable[[WorkerEvent], None], job_log: JobLog
) -> JobEnded:
    def tell(event: WorkerEvent) -> None:
        job_log.keep_small()
        emit(event)

    began = time.monotonic()
    job_log.switch(job.log)
    log.info(
        "trial %d r%d attempt %d, seed %d: %s", job.trial, job.replicate, job.attempt, job.seed, _in_words(job)
    )
    try:
        outcome = workload.train(job, Reporter(job, tell), stop)
    except Exception as error:  # a job that raises must not take the queue with it
        log.exception("the training failed")
        outcome = failure(error)
    if outcome.status == "failed":
        gc.collect()  # a half-built network is all cycles, and may be large
    seconds = time.monotonic() - began
    log.info("%s after %.2f s%s", outcome.status, seconds, f": {outcome.reason}" if outcome.reason else "")
    job_log.trim()
    return JobEnded(
        trial=job.trial,
        replicate=job.replicate,
        attempt=job.attempt,
        status=outcome.status,
        seconds=seconds,
        reason=outcome.reason,
        kind=outcome.kind,
        parameters=outcome.parameters,
        memory=psutil.Process().memory_info().rss,
        program=outcome.program,
    )


def _probe(
    workload: Workload, probe: Probe, stop: StopSignal, emit: Callable[[WorkerEvent], None], job_log: JobLog
) -> ProbeEnded:
    began = time.monotonic()
    job_log.switch(probe.log)
    log.info("probe of %d steps: %s", probe.steps, _in_words(probe.job))
    answer = Answer()
    try:
        if isinstance(workload, Probed):
            answer = workload.probe(probe, Reporter(probe.job, emit), stop)
    except Exception as error:  # no probe may take the queue with it
        log.exception("the probe failed")
        answer = Answer(reason=failure(error).reason)
        gc.collect()
    log.info("%s %s", answer.reason, " ".join(answer.prints))
    job_log.trim()
    return ProbeEnded(answer=answer, seconds=time.monotonic() - began)


def _in_words(job: Job) -> str:
    return ", ".join(f"{clean(name)}={format_value(value)}" for name, value in job.values.items())


def failure(error: Exception) -> Outcome:
    """Return what a job that raised ``error`` ended as: "failed", a word to count by, and one clean sentence."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    # TensorFlow names its out-of-memory error so; importing it here for the class would take seconds.
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        said = next((line for line in lines if "OOM" in line), lines[0] if lines else "no more memory")
        said = said[max(said.find("OOM"), 0) :].split(" on /job:")[0]  # the rest says where inside TensorFlow
        return Outcome("failed", f"Out of memory: {clean(said, 240)}", "out of memory")
    if isinstance(error, HpoError):
        return Outcome("failed", clean(error, 400), "error")
    # A graph's error begins with the place in the source; what went wrong stands in its last lines.
    graph = bool(lines) and lines[0].startswith("Graph execution error")
    said = lines[-1 if graph else 0] if lines else "no message"
    return Outcome("failed", f"{type(error).__name__}: {clean(said, 240)}", "error")
