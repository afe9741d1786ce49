"""Racing, on tables whose truth is known: what is hopeless, what never is, and what it costs."""

from __future__ import annotations

import numpy as np

from hpo_core.plan.grid import Grid, Hyperparameter
from hpo_core.plan.racing import features, hopeless, opening
from hpo_core.plan.ranges import Range

GRID = Grid((Hyperparameter("a", (1, 2, 3, 4)), Hyperparameter("b", ("x", "y", "z"))))

WIDE = Grid((*GRID.hyperparameters, Hyperparameter("c", (1, 2, 3, 4, 5))))


def drawn(truth: np.ndarray, times: int, noise: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
    trial = np.tile(np.arange(len(truth)), times)
    return trial, truth[trial] + np.random.default_rng(1).normal(0, noise, len(trial))


def test_a_race_begins_with_every_value_alike_often_and_twice_as_many_trainings_as_effects() -> None:
    first = opening(GRID, 0)
    assert len(first) == len(set(first)) == 12  # two for each of its six effects
    first = opening(WIDE, 3)
    assert len(first) == 20
    for place in range(3):
        counts = np.bincount(WIDE.codes[np.array(first) - 1, place])
        assert counts.max() - counts.min() <= 1
    assert opening(WIDE, 3) == first != opening(WIDE, 4)


def test_a_value_that_loses_everywhere_takes_trials_along_that_were_never_trained() -> None:
    loses = WIDE.codes[:, 0] != 3
    trained = np.array(opening(WIDE, 0)) - 1
    scores = np.where(loses, 0.0, 1.0)[trained] + np.random.default_rng(2).normal(0, 0.05, len(trained))
    out, leader = hopeless(features(WIDE), trained, scores)
    assert not loses[leader]
    assert out[~loses].mean() < 0.2, "all of them are best, and noise is all there is between them"
    assert out[loses].mean() > 0.8
    assert np.delete(out & loses, trained).sum() > 20, "their values alone are known"


def test_a_value_that_nobody_has_seen_is_never_hopeless() -> None:
    trained, scores = drawn(np.where(GRID.codes[:, 0] == 3, 1.0, 0.0), 3)
    seen = GRID.codes[trained, 1] != 2
    out, _ = hopeless(features(GRID), trained[seen], scores[seen])
    assert not out[GRID.codes[:, 1] == 2].any()


def test_a_trial_that_is_good_against_its_values_stays_and_two_trainings_decide_nothing() -> None:
    truth = np.where(GRID.codes[:, 0] == 3, 1.0, 0.0)
    truth[0] = 2.0
    out, leader = hopeless(features(GRID), *drawn(truth, 3))
    assert (leader, bool(out[0]), bool(out[1])) == (0, False, True)
    assert not hopeless(features(GRID), np.array([0, 11]), np.array([0.0, 1.0]))[0].any()
    assert not hopeless(features(GRID), np.array([], np.int64), np.array([]))[0].any()


def test_a_training_that_diverged_is_the_worst_and_noise_alone_rarely_takes_out_anybody() -> None:
    trained, scores = drawn(np.zeros(12), 2)
    scores[trained == 4] = -np.inf
    scores[trained == 5] = 9.0
    out, leader = hopeless(features(GRID), trained, scores)
    assert (leader, bool(out[4])) == (5, True)
    taken = [
        hopeless(features(GRID), trained, np.random.default_rng(s).normal(size=24))[0].mean() for s in range(20)
    ]
    assert np.mean(taken) < 0.2


def test_ranges_are_raced_along_their_curve() -> None:
    shares = np.linspace(0, 1, 15)
    of = Range(1e-4, 1.0, "log")
    rates = [float(of.at(share)) for share in shares]
    grid = Grid((Hyperparameter("lr", (), of),), ()).with_trials((rate,) for rate in rates)
    trained = np.arange(0, 15, 2)
    scores = -((shares[trained] - 0.5) ** 2) + np.random.default_rng(0).normal(0, 0.005, len(trained))
    out, leader = hopeless(features(grid), trained, scores)
    assert 4 <= leader <= 10
    assert out[[0, 1, 13, 14]].all(), "the ends are hopeless, those between the trained ones too"
    assert not out[6:9].any()
