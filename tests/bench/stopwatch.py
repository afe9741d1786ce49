"""Runs a command as its own process and says what it and all that came of it took."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

LINGER_SECONDS = 10.0
"""What a command leaves running has this long to end; then it is ended, so that it does not slow the next one."""


@dataclass(frozen=True)
class Took:
    """``wall``: from the start to the command's end; ``cpu``: user and system time of it and its descendants.

    Both in seconds. ``load`` is the machine's load average just before, to see what else it had to do.
    """

    wall: float
    cpu: float
    load: float
    status: int


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent ends, so that their CPU time is counted (Linux only)."""
    if sys.platform == "linux":
        pr_set_child_subreaper = 36
        ctypes.CDLL(None, use_errno=True).prctl(pr_set_child_subreaper, 1)


def run(command: Sequence[str], environment: Mapping[str, str], log: Path, limit: float) -> Took:
    """Run ``command`` with its output going to ``log``; after ``limit`` seconds it is ended with status -9."""
    load, cpu = os.getloadavg()[0], _children_cpu()
    with log.open("ab") as output:
        began = time.monotonic()
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, **environment},
            start_new_session=True,
        )
        try:
            process.wait(limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        except BaseException:  # Ctrl-C, SIGTERM: what was started must not go on without us
            end_descendants()
            raise
        wall = time.monotonic() - began
    _await_descendants()
    return Took(wall, _children_cpu() - cpu, load, process.returncode)


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _await_descendants() -> None:
    """Reap what was left; end what does not end by itself."""
    deadline = time.monotonic() + LINGER_SECONDS
    killed = False
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            if time.monotonic() > deadline and not killed:
                killed = True
                end_descendants()
            time.sleep(0.02)


def end_descendants() -> None:
    """Kill every process that came of this one."""
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()
