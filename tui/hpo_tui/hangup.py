"""Leaving when the world says so: SIGTERM and SIGHUP restore the terminal, and a terminal that is gone is noticed.

Where SIGHUP is ignored (``nohup``), nothing tells a program that its terminal was closed, and reading from it
returns at once, forever. And where it is not, the event loop may be blocked for ever on writing to a terminal that
is gone, and never hear of the signal. So a thread of its own looks at the terminal now and then.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import sys
import threading
import time

from textual.app import App

LOOK_SECONDS = 0.5
GRACE_SECONDS = 2.0
"""So long the app has to leave in order once its terminal is gone."""


def leave_when_told(app: App[None]) -> None:
    """Make the app leave in order on SIGTERM and SIGHUP, and in any case when its terminal is gone."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:
            loop.add_signal_handler(number, app.exit)
    if not app.is_headless:
        threading.Thread(target=leave_when_terminal_gone, name="watch the terminal", daemon=True).start()


def leave_when_terminal_gone() -> None:
    """End the process once its terminal was closed: there is nobody to say anything to, and nothing to restore.

    Until then, whoever reads from the terminal is given something that never says a word, instead of spinning.
    """
    while not terminal_gone():
        time.sleep(LOOK_SECONDS)
    with contextlib.suppress(OSError, ValueError):
        nothing_to_read, _keep_open = os.pipe()
        os.dup2(nothing_to_read, sys.__stdin__.fileno())  # type: ignore[union-attr]
    time.sleep(GRACE_SECONDS)
    os._exit(1)


def terminal_gone() -> bool:
    """Whether the other end of standard input's terminal was closed."""
    if sys.__stdin__ is None:
        return True
    try:
        poll = select.poll()
        poll.register(sys.__stdin__.fileno(), 0)
        return any(events & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, events in poll.poll(0))
    except (OSError, ValueError):
        return True
