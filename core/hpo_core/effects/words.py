"""The findings as sentences: what decides, what matters, what does nothing; then the numbers behind them."""

from __future__ import annotations

from collections.abc import Sequence

from hpo_core.effects.model import ALPHA, Effect, Effects, FactorValues, TrialScore, Winner
from hpo_core.effects.values import only_with
from hpo_core.text import clean, format_value, plural


def sentences(effects: Effects) -> list[str]:
    """Return everything there is to say, wiring faults first, then effects, the basis, values, best, warnings."""
    wiring = [str(fault) for fault in effects.wiring]
    if not effects.n:
        return [*wiring, *(warning for warning in effects.warnings if warning not in wiring)]
    said = [*wiring, *effect_words(effects.effects), basis(effects)]
    for factor in effects.values:
        said.extend(value_words(factor))
    if effects.best is not None:
        said.append(winner_words(effects.best, effects.metric))
    if effects.frontier is not None and effects.frontier.as_good is not None:
        best, cheap = effects.frontier.best, effects.frontier.as_good
        said.append(
            f"Trial {cheap.trial} ({listed(cheap.values)}) is as good within noise as trial {best.trial}, in "
            f"{percent(cheap.cost / best.cost)} of its time ({cheap.cost:.3g} s instead of {best.cost:.3g} s)."
        )
    return [*said, *effects.notes, *(warning for warning in effects.warnings if warning not in wiring)]


def effect_words(effects: Sequence[Effect]) -> list[str]:
    """Return a sentence for each hyperparameter and for each interaction that is real, strongest first."""
    real = sorted((line for line in effects if line.real), key=lambda line: -line.omega_sq)
    said = [_real(line) for line in real]
    for line in effects:
        if line.real or len(line.factors) > 1:
            continue
        name = clean(line.factors[0])
        partners = only_with(line.factors[0], effects)
        if partners:
            said.append(f"{name} matters only together with {joined([clean(partner) for partner in partners])}.")
        elif line.verdict == "no detectable effect":
            said.append(f"{name}: no detectable effect ({_both_p(line)}).")
        else:
            said.append(f"{name}: {_unknown(line)}.")
    return said


def _real(line: Effect) -> str:
    names = [clean(name) for name in line.factors]
    share = f"({percent(line.omega_sq)} of the variance)"
    if len(names) == 1:
        return f"{names[0]} {line.verdict} {share}."
    return f"{' × '.join(names)}: what one does depends on the {_others(len(names))} {share}."


def _others(count: int) -> str:
    return "other" if count == 2 else "others"


def _unknown(line: Effect) -> str:
    if not line.df:
        return "unknown (there is nothing to compare, or it cannot be told from other hyperparameters)"
    if line.p == line.p:
        return f"unknown ({p_words(line.p)}, with too few replicates to say that it has no effect)"
    if line.eta_sq == line.eta_sq:
        return f"unknown ({percent(line.eta_sq)} of the variance goes with it, but how much is noise is not known)"
    return "unknown (all trainings gave the same)"


def basis(effects: Effects) -> str:
    """Return what the findings rest on: how many trainings, which epoch, how large the noise is."""
    said = (
        f"{clean(effects.metric)} at the {effects.shown_epoch} of {plural(effects.n, 'training')} in "
        f"{plural(effects.trials, 'trial')}"
    )
    noise = effects.noise
    if noise.source == "none":
        return f"{said}; the noise is not known."
    degrees = plural(noise.df, "degree", "degrees") + " of freedom"
    source = "between replicates" if noise.source == "replicates" else "taken from the highest interactions"
    said = f"{said}; noise {source}: sd {noise.sd:.3g} ({degrees})"
    if effects.block is not None:
        said += f"; replicates share their seeds and are fitted as blocks ({p_words(effects.block.p)})"
    tested = sum(1 for line in effects.effects if line.p == line.p)
    if tested > 1:
        said += f"; {tested} effects tested, corrected by Holm"
    return said + "."


def value_words(factor: FactorValues) -> list[str]:
    """Return which values can go, and which the noise cannot tell apart (not said where that is all of them)."""
    said = []
    name = clean(factor.name)
    best = next((value.value for value in factor.values if value.is_best), None)
    if factor.droppable and best is not None:
        dropped = joined([format_value(value) for value in factor.droppable])
        said.append(f"{name} {dropped} can be dropped safely: worse than {format_value(best)} beyond noise.")
    if not factor.only_with:
        said.extend(
            f"{name} {' ≈ '.join(format_value(value) for value in group)}: noise cannot tell them apart."
            for group in factor.groups
            if len(group) < len(factor.values)
        )
    return said


def winner_words(winner: Winner, metric: str) -> str:
    """Return how sure it is that the best trial is the best, and what would make it surer."""
    best, second = winner.best, winner.second
    said = f"Best is trial {best.trial} ({listed(best.values)}), {clean(metric)} {best.mean:.4g}"
    if second is None:
        return f"{said}; it is the only one."
    if winner.probability != winner.probability:
        return f"{said}; whether it is really better than {_second(second)} cannot be known without replicates."
    said += f"; it is truly better than {_second(second)} with a probability of {_sure(winner.probability)}"
    if winner.within_noise:
        said += f", and {plural(winner.within_noise, 'other trial')} cannot be told from it"
    if winner.more_replicates is None:
        return f"{said}; no reasonable number of replicates would tell the two apart."
    if winner.more_replicates:
        return f"{said}; {plural(winner.more_replicates, 'more replicate')} of both would tell (power 80 %)."
    return f"{said}."


def _sure(probability: float) -> str:
    return "more than 99 %" if probability > 0.99 else percent(probability)


def _second(second: TrialScore) -> str:
    return f"the second, trial {second.trial} ({second.mean:.4g})"


def listed(values: dict[str, str | int | float | bool]) -> str:
    """Return a trial's values in a row: "learning_rate 0.001, filters 48"."""
    return ", ".join(f"{clean(name)} {format_value(value)}" for name, value in values.items())


def joined(parts: Sequence[str]) -> str:
    """Return "a", "a and b" or "a, b and c"."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def percent(share: float) -> str:
    """Return a share as "57 %"; what would round to 0 is "< 1 %"."""
    return "< 1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %"


def _both_p(line: Effect) -> str:
    """The p of an effect that was not found; with Holm's, where without the correction it would have been."""
    corrected = f", {p_words(line.p_adjusted)[4:]} corrected" if line.p < ALPHA else ""
    return p_words(line.p) + corrected


def p_words(p: float) -> str:
    """Return "p = 0.73", "p = 0.004" or "p < 0.001"."""
    if p < 0.001:
        return "p < 0.001"
    return f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"
