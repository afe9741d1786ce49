"""The wiring check while a grid trains without a screen: each fault is said once, as soon as it is seen."""

from __future__ import annotations

import time

from hpo_core.session.snapshot import Snapshot

PAUSE_FACTOR = 20.0
"""A check that takes ``NOTICEABLE`` seconds or more is made at most in a twentieth of the time."""
NOTICEABLE = 0.05


class WiringWatch:
    """Looks at what has ended, and returns what is new to say."""

    def __init__(self) -> None:
        self._told: set[str] = set()
        self._ended = 0
        self._next = 0.0

    def news(self, snapshot: Snapshot) -> list[str]:
        """Return a sentence for each hyperparameter that is seen for the first time to change nothing."""
        from hpo_core.results.analysis import session_wiring

        now = time.monotonic()
        if snapshot.ended <= max(self._ended, 1) or (now < self._next and not snapshot.finished):
            return []
        self._ended = snapshot.ended
        faults = [fault for fault in session_wiring(snapshot) if fault.factor not in self._told]
        self._told.update(fault.factor for fault in faults)
        took = time.monotonic() - now
        self._next = now + PAUSE_FACTOR * took if took > NOTICEABLE else now
        return [str(fault) for fault in faults]
