"""One worker process: orders go to its stdin, events come from a pipe; it leads its own process group."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import psutil

from hpo_core.journal.events import Job, JobEnded, Probe, ProbeEnded, WorkerEvent, WorkerOrder, WorkerReady
from hpo_core.journal.files import make_own_folder, open_own
from hpo_core.text import clean

DEATH_SECONDS = 2.0
"""A worker that has closed its events has this long to end."""

logger = logging.getLogger(__name__)

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(WorkerEvent)


def _open_log(log: Path) -> BinaryIO:
    """Open a worker's log, or what takes its words where it cannot be: no training is lost for it."""
    try:
        make_own_folder(log.parent)
        return os.fdopen(open_own(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND), "ab")
    except OSError as error:
        logger.error("%s cannot be written: %s", clean(log), error.strerror)
        return Path(os.devnull).open("ab")


class WorkerProcess:
    """A running ``python -m hpo_core.worker``; ``log`` is where it writes now. Raises ``OSError`` at the start."""

    def __init__(
        self,
        *,
        workload: str,
        device: str,
        threads: int,
        log: Path,
        data: Mapping[str, Any] | None,
        environment: Mapping[str, str],
    ) -> None:
        self.log = log
        self.ready = False
        self.busy = False
        self.memory = 0
        self.work = 0
        """How many jobs and probes it was given; tells one from the next."""
        self._rest = b""
        self.events, theirs = os.pipe()
        os.set_blocking(self.events, False)
        command = [
            # -P: what lies in the current folder (a user's own keras.py) must not be imported in our place
            *(sys.executable, "-P", "-m", "hpo_core.worker"),
            *("--workload", workload, "--device", device, "--threads", str(threads)),
            *("--events-fd", str(theirs), "--log", str(log), "--parent", str(os.getpid())),
        ]
        if data is not None:
            command += ["--data", json.dumps(data)]
        try:
            with _open_log(log) as words:  # an error on the way to its own log must not be lost
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=words,
                    stderr=words,
                    pass_fds=(theirs,),
                    process_group=0,
                    env=dict(environment),
                )
        except OSError:
            os.close(self.events)
            raise
        finally:
            os.close(theirs)
        self.pid = self._process.pid
        self._statistics: psutil.Process | None = None

    def send(self, order: WorkerOrder) -> None:
        """Write one order; one that is gone already is heard of by the end of its events."""
        if isinstance(order, (Job, Probe)):
            self.busy, self.log = True, Path(order.log)
            self.work += 1
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(_encoder.encode(order) + b"\n")
            self._process.stdin.flush()

    def read(self) -> tuple[list[WorkerEvent], bool]:
        """Return the events that have arrived, and whether they have come to their end.

        A worker that sends what is no event is killed.
        """
        try:
            data = os.read(self.events, 1 << 16)
        except BlockingIOError:
            return [], False
        *lines, self._rest = (self._rest + data).split(b"\n")
        events = []
        for line in lines:
            try:
                event = _decoder.decode(line)
            except msgspec.MsgspecError:
                logger.error("worker %d sent what is no event, so it is ended: %s", self.pid, clean(line[:80]))
                self.signal(signal.SIGKILL)
                break
            self._note(event)
            events.append(event)
        return events, not data

    def _note(self, event: WorkerEvent) -> None:
        if isinstance(event, WorkerReady):
            self.ready = True
        elif isinstance(event, JobEnded):
            self.busy, self.memory = False, event.memory
        elif isinstance(event, ProbeEnded):
            self.busy = False

    def resident(self) -> int:
        """Return the process's resident bytes; 0 once it is gone."""
        try:
            self._statistics = self._statistics or psutil.Process(self.pid)  # ours until we reap it
            return int(self._statistics.memory_info().rss)
        except psutil.Error:
            return 0

    def cpu_seconds(self) -> float:
        """Return the CPU time of the process and of all that it started; 0 once it is gone."""
        try:
            leader = psutil.Process(self.pid)
            return sum(sum(process.cpu_times()[:4]) for process in (leader, *leader.children(recursive=True)))
        except psutil.Error:
            return 0.0

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the whole process group."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def ended(self) -> bool:
        """Whether the process has ended (and is reaped)."""
        return self._process.poll() is not None

    def reap(self) -> int:
        """Wait for a process that is ending, take what is left of its group along, and return its exit status."""
        try:
            self._process.wait(DEATH_SECONDS)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGKILL)
            self._process.wait()
        self.signal(signal.SIGKILL)
        os.close(self.events)
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        return int(self._process.returncode)
