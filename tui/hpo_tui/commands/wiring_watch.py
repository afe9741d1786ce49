"""The wiring check while a grid trains without a screen: each fault is said once, as soon as it is seen."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from hpo_core.session.snapshot import Snapshot

if TYPE_CHECKING:
    from hpo_core.effects import Wiring

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
        from hpo_core.results.analysis import probed_wiring, session_wiring

        now = time.monotonic()
        found: Sequence[Wiring] = probed_wiring(snapshot)
        if snapshot.ended > max(self._ended, 1) and (now >= self._next or snapshot.finished):
            self._ended = snapshot.ended
            found = session_wiring(snapshot)
            took = time.monotonic() - now
            self._next = now + PAUSE_FACTOR * took if took > NOTICEABLE else now
        faults = [fault for fault in found if fault.fault and fault.factor not in self._told]
        self._told.update(fault.factor for fault in faults)
        return [str(fault) for fault in faults]
