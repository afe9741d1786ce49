"""What the findings advise: values to take out of view, replicates that would tell; each with the words for it."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from hpo_core.effects import Effects
from hpo_core.plan.grid import JobKey
from hpo_core.plan.hyperparameters import Value
from hpo_core.session.snapshot import Snapshot
from hpo_core.text import clean, format_value, joined, plural
from hpo_tui.desk.desk import Desk
from hpo_tui.desk.view_state import ViewState

WORKING = "Working out what matters…"


def drop_losers(desk: Desk) -> tuple[ViewState, str]:
    """Take every value that is worse than the best beyond noise out of view; say which."""
    effects = desk.effects
    if effects is None:
        return desk.state, WORKING
    pairs = droppable(effects)
    trim = desk.state.trim.hide_pairs(pairs) if pairs else desk.state.trim
    return replace(desk.state, trim=trim), dropped_words(effects, pairs)


def droppable(effects: Effects) -> list[tuple[str, Value]]:
    """Return the values that may be dropped, as (hyperparameter, value): losers, and those without a score."""
    return [(factor.name, value) for factor in effects.values for value in factor.droppable]


def dropped_words(effects: Effects, pairs: Sequence[tuple[str, Value]]) -> str:
    """Say which values were taken out of view, or why none was."""
    metric = clean(effects.metric)
    if effects.role == "cost":
        return f"By {metric} nothing is dropped: what costs most may score best. m shows another metric."
    if effects.incomparable:
        return effects.incomparable
    if not pairs and not any(line.verdict != "unknown" for line in effects.effects):
        return "Which values are worse beyond noise is not known yet."
    if not pairs:
        return "No value in view is worse beyond noise."
    names = dict.fromkeys(name for name, _ in pairs)
    parts = [
        f"{clean(name)} {joined([format_value(value) for owner, value in pairs if owner == name])}"
        for name in names
    ]
    judged = f", judged by {metric} alone" if effects.role == "other" else ""
    return f"Out of view{judged}: {'; '.join(parts)}. u brings them back."


def missing_replicates(effects: Effects, snapshot: Snapshot) -> list[JobKey]:
    """Return the replicates that would tell the best trial from the second; none where none would."""
    winner = effects.best
    if winner is None or winner.second is None or not winner.more_replicates:
        return []
    return [
        JobKey(trial, snapshot.replicate_count(trial) + number)
        for number in range(1, winner.more_replicates + 1)
        for trial in (winner.best.trial, winner.second.trial)
    ]


def replicates_words(effects: Effects, jobs: Sequence[JobKey]) -> str:
    """Say what is asked for, or why nothing is."""
    winner = effects.best
    if effects.incomparable:
        return effects.incomparable
    if winner is None or winner.second is None:
        return "There are no two trials to tell apart yet."
    first, second = winner.best.trial, winner.second.trial
    if jobs:
        return (
            f"{plural(len(jobs) // 2, 'more replicate')} of trials {first} and {second} would tell the best from "
            f"the second (power 80 %) if the true difference is {winner.difference:.2g}: "
            f"{plural(len(jobs), 'training')}."
        )
    if winner.more_replicates == 0:
        return f"Trial {first} is better than trial {second} already, beyond noise."
    if winner.probability != winner.probability:
        return "How many replicates would tell is not known: train a second replicate first."
    return f"No reasonable number of replicates would tell trials {first} and {second} apart."
