"""What a finer grid need not vary: a hyperparameter that is noise is fixed, and a value that loses is dropped.

What is noise and what loses is what ``hpo_core.effects`` has found of the trials in view; nothing is judged here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray

from hpo_core.effects.judgement import Word, judgements
from hpo_core.effects.model import Effects
from hpo_core.plan.grid import Hyperparameter
from hpo_core.plan.hyperparameters import Value
from hpo_core.plan.metrics import SECONDS
from hpo_core.results.analysis import analyse_session
from hpo_core.results.measure import cost_of, measure_of
from hpo_core.results.table import means, table_of
from hpo_core.session.snapshot import Snapshot
from hpo_core.text import clean, format_value

CHEAPER = 0.9
"""One value is cheaper than another where a training with it takes at most so much of the time."""

_WHY_FIXED: Mapping[Word, str] = {"noise": "is noise here", "unwired": "changes nothing in the training"}

MOST_TRAININGS = 50_000
"""Of more trainings nothing is worked out here: that would take longer than a key press may."""


class Findings(Struct, frozen=True):
    """What can be left out: the value that a hyperparameter is fixed at, the values that lose, and why."""

    fixed: Mapping[str, Value] = field(default_factory=dict)
    losing: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    weight: Mapping[str, float] = field(default_factory=dict)
    """How much of the variance each hyperparameter explains; what explains least is made coarser first."""
    why: tuple[str, ...] = ()


def findings(snapshot: Snapshot, mask: NDArray[np.bool_], best: int, effects: Effects | None = None) -> Findings:
    """Return what the trials in view (``mask``) say; ``best`` is the number of the best of them.

    ``effects`` are the findings by the objective, worked out here where they are not given.
    """
    if effects is None:
        if len(snapshot.replicates) > MOST_TRAININGS:
            return Findings()
        effects = analyse_session(snapshot, measure_of(snapshot), mask)
    judged = judgements(effects)
    fixed: dict[str, Value] = {}
    losing: dict[str, tuple[Value, ...]] = {}
    why = []
    at_best = snapshot.spec.grid[best].values
    for summary in effects.values:
        name = summary.name
        word = judged[name].word if name in judged else "unknown"
        if said := _WHY_FIXED.get(word):
            fixed[name], which = _cheapest(snapshot, mask, name, at_best[name])
            why.append(f"{clean(name)} {said}: fixed at {format_value(fixed[name])}, {which}")
        elif gone := tuple(value for value in summary.droppable if value != at_best[name]):
            losing[name] = gone
            why.append(f"{clean(name)}: {', '.join(map(format_value, gone))} lost")
    weight = {line.factors[0]: line.omega_sq for line in effects.effects if len(line.factors) == 1}
    return Findings(fixed, losing, weight, tuple(why))


def _cheapest(snapshot: Snapshot, mask: NDArray[np.bool_], name: str, at_best: Value) -> tuple[Value, str]:
    """Return the value whose trainings take the least time on average, and that it does.

    The best trial's where all take about as long, or where nobody knows.
    """
    grid = snapshot.spec.grid
    column = grid.names.index(name)
    values = grid.hyperparameters[column].values
    seconds = table_of(snapshot).scores(cost_of(SECONDS)).mean
    timed = mask & np.isfinite(seconds)
    mean = means(grid.codes[timed, column].astype(np.int64), seconds[timed], len(values)).mean
    known = mean[np.isfinite(mean)]
    if not len(known) or known.min() > CHEAPER * known.max():
        return at_best, "the best trial's"
    return values[int(np.nanargmin(mean))], "the cheapest"


def no_larger(
    factors: Sequence[Hyperparameter], most: int, at_best: Mapping[str, Value], weight: Mapping[str, float]
) -> tuple[Hyperparameter, ...]:
    """Return the grid with at most ``most`` trials: the values farthest from the best go, as few as will do.

    They go from the hyperparameter with the most values, of several from the one that explains the least.
    """
    found = {factor.name: list(factor.values) for factor in factors}

    def size() -> int:
        return int(np.prod([len(values) for values in found.values()], dtype=object))

    while size() > most:
        name = max(found, key=lambda one: (len(found[one]), -weight.get(one, 0.0)))
        values = found[name]
        if len(values) == 1:
            break
        place = values.index(at_best[name]) if at_best.get(name) in values else 0
        values.pop(0 if place > len(values) - 1 - place else -1)
    return tuple(Hyperparameter(name, tuple(values)) for name, values in found.items())
