"""Random search over the grid: so many of its combinations, each at most once (Bergstra & Bengio 2012)."""

from __future__ import annotations

import random
from collections.abc import Sequence

from hpo_core.plan.grid import Grid
from hpo_core.plan.plans import Search
from hpo_core.plan.setting import Value


class RandomPlan:
    """See ``plans.Plan``; the same seed draws the same trials, whatever came of them."""

    def propose(self, search: Search, wanted: int) -> Sequence[tuple[Value, ...]]:
        """Return all trials that are not there yet, at once."""
        whole = Grid(search.grid.hyperparameters)
        draw = random.Random(f"{search.seed}/random")
        numbers = draw.sample(range(1, len(whole) + 1), min(search.trials, len(whole)))
        drawn = (tuple(whole[number].values.values()) for number in numbers)
        there = frozenset(search.grid.listed or ())
        return [row for row in drawn if row not in there]


def start() -> RandomPlan:
    """Return the plan."""
    return RandomPlan()
