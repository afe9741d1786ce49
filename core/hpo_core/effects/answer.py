"""The answer in one line: what decides, what is noise, which trial is best, what to do next.

It is made of parts, each in several wordings, so that a line of any width says what matters most and cuts no
word. What it claims is what judgement.py, values.py and winner.py have found; it judges nothing itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from hpo_core.effects.judgement import Judgement, Word, judgements
from hpo_core.effects.model import ALPHA, Effects, Winner
from hpo_core.text import clean, format_value, joined, plural

Kind = Literal["fault", "missing", "decides", "noise", "unsure", "best", "next"]
Step = Literal["drop", "use", "tell", "refine", "export"]

BETWEEN = " · "
COLLAPSE_KEY = "x"
"""The screen's key that leaves the collapsed trainings out."""
_WORTH: tuple[Kind, ...] = ("unsure", "noise", "best", "next", "decides", "missing", "fault")
"""The parts by what they are worth to the reader, the least first."""
_FEW = 3
"""So many rivals of the best trial are worth being told from it by more replicates."""
_FRACTIONS = {2: "half", 3: "a third", 4: "a quarter", 5: "a fifth", 6: "a sixth", 8: "an eighth", 10: "a tenth"}


class SoFar(Struct, frozen=True):
    """How far the session is: trainings that have ended, of how many, whether it goes on, whether it can train."""

    ended: int
    asked: int
    goes_on: bool = False
    trainable: bool = True


class Part(Struct, frozen=True):
    """A part of the answer: its wordings, the longest first; "" is to say nothing. ``step`` is what is next."""

    kind: Kind
    texts: tuple[str, ...]
    step: Step | None = None


def answer(effects: Effects | None, so_far: SoFar) -> tuple[Part, ...]:
    """Return the parts of the answer, in the order in which they are read.

    ``effects`` is None while they are worked out: then only that no training has ended can be said.
    """
    if effects is None or not effects.n:
        return (Part("missing", said),) if (said := _nothing(effects, so_far)) else ()
    return tuple(_parts(effects, so_far))


def fitted(parts: Sequence[Part], width: int) -> list[tuple[Part, str]]:
    """Return the parts as they are said in ``width`` cells: no word is cut, and what is worth least goes first.

    Every part is said in few words before any is said in more, in the order of their worth. What says least in its
    shortest wording, and may not be left out, is said whatever the width.
    """
    chosen = [len(part.texts) - 1 for part in parts]
    order = sorted(range(len(parts)), key=lambda place: -_WORTH.index(parts[place].kind))

    def said() -> list[tuple[Part, str]]:
        pairs = ((part, part.texts[at]) for part, at in zip(parts, chosen, strict=True))
        return [(part, text) for part, text in pairs if text]

    def lengthen(places: Sequence[int]) -> bool:
        changed = False
        for place in places:
            chosen[place] -= 1
            if chosen[place] >= 0 and len(BETWEEN.join(text for _, text in said())) <= width:
                changed = True
            else:
                chosen[place] += 1
        return changed

    lengthen([place for place in order if not parts[place].texts[-1]])
    while lengthen(order):
        pass
    return said()


def _nothing(effects: Effects | None, so_far: SoFar) -> tuple[str, ...]:
    if effects is not None and effects.incomparable:
        why = f"{clean(effects.metric)} does not compare trials with different losses"
        return (f"{why}: keep one loss in view", "keep one loss in view")
    if so_far.ended:
        return ("no training in view has a score",) if effects is not None else ()
    if so_far.goes_on:
        return ("the first results are on their way; what decides is said here as they come", "no result yet")
    return ("no training has ended: what decides is said here as results come", "no result yet")


def _parts(effects: Effects, so_far: SoFar) -> Iterator[Part]:
    judged = judgements(effects)
    if broken := _named(judged, "unwired"):
        verb = "changes" if len(broken) == 1 else "change"
        texts = (
            f"{joined(broken)} {verb} nothing in the training: look at the code",
            f"{joined(broken)} {verb} nothing",
        )
        yield Part("fault", texts)
    yield from _deciders(effects, judged)
    if noise := _named(judged, "noise"):
        counts = (len(of.values) for of in effects.values if of.name in judged and judged[of.name].word == "noise")
        searched = any(factor.continuous for factor in effects.values)  # one value of each leaves as many trials
        kept = 1 if searched else math.prod(counts)
        yield _noise(noise, kept, nothing_else=len(noise) == len(judged) - len(broken) > 1)
    yield from _unsure(effects, judged, so_far)
    if effects.best is not None:
        yield _best(effects.best, so_far, any(line.real for line in effects.effects))
    yield from _next(effects, so_far)


def _named(judged: Mapping[str, Judgement], word: Word) -> list[str]:
    return [clean(name) for name, found in judged.items() if found.word == word]


def _deciders(effects: Effects, judged: Mapping[str, Judgement]) -> Iterator[Part]:
    ordered = dict(sorted(judged.items(), key=lambda entry: -entry[1].line.omega_sq))
    decides, matters = _named(ordered, "decides"), _named(ordered, "matters")
    strong = f"{joined(decides)} {'decides' if len(decides) == 1 else 'decide'}" if decides else ""
    weak = f"{joined(matters)} {'matters' if len(matters) == 1 else 'matter'}" if matters else ""
    alone = {name for name, found in judged.items() if found.word in ("decides", "matters")}
    pairs = [line for line in effects.effects if line.real and len(line.factors) > 1]
    pairs = [line for line in pairs if not alone & set(line.factors)]
    depends = f"{joined([clean(name) for name in pairs[0].factors])} matter only together" if pairs else ""
    said = [text for text in (strong, weak, depends) if text]
    if said:
        yield Part("decides", tuple(", ".join(said[:count]) for count in range(len(said), 0, -1)))


def _noise(names: Sequence[str], kept: int, nothing_else: bool) -> Part:
    shown = joined([clean(name) for name in names])
    verb, what = ("is", "keep one") if len(names) == 1 else ("are", "keep one of each")
    work = f"{_FRACTIONS.get(kept, f'1/{kept}')} of the work"
    lead = "nothing decides: " if nothing_else else ""
    few = f"noise: {shown}" if len(names) < _FEW else f"{len(names)} are noise"
    few = "nothing decides" if nothing_else else few
    told = f"{lead}{shown} {verb} noise"
    texts = (f"{told}: {what}, {work}", f"{told}: {what}", few, "") if kept > 1 else (told, few, "")
    return Part("noise", texts)


def _unsure(effects: Effects, judged: Mapping[str, Judgement], so_far: SoFar) -> Iterator[Part]:
    for name, found in judged.items():
        if found.word != "unsure":
            continue
        shown, collapsed = clean(name), found.collapsed
        if collapsed:
            long = f"{shown} matters once the {plural(collapsed, 'collapsed training')} are left out"
            yield Part(
                "unsure",
                (
                    f"{long} ({COLLAPSE_KEY})",
                    f"{shown} matters without the {collapsed} collapsed",
                    f"{shown} unsure",
                    "",
                ),
            )
        else:
            yield Part("unsure", (f"{shown} unsure: only its ranks tell", f"{shown} unsure", ""))
    unknown = _named(judged, "unknown")
    if not unknown:
        return
    if any(found.word not in ("unknown", "unwired") for found in judged.values()):
        yield Part("unsure", (f"{joined(unknown)}: not known yet", f"{len(unknown)} not known yet", ""))
    elif not effects.noise.known:
        once = effects.n == effects.trials
        why = "each trial is trained once" if once else "too few replicates"
        yield Part("missing", (f"{why}: what is noise is not known yet", "the noise is not known yet"))
    else:
        early, few = "too early to say what decides", "too few trainings to say what decides"
        count = f"{so_far.ended:,} of {plural(so_far.asked, 'training')}"
        yield Part("missing", (f"{early}: {count}", early) if so_far.goes_on else (few,))


def _best(winner: Winner, so_far: SoFar, something: bool) -> Part:
    """``something`` decides or matters: only then one trial can be better than the others beyond noise."""
    lead = "best so far" if so_far.goes_on else "best"
    trial = f"{lead}: trial {winner.best.trial}"
    values = ", ".join(map(format_value, winner.best.values.values()))
    others = winner.within_noise
    told = f", not told from {plural(others, 'other')}" if others else ""
    if something and not others and winner.probability >= 1 - ALPHA:
        told = ", beyond noise"
    short = f" or {plural(others, 'other')}" if others else ""
    score = f"{trial} ({values}), {winner.best.mean:.4g}{told}"
    return Part("best", tuple(dict.fromkeys((score, f"{trial}{told}", f"{trial}{short}", trial))))


def _next(effects: Effects, so_far: SoFar) -> Iterator[Part]:
    losing = sum(len(factor.droppable) for factor in effects.values) if effects.role == "objective" else 0
    best = effects.best
    if losing:
        short = f"drop {plural(losing, 'loser')}"
        yield Part("next", (f"drop {plural(losing, 'losing value')}", short, f"drop {losing}", ""), "drop")
        return
    if so_far.goes_on or best is None or best.second is None:
        return
    if not so_far.trainable:
        yield Part("next", ("export what is left", "export", ""), "export")
        return
    if effects.role == "objective":  # what is handed over is the best by the objective
        yield Part("next", ("use it", ""), "use")
    if best.more_replicates and 0 < best.within_noise <= _FEW:
        more = f"{plural(best.more_replicates, 'more replicate')} of the best two tell them apart"
        yield Part("next", (more, "tell the best apart", ""), "tell")
    else:
        yield Part("next", ("finer grid", ""), "refine")
