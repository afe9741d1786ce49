"""Halving and Hyperband: which trainings go on, held against Optuna's own pruner."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from hpo_core.plan.halving import bracket_of, goes_on, rungs


def test_a_training_is_looked_at_after_a_third_a_ninth_and_so_on_of_its_epochs() -> None:
    assert [rungs(epochs) for epochs in (1, 2, 3, 9, 30, 100, 1000)] == [
        (), (), (1,), (1, 3), (1, 3, 10), (1, 3, 11, 33), (12, 37, 111, 333),
    ]  # fmt: skip


def test_hyperband_deals_the_trials_out_so_that_all_brackets_cost_about_the_same() -> None:
    dealt = Counter(bracket_of(trial, 9) for trial in range(1, 141))
    assert dealt[0] > dealt[1] + 20 > dealt[2] + 20 > 30
    first = {bracket_of(trial, 9) for trial in range(1, 7)}
    assert first == {0, 1, 2}, "also of few trials each bracket has some"
    assert bracket_of(5, 2) == 0


def test_halving_lets_go_on_what_optuna_s_pruner_lets_go_on() -> None:
    optuna = pytest.importorskip("optuna")
    pruner = optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=3)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(direction="maximize", pruner=pruner)
    luck = random.Random(7)
    seen: dict[int, list[float]] = {1: [], 3: []}
    for _ in range(60):
        trial, pruned = study.ask(), False
        for epoch in (1, 2, 3, 4):
            score = round(luck.random(), 2)
            trial.report(score, epoch)
            theirs = trial.should_prune()
            ours = epoch in rungs(9) and not goes_on(score, seen[epoch])
            if epoch in seen:
                seen[epoch].append(score)
            assert ours == theirs
            if pruned := ours:
                break
        study.tell(trial, None if pruned else 1.0, state=optuna.trial.TrialState.PRUNED if pruned else None)


def test_what_has_no_score_does_not_go_on_and_the_first_one_does() -> None:
    assert (goes_on(None, []), goes_on(0.1, []), goes_on(0.1, [0.2]), goes_on(0.2, [0.2])) == (
        False,
        True,
        False,
        True,
    )
