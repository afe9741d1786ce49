"""The findings as sentences: what decides, what matters, what does nothing; then the numbers behind them."""

from __future__ import annotations

from collections.abc import Sequence

from hpo_core.effects.cost import Cheaper, Priced
from hpo_core.effects.model import ALPHA, Effect, Effects, FactorValues, LocalNoise, TrialScore, Winner
from hpo_core.effects.values import only_with
from hpo_core.text import clean, format_value, plural

_ALONE = 3.0
"""A value whose noise is larger than every other's by this factor is told apart from the rest."""


def sentences(effects: Effects) -> list[str]:
    """Return all there is to say: faults of wiring, unequal noise, effects, basis, values, best, warnings."""
    first = first_words(effects)
    rest = [warning for warning in effects.warnings if warning not in first]
    if not effects.n:
        return [*first, *rest]
    said = [*first, *effect_words(effects.effects), basis(effects)]
    alone = effects.metric if effects.role == "other" else ""
    for factor in effects.values:
        said.extend(value_words(factor, alone))
    if effects.best is not None:
        said.append(winner_words(effects.best, effects.metric))
    if effects.frontier is not None and effects.frontier.cheaper is not None:
        said.append(cheaper_words(effects.frontier.cheaper, effects.frontier.best))
    return [*said, *effects.notes, *rest]


def first_words(effects: Effects) -> list[str]:
    """Return what must be known before anything else is read: what reaches no training, and unequal noise."""
    return [*(str(fault) for fault in effects.wiring), *unequal_noise(effects.local)]


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
        f"Noise is not the same everywhere: {where}. Values and trials are compared by their own noise; F and p "
        "use one for all, so they may miss effects, or see some that are not there."
    ]


def cheaper_words(cheaper: Cheaper, best: Priced) -> str:
    """Return which cheaper trial may do, and how far behind the best it may be."""
    point, share = cheaper.point, percent(cheaper.point.cost / best.cost)
    cost = f"{share} of the time ({point.cost:.3g} s instead of {best.cost:.3g} s)"
    scores = f"{point.score:.4g} against {best.score:.4g}, difference {interval(cheaper)}"
    if cheaper.as_good:
        return (
            f"Trial {point.trial} ({listed(point.values)}) is as good as trial {best.trial}, in {cost}: {scores}, "
            f"within one sd of the noise ({cheaper.margin:.2g})."
        )
    return (
        f"Trial {point.trial} ({listed(point.values)}) takes {cost}, and noise cannot tell it from trial "
        f"{best.trial}: {scores}. That does not show that it is as good."
    )


def interval(cheaper: Cheaper) -> str:
    """Return "-0.114 [-0.2, 0.03]"."""
    return f"{cheaper.difference:.3g} [{cheaper.low:.3g}, {cheaper.high:.3g}]"


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
            said.append(f"{name}: no detectable effect ({_both_p(line)}{_could_have_seen(line)}).")
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
        few = "too few replicates to say that it has no effect"
        least = f"only a difference of {seen:.2g} or more would have been seen" if seen == seen else few
        return f"unknown ({p_words(line.p)}; {least})"
    if line.exact:
        return "no effect (all its values give the same)"
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
    degrees = plural(int(noise.df), "degree", "degrees") + " of freedom"
    source = "between replicates" if noise.source == "replicates" else "taken from the highest interactions"
    said = f"{said}; noise {source}: sd {noise.sd:.3g} ({degrees})"
    if effects.block is not None:
        p = f" ({p_words(effects.block.p)})" if effects.block.p == effects.block.p else ""
        said += f"; replicates share their seeds and are fitted as blocks{p}"
    tested = sum(1 for line in effects.effects if line.p == line.p)
    if tested > 1:
        said += f"; {tested} effects tested, corrected by Holm"
    return said + "."


def value_words(factor: FactorValues, metric: str = "") -> list[str]:
    """Return which values can go and why, and which the noise cannot tell apart (not said where that is all).

    ``metric`` is named where it is not the objective: what is worse by it alone may be best by the objective.
    """
    name = clean(factor.name)
    best = next((value.value for value in factor.values if value.is_best), None)
    worse = [
        format_value(value.value) for value in factor.values if value.can_drop and not value.fails and value.n
    ]
    said = []
    alone = f", for {clean(metric)} alone" if metric else ""
    if worse:
        said.append(
            f"{name} {joined(worse)} can be dropped{alone}: on average worse than {format_value(best or 0)}, and "
            f"even in {'its' if len(worse) == 1 else 'their'} best trial worse than the best of all, beyond noise."
        )
    said += [
        f"{name} {format_value(value.value)} can be dropped{alone}: on average worse than "
        f"{format_value(best or 0)} beyond noise, and {value.fails}."
        for value in factor.values
        if value.fails
    ]
    said += [
        f"{name} {format_value(value.value)} has no score ({value.no_score})"
        f"{': it can be dropped' if value.can_drop else ''}."
        for value in factor.values
        if value.no_score
    ]
    if factor.spared:
        lost, ended = factor.best_lost
        said.append(
            f"{name} {format_value(best or 0)} scores best where it finishes, but {lost:,} of its {ended:,} "
            f"trainings were lost: {joined([format_value(value) for value in factor.spared])} not dropped for it."
        )
    if not factor.only_with:
        scored = sum(1 for value in factor.values if value.n)
        said.extend(
            f"{name} {' ≈ '.join(format_value(value) for value in group)}: noise cannot tell them apart."
            for group in factor.groups
            if len(group) < scored
        )
    return said


def winner_words(winner: Winner, metric: str) -> str:
    """Return how sure it is that the best trial is the best, and what would make it surer."""
    best, second = winner.best, winner.second
    said = f"Best is trial {best.trial} ({listed(best.values)}), {clean(metric)} {best.mean:.4g}"
    if best.lost:
        said += f" ({best.lost})"
    if second is None:
        return f"{said}; it is the only one."
    if winner.probability != winner.probability:
        return f"{said}; whether it is really better than {_second(second)} cannot be known without replicates."
    said += f"; it is truly better than {_second(second)} with a probability of {_sure(winner.probability)}"
    if winner.within_noise:
        said += f". {plural(winner.within_noise, 'other trial')} cannot be told from it"
    if winner.more_replicates is None:
        return f"{said}. No reasonable number of replicates would tell the two apart."
    if winner.more_replicates:
        more = plural(winner.more_replicates, "more replicate")
        true = f"if the true difference is {winner.difference:.2g}"
        return f"{said}. {more} of both would tell (power 80 %) {true}; their order may change."
    return f"{said}."


def _sure(probability: float) -> str:
    return "more than 99 %" if probability > 0.99 else percent(probability)


def _second(second: TrialScore) -> str:
    lost = f"; {second.lost}" if second.lost else ""
    return f"the second, trial {second.trial} ({second.mean:.4g}{lost})"


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
