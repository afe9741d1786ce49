"""Random search: so many combinations, each at most once (Bergstra & Bengio 2012)."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from hpo_core.plan.grid import Grid, Hyperparameter
from hpo_core.plan.plans import Search
from hpo_core.plan.setting import Value

Row = tuple[Value, ...]
DRAWS = 50
"""So many draws for each trial are tried before a space is taken for exhausted."""


class RandomPlan:
    """See ``plans.Plan``; the same seed draws the same trials, whatever came of them."""

    def propose(self, search: Search, wanted: int) -> Sequence[Row]:
        """Return all trials that are not there yet, at once."""
        whole = Grid(search.space)
        draw = random.Random(f"{search.seed}/random")
        if whole.size > len(whole):
            shares = ([draw.random() for _ in search.space] for _ in range(DRAWS * search.trials))
            return first_new(search, (row_at(search.space, point) for point in shares))
        numbers = draw.sample(range(1, len(whole) + 1), min(search.trials, len(whole)))
        return first_new(search, (tuple(whole[number].values.values()) for number in numbers))


def row_at(space: Sequence[Hyperparameter], point: Sequence[float]) -> Row:
    """Return the combination at a point of the unit cube: a list's values have equal parts of it."""
    return tuple(
        factor.values[min(int(share * len(factor.values)), len(factor.values) - 1)]
        if factor.range is None
        else factor.range.at(share)
        for factor, share in zip(space, point, strict=True)
    )


def first_new(search: Search, rows: Iterator[Row]) -> list[Row]:
    """Return the first of ``rows`` that are no trials yet, each once, as many as are lacking."""
    new: dict[Row, None] = {}
    there = search.there
    for row in rows:
        if len(new) == search.lacking:
            break
        if row not in there:
            new[row] = None
    return list(new)


def start() -> RandomPlan:
    """Return the plan."""
    return RandomPlan()
