"""Which processes there are: an engine's workers, whether they have ended, whether any was left behind."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Iterable

import psutil


def workers_of(engine: psutil.Process) -> list[psutil.Process]:
    """Return the engine's children that live."""
    try:
        return [child for child in engine.children() if not gone(child)]
    except psutil.NoSuchProcess:
        return []


def gone(process: psutil.Process) -> bool:
    """Whether a process has ended; a zombie has."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def gone_soon(process: psutil.Process, seconds: float = 5.0) -> bool:
    """Whether a process ends by itself within ``seconds``; one that does not is ended."""
    deadline = time.monotonic() + seconds
    while not gone(process):
        if time.monotonic() > deadline:
            kill(process)
            return False
        time.sleep(0.01)
    return True


def count_left(processes: Iterable[psutil.Process]) -> int:
    """Return how many of these do not end by themselves."""
    return sum(not gone_soon(process) for process in processes)


def kill(process: psutil.Process) -> None:
    """SIGKILL, if it still lives."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(signal.SIGKILL)
