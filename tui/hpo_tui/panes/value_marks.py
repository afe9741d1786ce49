"""What the findings say beside the values: how hyperparameters and values do, and how sure a mean is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from hpo_core.effects import Effects
from hpo_core.effects.judgement import judgements
from hpo_core.results.levels import Levels
from hpo_tui.views.effects.shares import judged_word
from hpo_tui.views.effects.value_lines import Mark, mark_of

Place = tuple[int, int]
"""A hyperparameter and one of its values."""


class ValueMarks(Struct, frozen=True):
    """``verdicts`` of hyperparameters; for values, how each does, and half of its mean's 95 % interval.

    ``sure`` is whether there are intervals, or may be: a search without a grid has none.
    """

    verdicts: Mapping[int, str] = field(default_factory=dict)
    values: Mapping[Place, Mark] = field(default_factory=dict)
    halves: Mapping[Place, float] = field(default_factory=dict)
    sure: bool = True


NO_MARKS = ValueMarks()


def marks_of(effects: Effects | None, factors: Sequence[Levels]) -> ValueMarks:
    """Return the marks; none where nothing can be said yet."""
    if effects is None:
        return NO_MARKS
    verdicts, values, halves = dict[int, str](), dict[Place, Mark](), dict[Place, float]()
    judged = judgements(effects)
    summaries = {summary.name: summary for summary in effects.values}
    for place, factor in enumerate(factors):
        line, summary = effects.effect(factor.name), summaries.get(factor.name)
        if line is None or summary is None:
            continue
        if factor.name in judged:
            verdicts[place] = judged_word(judged[factor.name].word)
        for value in summary.values if not factor.gathered else ():
            level = factor.factor.values.index(value.value)
            if (mark := mark_of(summary, value, line)) is not None:
                values[place, level] = mark
            if value.high == value.high:
                halves[place, level] = max(value.high - value.mean, value.mean - value.low)
    return ValueMarks(verdicts, values, halves, bool(halves))
