"""Workers on a Ray cluster: on all of its machines, or on one that Ray is started on for this session alone.

An actor for each worker holds a core or its part of a GPU, and relays, see ``ray_relay``. What is lost with a node
is an attempt, not a result: ``WorkerDied.lost`` says so, and the engine lets the training wait again.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, field

import hpo_core
from hpo_core.errors import ExecutorError, HpoError
from hpo_core.executors.executor import Executor, Report, WorkerDied
from hpo_core.executors.hardware import cores, gpus, memory_allowance
from hpo_core.executors.ladder import ASK_SECONDS, TERM_SECONDS
from hpo_core.executors.ray_relay import Heard, Relay, decode
from hpo_core.journal.events import (
    EngineOptions,
    Job,
    JobEnded,
    Noted,
    Probe,
    ProbeEnded,
    Quit,
    StopTraining,
    WorkerOrder,
    WorkerReady,
)
from hpo_core.journal.files import FILE_MODE, FOLDER_MODE, make_own_folder, write_atomically
from hpo_core.plan.workloads import facts_of
from hpo_core.session.paths import SessionFolder
from hpo_core.text import clean
from hpo_core.workloads.keras_process import GPU_SHARERS

HEAR_SECONDS = 10.0
"""A relay that has nothing to say tells after so long what its worker has computed, and is asked again."""

CONNECT_SECONDS = 10.0
"""A cluster that does not answer within so long is not there."""

LOOK_SECONDS = 10.0
"""So often it is asked whether Ray still runs here, while workers are waited for."""

STAY_SECONDS = 1.0
"""A relay that is there so long after its worker was killed does not go with a machine."""

STORE_BYTES = 80_000_000
"""The object store of a cluster that is started here: nothing large is ever put into it."""

FRUGAL = {
    "RAY_enable_worker_prestart": "0",
    "RAY_prestart_worker_first_driver": "0",
    "RAY_task_events_report_interval_ms": "0",
    "RAY_enable_metrics_collection": "0",
    "RAY_event_stats": "0",
    "RAY_memory_monitor_refresh_ms": "0",
    "RAY_worker_niceness": "0",
}
"""A cluster that is started here starts no process ahead, counts nothing that nobody asks for, and leaves to the
engine what grows too large, as it is without Ray: all that took 5 % of a core from the trainings. Nor do these
stand back behind everything else on the machine (Ray gives them a niceness of 15)."""

MOST_HERE = 256
"""So many workers may be asked for on a cluster that is started here, whatever the cores; as with ``local``."""

_encoder = msgspec.json.Encoder()


class _Worker(Struct):
    """One actor. ``keep``: where its job's model goes; ``rungs``: signals still to be sent, and when."""

    number: int
    actor: Any
    log: Path
    ready: bool = False
    busy: bool = False
    leaving: bool = False
    memory: int = 0
    cpu: float = 0.0
    keep: Path | None = None
    rungs: list[tuple[float, signal.Signals]] = field(default_factory=list)


class RayExecutor:
    """See ``Executor``. Connects on construction; raises ``HpoError`` where there is no such cluster."""

    def __init__(
        self,
        logs: Path,
        *,
        workload: str,
        data: Mapping[str, Any] | None = None,
        address: str = "",
        workers_per_gpu: int = 1,
        allowance: int | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._ray = _connect(address)
        self._logs = logs.absolute()
        self._workload, self._data = workload, dict(data or {})
        self._allowance = allowance
        self._environment = {GPU_SHARERS: str(workers_per_gpu), **(environment or {})}
        have = self._ray.cluster_resources() if address else {"CPU": cores(), "GPU": gpus()}
        self._gpu_share = 1 / workers_per_gpu if facts_of(workload).gpu and have.get("GPU", 0) else 0.0
        self._slots = int(have["GPU"] / self._gpu_share) if self._gpu_share else int(have.get("CPU", 1))
        self._workers: dict[int, _Worker] = {}
        self._heard: dict[Any, _Worker] = {}
        """What is awaited of each relay."""
        self._look = 0.0

    @property
    def device(self) -> str:
        """What the workers compute on: "cpu" or "gpu"."""
        return "gpu" if self._gpu_share else "cpu"

    @property
    def suggested_workers(self) -> int:
        """As many as the cluster has GPUs, or cores, for."""
        return max(self._slots, 1)

    def start_worker(self, worker: int) -> None:
        """Start an actor where there is room for it, and the worker beside it."""
        self._look = time.monotonic() + LOOK_SECONDS
        log = self._logs / f"worker-{worker:02d}.log"
        threads = max(1, cores() // self.suggested_workers) if self._gpu_share else 1
        file = (self._data.get("model") or {}).get("file")
        code = (Path(file).name, Path(file).read_bytes()) if file else None
        kind = self._ray.remote(Relay).options(
            num_cpus=0 if self._gpu_share else 1, num_gpus=self._gpu_share, max_concurrency=4, max_restarts=0
        )
        here = socket.gethostname()
        actor = kind.remote(self._workload, threads, str(log), self._data, code, self._environment, here)
        self._workers[worker] = _Worker(worker, actor, log)
        self._listen(self._workers[worker])

    def submit(self, worker: int, job: Job) -> None:
        """Hand a job to an idle worker."""
        self._workers[worker].keep = None if job.keep is None else Path(job.keep.path)
        self._begin(worker, job, Path(job.log))

    def probe(self, worker: int, probe: Probe) -> bool:
        """Hand a probe to an idle worker."""
        self._begin(worker, probe, Path(probe.log))
        return True

    def stop_training(self, worker: int, after_epoch: bool = False) -> None:
        """Ask for the training's end."""
        self._send(self._workers[worker], StopTraining(after_epoch=after_epoch))

    def retire(self, worker: int) -> None:
        """Let an idle worker leave."""
        if worker in self._workers:
            self._dismiss(self._workers.pop(worker))

    def kill(self, worker: int) -> None:
        """SIGKILL to the worker's process group."""
        self._workers[worker].actor.signal.remote(int(signal.SIGKILL))

    def end_hang(self, worker: int) -> None:
        """Ask, then SIGTERM, then SIGKILL; the polls go on with it."""
        of, now = self._workers[worker], time.monotonic()
        if of.busy:
            self.stop_training(worker)
            now += ASK_SECONDS
        of.rungs = [(now, signal.SIGTERM), (now + TERM_SECONDS, signal.SIGKILL)]

    def cpu_seconds(self, worker: int) -> float:
        """CPU time of the worker and of its children, as the relay told when it was silent last."""
        return self._workers[worker].cpu

    def poll(self, timeout: float) -> list[Report]:
        """Take what the relays have heard."""
        self._look_for_ray()
        self._climb(self._workers.values())
        return [report for of, heard in self._take(timeout) for report in self._reports(of, heard)]

    def memory(self) -> int:
        """Resident bytes of all workers, as the relays last told."""
        return sum(of.memory for of in self._workers.values())

    def close(self) -> None:
        """Climb the stop ladder until nobody is left."""
        everyone = list(self._workers.values())
        for worker, of in list(self._workers.items()):
            if of.busy:
                self.stop_training(worker)
            self.retire(worker)
        self._await_end(ASK_SECONDS)
        for number in (signal.SIGTERM, signal.SIGKILL):
            for left in self._heard.values():
                left.actor.signal.remote(int(number))
            self._await_end(TERM_SECONDS)
        for of in everyone:
            self._ray.kill(of.actor)
        self._heard.clear()

    # ---------------------------------------------------------------------------------------------------------

    def _begin(self, worker: int, order: Job | Probe, log: Path) -> None:
        of = self._workers[worker]
        of.busy, of.log = True, log
        self._send(of, order)

    def _send(self, of: _Worker, order: WorkerOrder) -> None:
        of.actor.send.remote(_encoder.encode(order))

    def _listen(self, of: _Worker) -> None:
        self._heard[of.actor.hear.remote(HEAR_SECONDS)] = of

    def _dismiss(self, of: _Worker) -> None:
        of.leaving = True
        if of.ready:
            self._send(of, Quit())
        else:
            of.actor.signal.remote(int(signal.SIGTERM))

    def _look_for_ray(self) -> None:
        if time.monotonic() < self._look or all(of.ready for of in self._workers.values()):
            return
        self._look = time.monotonic() + LOOK_SECONDS
        here = self._ray.get_runtime_context().get_node_id()
        if any(node["NodeID"] == here and not node["Alive"] for node in self._ray.nodes()):
            raise ExecutorError("Ray has ended on this machine, so no worker can be started any more.")

    def _climb(self, workers: Iterable[_Worker]) -> None:
        for of in workers:
            while of.rungs and of.rungs[0][0] <= time.monotonic():
                of.actor.signal.remote(int(of.rungs.pop(0)[1]))

    def _take(self, timeout: float) -> list[tuple[_Worker, Heard | None]]:
        """Return what was heard, None of a relay that is lost."""
        if not self._heard:
            time.sleep(timeout)
            return []
        refs = list(self._heard)
        done, _ = self._ray.wait(refs, num_returns=1, timeout=timeout)
        if done:
            done, _ = self._ray.wait(refs, num_returns=len(refs), timeout=0)
        found: list[tuple[_Worker, Heard | None]] = []
        for ref in done:
            of = self._heard.pop(ref)
            try:
                found.append((of, self._ray.get(ref)))
            except (self._ray.exceptions.RayError, OSError) as error:
                _write(of.log, f"{_why(error)}\n".encode())
                found.append((of, None))
        return found

    def _reports(self, of: _Worker, heard: Heard | None) -> list[Report]:
        if heard is None:
            return [] if self._forget(of) else [(of.number, WorkerDied(0, -signal.SIGKILL, of.log, lost=of.ready))]
        reports: list[Report] = []
        of.memory, of.cpu, leaving = heard.memory, max(of.cpu, heard.cpu), of.leaving
        if heard.log is not None:
            _write(Path(heard.log[0]), heard.log[1])
        if heard.model is not None and of.keep is not None and (lost := _keep(of.keep, heard.model)):
            reports.append((of.number, Noted(level="warning", text=lost)))
        for event in map(decode, heard.events):
            of.ready |= isinstance(event, WorkerReady)
            if isinstance(event, (JobEnded, ProbeEnded)):
                of.busy, of.rungs = False, []
            reports.append((of.number, event))
            if isinstance(event, JobEnded) and not leaving and heard.death is None:
                self._renew(of, event.memory)
        if leaving:
            reports = []
        if heard.death is None:
            self._listen(of)
            return reports
        stays = heard.death[1] != -signal.SIGKILL or self._stays(of)
        if self._forget(of):
            return []
        return [*reports, (of.number, WorkerDied(*heard.death, of.log, lost=of.ready and not stays))]

    def _renew(self, of: _Worker, memory: int) -> None:
        """Replace a worker past its allowance: the next one's orders wait until this one has left.

        What is allowed goes by this machine's memory, as with ``local``.
        """
        if memory > (self._allowance or memory_allowance(len(self._workers))):
            self.retire(of.number)
            self.start_worker(of.number)

    def _stays(self, of: _Worker) -> bool:
        """Whether a relay outlives its killed worker: of those that go with their node, the worker goes first."""
        try:
            return bool(self._ray.get(of.actor.stays.remote(STAY_SECONDS), timeout=LOOK_SECONDS))
        except (self._ray.exceptions.RayError, OSError):
            return False

    def _forget(self, of: _Worker) -> bool:
        """Take note that a worker is gone; whether it was told to leave."""
        if self._workers.get(of.number) is of:
            del self._workers[of.number]
        self._ray.kill(of.actor)
        return of.leaving

    def _await_end(self, patience: float) -> None:
        deadline = time.monotonic() + patience
        while self._heard and (left := deadline - time.monotonic()) > 0:
            for of, heard in self._take(left):
                self._reports(of, heard)


def _write(log: Path, words: bytes) -> None:
    with contextlib.suppress(OSError):
        log.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        fd = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, FILE_MODE)
        with os.fdopen(fd, "wb") as file:
            file.write(words)


def _why(error: Exception) -> str:
    """Return what Ray says of a relay that is lost, on one line; indented lines only number the relay."""
    return clean(" ".join(line for line in str(error).splitlines() if line[:1] not in ("\t", " ")), 2000)


def _keep(path: Path, model: bytes) -> str:
    """Write a model that came from another machine; return what went wrong, or nothing."""
    try:
        make_own_folder(path.parent)
        write_atomically(path, model, durable=False)
    except OSError as error:
        return f"A trained model could not be kept ({clean(path.parent.name, 60)}: {error.strerror})."
    return ""


def _connect(address: str) -> Any:
    """Return Ray, connected to the cluster at ``address``, or to one started on this machine for this process."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_DEDUP_LOGS", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    import ray

    if ray.is_initialized():
        return ray
    _check_answers(address)
    code = str(Path(hpo_core.__file__).parent)
    if address:
        place: dict[str, Any] = {"address": address, "runtime_env": {"py_modules": [code]}}
    else:
        # what Ray starts here has the environment of this process
        found = (str(Path(code).parent), os.environ.get("PYTHONPATH", ""))
        os.environ |= {**FRUGAL, **os.environ, "PYTHONPATH": os.pathsep.join(filter(None, found))}
        place = {
            "address": "local",
            "num_cpus": MOST_HERE,
            "num_gpus": gpus(),
            "include_dashboard": False,
            "object_store_memory": STORE_BYTES,
            "_node_ip_address": "127.0.0.1",
        }
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        ray.init(**place, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, RuntimeError, ValueError, OSError, ray.exceptions.RayError) as error:
        where = f"There is no Ray cluster at {clean(address, 80)}" if address else "Ray cannot be started here"
        raise HpoError(f"{where}: {clean(error, 200)}.{_token_in_words() if address else ''}") from None
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)  # Ray's would end this process at once
    if not address:
        with contextlib.suppress(AttributeError):  # nobody reads what it hands on; it has no option
            ray._private.worker._global_node.kill_log_monitor(check_alive=False)
    return ray


def _token_in_words() -> str:
    """Say what to do where "ray start --head" may have taken the token that lies here: Ray joins without one."""
    if "RAY_AUTH_MODE" in os.environ or not (Path.home() / ".ray" / "auth_token").is_file():
        return ""
    return " If it was started with the token in ~/.ray, set RAY_AUTH_MODE=token on each machine, and here."


def _check_answers(address: str) -> None:
    """Raise ``HpoError`` where nobody answers at HOST:PORT: Ray itself would wait for minutes."""
    host, _, port = address.rpartition(":")
    if not (host and port.isdecimal()) or "/" in host:
        return
    try:
        socket.create_connection((host, int(port)), CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise HpoError(f"There is no Ray cluster at {clean(address, 80)}: {clean(error, 200)}.") from None


def start(folder: SessionFolder, options: EngineOptions) -> Executor:
    """Return the executor for a session; see ``ExecutorModule``."""
    return RayExecutor(
        folder.logs,
        workload=options.workload,
        data=folder.load_spec().material,
        address=options.address,
        workers_per_gpu=options.workers_per_gpu,
    )
