"""Ending a session's engine: by an order, and by a signal where the disk has no room for the order's file."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time

from hpo_core.errors import SessionError
from hpo_core.journal.events import StopSession
from hpo_core.journal.lock import boot_id, read_holder
from hpo_core.session.control import send_order
from hpo_core.session.paths import SessionFolder

CLOCK_SECONDS = 2.0
"""A process that began so much earlier or later than the lock says is another one with the same number."""


def stop_engine(folder: SessionFolder, now: bool) -> None:
    """Tell the engine to stop, now or after the trainings under way. Raises ``SessionError``.

    On a full disk an order cannot be written; SIGTERM means the same as "now" to an engine on this host.
    """
    try:
        send_order(folder.control, StopSession(now=now))
    except OSError as error:
        if now and _terminate(folder):
            return
        raise SessionError(f"The order could not be written: {error.strerror}; the training goes on.") from None


def wait_for_end(session: SessionFolder, seconds: float) -> bool:
    """Wait until no engine holds the session; return whether that came true within ``seconds``."""
    until = time.monotonic() + seconds
    while session.engine_runs():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def _terminate(folder: SessionFolder) -> bool:
    """Send SIGTERM to the engine that the lock names; return whether there was one here to send it to."""
    holder = read_holder(folder.lock)
    if holder is None or holder.pid == os.getpid() or not folder.engine_runs():
        return False
    if (holder.host, holder.boot_id) != (socket.gethostname(), boot_id()):
        return False
    import psutil  # who only looks has no need of it

    with contextlib.suppress(psutil.Error, OSError):
        if abs(psutil.Process(holder.pid).create_time() - holder.started) < CLOCK_SECONDS:
            os.kill(holder.pid, signal.SIGTERM)
            return True
    return False
