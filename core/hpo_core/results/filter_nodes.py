"""What a filter line says, as a tree: each node judges all trials of a session at once."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any, Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hpo_core.plan.hyperparameters import Value
from hpo_core.results.filter_tokens import quoted
from hpo_core.results.measure import at_last
from hpo_core.results.table import ResultsTable

COUNTS = ("trial", "replicates", "complete", "failed")
"""The names of whole numbers that every trial has."""

_TEST: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

Source = Literal["varied", "fixed", "metric", "status", "count"]


class Comparison(Struct, frozen=True):
    """One name compared with one value, or with several (``in``)."""

    name: str
    source: Source
    sign: str
    values: tuple[Value, ...]

    def test(self, value: Value) -> bool:
        """Whether a trial that has this value satisfies the comparison."""
        if self.sign == "in":
            return value in self.values
        other = self.values[0]
        if isinstance(value, str) is not isinstance(other, str):
            return self.sign == "!="
        return _TEST[self.sign](value, other)

    def mask(self, table: ResultsTable) -> NDArray[np.bool_]:
        """Return which trials satisfy the comparison; one with a fixed hyperparameter was decided before."""
        grid = table.spec.grid
        if self.source == "varied":
            place = grid.names.index(self.name)
            return self._tested(grid.hyperparameters[place].values)[grid.codes[:, place]]
        if self.source == "metric":
            scores = table.scores(at_last(self.name)).mean
            return self._tested(scores.tolist()) & np.isfinite(scores)
        return self._tested(table.statuses if self.source == "status" else _counts(table, self.name))

    def _tested(self, found: Iterable[Value]) -> NDArray[np.bool_]:
        return np.array([self.test(value) for value in found], bool)

    def __str__(self) -> str:
        values = [quoted(str(value).lower() if isinstance(value, bool) else str(value)) for value in self.values]
        if self.sign == "in":
            return f"{quoted(self.name)} in ({', '.join(values)})"
        return f"{quoted(self.name)}{self.sign}{values[0]}"


class Constant(Struct, frozen=True):
    """A comparison with a fixed hyperparameter: the same for every trial; ``text`` is how it was written."""

    value: bool
    text: str

    def mask(self, table: ResultsTable) -> NDArray[np.bool_]:
        """Return all trials, or none."""
        return np.full(len(table.spec.grid), self.value)

    def __str__(self) -> str:
        return self.text


class Not(Struct, frozen=True):
    """What does not satisfy ``part``."""

    part: Node

    def mask(self, table: ResultsTable) -> NDArray[np.bool_]:
        """Return which trials do not satisfy the part."""
        return ~self.part.mask(table)

    def __str__(self) -> str:
        return f"not {_bracketed(self.part)}"


class Junction(Struct, frozen=True):
    """What satisfies all of ``parts`` (``and``; no parts: everything), or any of them (``or``)."""

    word: Literal["and", "or"]
    parts: tuple[Node, ...]

    def mask(self, table: ResultsTable) -> NDArray[np.bool_]:
        """Return which trials satisfy all, or any, of the parts."""
        join = np.logical_and if self.word == "and" else np.logical_or
        start = np.full(len(table.spec.grid), self.word == "and")
        for part in self.parts:
            start = join(start, part.mask(table))
        return start

    def __str__(self) -> str:
        return f" {self.word} ".join(_bracketed(part) for part in self.parts)


Node = Comparison | Constant | Not | Junction


def _bracketed(node: Node) -> str:
    return f"({node})" if isinstance(node, Junction) else str(node)


def _counts(table: ResultsTable, name: str) -> list[int]:
    if name == "trial":
        return list(range(1, len(table.spec.grid) + 1))
    counts = {"replicates": table.counts.sum(axis=1), "complete": table.count("complete"), "failed": table.failed}
    found: list[int] = counts[name].tolist()
    return found
