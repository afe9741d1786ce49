"""Plans: which trials a session has. The full grid has them all from the beginning; others add theirs as it goes.

A pruner may stand beside any of them: it takes out of a session what need not be trained to its end.

The facts stand in one table, by name; a plan's module is named, not imported, so that reading a spec imports no
search library. A plan more is a row here and its module.

A plan that adds trials is asked by the engine whenever a worker would be idle. What it adds is in the journal
before it is trained, so that a search goes on from the journal alone: a plan keeps nothing that it could not work
out again from what it is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from types import MappingProxyType
from typing import Protocol, cast

from msgspec import Struct, field

from hpo_core.errors import SpecError
from hpo_core.plan.grid import Grid, Hyperparameter
from hpo_core.plan.metrics import Objective
from hpo_core.plan.setting import Value


class Search(Struct, frozen=True):
    """What a plan is shown: the trials there are, how many there shall be, and the scores of those that ended.

    ``space`` is what may be proposed: the grid's hyperparameters, or what of them is still asked for. ``scores``
    has every trial of which each replicate has ended, None where it has no score; ``pruned`` those of them that
    were pruned before they had one: after which epoch, and how they stood then.
    """

    space: tuple[Hyperparameter, ...]
    grid: Grid
    trials: int
    seed: int
    objective: Objective
    scores: Mapping[int, float | None]
    pruned: Mapping[int, tuple[int, float]] = field(default_factory=dict)

    @property
    def there(self) -> frozenset[tuple[Value, ...]]:
        """The combinations that are trials already."""
        return frozenset(self.grid.listed or ())

    @property
    def lacking(self) -> int:
        """How many trials are still to be added."""
        return max(self.trials - len(self.grid), 0)


class Plan(Protocol):
    """Adds trials to a session."""

    def propose(self, search: Search, wanted: int) -> Sequence[tuple[Value, ...]]:
        """Return the next trials, each its values in the grid's order; ``wanted`` would be begun at once.

        More may be returned, and none while results are waited for; none with every training ended is the end.
        """
        ...


class PlanFacts(Struct, frozen=True):
    """What must be known of a plan; ``module`` has ``start() -> Plan``, and is "" where no trials are added.

    ``needs`` is the package of the extra ``search`` that it cannot do without; ``compares``: it goes by scores.
    """

    name: str
    module: str
    meaning: str
    needs: str = ""
    compares: bool = False


PLANS: Mapping[str, PlanFacts] = MappingProxyType(
    {
        plan.name: plan
        for plan in (
            PlanFacts("full", "", "every combination of the values"),
            PlanFacts("random", "hpo_core.plan.random_plan", "so many combinations, drawn at random"),
            PlanFacts("qmc", "hpo_core.plan.qmc_plan", "so many combinations, spread evenly (Sobol)"),
            PlanFacts(
                "tpe", "hpo_core.plan.tpe_plan", "so many combinations, near the best so far", "optuna", True
            ),
        )
    }
)
"""Every plan, by name; the first is the default."""

DEFAULT_PLAN = next(iter(PLANS))


class PrunerFacts(Struct, frozen=True):
    """What must be known of a pruner: ``meaning`` says what is not trained on; only "none" prunes nothing."""

    name: str
    meaning: str


PRUNERS: Mapping[str, PrunerFacts] = MappingProxyType(
    {
        pruner.name: pruner
        for pruner in (
            PrunerFacts("none", "every training goes to its end"),
            PrunerFacts("halving", "after each of some epochs, the best third of the trainings goes on"),
            PrunerFacts(
                "hyperband", "halving, begun after few epochs with some trials and after many with others"
            ),
            PrunerFacts("racing", "a trial gets its next replicate while it may still be the best"),
        )
    }
)
"""Every pruner, by name; the first is the default."""

NO_PRUNER = next(iter(PRUNERS))


def check_installed(name: str) -> None:
    """Raise ``SpecError``, with the command that installs it, where a plan's package is missing."""
    needs = PLANS[name].needs
    if needs and find_spec(needs) is None:
        raise SpecError(f"[search] plan {name!r} needs {needs}: pip install 'hpo-tui[search]'.")


def start_plan(name: str) -> Plan | None:
    """Return the plan of that name, None for one that adds no trials. Raises what ``check_installed`` does."""
    check_installed(name)
    module = PLANS[name].module
    return cast(Plan, import_module(module).start()) if module else None
