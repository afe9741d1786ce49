"""What each hyperparameter is to the reader: judged here once, for the answer, the screen's marks and refine.

An analysis of variance has a verdict for each of its lines; a person asks about a hyperparameter. One that has no
effect alone, but has one with another, is not noise. One whose effect only the ranks show, or only the trainings
that did not collapse, is unsure. One that reaches no training at all is neither.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from hpo_core.effects.model import Effect, Effects

Word = Literal["unwired", "decides", "matters", "together", "unsure", "noise", "unknown"]


class Judgement(Struct, frozen=True):
    """A hyperparameter's ``word``, and its line of the analysis.

    ``collapsed`` is how many collapsed trainings make it unsure: it seems noise with them, and matters without.
    """

    word: Word
    line: Effect
    collapsed: int = 0


def judgements(effects: Effects) -> Mapping[str, Judgement]:
    """Return the judgement on each hyperparameter that has several values in view, in their order."""
    unwired = {found.factor for found in effects.wiring if found.fault and getattr(found, "every_value", True)}
    together = _with_effect(effects)
    without = effects.without_collapsed
    matter_without = _with_effect(without) if without is not None else set[str]()

    def judged(line: Effect) -> Judgement:
        name = line.factors[0]
        if name in unwired:
            return Judgement("unwired", line)
        if line.verdict == "decides" or line.verdict == "matters":
            return Judgement(line.verdict, line)
        if name in together:
            return Judgement("together", line)
        if line.verdict != "no detectable effect" and not line.exact:
            return Judgement("unknown", line)
        if without is not None and name in matter_without:
            return Judgement("unsure", line, without.collapsed_left_out)
        return Judgement("unsure" if line.in_ranks else "noise", line)

    compared = {factor.name for factor in effects.values if len(factor.values) > 1 or factor.continuous}
    alone = (line for line in effects.effects if len(line.factors) == 1 and line.factors[0] in compared)
    return {line.factors[0]: judged(line) for line in alone}


def _with_effect(effects: Effects) -> set[str]:
    """The hyperparameters of all effects that are real, alone or together."""
    return {name for line in effects.effects if line.real for name in line.factors}
