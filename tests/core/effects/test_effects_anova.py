"""The analysis of variance against the paper's figures, statsmodels and plain least squares."""

from __future__ import annotations

import csv
import itertools

import numpy as np
import pytest
from msgspec.structs import replace
from places import TABLE

from hpo_core.effects import Effect, Factor, Results, analyse
from hpo_core.effects.words import sentences


def paper(metric: str = "accuracy", hidden: str | None = None) -> Results:
    with TABLE.open(newline="") as file:
        rows = [row for row in csv.DictReader(file, skipinitialspace=True) if row["learning_rate"] != hidden]
    names = ("learning_rate", "optimizer", "filter_size")
    factors = [Factor(name, tuple(dict.fromkeys(row[name] for row in rows))) for name in names]
    codes = np.array([[factor.values.index(row[factor.name]) for factor in factors] for row in rows])
    return Results(
        tuple(factors),
        codes,
        np.array([float(row[metric]) for row in rows]),
        np.arange(len(rows)) % 2 + 1,
        np.arange(len(rows)) // 2 + 1,
        loss=np.array([float(row["loss"]) for row in rows]),
        val_metric=np.array([float(row["accuracy"]) for row in rows]),
    )


def grid(sizes: tuple[int, ...], replicates: int, seed: int, blocked: bool = False) -> Results:
    cells = np.array(list(itertools.product(*(range(size) for size in sizes))))
    codes = np.tile(cells, (replicates, 1))
    random = np.random.default_rng(seed)
    y = 0.8 + 0.03 * codes[:, 0] + 0.02 * codes[:, 0] * codes[:, -1] + 0.02 * random.normal(size=len(codes))
    factors = tuple(Factor(f"h{place}", tuple(range(size))) for place, size in enumerate(sizes))
    replicate = np.repeat(np.arange(1, replicates + 1), len(cells))
    return Results(factors, codes, y, replicate, np.tile(np.arange(1, len(cells) + 1), replicates), blocked)


def statsmodels_lines(results: Results) -> dict[tuple[str, ...], tuple[float, float, float, float]]:
    import pandas as pd
    from statsmodels.formula.api import ols
    from statsmodels.stats.anova import anova_lm

    names = [factor.name for factor in results.factors]
    frame = pd.DataFrame(results.codes, columns=names).assign(y=results.y, replicate=results.replicate)
    formula = "y ~ " + " * ".join(f"C({name})" for name in names) + (" + C(replicate)" if results.blocked else "")
    table = anova_lm(ols(formula, frame).fit(), typ=2)
    lines = {}
    for term, line in table.iterrows():
        key = tuple(part[2:-1] if part.startswith("C(") else part for part in str(term).split(":"))
        lines[key] = (line["sum_sq"], line["df"], line["F"], line["PR(>F)"])
    return lines


def assert_equal_to_statsmodels(results: Results) -> None:
    found = analyse(results, metric="accuracy", interactions=3)
    expected = statsmodels_lines(results)
    block = () if found.block is None else (found.block,)
    assert (found.block is not None) == results.blocked
    for line in (*found.effects, *block):
        sum_sq, df, f, p = expected.pop(line.factors)
        assert line.df == df
        assert line.sum_sq == pytest.approx(sum_sq, rel=1e-9)
        if not results.blocked or line is found.block:  # with shared seeds each line has a noise of its own
            assert (line.f, line.p) == pytest.approx((f, p), rel=1e-9, abs=1e-15)
    residual, residual_df, *_ = expected.pop(("Residual",))
    assert not expected
    assert found.noise.df == residual_df
    assert found.noise.sd**2 * found.noise.df == pytest.approx(residual, rel=1e-9)


def effect(results: Results, *factors: str) -> Effect:
    line = analyse(results, metric="accuracy").effect(*factors)
    assert line is not None
    return line


def test_the_paper_has_no_optimizer_effect_on_all_120_trainings() -> None:
    line = effect(paper(), "optimizer")
    assert line.df == 2
    assert (round(line.f, 3), round(line.p, 3), line.verdict) == (0.319, 0.728, "no detectable effect")
    assert analyse(paper(), metric="accuracy").noise.df == 60


def test_the_paper_has_no_optimizer_effect_without_learning_rate_001() -> None:
    line = effect(paper(hidden="1e-2"), "optimizer")
    assert (round(line.f, 3), round(line.p, 3), line.verdict) == (0.656, 0.523, "no detectable effect")
    assert analyse(paper(hidden="1e-2"), metric="accuracy").noise.df == 48


@pytest.mark.parametrize("hidden", [None, "1e-2"])
@pytest.mark.parametrize("metric", ["accuracy", "loss"])
@pytest.mark.parametrize("blocked", [False, True])
def test_every_line_of_the_papers_table_equals_statsmodels(hidden: str | None, metric: str, blocked: bool) -> None:
    assert_equal_to_statsmodels(replace(paper(metric, hidden), blocked=blocked))


@pytest.mark.parametrize("blocked", [False, True])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_unequal_replicates_equal_statsmodels(seed: int, blocked: bool) -> None:
    full = grid((3, 2, 4), 3, seed, blocked)
    kept = np.random.default_rng(seed).random(len(full)) > 0.25
    kept[:24] = True
    assert_equal_to_statsmodels(full.only(kept))


@pytest.mark.parametrize("hidden", [None, "1e-2"])
def test_shared_seeds_are_judged_as_repeated_measures_are(hidden: str | None) -> None:
    """Every line's F, degrees of freedom and p are those of statsmodels' AnovaRM with the seed as the subject."""
    import pandas as pd
    from statsmodels.stats.anova import AnovaRM

    results = replace(paper(hidden=hidden), blocked=True)
    names = [factor.name for factor in results.factors]
    frame = pd.DataFrame(results.codes, columns=names).assign(y=results.y, seed=results.replicate)
    expected = AnovaRM(frame, "y", "seed", within=names).fit().anova_table
    for line in analyse(results, metric="accuracy", interactions=3).effects:
        row = expected.loc[":".join(line.factors)]
        assert (line.df, line.noise_df) == (row["Num DF"], row["Den DF"])
        assert (line.f, line.p) == pytest.approx((row["F Value"], row["Pr > F"]), rel=1e-9)


def test_shared_seeds_with_trainings_missing_are_judged_by_plain_least_squares() -> None:
    full = grid((3, 2, 4), 4, 6, blocked=True)
    results = full.only(np.random.default_rng(6).random(len(full)) > 0.2)
    terms = [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2)]
    crossed = [*terms, (3,), *[(*term, 3) for term in terms]]
    codes = np.column_stack([results.codes, results.replicate])
    for line, term in zip(analyse(results, metric="accuracy").effects, terms, strict=True):
        others = [other for other in crossed if not {*term, 3} <= set(other)]
        (without, fewer), (with_term, more) = (
            left_by(codes, results.y, chosen) for chosen in (others, [*others, (*term, 3)])
        )
        noise = (without - with_term) / (more - fewer)
        assert line.noise_df == more - fewer
        assert line.f == pytest.approx(line.sum_sq / line.df / noise, rel=1e-9)


def left_by(codes: np.ndarray, y: np.ndarray, terms: list[tuple[int, ...]]) -> tuple[float, int]:
    """Return what a model of these terms leaves, and its rank; a column for each combination of values."""
    columns = [np.ones(len(y))]
    for term in terms:
        own = codes[:, list(term)]
        columns += [np.all(own == levels, axis=1).astype(float) for levels in np.unique(own, axis=0)]
    matrix = np.column_stack(columns)
    solution, _, rank, _ = np.linalg.lstsq(matrix, y, rcond=1e-10)
    left = y - matrix @ solution
    return float(left @ left), int(rank)


@pytest.mark.parametrize("seed", [4, 5])
def test_a_grid_with_missing_trials_equals_plain_least_squares(seed: int) -> None:
    full = grid((3, 4, 3), 2, seed, blocked=True)
    gone = np.random.default_rng(seed).choice(np.arange(1, 37), 9, replace=False)
    results = full.only(~np.isin(full.trial, gone))
    found = analyse(results, metric="accuracy")
    terms = [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2)]

    codes = np.column_stack([results.codes, results.replicate])
    for line, term in zip(found.effects, terms, strict=True):
        others = [other for other in terms if not set(term) <= set(other)]
        (without, fewer), (with_term, more) = (
            left_by(codes, results.y, [(3,), *chosen]) for chosen in (others, [*others, term])
        )
        assert line.df == more - fewer
        assert line.sum_sq == pytest.approx(without - with_term, rel=1e-9)
    assert any("incomplete" in warning for warning in found.warnings)


def test_three_way_interactions_come_on_demand() -> None:
    results = grid((3, 2, 2), 2, 1)
    assert analyse(results, metric="a").effect("h0", "h1", "h2") is None
    assert analyse(results, metric="a", interactions=3).effect("h2", "h0", "h1") is not None


def test_an_interaction_above_those_tested_is_mentioned() -> None:
    results = grid((2, 2, 2), 4, 1)
    parity = (results.codes.sum(axis=1) % 2).astype(float)
    found = analyse(results.measured(results.y + parity), metric="a")
    assert found.higher is not None
    assert found.higher.p < 0.001
    assert any("ask for interactions of 3" in warning for warning in found.warnings)


def test_shared_seeds_are_a_block_and_an_imported_table_has_none() -> None:
    results = grid((3, 3), 3, 2, blocked=True)
    shifted = results.measured(results.y + 0.5 * results.replicate)
    blocked, free = analyse(shifted, metric="a"), analyse(replace(shifted, blocked=False), metric="a")
    assert blocked.block is not None
    assert blocked.block.df == 2
    assert free.block is None
    assert blocked.noise.sd < 0.1 < free.noise.sd
    assert any("all trials have the same 3 seeds" in sentence for sentence in sentences(blocked))
    assert not any("seeds" in sentence for sentence in sentences(free))


def test_shares_of_variance_are_what_their_formulas_say() -> None:
    results = grid((3, 2), 2, 3)
    found = analyse(results, metric="a")
    total = float(np.sum((results.y - results.y.mean()) ** 2))
    line = found.effects[0]
    assert line.eta_sq == pytest.approx(line.sum_sq / total)
    assert line.omega_sq == pytest.approx((line.sum_sq - 2 * found.noise.sd**2) / (total + found.noise.sd**2))


def test_p_values_are_corrected_for_their_number_by_holm() -> None:
    from statsmodels.stats.multitest import multipletests

    found = analyse(grid((3, 2, 3), 2, 11), metric="a")
    expected = multipletests([max(line.p, line.p_own) for line in found.effects], method="holm")[1]
    assert [line.p_adjusted for line in found.effects] == pytest.approx(list(expected))


@pytest.mark.parametrize("holes", [False, pytest.param(True, marks=pytest.mark.long)])
def test_ten_thousand_trials_are_analysed_with_all_their_pairs(holes: bool) -> None:
    results = grid((5, 5, 5, 5, 4, 4), 4, 1, blocked=not holes)
    if holes:
        results = results.only(np.random.default_rng(1).random(len(results)) > 0.1)
    found = analyse(results, metric="accuracy")
    assert len(found.effects) == 21
    assert found.effects[0].real
