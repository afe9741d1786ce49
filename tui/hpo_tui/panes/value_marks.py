"""What the findings mark in the values pane: hyperparameters that are noise, values that are like the best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hpo_core.effects import Effects
from hpo_core.plan.grid import Hyperparameter
from hpo_tui.views.effects.value_lines import ALIKE, mark_of


@dataclass(frozen=True, slots=True)
class ValueMarks:
    """Places of hyperparameters without a detectable effect; (hyperparameter, value) of values like the best."""

    noise: frozenset[int] = frozenset()
    alike: frozenset[tuple[int, int]] = frozenset()


def marks_of(effects: Effects | None, factors: Sequence[Hyperparameter]) -> ValueMarks:
    """Return the marks; none where nothing can be said yet.

    A hyperparameter that matters together with another is not noise, whatever it does alone.
    """
    if effects is None:
        return ValueMarks()
    noise, alike = set(), set()
    summaries = {summary.name: summary for summary in effects.values}
    for place, factor in enumerate(factors):
        line, summary = effects.effect(factor.name), summaries.get(factor.name)
        if line is None or summary is None:
            continue
        if line.verdict == "no detectable effect" and not summary.only_with and not summary.telling:
            noise.add(place)
        like = {value.value for value in summary.values if mark_of(summary, value, line) == ALIKE}
        alike |= {(place, level) for level, value in enumerate(factor.values) if value in like}
    return ValueMarks(frozenset(noise), frozenset(alike))
