"""The engine's two clocks, in one injectable place."""

from __future__ import annotations

import time
from collections.abc import Callable

from msgspec import Struct


class Clock(Struct, frozen=True):
    """``wall`` is seconds since 1970, for records; ``steady`` never jumps, for measuring."""

    wall: Callable[[], float] = time.time
    steady: Callable[[], float] = time.monotonic


class Every:
    """Says, often asked, when something is due again."""

    def __init__(self, seconds: float, clock: Clock) -> None:
        self._seconds = seconds
        self._clock = clock
        self._next = float("-inf")

    def due(self) -> bool:
        """Whether ``seconds`` have passed since this last returned True."""
        now = self._clock.steady()
        if now < self._next:
            return False
        self._next = now + self._seconds
        return True
