"""How long the echo of a cursor key takes, told by the bytes that came and when; the picture is made afterwards.

To draw each piece as it comes would take the processor from the program that is measured: in life that is the work
of another machine. So what comes is kept with its moment, and read by a terminal model once all keys are typed; it
says after which piece the cursor stood at its new place. Until then the cursor's sign alone is looked for.
"""

from __future__ import annotations

import contextlib
import gc
import os
import random
import re
import select
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from terminal import Terminal

QUESTION = b"\x1b[6n"
"""Asks a terminal where its cursor is; here any answer will do."""
CURSOR = re.compile(rb"(?<![\x1b\[0-9;?])>")
KEYS = "jk" * 60
PATIENCE_SECONDS = 10.0


class Wire(Terminal):
    """A terminal that ``takes`` what comes as bytes, and can show it later; see ``replay``."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.taken: list[tuple[float, bytes]] = []
        self._answers, self._tail = bool(arguments[-1]), b""

    def take(self, seconds: float, most: int = 1 << 16) -> bytes:
        """Take what has come, waiting so long for it; nothing where none has."""
        if not select.select([self._master], [], [], max(seconds, 0.0))[0]:
            return b""
        data = os.read(self._master, most)
        self.taken.append((time.monotonic(), data))
        asked = (self._tail + data).count(QUESTION)
        self._tail = data[1 - len(QUESTION) :]
        if self._answers and asked:
            os.write(self._master, b"\x1b[1;1R" * asked)
        return data

    def replay(self) -> Iterator[float]:
        """Show what was taken piece by piece, and yield the moment of each."""
        self._screen.write_process_input = lambda data: None  # it has been answered
        for moment, data in self.taken:
            self._stream.feed(data)
            yield moment

    @property
    def cursor(self) -> str:
        """What the line with the cursor's sign tells of: a value's number and name, or a hyperparameter."""
        return next((line[2] + line[6:12] for line in self._screen.display if line[1] == ">"), "")


def echoes(
    command: list[str],
    folder: Path,
    size: tuple[int, int],
    environment: dict[str, str],
    words: str,
    link: float | None = None,
    answers: bool = True,
    before: str = "",
    meanwhile: Callable[[], float] = lambda: 1.0,
) -> list[float]:
    """Return the milliseconds of each echo, shortest first, read at ``link`` bytes a second, or as they come.

    Each cursor key comes shortly after a key of ``before``. ``meanwhile`` is done again and again, and says for
    how many seconds at most it need not be. Raises ``ValueError`` where an echo was not seen.
    """
    terminal, chance, typed = Wire(command, folder, size, environment, answers), random.Random(1), []
    terminal.wait_for(words)
    looked = time.monotonic()

    def carry(seconds: float, until: re.Pattern[bytes] | None = None) -> None:
        """Read for so long, or until something has come."""
        nonlocal looked
        end, come = time.monotonic() + seconds, b""
        while (now := time.monotonic()) < end and not (until and until.search(come)):
            rest = min(meanwhile(), end - now)
            if link is None:
                come += terminal.take(rest)
                continue
            if free := int(min(now - looked, 0.05) * link):  # what a link did not carry it does not carry later
                looked = now
                come += terminal.take(0.0, free)
            time.sleep(0.002)

    carry(3)
    gc.disable()
    for key in KEYS:
        if before:
            terminal.type(chance.choice(before))
        carry(chance.uniform(0.05, 0.4))
        typed.append(time.monotonic())
        terminal.type(key)
        carry(PATIENCE_SECONDS, CURSOR)
    carry(1)
    gc.enable()
    took, stood = [], terminal.cursor
    for moment in terminal.replay():
        if len(took) == len(typed) or moment < typed[len(took)]:
            stood = terminal.cursor or stood
        elif terminal.cursor not in ("", stood):
            stood = terminal.cursor
            took.append((moment - typed[len(took)]) * 1000)
    with contextlib.suppress(OSError):
        terminal.close()
    if len(took) != len(typed):
        raise ValueError(f"of {len(typed)} keys the echo of {len(took)} was seen")
    return sorted(took)
