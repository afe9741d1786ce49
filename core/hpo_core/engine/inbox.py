"""The orders in ``control/`` as the engine takes them: each obeyed once, and removed only then."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from hpo_core.journal.events import Order
from hpo_core.session.control import waiting_orders


class Inbox:
    """Yields what was ordered. ``held`` says that what an order did may not be in the journal yet.

    An engine that is killed between obeying and removing leaves the order to the next one; to queue what is
    queued already changes nothing.
    """

    def __init__(self, control: Path, held: Callable[[], bool]) -> None:
        self._control = control
        self._held = held
        self._obeyed: set[str] = set()

    def take(self) -> Iterator[tuple[str, Order | None]]:
        """Yield each new order with its file's name, None for one that cannot be read; then it is removed."""
        for path, order in waiting_orders(self._control):
            if path.name not in self._obeyed:
                self._obeyed.add(path.name)
                yield path.name, order
            if not self._held():
                self._remove(path)

    def _remove(self, path: Path) -> None:
        """A file that cannot be removed is not obeyed again, and tried again at the next look."""
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
            self._obeyed.discard(path.name)
