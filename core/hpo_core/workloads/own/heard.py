"""What is heard of a program while it runs: its epochs, from what it prints or from the files it writes."""

from __future__ import annotations

import os
import re
import select
import time
from collections.abc import Iterator
from pathlib import Path

from hpo_core.workloads.own.logged import Logged
from hpo_core.workloads.own.printed import Metrics, Printed

LOOK_SECONDS = 0.5
"""The files are looked at so often."""


class Heard:
    """Chooses where a program's epochs are read, once and for all: files first, if they have any.

    A pattern is for what is printed, and leaves the files alone. Keras writes an epoch into its files before it
    prints the next one, so that the choice is the same each time.
    """

    def __init__(self, folder: Path, pattern: re.Pattern[str] | None) -> None:
        self.logged = Logged(folder)
        self._printed = Printed(pattern)
        self._by_print: bool | None = None if pattern is None else True
        self._next = time.monotonic()

    def line(self, text: str) -> list[Metrics]:
        """Take a line that was printed, or nothing for a while ("")."""
        found = list(self._printed.read(text)) if text else []
        if self._by_print or (not found and time.monotonic() < self._next):
            return found if self._by_print else []
        self._next = time.monotonic() + LOOK_SECONDS
        return self._chosen(found, self.logged.read())

    def end(self) -> list[Metrics]:
        """Return what is left where the program has ended."""
        rest = list(self._printed.rest())
        return rest if self._by_print else self._chosen(rest, self.logged.read(ended=True))

    def _chosen(self, printed: list[Metrics], logged: list[Metrics]) -> list[Metrics]:
        if self._by_print is None and (printed or logged):
            self._by_print = not logged
        return printed if self._by_print else logged


def lines_of(descriptor: int) -> Iterator[str]:
    """Yield each line of a pipe as it comes, and "" at least every ``LOOK_SECONDS`` where none does."""
    rest = b""
    while True:
        if not select.select([descriptor], [], [], LOOK_SECONDS)[0]:
            yield ""
            continue
        if not (chunk := os.read(descriptor, 64 * 1024)):
            break
        *lines, rest = (rest + chunk).split(b"\n")
        yield from (line.decode("utf-8", "replace") + "\n" for line in lines)
    if rest:
        yield rest.decode("utf-8", "replace")
