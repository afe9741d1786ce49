"""An example for the filter line that means something in the session it is shown in."""

from __future__ import annotations

import statistics

from hpo_core.plan.grid import Hyperparameter
from hpo_core.results.filter_tokens import quoted
from hpo_core.session.snapshot import Snapshot
from hpo_core.text import clean, format_value
from hpo_tui.look.numbers import metric_text

LONGEST = 90


def filter_example(snapshot: Snapshot) -> str:
    """Return one condition on a number, one on a text, one on the objective, of those that there are."""
    factors = [factor for factor in snapshot.spec.grid.hyperparameters if len(factor.values) > 1]
    number = next((factor for factor in factors if _is_numeric(factor)), None)
    text = next((factor for factor in factors if not _is_numeric(factor)), None)
    parts = []
    if number is not None:
        parts.append(f"{quoted(number.name)}<={_written(number, (len(number.values) - 1) // 2)}")
    if text is not None:
        parts.append(f"{quoted(text.name)}!={_written(text, 0)}")
    if (condition := _of_objective(snapshot)) is not None:
        parts.append(condition)
    while len(parts) > 1 and len(" and ".join(parts)) > LONGEST:
        parts.pop(1)
    return clean(" and ".join(parts))


def _is_numeric(factor: Hyperparameter) -> bool:
    return all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in factor.values)


def _written(factor: Hyperparameter, place: int) -> str:
    return quoted(format_value(factor.values[place]))


def _of_objective(snapshot: Snapshot) -> str | None:
    """Return what half of the results are better than."""
    objective = snapshot.spec.objective
    found = [entry.result(objective.metric) for entry in snapshot.replicates.values()]
    known = [value for value in found if value is not None]
    if not known:
        return None
    sign = ">" if objective.direction == "max" else "<"
    return f"{quoted(objective.metric)}{sign}{metric_text(statistics.median(known), 2)}"
