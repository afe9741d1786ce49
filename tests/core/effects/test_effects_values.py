"""Values that can go, values that noise cannot tell apart, and how sure the winner is."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from msgspec.structs import replace

from hpo_core.effects import Effects, Factor, FactorValues, Results, analyse
from hpo_core.effects.anova import analyse_variance
from hpo_core.effects.cells import cells_of
from hpo_core.effects.model import Noise
from hpo_core.effects.probability import against_the_best
from hpo_core.effects.spread import spread_of
from hpo_core.effects.winner import more_replicates, near_the_best
from hpo_core.effects.words import sentences

FACTORS = (Factor("rate", (1e-4, 1e-3, 1e-2)), Factor("width", (8, 16, 32)))


def session(table: list[list[float]], sd: float, replicates: int = 4, seed: int = 3) -> Results:
    """Trainings around a table of true scores, rate by width."""
    cells = np.array(list(itertools.product(range(3), range(3))))
    codes = np.tile(cells, (replicates, 1))
    y = np.array(table)[codes[:, 0], codes[:, 1]] + sd * np.random.default_rng(seed).normal(size=len(codes))
    return Results(
        FACTORS, codes, y, np.repeat(np.arange(1, replicates + 1), 9), np.tile(np.arange(1, 10), replicates)
    )


def values(found: Effects, name: str) -> FactorValues:
    return next(factor for factor in found.values if factor.name == name)


ADDITIVE = [[0.7, 0.7, 0.7], [0.9, 0.9, 0.9], [0.895, 0.895, 0.895]]
CROSSED = [[0.7, 0.8, 0.98], [0.9, 0.9, 0.9], [0.7, 0.7, 0.7]]


def test_a_value_that_is_worse_beyond_noise_can_be_dropped_and_a_near_tie_cannot() -> None:
    found = analyse(session(ADDITIVE, 0.02), metric="accuracy")
    rate = values(found, "rate")
    assert rate.droppable == (1e-4,)
    assert rate.groups == ((1e-3, 1e-2),)
    assert (
        "rate 0.0001 can be dropped: on average worse than 0.001, and even in its best trial worse than the best "
        "of all, beyond noise."
    ) in sentences(found)
    assert "rate 0.001 ≈ 0.01: noise cannot tell them apart." in sentences(found)


def test_the_values_of_a_dead_hyperparameter_are_all_alike_and_none_is_worse() -> None:
    width = values(analyse(session(ADDITIVE, 0.02), metric="accuracy"), "width")
    assert width.groups == ((8, 16, 32),)
    assert width.droppable == ()


def test_a_value_that_is_worse_on_average_stays_if_it_is_best_in_combination() -> None:
    found = analyse(session(CROSSED, 0.005), metric="accuracy")
    rate = values(found, "rate")
    worst_on_average = {value.value: value.difference_high < 0 for value in rate.values}
    assert worst_on_average[1e-4]
    assert rate.droppable == (1e-2,)


def test_the_value_of_the_best_trial_is_never_dropped() -> None:
    """Rate 0.0001 is worse beyond noise, but its one training with width 8 is the best of all."""
    results = session([[0.87] * 3, [0.9] * 3, [0.9] * 3], 0.02, replicates=6, seed=1)
    lucky = results.measured(np.where(results.trial == 1, 0.93, results.y))
    kept = (lucky.trial != 1) | (lucky.replicate == 1)
    found = analyse(lucky.only(kept), metric="accuracy")
    rate = values(found, "rate")
    assert found.best is not None
    assert found.best.best.trial == 1
    assert rate.values[0].difference_high < 0
    assert not found.effects[2].real
    assert rate.droppable == ()


def test_interval_and_difference_are_what_their_formulas_say() -> None:
    from scipy import stats

    results = session(ADDITIVE, 0.02)
    found = analyse(results, metric="accuracy")
    low, best, _ = values(found, "rate").values
    chosen = results.y[results.codes[:, 0] == 0]
    half = stats.t.ppf(0.975, 27) * found.noise.sd / 12**0.5
    assert (low.n, low.mean) == (12, pytest.approx(chosen.mean()))
    assert (low.low, low.high) == pytest.approx((chosen.mean() - half, chosen.mean() + half))
    together = stats.t.ppf((1 + 0.95 ** (1 / 3)) / 2, 27) * found.noise.sd * (2 / 12) ** 0.5
    assert best.is_best
    assert low.difference == pytest.approx(low.mean - best.mean)
    assert low.difference_high - low.difference == pytest.approx(together)


def test_an_incomplete_grid_does_not_credit_a_value_with_its_neighbours_merit() -> None:
    """Width does nothing, but was mostly tried with the bad rate when it is 8."""
    results = session(ADDITIVE, 0.005)
    kept = ~((results.codes[:, 1] == 8) | ((results.codes[:, 1] == 0) & (results.codes[:, 0] == 1)))
    width = values(analyse(results.only(kept), metric="accuracy"), "width")
    first, second, _ = width.values
    assert abs(first.mean - second.mean) > 0.03
    assert abs(first.difference) < 0.01


def test_a_smaller_loss_is_the_better_value() -> None:
    rate = values(analyse(session(ADDITIVE, 0.02), metric="val_loss"), "rate")
    assert [value.value for value in rate.values if value.is_best] == [1e-4]
    assert rate.droppable == (1e-3, 1e-2)


def test_a_clear_winner_needs_no_more_replicates() -> None:
    table = [[0.5] * 3, [0.5] * 3, [0.5, 0.5, 0.9]]
    found = analyse(session(table, 0.01), metric="accuracy")
    assert found.best is not None
    assert (found.best.best.trial, found.best.within_noise, found.best.more_replicates) == (9, 0, 0)
    assert found.best.probability > 0.99


def test_trials_that_differ_by_noise_alone_give_a_coin_toss() -> None:
    found = analyse(session([[0.5] * 3] * 3, 0.05, seed=5), metric="accuracy")
    assert found.best is not None
    assert 0.5 <= found.best.probability < 0.75
    assert found.best.within_noise >= 1
    assert found.best.more_replicates is None or found.best.more_replicates > 10


def test_two_trials_are_compared_by_students_t() -> None:
    from scipy import stats

    results = session(ADDITIVE, 0.02)
    pair = results.only(np.isin(results.trial, [4, 7]))
    found = analyse(pair, metric="accuracy")
    assert found.best is not None
    expected = stats.ttest_ind(pair.y[pair.trial == 4], pair.y[pair.trial == 7]).pvalue / 2
    assert 1 - found.best.probability == pytest.approx(expected)


def test_the_replicates_that_are_offered_have_the_power_that_is_promised() -> None:
    """40,000 simulated comparisons with as many replicates as offered find the difference in about 80 %."""
    from scipy import stats

    more = more_replicates(0.02, Noise(0.02, 30, "replicates"), 3, 3, probability=0.8)
    assert more is not None
    n, df = 3 + more, 30 + 2 * more
    random = np.random.default_rng(1)
    estimate = 0.02 + 0.02 * (2 / n) ** 0.5 * random.normal(size=40_000)
    noise = 0.02 * np.sqrt(random.chisquare(df, size=40_000) / df)
    found = float(np.mean(estimate > stats.t.ppf(0.95, df) * noise * (2 / n) ** 0.5))
    assert 0.795 < found < 0.86


@pytest.mark.parametrize(("others", "df"), [(1, 8), (4, 20), (59, 60)])
def test_the_point_for_comparisons_with_the_best_is_dunnetts(others: int, df: int) -> None:
    """40,000 simulated sets of equal means: with this t, 95 % of them have no difference from the control."""
    random = np.random.default_rng(1)
    means = random.normal(size=(40_000, others + 1)) / 2**0.5
    behind = (means[:, 1:].max(axis=1) - means[:, 0]) / np.sqrt(random.chisquare(df, size=40_000) / df)
    assert 0.945 < float(np.mean(behind < against_the_best(others, df, 0.05))) < 0.955


def test_the_truly_best_trial_is_among_those_that_cannot_be_told_from_the_best() -> None:
    """24 trials from a known spread: one by one at 5 %, the best would be missed in more than 5 % of the draws."""
    missed, told = 0, []
    for seed in range(100):
        random = np.random.default_rng(seed)
        truth = random.normal(0, 3, 24)
        cell = np.tile(np.arange(24), 3)
        y = truth[cell] + random.normal(size=72)
        results = Results(
            (Factor("w", tuple(range(24))),), cell[:, np.newaxis], y, np.repeat([1, 2, 3], 24), cell + 1
        )
        cells = cells_of(results)
        spread = spread_of(cells, analyse_variance(cells, results.factors, 1, seen=False))
        near = near_the_best(cells.means, int(np.argmax(cells.means)), spread)
        missed += not near[np.argmax(truth)]
        told.append(float(near.mean()))
    assert missed <= 5
    assert np.mean(told) < 0.3


def test_the_two_trials_to_train_more_are_named_with_the_number() -> None:
    table = [[0.5, 0.52, 0.54], [0.56, 0.58, 0.60], [0.62, 0.64, 0.68]]
    found = analyse(session(table, 0.03, seed=0), metric="accuracy")
    assert found.best is not None
    assert found.best.second is not None
    assert found.best.probability < 0.95
    assert found.best.more_replicates
    sentence = next(sentence for sentence in sentences(found) if sentence.startswith("Best is trial"))
    assert f"{found.best.more_replicates} more replicates of both would tell (power 80 %) if the true" in sentence


def test_one_bad_replicate_never_voids_its_trial() -> None:
    results = session(ADDITIVE, 0.02)
    status = tuple("failed" if row == 4 else "complete" for row in range(len(results)))
    y = np.where(np.arange(len(results)) == 4, np.nan, results.y)
    found = analyse(replace(results, status=status, y=y, kind=("killed",) * 36), metric="accuracy")
    assert (found.n, found.trials) == (35, 9)
    assert "1 training without a score (killed)." in found.warnings
    assert values(found, "rate").droppable == (1e-4,)
