"""Noise that is not the same everywhere: it is said, and values, trials and costs are judged by their own."""

from __future__ import annotations

import csv
import itertools

import numpy as np
import pytest
import scipy
from msgspec.structs import replace
from places import TABLE

from hpo_core.effects import Effects, Factor, Results, analyse
from hpo_core.effects.anova import analyse_variance
from hpo_core.effects.cells import cells_of
from hpo_core.effects.effects_json import to_object
from hpo_core.effects.words import sentences

FACTORS = (
    Factor("rate", (1e-4, 5e-4, 1e-3, 5e-3, 1e-2)),
    Factor("loss", ("poisson", "crossentropy", "mse")),
    Factor("width", (8, 16, 24, 32)),
)
LOUD = np.array([0.02, 0.02, 0.02, 0.02, 0.4])


def session(means: list[float], sds: np.ndarray, seed: int) -> Results:
    """60 trials with two replicates, whose mean and noise depend on the rate alone."""
    cells = np.array(list(itertools.product(range(5), range(3), range(4))))
    codes = np.tile(cells, (2, 1))
    noise = sds[codes[:, 0]] * np.random.default_rng(seed).normal(size=120)
    y = np.array(means)[codes[:, 0]] + noise
    return Results(FACTORS, codes, y, np.repeat([1, 2], 60), np.tile(np.arange(1, 61), 2))


def paper(hidden: str | None = None) -> Results:
    with TABLE.open(newline="") as file:
        rows = [row for row in csv.DictReader(file, skipinitialspace=True) if row["learning_rate"] != hidden]
    names = ("learning_rate", "optimizer", "filter_size")
    factors = tuple(Factor(name, tuple(dict.fromkeys(row[name] for row in rows))) for name in names)
    codes = np.array([[factor.values.index(row[factor.name]) for factor in factors] for row in rows])
    accuracy, loss = (np.array([float(row[name]) for row in rows]) for name in ("accuracy", "loss"))
    number = np.arange(len(rows))
    return Results(factors, codes, accuracy, number % 2 + 1, number // 2 + 1, loss=loss, val_metric=accuracy)


def rates(found: Effects) -> dict[object, object]:
    return {value.value: value for value in found.values[0].values}


def test_the_papers_noise_is_said_to_differ_right_after_the_verdicts() -> None:
    found = analyse(paper(), metric="accuracy")
    assert sentences(found)[0].startswith("learning_rate decides")
    caution = next(words for words in sentences(found) if words.startswith("Noise is not the same everywhere"))
    assert "sd 0.42 at learning_rate 1e-2, 0.0096 to 0.031 elsewhere." in caution
    assert sentences(found).index(caution) == len(found.values)
    assert found.warnings[0] == caution
    assert found.local is not None
    assert found.local.factor == "learning_rate"
    assert to_object(found)["noise_by_value"]["factor"] == "learning_rate"


def test_the_papers_learning_rates_are_told_apart_in_spite_of_the_loud_one() -> None:
    found = analyse(paper(), metric="accuracy")
    rate = found.values[0]
    assert rate.groups == ()
    assert set(rate.droppable) == {"1e-4", "5e-3", "1e-2"}
    assert found.best is not None
    assert found.best.within_noise < 40
    assert found.best.probability > 0.8


@pytest.mark.parametrize("hidden", [None, "1e-2"])
def test_the_pooled_table_stays_what_it_is(hidden: str | None) -> None:
    line = analyse(paper(hidden=hidden), metric="accuracy").effect("optimizer")
    assert line is not None
    assert (round(line.f, 3), line.verdict) == ((0.319, 0.656)[hidden is not None], "no detectable effect")


def test_values_far_apart_in_quiet_parts_are_not_called_alike() -> None:
    alike = 0
    for seed in range(50):
        shown = rates(analyse(session([0.84, 0.93, 0.94, 0.89, 0.45], LOUD, seed), metric="accuracy"))
        alike += bool(set(shown[1e-4].alike) & set(shown[1e-3].alike))  # type: ignore[attr-defined]
    assert alike <= 2  # of 50: the rate is then not told from noise at all


@pytest.mark.parametrize("draws", [40, pytest.param(100, marks=pytest.mark.long)])
def test_a_loud_value_alone_makes_no_other_droppable(draws: int) -> None:
    """Were a value dropped in 17 of 100 sessions, 40 draws would show it with 97 %."""
    drops = [
        any(value.can_drop for value in analyse(session([0.9] * 5, LOUD, seed), metric="score").values[0].values)
        for seed in range(draws)
    ]
    assert sum(drops) <= 0.05 * draws


def test_intervals_are_welchs() -> None:
    """With the rate alone, the difference of two rates has Welch's interval from the noise within trials."""
    results = session([0.84, 0.93, 0.94, 0.89, 0.45], LOUD, 3)
    found = analyse(results, metric="score")
    best = next(value.value for value in found.values[0].values if value.is_best)
    other = rates(found)[1e-2]
    cells = results.y.reshape(2, 5, 12)
    variance = ((cells - cells.mean(axis=0)) ** 2).sum(axis=(0, 2)) / 12
    a, b = 4, FACTORS[0].values.index(best)
    error = ((variance[a] + variance[b]) / 24) ** 0.5
    df = (variance[a] + variance[b]) ** 2 / ((variance[a] ** 2 + variance[b] ** 2) / 12)
    half = scipy.stats.t.ppf((1 + 0.95 ** (1 / 10)) / 2, df) * error
    assert other.difference_high - other.difference == pytest.approx(half)  # type: ignore[attr-defined]
    assert found.local is not None
    assert found.local.sds == pytest.approx(list(variance**0.5))


def test_one_noise_is_split_in_at_most_one_grid_of_twenty() -> None:
    split = 0
    for seed in range(200):
        results = session([0.9] * 5, np.full(5, 0.02), seed)
        split += analyse_variance(cells_of(results), FACTORS, 1, seen=False).parts.local is not None
    assert split <= 14  # of 200; 10 are expected at 5 %, 3 standard deviations are 9


def test_noise_that_is_the_same_changes_nothing() -> None:
    results = session([0.84, 0.93, 0.94, 0.89, 0.45], np.full(5, 0.02), 1)
    found = analyse(results, metric="score")
    assert found.local is None
    first, best = rates(found)[1e-4], rates(found)[1e-3]
    half = scipy.stats.t.ppf((1 + 0.95 ** (1 / 10)) / 2, 60) * found.noise.sd * (2 / 24) ** 0.5
    assert first.difference_high - first.difference == pytest.approx(half)  # type: ignore[attr-defined]
    assert best.is_best  # type: ignore[attr-defined]


def test_holes_are_no_obstacle() -> None:
    results = session([0.84, 0.93, 0.94, 0.89, 0.45], LOUD, 5)
    kept = np.random.default_rng(1).random(120) > 0.15
    found = analyse(results.only(kept), metric="score")
    assert found.local is not None
    assert found.local.sds[4] > 0.2
    assert rates(found)[1e-4].difference_high < 0  # type: ignore[attr-defined]


def test_a_cheap_trial_is_compared_by_the_noise_where_it_is() -> None:
    """The best rate is quiet, so that a quiet cheap trial 0.1 behind is told from it."""
    results = session([0.84, 0.93, 0.94, 0.89, 0.45], LOUD, 2)
    seconds = np.where(results.codes[:, 0] == 0, 1.0, 10.0)
    found = analyse(replace(results, seconds=seconds), metric="score")
    assert found.frontier is not None
    cheaper = found.frontier.cheaper
    assert cheaper is None or cheaper.point.values["rate"] != 1e-4
