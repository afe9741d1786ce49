"""What a filter line says, as a tree: each node judges one trial's row, or all trials of a session at once."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from hpo_core.plan.hyperparameters import Value
from hpo_core.results.filter_tokens import quoted
from hpo_core.results.table import ResultArrays, TrialResult, result_arrays
from hpo_core.session.snapshot import STATUSES, Snapshot

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


class Columns:
    """The whole session's values of a name, one for each trial, gathered when they are asked for."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._arrays: dict[str, ResultArrays] = {}

    def arrays(self, metric: str | None = None) -> ResultArrays:
        """Return the trials as arrays, for the objective's metric where none is named."""
        name = metric or self.snapshot.spec.objective.metric
        if name not in self._arrays:
            self._arrays[name] = result_arrays(self.snapshot, name)
        return self._arrays[name]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One name compared with one value, or with several (``in``)."""

    name: str
    source: Source
    sign: str
    values: tuple[Value, ...]

    def test(self, value: Value | None) -> bool:
        """Whether a trial that has this value satisfies the comparison."""
        if value is None:
            return False
        if self.sign == "in":
            return value in self.values
        other = self.values[0]
        if isinstance(value, str) is not isinstance(other, str):
            return self.sign == "!="
        return _TEST[self.sign](value, other)

    def matches(self, row: TrialResult) -> bool:
        """Whether the trial satisfies the comparison; one with a fixed hyperparameter was decided before."""
        if self.source == "metric":
            return self.test(row.mean.get(self.name))
        if self.source == "status":
            return self.test(row.status)
        if self.source == "count":
            return self.test(_count(row, self.name))
        return self.test(row.values.get(self.name))

    def mask(self, columns: Columns) -> NDArray[np.bool_]:
        """Return which trials satisfy the comparison."""
        grid = columns.snapshot.spec.grid
        if self.source == "varied":
            place = grid.names.index(self.name)
            tested = [self.test(value) for value in grid.hyperparameters[place].values]
            return np.array(tested, bool)[grid.codes[:, place]]
        if self.source == "metric":
            scores = columns.arrays(self.name).scores
            return np.fromiter(map(self.test, scores.tolist()), bool, len(scores)) & np.isfinite(scores)
        found = columns.arrays().statuses if self.source == "status" else _counts(columns, self.name)
        return np.fromiter(map(self.test, found), bool, len(found))

    def __str__(self) -> str:
        values = [quoted(str(value).lower() if isinstance(value, bool) else str(value)) for value in self.values]
        if self.sign == "in":
            return f"{quoted(self.name)} in ({', '.join(values)})"
        return f"{quoted(self.name)}{self.sign}{values[0]}"


@dataclass(frozen=True, slots=True)
class Constant:
    """A comparison with a fixed hyperparameter: the same for every trial; ``text`` is how it was written."""

    value: bool
    text: str

    def matches(self, row: TrialResult) -> bool:
        """Whether every trial satisfies it."""
        return self.value

    def mask(self, columns: Columns) -> NDArray[np.bool_]:
        """Return all trials, or none."""
        return np.full(len(columns.snapshot.spec.grid), self.value)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Not:
    """What does not satisfy ``part``."""

    part: Node

    def matches(self, row: TrialResult) -> bool:
        """Whether the trial does not satisfy the part."""
        return not self.part.matches(row)

    def mask(self, columns: Columns) -> NDArray[np.bool_]:
        """Return which trials do not satisfy the part."""
        return ~self.part.mask(columns)

    def __str__(self) -> str:
        return f"not {_bracketed(self.part)}"


@dataclass(frozen=True, slots=True)
class Junction:
    """What satisfies all of ``parts`` (``and``; no parts: everything), or any of them (``or``)."""

    word: Literal["and", "or"]
    parts: tuple[Node, ...]

    def matches(self, row: TrialResult) -> bool:
        """Whether the trial satisfies all, or any, of the parts."""
        satisfied = (part.matches(row) for part in self.parts)
        return all(satisfied) if self.word == "and" else any(satisfied)

    def mask(self, columns: Columns) -> NDArray[np.bool_]:
        """Return which trials satisfy all, or any, of the parts."""
        join = np.logical_and if self.word == "and" else np.logical_or
        start = np.full(len(columns.snapshot.spec.grid), self.word == "and")
        for part in self.parts:
            start = join(start, part.mask(columns))
        return start

    def __str__(self) -> str:
        return f" {self.word} ".join(_bracketed(part) for part in self.parts)


Node = Comparison | Constant | Not | Junction


def _bracketed(node: Node) -> str:
    return f"({node})" if isinstance(node, Junction) else str(node)


def _count(row: TrialResult, name: str) -> int:
    if name == "trial":
        return row.number
    if name == "replicates":
        return len(row.replicates)
    return row.count("complete") if name == "complete" else row.count("failed", "diverged")


def _counts(columns: Columns, name: str) -> list[int]:
    arrays = columns.arrays()
    if name == "trial":
        return list(range(1, len(arrays.scores) + 1))
    if name == "failed":
        return [int(count) for count in arrays.failed]
    counts = arrays.counts.sum(axis=1) if name == "replicates" else arrays.counts[:, STATUSES.index("complete")]
    return [int(count) for count in counts]
