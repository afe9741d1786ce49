"""The object that ``hpo-tui effects --json`` prints: plain numbers and texts, null for what cannot be known."""

from __future__ import annotations

import math
from typing import Any

from hpo_core.effects.model import Effect, Effects, FactorValues, TrialScore, Winner


def to_object(effects: Effects) -> dict[str, Any]:
    """Return the object: metric, n, noise_sd, effects, values (by hyperparameter), best, warnings."""
    return {
        "metric": effects.metric,
        "n": effects.n,
        "noise_sd": number(effects.noise.sd),
        "effects": [_effect(line) for line in effects.effects],
        "values": {factor.name: _values(factor) for factor in effects.values},
        "best": None if effects.best is None else _best(effects.best),
        "warnings": list(effects.warnings),
    }


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
        }
        for value in factor.values
    ]


def _best(winner: Winner) -> dict[str, Any]:
    return {
        **_trial(winner.best),
        "second": None if winner.second is None else _trial(winner.second),
        "probability": number(winner.probability),
        "more_replicates": winner.more_replicates,
        "within_noise": winner.within_noise,
    }


def _trial(score: TrialScore) -> dict[str, Any]:
    return {"trial": score.trial, "values": dict(score.values), "mean": number(score.mean), "n": score.n}
