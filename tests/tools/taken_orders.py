"""The orders that wait in a session's ``control/``, taken as an engine would take them."""

from __future__ import annotations

from pathlib import Path

from hpo_core.journal.events import Order
from hpo_core.session.control import waiting_orders


def take_orders(control: Path) -> tuple[list[Order], list[str]]:
    """Take the orders that wait, oldest first, and remove them; also return the names of unreadable files."""
    orders: list[Order] = []
    unreadable: list[str] = []
    for path, order in waiting_orders(control):
        if order is None:
            unreadable.append(path.name)
        else:
            orders.append(order)
        path.unlink(missing_ok=True)
    return orders, unreadable
