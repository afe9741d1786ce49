"""The verdicts as sentences: what decides, what matters, what does nothing, and how even the noise is."""

from __future__ import annotations

from collections.abc import Sequence

from hpo_core.effects.model import ALPHA, Effect, LocalNoise
from hpo_core.effects.values import only_with
from hpo_core.text import clean, format_value, joined, p_words, percent

_ALONE = 3.0
"""A value whose noise is larger than every other's by this factor is told apart from the rest."""


def unequal_noise(local: LocalNoise | None) -> list[str]:
    """Say that the noise is not the same everywhere, where it differs, and what follows for the findings."""
    if local is None:
        return []
    known = sorted((sd, place) for place, sd in enumerate(local.sds) if sd == sd)
    (low, quiet), (high, loud) = known[0], known[-1]
    name = clean(local.factor)
    where = f"sd {high:.2g} at {name} {format_value(local.values[loud])}"
    if len(known) > 2 and high >= _ALONE * known[-2][0]:
        where += f", {low:.2g} to {known[-2][0]:.2g} elsewhere"
    else:
        where += f", {low:.2g} at {format_value(local.values[quiet])}"
    return [
        f"Noise is not the same everywhere: {where}. Values and trials are compared by their own noise, and an "
        "effect only counts where it stands out from each trial's own noise too."
    ]


MANY = 20
"""More hyperparameters than this that are not told from noise are said in one sentence."""


def effect_words(effects: Sequence[Effect]) -> list[str]:
    """Return a sentence for each hyperparameter and for each interaction that is real, strongest first."""
    real = sorted((line for line in effects if line.real), key=lambda line: -line.omega_sq)
    said = [_real(line) for line in real]
    rest = [line for line in effects if not line.real and len(line.factors) == 1]
    if len(rest) > MANY:
        tested = [line for line in rest if line.p == line.p]
        least = min(tested, key=lambda line: line.p, default=None)
        such = f", the least p is that of {clean(least.factors[0])}: {_both_p(least)}" if least is not None else ""
        return [*said, f"{len(rest):,} {'other ' if said else ''}hyperparameters are not told from noise{such}."]
    for line in rest:
        name = clean(line.factors[0])
        partners = only_with(line.factors[0], effects)
        if partners:
            said.append(f"{name} matters only together with {joined([clean(partner) for partner in partners])}.")
        elif line.verdict == "no detectable effect":
            said.append(
                f"{name}: no detectable effect ({_both_p(line)}{_could_have_seen(line)}).{_in_ranks(line)}"
            )
        else:
            said.append(f"{name}: {_unknown(line)}.{_in_ranks(line)}")
    return said


def _real(line: Effect) -> str:
    names = [clean(name) for name in line.factors]
    share = f"({percent(line.omega_sq)} of the variance)"
    if len(names) == 1:
        return f"{names[0]} {line.verdict} {share}.{_in_ranks(line)}"
    return f"{' × '.join(names)}: what one does depends on the {_others(len(names))} {share}.{_in_ranks(line)}"


def _in_ranks(line: Effect) -> str:
    """Say where the ranks of the scores disagree with the verdict."""
    if line.in_ranks is None or line.in_ranks == line.real:
        return ""
    if line.real:
        may = "a few extreme scores may make it" if len(line.factors) == 1 else "it may be of the scale alone"
        return f" By the ranks of the scores it is not told from noise: {may}."
    return " By the ranks of the scores it has an effect: a few extreme scores may hide it."


def _others(count: int) -> str:
    return "other" if count == 2 else "others"


def _could_have_seen(line: Effect) -> str:
    """The smallest difference that would have been found in four of five such grids."""
    if line.seen_difference != line.seen_difference:
        return ""
    return f"; a difference of {line.seen_difference:.2g} or more would have been seen"


def _unknown(line: Effect) -> str:
    if not line.df:
        return "unknown (there is nothing to compare, or it cannot be told from other hyperparameters)"
    if line.p == line.p:
        seen = line.seen_difference
        few = "too few trainings to say that it has no effect"
        least = f"only a difference of {seen:.2g} or more would have been seen" if seen == seen else few
        return f"unknown ({p_words(line.p)}; {least})"
    if line.exact:
        return "no effect (all its values give the same)"
    if line.eta_sq == line.eta_sq:
        return f"unknown ({percent(line.eta_sq)} of the variance goes with it, but how much is noise is not known)"
    return "unknown (all trainings gave the same)"


def _both_p(line: Effect) -> str:
    """The p of an effect that was not found; with Holm's, where without the correction it would have been."""
    if line.p >= ALPHA:
        return p_words(line.p)
    own = f", {p_words(line.p_own)[4:]} by each trial's own noise" if line.p_own > line.p else ""
    return f"{p_words(line.p)}{own}, {p_words(line.p_adjusted)[4:]} corrected"
