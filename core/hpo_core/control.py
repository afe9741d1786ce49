"""The control folder: orders from screens and commands, one file each, removed by the engine when obeyed."""

from __future__ import annotations

import itertools
import os
import time
from pathlib import Path

import msgspec

from hpo_core.events import Order
from hpo_core.files import FOLDER_MODE, write_atomically

_decoder = msgspec.json.Decoder(Order)
_count = itertools.count()


def send_order(control: Path, order: Order) -> None:
    """Put an order into the control folder. Raises ``OSError``."""
    control.mkdir(mode=FOLDER_MODE, exist_ok=True)
    name = f"{time.time_ns():020d}-{os.getpid()}-{next(_count):04d}.json"
    write_atomically(control / name, msgspec.json.encode(order), durable=False)


def take_orders(control: Path) -> tuple[list[Order], list[str]]:
    """Take the orders that wait, oldest first, and remove them; also return the names of unreadable files."""
    orders: list[Order] = []
    unreadable: list[str] = []
    for path in sorted(control.glob("[0-9]*.json")):
        try:
            orders.append(_decoder.decode(path.read_bytes()))
        except (OSError, msgspec.DecodeError):
            unreadable.append(path.name)
        path.unlink(missing_ok=True)
    return orders, unreadable


def discard_orders(control: Path) -> None:
    """Remove orders that nobody obeyed: they were meant for an engine that is gone."""
    for path in control.glob("[0-9]*.json"):
        path.unlink(missing_ok=True)
