"""Trials and jobs of a grid: deterministic, numbered once, replicate-major.

Trial numbers are 1-based and follow the full-factorial product with the last hyperparameter varying fastest,
so trial 1 is the first value of everything. Jobs come replicate-major: every trial's first replicate before any
trial's second, so that the whole grid can be seen as early as possible.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from itertools import repeat
from typing import TYPE_CHECKING, NamedTuple

import tomli_w
from msgspec import Struct

from hpo_core.plan.hyperparameters import Value
from hpo_core.plan.ranges import Range

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Hyperparameter(Struct, frozen=True):
    """One thing that is varied, and the values it takes, in the order of the spec.

    With a ``range`` they are those that were drawn from it so far, in ascending order.
    """

    name: str
    values: tuple[Value, ...]
    range: Range | None = None

    @property
    def size(self) -> float:
        """How many values it may take; infinite in a range that has no steps."""
        return len(self.values) if self.range is None else self.range.size

    @property
    def ends(self) -> tuple[Value, ...]:
        """The values it may take; of a range its two ends."""
        return self.values if self.range is None else (self.range.at(0), self.range.at(1))

    def limited(self, left: Sequence[Value] | None) -> Hyperparameter:
        """Return it with these of its values alone, or those of its range between these; all where it is None."""
        if left is None:
            return self
        if self.range is None:
            return Hyperparameter(self.name, tuple(value for value in self.values if value in left) or self.values)
        numbers = [value for value in left if isinstance(value, (int, float))]
        within = self.range.between(min(numbers), max(numbers)) if numbers else self.range
        return Hyperparameter(self.name, () if within else (self.range.nearest(numbers[0]),), within)

    def to_toml(self) -> str:
        """Return its line of ``[grid]``; a range in one line too, so that the order of the lines can stay."""
        if self.range is None:
            return str(tomli_w.dumps({self.name: list(self.values)}))
        return str(tomli_w.dumps({self.name: 0})).removesuffix("0\n") + f"{self.range.words}\n"

    def may_have(self, value: Value) -> bool:
        """Whether it has the value, or may yet have it: a range has those that were drawn so far."""
        if self.range is None or isinstance(value, str):
            return value in self.values
        return self.range.low <= value <= self.range.high

    def with_values(self, more: Iterable[Value]) -> Hyperparameter:
        """Return it with these values too: after those there are, or in a range where their size puts them."""
        values = tuple(dict.fromkeys((*self.values, *more)))
        if self.range is not None and all(isinstance(value, (int, float)) for value in values):
            values = tuple(sorted(values, key=float))
        return Hyperparameter(self.name, values, self.range)


class Trial(Struct, frozen=True):
    """One combination of values; ``number`` is 1-based and the same on screen, in logs and in the journal."""

    number: int
    values: Mapping[str, Value]


class JobKey(NamedTuple):
    """Which replicate of which trial; both 1-based. The identity of a job.

    A tuple, for it is looked up for every record of a journal: that it is hashed in C is half of the time.
    """

    trial: int
    replicate: int

    def __str__(self) -> str:
        return f"trial {self.trial} r{self.replicate}"


class Grid(Struct, frozen=True, dict=True):
    """The full-factorial product of the hyperparameters' values, or a listed part of it.

    ``listed`` is None for the whole product; otherwise the combinations that exist, one tuple of values for each
    trial, in trial order: an imported table may be incomplete.
    """

    hyperparameters: tuple[Hyperparameter, ...]
    listed: tuple[tuple[Value, ...], ...] | None = None

    def __len__(self) -> int:
        return self._count

    @cached_property
    def _count(self) -> int:
        if self.listed is not None:
            return len(self.listed)
        return math.prod(len(factor.values) for factor in self.hyperparameters)

    @cached_property
    def size(self) -> float:
        """How many combinations there may be; infinite where a range has no steps."""
        return math.prod(factor.size for factor in self.hyperparameters)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The hyperparameters' names, in the order of the spec."""
        return tuple(factor.name for factor in self.hyperparameters)

    @cached_property
    def codes(self) -> NDArray[np.int32]:
        """Trials × hyperparameters: the place of each trial's value among the hyperparameter's values.

        Computed once for a grid, which never changes, and read-only; a whole product of 10,000 trials takes about
        a millisecond.
        """
        import numpy as np

        sizes = tuple(len(factor.values) for factor in self.hyperparameters)
        if self.listed is None:
            places = np.unravel_index(np.arange(len(self)), sizes)
            codes = np.stack(places, axis=1).astype(np.int32)
        else:
            orders = [{value: n for n, value in enumerate(factor.values)} for factor in self.hyperparameters]
            rows = [[order[value] for order, value in zip(orders, row, strict=True)] for row in self.listed]
            codes = np.array(rows, np.int32).reshape(len(rows), len(orders))  # a plan may have no trial yet
        codes.flags.writeable = False
        return codes

    def __getitem__(self, number: int) -> Trial:
        """Return trial ``number`` (1-based); raises ``IndexError`` where there is none."""
        if not 1 <= number <= len(self):
            raise IndexError(f"there is no trial {number}: the grid has {len(self)}")
        if self.listed is not None:
            combination: Sequence[Value] = self.listed[number - 1]
        else:
            rest, picked = number - 1, []
            for factor in reversed(self.hyperparameters):
                rest, level = divmod(rest, len(factor.values))
                picked.append(factor.values[level])
            combination = picked[::-1]
        return Trial(number, dict(zip(self.names, combination, strict=True)))

    def with_trials(self, rows: Iterable[tuple[Value, ...]]) -> Grid:
        """Return the grid that lists these trials too."""
        added = tuple(rows)
        factors = tuple(
            factor.with_values(row[place] for row in added) for place, factor in enumerate(self.hyperparameters)
        )
        return Grid(factors, (*(self.listed or ()), *added))

    def trials(self) -> Iterator[Trial]:
        """Every trial, in the order of their numbers."""
        return (self[number] for number in range(1, len(self) + 1))

    def jobs(self, replicates: int) -> Iterator[JobKey]:
        """Every job, replicate-major: 100,000 of them in half the time that calls of the class take."""
        for replicate in range(1, replicates + 1):
            yield from map(partial(tuple.__new__, JobKey), zip(range(1, len(self) + 1), repeat(replicate)))
