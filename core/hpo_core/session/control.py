"""The control folder: orders from screens and commands, one file each, removed by the engine once obeyed."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Iterator
from pathlib import Path
from string import digits

import msgspec

from hpo_core.journal.events import Order, QueueJobs
from hpo_core.journal.files import make_own_folder, read_own, write_atomically

_decoder = msgspec.json.Decoder(Order)
_count = itertools.count()


def send_order(control: Path, order: Order) -> None:
    """Put an order into the control folder. Raises ``OSError``."""
    make_own_folder(control)
    name = f"{time.time_ns():020d}-{os.getpid()}-{next(_count):04d}.json"
    write_atomically(control / name, msgspec.json.encode(order), durable=False)


def waiting_orders(control: Path) -> Iterator[tuple[Path, Order | None]]:
    """Yield the orders that wait, oldest first, with their files; None for one that cannot be read."""
    for path in _orders(control):
        try:
            yield path, _decoder.decode(read_own(path))
        except FileNotFoundError:
            continue
        except (OSError, msgspec.MsgspecError):
            yield path, None


def _orders(control: Path) -> list[Path]:
    """Return the orders' files; an engine looks ten times a second, so the folder is read and no more."""
    try:
        with os.scandir(control) as entries:
            names = [entry.name for entry in entries if entry.name[0] in digits and entry.name.endswith(".json")]
    except OSError:
        return []
    return [control / name for name in sorted(names)] if names and not control.is_symlink() else []


def discard_orders(control: Path) -> None:
    """Remove orders that were meant for an engine that is gone.

    Trainings to be queued stay: whoever asked for them meant the session, and may have asked while that engine
    was leaving.
    """
    for path, order in waiting_orders(control):
        if not isinstance(order, QueueJobs):
            path.unlink(missing_ok=True)
