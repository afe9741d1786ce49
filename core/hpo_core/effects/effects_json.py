"""The object that ``hpo-tui effects --json`` prints: plain numbers and texts, null for what cannot be known."""

from __future__ import annotations

import math
from typing import Any

from hpo_core.effects.model import Effect, Effects, FactorValues, LocalNoise, TrialScore, Winner


def to_object(effects: Effects) -> dict[str, Any]:
    """Return the object: metric, n, noise_sd, effects, values (by hyperparameter), best, warnings, more.

    ``p`` is one test's by one noise for all, ``p_own_noise`` by each trial's own, ``p_adjusted`` Holm's of the
    larger ones, by which the verdict goes; ``in_ranks`` is whether ranks show it too. ``seen_difference`` and
    ``seen_share`` are the smallest effect that would have been seen with a probability of 80 %.
    """
    return {
        "metric": effects.metric,
        "n": effects.n,
        "noise_sd": number(effects.noise.sd),
        "effects": [_effect(line) for line in effects.effects],
        "values": {factor.name: _values(factor) for factor in effects.values},
        "best": None if effects.best is None else _best(effects.best),
        "warnings": list(effects.warnings),
        "noise_by_value": None if effects.local is None else _local(effects.local),
    }


def _local(noise: LocalNoise) -> dict[str, Any]:
    sds = [{"value": value, "sd": number(sd)} for value, sd in zip(noise.values, noise.sds, strict=True)]
    return {"factor": noise.factor, "p": number(noise.p), "sd": sds}


def number(value: float) -> float | None:
    """Return a number that JSON can hold, or None for NaN and the infinities."""
    return float(value) if math.isfinite(value) else None


def _effect(line: Effect) -> dict[str, Any]:
    return {
        "factors": list(line.factors),
        "df": line.df,
        "sum_sq": number(line.sum_sq),
        "F": number(line.f),
        "p": number(line.p),
        "omega_sq": number(line.omega_sq),
        "verdict": line.verdict,
        "p_adjusted": number(line.p_adjusted),
        "p_own_noise": number(line.p_own),
        "noise_df": number(line.noise_df),
        "in_ranks": line.in_ranks,
        "seen_difference": number(line.seen_difference),
        "seen_share": number(line.seen_share),
    }


def _values(factor: FactorValues) -> list[dict[str, Any]]:
    return [
        {
            "value": value.value,
            "n": value.n,
            "mean": number(value.mean),
            "low": number(value.low),
            "high": number(value.high),
            "difference": number(value.difference),
            "difference_low": number(value.difference_low),
            "difference_high": number(value.difference_high),
            "best": bool(value.is_best),
            "can_drop": bool(value.can_drop),
            "alike": list(value.alike),
            "adjusted_mean": number(value.mean if value.adjusted != value.adjusted else value.adjusted),
            "no_score": value.no_score or None,
        }
        for value in factor.values
    ]


def _best(winner: Winner) -> dict[str, Any]:
    return {
        **_trial(winner.best),
        "second": None if winner.second is None else _trial(winner.second),
        "probability": number(winner.probability),
        "more_replicates": winner.more_replicates,
        "assumed_difference": number(winner.difference),
        "within_noise": winner.within_noise,
    }


def _trial(score: TrialScore) -> dict[str, Any]:
    values = dict(score.values)
    lost = score.lost or None
    return {"trial": score.trial, "values": values, "mean": number(score.mean), "n": score.n, "lost": lost}
