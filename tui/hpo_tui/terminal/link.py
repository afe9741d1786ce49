"""How much may be on its way to a terminal: so little that a key's echo does not stand behind it.

A link holds seconds of what was sent (the buffers of a pseudo-terminal, of ssh, of the network), and nothing says
how much: Linux counts nothing for a pseudo-terminal. So pieces are sent at the rate at which the link is taken to
carry them, and after each the terminal is asked where its cursor is, which every terminal answers: what was sent
before the question has then arrived, and how late the answer is says what the link carries.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable

SLOWEST, FASTEST = 20_000, 200_000
"""A link is taken to carry so many bytes a second, at least and at most."""
QUEUE_SECONDS = 0.075
"""What is sent before the link can have carried what was sent before it waits in the link no longer than this."""
PIECE_SECONDS = 0.025
FIRST = 14_000
"""So many bytes are sent at once before it is known whether the terminal answers: a first picture."""
PATIENCE_SECONDS, PATIENCE = 2.0, 3
"""So long an answer is waited for, and so often in a row, until it is taken that none comes any more."""


class Link:
    """Knows what is on its way; ``now`` is a steady clock, in seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._looked = now()
        self._rate = SLOWEST
        self._queued: float = -FIRST
        """How many bytes wait to be carried, by the rate; below 0: how many may be sent at once."""
        self._sent: float = 0
        self._arrived: float = 0
        self._asked: deque[tuple[float, float, float]] = deque()
        """For each question under way: when it was asked, the bytes sent before it, those queued then."""
        self._asked_at: float = 0
        self._quickest = math.inf
        self._missed = 0
        self._answers = False

    @property
    def asked(self) -> bool:
        """Whether an answer is under way."""
        return self._patience() > 0

    @property
    def piece(self) -> int:
        """How many bytes to send at a time."""
        return int(PIECE_SECONDS * self._rate)

    def wait(self) -> float:
        """Return for how many seconds no further piece should be sent unless an answer comes; 0: send one now."""
        now, patience = self._now(), self._patience()
        carried, self._looked = (now - self._looked) * self._rate, now
        if self._queued > 0:
            self._queued = max(self._queued - carried, 0)
        if not self._asked:
            self._arrived = self._sent - self._queued
        elif self._sent - self._arrived + self.piece > (self._quickest + QUEUE_SECONDS) * self._rate:
            return patience
        return max(self._queued + self.piece - QUEUE_SECONDS * self._rate, 0) / self._rate

    def _patience(self) -> float:
        """Return for how many seconds the next answer is waited for; 0: for none, or not any more."""
        if not self._asked:
            return 0
        patience = self._asked[0][0] + PATIENCE_SECONDS - self._now()
        if patience > 0:
            return patience
        self._asked.clear()
        self._queued, self._arrived, self._rate = 0, self._sent, SLOWEST
        self._missed += 1
        self._answers = self._answers and self._missed < PATIENCE
        return 0

    def sent(self, size: int) -> bool:
        """Take note of what is sent now; return whether it is time to ask after it."""
        self._sent += size
        self._queued += size
        return self._answers and self._sent - self._asked_at >= self.piece

    def ask(self) -> None:
        """Take note that the terminal is asked."""
        self._asked_at = self._sent
        self._asked.append((self._now(), self._sent, self._queued))

    def answered(self) -> None:
        """Take note of an answer."""
        self._missed, self._answers = 0, True
        self._queued = max(self._queued, 0)
        if not self._asked:
            return
        when, self._arrived, queued = self._asked.popleft()
        self._queued = min(self._queued, self._sent - self._arrived)
        took = self._now() - when
        self._quickest = min(self._quickest, took)
        if queued >= QUEUE_SECONDS * self._rate / 2:
            carried = queued / max(took - self._quickest, 0.001)
            if carried < self._rate:
                self._rate = max(int(carried), SLOWEST)
            elif carried > 2 * self._rate:  # a little more may be a quickest answer that was not quick
                self._rate = min(2 * self._rate, FASTEST)
