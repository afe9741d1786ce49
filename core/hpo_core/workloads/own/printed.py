"""Metrics in what a program prints: a named pattern, JSON lines, Keras' own progress output, or a last line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from hpo_core.plan.metrics import known_metric

Metrics = dict[str, float]

NO_METRIC = ("epoch", "step")
"""What is written beside metrics, and is none."""

_EPOCH = re.compile(r"\s*Epoch (\d+)/\d+")
_PAIR = re.compile(r"(\w+): ([-+.\deE]+|nan|inf|-inf)(?=\s|$)")
_EQUATION = re.compile(r"([A-Za-z_][\w/]*)=([-+.\w]+)(?=[\s,;]|$)")
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Printed:
    """Reads one program's output, line by line; each epoch that is found is one mapping of metrics.

    Keras repeats its progress line, with ``\\r`` or ``\\b``; its last state before the next epoch counts. Where
    nothing else was found in all the output, the last line that has a metric as ``name=value`` is its one epoch.
    """

    def __init__(self, pattern: re.Pattern[str] | None = None) -> None:
        self._pattern = pattern
        self._in_epoch = False
        self._last: Metrics = {}
        self._equations: Metrics | None = {} if pattern is None else None

    def read(self, line: str) -> Iterator[Metrics]:
        """Return the epochs that this line ends: none, or one."""
        found = self._matched(line) if self._pattern is not None else self._found(line)
        for metrics in found:
            self._equations = None
            yield metrics

    def rest(self) -> Iterator[Metrics]:
        """Return what is left where the output ended: the epoch that was under way, or else the last line's."""
        yield from self._under_way() if self._last or not self._equations else (self._equations,)

    def _found(self, line: str) -> Iterator[Metrics]:
        text = _CONTROL.sub("", line).replace("\b", "")
        if text.lstrip().startswith("{"):
            yield from self._json(text)
            return
        for part in re.split(r"[\r\n]+", text):
            if _EPOCH.match(part):
                yield from self._under_way()
                self._in_epoch = True
            elif self._in_epoch and " - " in part:
                found = {name: float(value) for name, value in _PAIR.findall(part)}
                self._last = found or self._last
            elif self._equations is not None:
                self._equations = _equations(part) or self._equations

    def _under_way(self) -> Iterator[Metrics]:
        if self._last:
            yield self._last
        self._last, self._in_epoch = {}, False

    def _matched(self, line: str) -> Iterator[Metrics]:
        assert self._pattern is not None
        for match in self._pattern.finditer(line):
            groups = ((name, number(text or "")) for name, text in match.groupdict().items())
            found = {name: value for name, value in groups if value is not None and name not in NO_METRIC}
            if found:
                yield found

    def _json(self, text: str) -> Iterator[Metrics]:
        try:
            found = json.loads(text)
        except ValueError:
            return
        metrics = {
            str(name): float(value)
            for name, value in found.items()
            if isinstance(value, (int, float)) and not isinstance(value, bool) and name not in NO_METRIC
        }
        if metrics:
            yield metrics


def _equations(line: str) -> Metrics:
    """Return the metrics of a line, written as ``name=value``; names that no metric has are something else."""
    pairs = ((name, number(text)) for name, text in _EQUATION.findall(line) if known_metric(name) is not None)
    return {name: value for name, value in pairs if value is not None}


def number(text: str) -> float | None:
    """Return the number that a text is, None where it is none."""
    try:
        return float(text)
    except ValueError:
        return None
