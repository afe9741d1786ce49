"""Workers as processes on this machine: one for each core, or one for each GPU, or several on one.

A worker stays warm across jobs. One that has grown past its memory allowance is replaced: the new process is
started first, and takes over once it is ready and the old one is between two jobs.
"""

from __future__ import annotations

import os
import selectors
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hpo_core.executors.executor import Executor, Report, WorkerDied
from hpo_core.executors.gpus import GpuShare
from hpo_core.executors.hardware import cores, gpus, memory_allowance, suggested_cpu_workers
from hpo_core.executors.ladder import ASK_SECONDS, TERM_SECONDS, Ladder
from hpo_core.executors.process import WorkerProcess
from hpo_core.journal.events import EngineOptions, Job, Probe, Quit, StopTraining, WorkerReady
from hpo_core.plan.workloads import DEFAULT_WORKLOAD, facts_of
from hpo_core.session.paths import SessionFolder
from hpo_core.workloads.keras_process import GPU_SHARERS


class LocalExecutor:
    """See ``Executor``. ``data`` is opened by each worker while it starts; logs of starts go to ``logs``."""

    def __init__(
        self,
        logs: Path,
        *,
        workload: str = DEFAULT_WORKLOAD,
        data: Mapping[str, Any] | None = None,
        allowance: int | None = None,
        environment: Mapping[str, str] | None = None,
        workers_per_gpu: int = 1,
    ) -> None:
        self._logs = logs.absolute()
        self._workload = workload
        self._data = data
        self._gpus = GpuShare(gpus() if facts_of(workload).gpu else 0)
        self._per_gpu = workers_per_gpu
        self._allowance = allowance
        self._environment = {**os.environ, **(environment or {})}
        self._workers: dict[int, WorkerProcess] = {}
        self._successors: dict[int, WorkerProcess] = {}
        self._leaving: list[WorkerProcess] = []
        self._ladders: dict[int, Ladder] = {}
        self._selector = selectors.DefaultSelector()

    @property
    def device(self) -> str:
        """What the workers compute on: "cpu" or "gpu"."""
        return "gpu" if self._gpus.names else "cpu"

    @property
    def suggested_workers(self) -> int:
        """As many as there shall be for each GPU; else one for each core."""
        return len(self._gpus.names) * self._per_gpu or suggested_cpu_workers()

    def start_worker(self, worker: int) -> None:
        """Start a process for ``worker``."""
        self._workers[worker] = self._launch(worker)

    def submit(self, worker: int, job: Job) -> None:
        """Hand a job to an idle worker."""
        self._workers[worker].send(job)

    def probe(self, worker: int, probe: Probe) -> bool:
        """Hand a probe to an idle worker."""
        self._workers[worker].send(probe)
        return True

    def stop_training(self, worker: int, after_epoch: bool = False) -> None:
        """Ask for the training's end."""
        self._workers[worker].send(StopTraining(after_epoch=after_epoch))

    def retire(self, worker: int) -> None:
        """Let an idle worker leave, and its successor with it."""
        for pool in (self._workers, self._successors):
            if worker in pool:
                self._dismiss(pool.pop(worker))
        self._gpus.give_back(worker)

    def kill(self, worker: int) -> None:
        """SIGKILL to the worker's process group."""
        self._workers[worker].signal(signal.SIGKILL)

    def end_hang(self, worker: int) -> None:
        """Begin to climb the stop ladder; the polls go on with it."""
        self._ladders[worker] = Ladder(self._workers[worker])

    def cpu_seconds(self, worker: int) -> float:
        """CPU time of the process and of its children."""
        return self._workers[worker].cpu_seconds()

    def poll(self, timeout: float) -> list[Report]:
        """Read from every process that has something to say."""
        reports: list[Report] = []
        for worker, ladder in list(self._ladders.items()):
            if ladder.process is not self._workers.get(worker) or not ladder.climb():
                del self._ladders[worker]
        if not self._selector.get_map():
            time.sleep(timeout)
        for key, _ in self._selector.select(timeout) if self._selector.get_map() else ():
            worker, process = key.data
            events, ended = process.read()
            if process is self._workers.get(worker):
                reports += [(worker, event) for event in events]
            if ended:
                reports += self._bury(worker, process)
        for worker in list(self._workers):
            reports += self._renew(worker)
        return reports

    def memory(self) -> int:
        """Resident bytes of all processes."""
        everyone = (*self._workers.values(), *self._successors.values(), *self._leaving)
        return sum(process.resident() for process in everyone)

    def close(self) -> None:
        """Climb the stop ladder until nobody is left."""
        for worker, process in self._workers.items():
            if process.busy:
                self.stop_training(worker)
        for worker in (*self._workers, *self._successors):
            self.retire(worker)
        self._await_leaving(ASK_SECONDS)
        for last_word, patience in ((signal.SIGTERM, TERM_SECONDS), (signal.SIGKILL, TERM_SECONDS)):
            for process in self._leaving:
                process.signal(last_word)
            self._await_leaving(patience)
        for process in self._leaving:
            process.reap()
        self._leaving.clear()
        self._ladders.clear()
        self._gpus.close()
        self._selector.close()
        self._selector = selectors.DefaultSelector()

    # ---------------------------------------------------------------------------------------------------------

    def _launch(self, worker: int) -> WorkerProcess:
        on_gpu = self.device == "gpu"
        device = f"gpu:{self._gpus.take(worker)}" if on_gpu else "cpu"
        threads = max(1, cores() // self.suggested_workers) if on_gpu else 1
        environment = {"OMP_NUM_THREADS": str(threads), **self._environment}
        environment["OPENBLAS_NUM_THREADS"] = environment["OMP_NUM_THREADS"]  # the engine's own says one
        environment[GPU_SHARERS] = str(self._per_gpu)
        process = WorkerProcess(
            workload=self._workload,
            device=device,
            threads=threads,
            log=self._logs / f"worker-{worker:02d}.log",
            data=self._data,
            environment=environment,
        )
        self._selector.register(process.events, selectors.EVENT_READ, (worker, process))
        return process

    def _dismiss(self, process: WorkerProcess) -> None:
        if process.ready:
            process.send(Quit())
        else:
            process.signal(signal.SIGTERM)  # it would hear an order only once its framework is imported
        self._leaving.append(process)

    def _bury(self, worker: int, process: WorkerProcess) -> list[Report]:
        """Reap a process whose events have ended; report it where nobody told it to leave."""
        self._selector.unregister(process.events)
        status = process.reap()
        if process in self._leaving:
            self._leaving.remove(process)
        elif self._successors.get(worker) is process:
            del self._successors[worker]
        else:
            del self._workers[worker]
            return [(worker, WorkerDied(process.pid, status, process.log))]
        return []

    def _renew(self, worker: int) -> list[Report]:
        """Start a successor for a worker past its allowance; let it take over once it can."""
        current, successor = self._workers[worker], self._successors.get(worker)
        if successor is None:
            allowance = self._allowance or memory_allowance(len(self._workers))
            if current.memory > allowance:
                current.memory = 0  # asked for once; a successor that dies is not tried again until the next job
                self._successors[worker] = self._launch(worker)
        elif successor.ready and not current.busy:
            self._workers[worker] = self._successors.pop(worker)
            self._dismiss(current)
            return [(worker, WorkerReady(pid=successor.pid, device=self.device))]
        return []

    def _await_leaving(self, patience: float) -> None:
        deadline = time.monotonic() + patience
        while self._leaving and (left := deadline - time.monotonic()) > 0:
            for key, _ in self._selector.select(left):
                worker, process = key.data
                if process.read()[1]:
                    self._bury(worker, process)


def start(folder: SessionFolder, options: EngineOptions) -> Executor:
    """Return the executor for a session; see ``ExecutorModule``."""
    return LocalExecutor(
        folder.logs,
        workload=options.workload,
        data=folder.load_spec().material,
        workers_per_gpu=options.workers_per_gpu,
    )
