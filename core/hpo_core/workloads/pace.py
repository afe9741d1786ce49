"""How many steps one call of a compiled function is to take, learnt from how long the last one took."""

from __future__ import annotations

CHUNK_SECONDS = 0.25
"""A call of a compiled function is to last about so long: progress, pause and stop act between two calls."""


class Pace:
    """Learns how many rows pass in a second, to say how many steps make a chunk."""

    def __init__(self) -> None:
        self._rate: float | None = None
        self._cold = True

    def steps(self, batch: int) -> int:
        """Return how many steps of ``batch`` rows last about ``CHUNK_SECONDS``; 1 until that is known."""
        return 1 if self._rate is None else max(int(self._rate * CHUNK_SECONDS / batch), 1)

    def learn(self, rows: int, seconds: float) -> None:
        """Take a chunk's time into account; not that of the first, during which it was compiled."""
        if self._cold:
            self._cold = False
        else:
            self._rate = rows / max(seconds, 1e-6)
