"""A random search, and a table with more columns than rows: what such a design can carry, and no more."""

from __future__ import annotations

import numpy as np
import pytest
import scipy

from hpo_core.effects.analyse import analyse
from hpo_core.effects.inputs import Factor, Results
from hpo_core.effects.smooth import judge, rank_correlation, smooth_design
from hpo_core.effects.words import sentences


def searched(values: dict[str, list[float] | list[str]], y: list[float]) -> Results:
    """One training for each row of a table."""
    factors = tuple(Factor(name, tuple(sorted(set(column)))) for name, column in values.items())
    codes = [[factor.values.index(value) for value in values[factor.name]] for factor in factors]
    trial = np.arange(1, len(y) + 1)
    return Results(factors, np.array(codes).T, np.array(y), np.ones(len(y), dtype=int), trial)


def random_search(trials: int = 60) -> Results:
    draw = np.random.default_rng(5)
    rates, drops = 10 ** draw.uniform(-5, -1, trials), draw.uniform(0, 0.6, trials)
    kinds = [str(kind) for kind in draw.choice(["relu", "elu"], trials)]
    y = 0.9 - 0.06 * (np.log10(rates) + 3) ** 2 + draw.normal(0, 0.02, trials)
    return searched({"rate": rates.tolist(), "drop": drops.tolist(), "kind": kinds}, y.tolist())


def test_a_random_search_shows_a_best_value_between_and_says_how_it_was_looked_at() -> None:
    found = analyse(random_search(), metric="val_accuracy")
    assert [line.verdict for line in found.effects] == ["decides", "no detectable effect", "no detectable effect"]
    assert [len(line.factors) for line in found.effects] == [1, 1, 1]
    assert (found.noise.source, found.noise.sd) == ("curves", pytest.approx(0.02, rel=0.3))
    assert [(factor.continuous, len(factor.values)) for factor in found.values] == [
        (True, 0),
        (True, 0),
        (False, 2),
    ]
    said = "\n".join(sentences(found))
    assert "rate and drop have values of their own in most of 60 trials: each effect is that of a curve" in said
    assert "rate: rank correlation with val_accuracy" in said
    assert "by quarters of the values" in said
    assert found.best is not None
    assert found.best.best.mean == random_search().y.max()


@pytest.mark.parametrize("twin", [False, True], ids=["each of its own", "one follows from another"])
def test_what_a_factor_explains_beside_all_others_is_what_is_lost_without_it(twin: bool) -> None:
    draw = np.random.default_rng(3)
    columns: dict[str, list[float] | list[str]] = {name: draw.random(60).tolist() for name in ("a", "b", "c")}
    columns["kind"] = [str(kind) for kind in draw.choice(["x", "y", "z"], 60)]
    if twin:
        columns["same"] = [{"x": "p", "y": "q", "z": "r"}[str(kind)] for kind in columns["kind"]]
    design = smooth_design(searched(columns, (np.array(columns["a"]) + draw.normal(size=60)).tolist()))
    assert design is not None

    def left(kept: list[int]) -> float:
        whole = np.column_stack([np.ones(60), *(design.columns[place] for place in kept)])
        return float(np.sum((design.y - whole @ np.linalg.pinv(whole) @ design.y) ** 2))

    found, noise, together = judge(design, design.y)
    every = list(range(len(columns)))
    assert together
    assert noise.sd == pytest.approx((left(every) / noise.df) ** 0.5)
    for place, line in enumerate(found):
        follows = twin and line.factors[0] in ("kind", "same")
        assert (line.f == line.f) is not follows
        if not follows:
            gained = left([other for other in every if other != place]) - left(every)
            assert line.f == pytest.approx(gained / 2 / noise.sd**2)


def test_no_effect_is_found_where_there_is_none_more_often_than_said() -> None:
    draw, alarms = np.random.default_rng(1), 0
    for _ in range(100):
        columns: dict[str, list[float] | list[str]] = {name: draw.random(24).tolist() for name in ("a", "b", "c")}
        design = smooth_design(searched(columns, draw.normal(size=24).tolist()))
        assert design is not None
        alarms += any(line.real for line in judge(design, design.y)[0])
    assert alarms <= 11  # 5 % of 100 are 5; more than 11 come by chance in 1 of 200 such tests


def test_300_columns_of_12_trainings_are_looked_at_one_by_one() -> None:
    draw = np.random.default_rng(2)
    columns: dict[str, list[float] | list[str]] = {f"x{n}": draw.integers(1, 4, 12).tolist() for n in range(300)}
    y = (np.array(columns["x7"], dtype=float) * 1000 + draw.normal(size=12)).tolist()
    found = analyse(searched(columns, y), metric="loss")
    said = "\n".join(sentences(found))
    assert [line.factors[0] for line in found.effects if line.real] == ["x7"]
    assert "299 other hyperparameters are not told from noise" in said
    assert "alone, for there are too few trials" in said


def test_the_rank_correlation_is_scipys_and_its_interval_holds_it() -> None:
    draw = np.random.default_rng(3)
    one, other = draw.random(40), draw.integers(0, 6, 40).astype(float)
    rho, low, high = rank_correlation(one, other)
    assert rho == pytest.approx(scipy.stats.spearmanr(one, other).statistic)
    assert low < rho < high


def test_a_grid_stays_a_grid_however_few_of_its_trainings_have_ended() -> None:
    ended: dict[str, list[float] | list[str]] = {
        "rate": [1.0, 2.0, 3.0, 4.0, 5.0],
        "kind": ["a", "b", "c", "a", "b"],
    }
    found = analyse(searched(ended, [1.0, 2.0, 3.0, 4.0, 5.0]), metric="loss")
    assert not any(factor.continuous for factor in found.values)
    assert found.noise.source == "none"
