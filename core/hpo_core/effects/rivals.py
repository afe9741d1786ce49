"""Values and trials against the best, as sentences: what can go, what wins, what would do for less."""

from __future__ import annotations

from hpo_core.effects.model import Cheaper, FactorValues, Priced, TrialScore, Winner
from hpo_core.text import clean, format_value, joined, listed, percent, plural


def value_words(factor: FactorValues, metric: str = "") -> list[str]:
    """Return which values can go and why, and which the noise cannot tell apart (not said where that is all)."""
    said = drop_words(factor, metric)
    if not factor.only_with:
        scored = sum(1 for value in factor.values if value.n)
        groups = [" ≈ ".join(map(format_value, group)) for group in factor.groups if len(group) < scored]
        said += [f"{clean(factor.name)} {group}: noise cannot tell them apart." for group in groups]
    return said


def drop_words(factor: FactorValues, metric: str = "") -> list[str]:
    """Return which values can go, and why; or why one does not.

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
