"""Plans: which trials a session has. The full grid has them all from the beginning; others add theirs as it goes.

The facts stand in one table, by name; a plan's module is named, not imported, so that reading a spec imports no
search library. A plan more is a row here and its module.

A plan that adds trials is asked by the engine whenever a worker would be idle. What it adds is in the journal
before it is trained, so that a search goes on from the journal alone: a plan keeps nothing that it could not work
out again from what it is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import Protocol, cast

from hpo_core.plan.grid import Grid
from hpo_core.plan.metrics import Objective
from hpo_core.plan.setting import Value


@dataclass(frozen=True, slots=True)
class Search:
    """What a plan is shown: the trials there are, how many there shall be, and the scores of those that ended.

    ``scores`` has every trial of which each replicate has ended, None where it has no score.
    """

    grid: Grid
    trials: int
    seed: int
    objective: Objective
    scores: Mapping[int, float | None]


class Plan(Protocol):
    """Adds trials to a session."""

    def propose(self, search: Search, wanted: int) -> Sequence[tuple[Value, ...]]:
        """Return the next trials, each its values in the grid's order; ``wanted`` would be begun at once.

        More may be returned, and none while results are waited for; none with every training ended is the end.
        """
        ...


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """What must be known of a plan; ``module`` has ``start() -> Plan``, and is "" where no trials are added."""

    name: str
    module: str
    meaning: str


PLANS: Mapping[str, PlanFacts] = MappingProxyType(
    {
        plan.name: plan
        for plan in (
            PlanFacts("full", "", "every combination of the values"),
            PlanFacts("random", "hpo_core.plan.random_plan", "so many combinations, drawn at random"),
        )
    }
)
"""Every plan, by name; the first is the default."""

DEFAULT_PLAN = next(iter(PLANS))


def start_plan(name: str) -> Plan | None:
    """Return the plan of that name; None for one that adds no trials."""
    module = PLANS[name].module
    return cast(Plan, import_module(module).start()) if module else None
