"""Search by tree-structured Parzen estimators (Bergstra et al. 2011), as Optuna samples them, by ask and tell.

Nothing of Optuna's is kept: each proposal is asked of a study made from the trials there are and what came of
them, with a seed of its own, so that the journal alone decides what is proposed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import optuna

from hpo_core.plan.grid import Hyperparameter
from hpo_core.plan.plans import Search
from hpo_core.plan.random_plan import RandomPlan, Row
from hpo_core.plan.ranges import LOG
from hpo_core.plan.seeds import replicate_seed

REPEATS = 20
"""So often is a combination asked for again that is a trial already, before one is drawn at random instead."""


class TpePlan:
    """See ``plans.Plan``."""

    def propose(self, search: Search, wanted: int) -> Sequence[Row]:
        """Return what is ``wanted``, as far as it is lacking; trials under way count as bad where they are."""
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        seed = replicate_seed(search.seed, len(search.grid) + 1)
        study = optuna.create_study(
            direction="maximize" if search.objective.maximised else "minimize",
            sampler=optuna.samplers.TPESampler(seed=seed),
        )
        kinds = {factor.name: _distribution(factor) for factor in search.space}
        study.add_trials(_told(search, kinds))
        new: dict[Row, None] = {}
        there = search.there
        for _ in range(REPEATS * wanted):
            if len(new) == min(wanted, search.lacking):
                break
            asked = study.ask(kinds)
            row = tuple(_value(factor, asked.params[factor.name]) for factor in search.space)
            if row in there or row in new:
                study.tell(asked, state=optuna.trial.TrialState.FAIL)
            else:
                new[row] = None
        return list(new) or RandomPlan().propose(search, wanted)[:wanted]


def _told(search: Search, kinds: dict[str, Any]) -> list[Any]:
    """Return the trials there are as Optuna's; one with a value that may not be proposed any more is left out."""
    told = []
    for number, row in enumerate(search.grid.listed or (), 1):
        params = dict(zip(kinds, row, strict=True))
        if not all(_holds(kind, params[name]) for name, kind in kinds.items()):
            continue
        score, seen = search.scores.get(number), search.pruned.get(number)
        state = "COMPLETE" if score is not None else "PRUNED" if seen else "FAIL"
        told.append(
            optuna.trial.create_trial(
                state=optuna.trial.TrialState[state if number in search.scores else "RUNNING"],
                value=score,
                params=params,
                distributions=kinds,
                intermediate_values=dict([seen]) if seen else None,
            )
        )
    return told


def _holds(kind: Any, value: Any) -> bool:
    choices = getattr(kind, "choices", None)
    return value in choices if choices is not None else bool(kind.low <= value <= kind.high)


def _distribution(factor: Hyperparameter) -> Any:
    """Return the distribution of a hyperparameter; the values of a list are choices, whatever their order."""
    of = factor.range
    if of is None:
        return optuna.distributions.CategoricalDistribution(factor.values)
    if of.int:
        return optuna.distributions.IntDistribution(
            int(of.low), int(of.high), log=of.scale == LOG, step=int(of.step or 1)
        )
    return optuna.distributions.FloatDistribution(of.low, of.high, log=of.scale == LOG, step=of.step)


def _value(factor: Hyperparameter, drawn: Any) -> Any:
    return drawn if factor.range is None else factor.range.nearest(drawn)


def start() -> TpePlan:
    """Return the plan."""
    return TpePlan()
