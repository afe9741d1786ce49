"""What binds results to the values that they were trained with: the plan as the journal recorded it.

A journal names trials by number alone. Which values a number stands for follows from the spec, so that an edited
spec.toml, or another session's journal, would show a score under values that it never had. The journal therefore
records the plan before the first result, and what does not agree with it is named and refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from hpo_core.journal.events import PlanRecorded
from hpo_core.plan.grid import Grid, Hyperparameter
from hpo_core.plan.setting import Value
from hpo_core.plan.spec import SessionSpec
from hpo_core.session.lineage import Parent
from hpo_core.text import clean, format_value

NAMED = 6
"""So many values are named; more are a number."""


def plan_of(spec: SessionSpec, parent: Parent | None = None) -> PlanRecorded:
    """Return the plan that a spec writes down, before trials were added to it; ``parent`` is what it came from."""
    return PlanRecorded(
        hyperparameters={factor.name: factor.values for factor in spec.grid.hyperparameters},
        fixed=dict(spec.fixed),
        trials=spec.grid.listed,
        ranges={f.name: f.range.table() for f in spec.grid.hyperparameters if f.range is not None},
        parent=parent.name if parent else "",
        parent_began=parent.began if parent else 0.0,
    )


def as_written(spec: SessionSpec, plan: PlanRecorded | None) -> SessionSpec:
    """Return the spec of a session without the trials that its plan has added since."""
    if plan is None:
        return spec
    ranges = {factor.name: factor.range for factor in spec.grid.hyperparameters}
    factors = tuple(
        Hyperparameter(name, values, ranges.get(name)) for name, values in plan.hyperparameters.items()
    )
    return replace(spec, grid=Grid(factors, plan.trials))


def disagreement(plan: PlanRecorded, spec: SessionSpec) -> str:
    """Return where the spec does not agree with the plan that the results belong to, or an empty text."""
    asked = plan_of(spec)
    for name in dict.fromkeys((*plan.hyperparameters, *asked.hyperparameters)):
        then, now = plan.hyperparameters.get(name), asked.hyperparameters.get(name)
        if not _same(then, now):
            return f"{clean(name, 60)} is varied over {_words(now)} there, and over {_words(then)} in the journal"
    if tuple(plan.hyperparameters) != tuple(asked.hyperparameters):
        return "the hyperparameters stand in another order than in the journal"
    for name in dict.fromkeys((*plan.fixed, *asked.fixed)):
        if not _same(_one(plan.fixed, name), _one(asked.fixed, name)):
            now, then = _one(asked.fixed, name), _one(plan.fixed, name)
            return f"{clean(name, 60)} is fixed at {_words(now)} there, and at {_words(then)} in the journal"
    for name in plan.ranges | asked.ranges:
        if plan.ranges.get(name) != asked.ranges.get(name):
            return f"the range of {clean(name, 60)} is not the one in the journal"
    if plan.trials != asked.trials:
        return "the combinations under [trials] are not those in the journal"
    return ""


def _one(values: Mapping[str, Value], name: str) -> tuple[Value, ...] | None:
    return (values[name],) if name in values else None


def _same(one: Sequence[Value] | None, other: Sequence[Value] | None) -> bool:
    """Whether both are the same values in the same order; true is not 1, though Python takes it for that."""
    if one is None or other is None:
        return one is other
    return len(one) == len(other) and all(
        a == b and isinstance(a, bool) is isinstance(b, bool) for a, b in zip(one, other, strict=True)
    )


def _words(values: Sequence[Value] | None) -> str:
    if values is None:
        return "nothing"
    more = f" and {len(values) - NAMED:,} more" if len(values) > NAMED else ""
    return ", ".join(clean(format_value(value), 40) for value in values[:NAMED]) + more
