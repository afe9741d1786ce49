"""Stands on a node of a Ray cluster, beside one worker: starts it as anywhere, hands it orders, passes events on.

Ray makes it an actor. The worker is the process that ``LocalExecutor`` starts too; it ends with the actor, and the
actor with its node, its driver or a kill.
"""

from __future__ import annotations

import os
import selectors
import signal
import socket
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from hpo_core.executors.process import WorkerProcess
from hpo_core.journal.events import Job, JobEnded, Noted, Probe, WorkerEvent, WorkerOrder

LINGER_SECONDS = 0.5
"""What is said while a training goes on is passed on together, so often at most: each time costs Ray some 4 ms."""

LOG_BYTES = 64 * 1024

MODEL_BYTES = 100_000_000
"""A trained model that is larger is not sent from a machine that does not see the session's folder."""

_orders = msgspec.json.Decoder(WorkerOrder)
_events = msgspec.json.Encoder()


class Heard(Struct, frozen=True):
    """What came of one worker: its events as JSON, how it ended (pid and status).

    And its log and the model that it keeps, where the session's folder is not seen.
    """

    events: tuple[bytes, ...]
    memory: int
    death: tuple[int, int] | None = None
    log: tuple[str, bytes] | None = None
    model: bytes | None = None
    cpu: float = 0.0
    """CPU seconds of a worker that has said nothing for a while."""


class Relay:
    """One worker. ``code`` is the user's file, name and content: it travels, data and logs are paths.

    Where the session's folder is not seen on this node, logs and the model that is kept are written here, and sent
    back when a job ends. On another machine than the engine's, ``engine_host``, what failed is said with its name:
    it may be that this one alone lacks the data.
    """

    def __init__(
        self,
        workload: str,
        threads: int,
        log: str,
        data: Mapping[str, Any],
        code: tuple[str, bytes] | None,
        environment: Mapping[str, str],
        engine_host: str,
    ) -> None:
        self._elsewhere = socket.gethostname() != engine_host
        self._folder = Path(tempfile.mkdtemp(prefix="hpo-tui-"))
        self.model = self._folder / "models" / "kept.keras"
        self._data = dict(data)
        if code is not None and not Path(str(data["model"]["file"])).is_file():
            file = self._folder / code[0]
            file.write_bytes(code[1])
            self._data["model"] = {**data["model"], "file": str(file)}
        on_gpu = bool(os.environ.get("CUDA_VISIBLE_DEVICES"))  # Ray shows an actor the GPUs that it was given
        self._there, self._here = Path(log), Path(log)
        self._process = WorkerProcess(
            workload=workload,
            device="gpu:0" if on_gpu else "cpu",
            threads=threads,
            log=self._place(log),
            data=self._data,
            environment={
                **os.environ,
                "OMP_NUM_THREADS": str(threads),
                "OPENBLAS_NUM_THREADS": str(threads),
                **environment,
            },
        )
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._process.events, selectors.EVENT_READ)

    def send(self, order: bytes) -> None:
        """Hand an order to the worker."""
        found = _orders.decode(order)
        if isinstance(found, Job):
            found = self._own(found)
        elif isinstance(found, Probe):
            found = msgspec.structs.replace(found, job=self._own(found.job))
        self._process.send(found)

    def signal(self, number: int) -> None:
        """Send a signal to the worker and what it has started."""
        self._process.signal(signal.Signals(number))

    def stays(self, seconds: float) -> bool:
        """Return True, so much later: one whose machine goes does not come to it."""
        time.sleep(seconds)
        return True

    def hear(self, timeout: float) -> Heard:
        """Return what the worker has said, waiting at most so many seconds for the first of it.

        While it trains, what it says within ``LINGER_SECONDS`` more is told together; its end is told at once.
        """
        if not self._selector.select(timeout):
            return Heard((), self._process.resident(), cpu=self._process.cpu_seconds())
        found, ended = self._process.read()
        until = time.monotonic() + LINGER_SECONDS
        while self._process.busy and not ended and (left := until - time.monotonic()) > 0:
            if not self._selector.select(left):
                break
            more, ended = self._process.read()
            found += more
        model = self._model(found) if found and not self._process.busy else None
        events = tuple(_events.encode(self._named(event)) for event in found)
        busy = self._process.busy
        if not ended:
            return Heard(events, self._process.resident(), None, None if busy or not found else self._log(), model)
        self._selector.unregister(self._process.events)
        death = self._process.pid, self._process.reap()
        return Heard(events, 0, death, self._log(), model)

    def _named(self, event: WorkerEvent) -> WorkerEvent:
        if self._elsewhere and isinstance(event, JobEnded) and event.status == "failed":
            return msgspec.structs.replace(event, reason=f"{event.reason} (on {socket.gethostname()})")
        return event

    def _own(self, job: Job) -> Job:
        seen = Path(job.log).parent.is_dir()
        keep = job.keep
        if keep is not None and not seen:
            keep = msgspec.structs.replace(keep, path=str(self.model))
        return msgspec.structs.replace(job, log=str(self._place(job.log)), data=self._data, keep=keep)

    def _place(self, log: str) -> Path:
        """Return where the worker writes what the session calls ``log``."""
        self._there = Path(log)
        seen = self._there.parent.is_dir()
        self._here = self._there if seen else self._folder / self._there.name
        return self._here

    def _model(self, events: list[WorkerEvent]) -> bytes | None:
        """Return the model that was just written here; of one that is too large, tell among the ``events``."""
        try:
            size = self.model.stat().st_size
            found = self.model.read_bytes() if size <= MODEL_BYTES else None
            self.model.unlink()
        except OSError:
            return None
        if found is None:
            words = f"A trained model of {size / 1e6:.0f} MB was too large to be sent from {socket.gethostname()}."
            events.insert(0, Noted(level="warning", text=words))
        return found

    def _log(self) -> tuple[str, bytes] | None:
        if self._here == self._there:
            return None
        try:
            return str(self._there), self._here.read_bytes()[-LOG_BYTES:]
        except OSError:
            return None


def decode(event: bytes) -> WorkerEvent:
    """Return the event that a relay has passed on."""
    return _decoder.decode(event)


_decoder: msgspec.json.Decoder[WorkerEvent] = msgspec.json.Decoder(WorkerEvent)
