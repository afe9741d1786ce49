"""Metrics in what a program prints: a named pattern, JSON lines, or Keras' own progress output."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

_EPOCH = re.compile(r"\s*Epoch (\d+)/\d+")
_PAIR = re.compile(r"(\w+): ([-+.\deE]+|nan|inf|-inf)(?=\s|$)")
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Printed:
    """Reads one program's output, line by line; each epoch that is found is one mapping of metrics.

    Keras repeats its progress line, with ``\\r`` or ``\\b``; its last state before the next epoch counts.
    """

    def __init__(self, pattern: re.Pattern[str] | None = None) -> None:
        self._pattern = pattern
        self._in_epoch = False
        self._last: dict[str, float] = {}

    def read(self, line: str) -> Iterator[dict[str, float]]:
        """Return the epochs that this line ends: none, or one."""
        if self._pattern is not None:
            yield from self._matched(line)
            return
        text = _CONTROL.sub("", line).replace("\b", "")
        if text.lstrip().startswith("{"):
            yield from self._json(text)
            return
        for part in re.split(r"[\r\n]+", text):
            if _EPOCH.match(part):
                yield from self.rest()
                self._in_epoch = True
            elif self._in_epoch and " - " in part:
                found = {name: float(value) for name, value in _PAIR.findall(part)}
                self._last = found or self._last

    def rest(self) -> Iterator[dict[str, float]]:
        """Return the epoch that was under way when the output ended, or the next one began."""
        if self._last:
            yield self._last
        self._last, self._in_epoch = {}, False

    def _matched(self, line: str) -> Iterator[dict[str, float]]:
        assert self._pattern is not None
        for match in self._pattern.finditer(line):
            found = {name: float(text) for name, text in match.groupdict().items() if text and name != "epoch"}
            if found:
                yield found

    def _json(self, text: str) -> Iterator[dict[str, float]]:
        try:
            found = json.loads(text)
        except ValueError:
            return
        metrics = {
            str(name): float(value)
            for name, value in found.items()
            if isinstance(value, (int, float)) and not isinstance(value, bool) and name not in ("epoch", "step")
        }
        if metrics:
            yield metrics
