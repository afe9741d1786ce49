"""Whatever the grid is like, there are words, a JSON object and no crash."""

from __future__ import annotations

import itertools
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from hpo_core.effects import Effects, Factor, Results, analyse
from hpo_core.effects.anova import analyse_variance
from hpo_core.effects.cells import cells_of
from hpo_core.effects.effects_json import to_object
from hpo_core.effects.words import sentences

EFFECT_KEYS = {
    *("factors", "df", "sum_sq", "F", "p", "p_adjusted", "omega_sq", "verdict"),
    *("seen_difference", "seen_share", "p_own_noise", "noise_df", "in_ranks"),
}


def grid(sizes: tuple[int, ...] = (3, 2), replicates: int = 2, seed: int = 1) -> Results:
    cells = np.array(list(itertools.product(*(range(size) for size in sizes))))
    codes = np.tile(cells, (replicates, 1))
    y = 0.8 + 0.05 * codes[:, 0] + 0.01 * np.random.default_rng(seed).normal(size=len(codes))
    factors = tuple(Factor(name, tuple(range(size))) for name, size in zip("abcdef", sizes, strict=False))
    replicate = np.repeat(np.arange(1, replicates + 1), len(cells))
    return Results(factors, codes, y, replicate, np.tile(np.arange(1, len(cells) + 1), replicates))


def checked(found: Effects) -> dict[str, Any]:
    """Return the JSON object, after checking that it is one and has the shape that is promised."""
    text = json.dumps(to_object(found), allow_nan=False)
    shown: dict[str, Any] = json.loads(text)
    assert list(shown) == ["metric", "n", "noise_sd", "effects", "values", "best", "warnings", "noise_by_value"]
    assert all(set(line) == EFFECT_KEYS for line in shown["effects"])
    assert sentences(found)
    assert all(sentence.endswith(".") and "nan" not in sentence.split() for sentence in sentences(found))
    return shown


def test_a_whole_grid_gives_the_promised_object() -> None:
    shown = checked(analyse(grid(), metric="accuracy"))
    assert (shown["metric"], shown["n"]) == ("accuracy", 12)
    assert [line["factors"] for line in shown["effects"]] == [["a"], ["b"], ["a", "b"]]
    assert shown["effects"][0]["verdict"] == "decides"
    assert shown["best"]["values"]["a"] == 2
    assert set(shown["values"]) == {"a", "b"}


def test_no_training_at_all() -> None:
    shown = checked(analyse(grid().only(np.zeros(12, dtype=bool)), metric="accuracy"))
    assert (shown["n"], shown["noise_sd"], shown["best"]) == (0, None, None)
    assert shown["warnings"] == ["There is no training in view yet."]


def test_no_finished_trial() -> None:
    waiting = replace(grid().measured(np.full(12, np.nan)), status=("waiting",) * 12)
    shown = checked(analyse(waiting, metric="accuracy"))
    assert shown["warnings"] == ["None of 12 trainings in view has a score for accuracy."]


def test_all_failed() -> None:
    failed = replace(
        grid().measured(np.full(12, np.nan)),
        status=("failed",) * 8 + ("diverged",) * 4,
        kind=("out of memory",) * 12,
    )
    found = analyse(failed, metric="accuracy")
    assert "4 diverged and 8 out of memory" in found.warnings[-1]
    assert all(line["verdict"] == "unknown" for line in checked(found)["effects"])


def test_one_trial_with_replicates_has_noise_and_nothing_to_compare() -> None:
    results = grid().only(grid().trial == 1)
    found = analyse(replace(results, blocked=False), metric="accuracy")
    assert found.noise.known
    assert "There is one trial in view: nothing to compare." in found.warnings
    assert "it is the only one" in " ".join(sentences(found))
    checked(found)


def test_one_training() -> None:
    checked(analyse(grid().only(np.arange(12) == 0), metric="accuracy"))


def test_a_grid_of_one_value_says_that_there_is_nothing_to_compare() -> None:
    found = analyse(grid((3, 1), 3), metric="accuracy")
    assert [line.verdict for line in found.effects] == ["decides", "unknown"]
    assert any("b: unknown (there is nothing to compare" in sentence for sentence in sentences(found))
    checked(found)


def test_one_replicate_says_what_cannot_be_known() -> None:
    found = analyse(grid((3, 4), replicates=1), metric="accuracy")
    shown = checked(found)
    assert shown["noise_sd"] is None
    assert all((line["F"], line["p"], line["verdict"]) == (None, None, "unknown") for line in shown["effects"])
    assert any("Train a second replicate" in warning for warning in found.warnings)
    assert found.best is not None
    assert any("cannot be known without replicates" in sentence for sentence in sentences(found))
    assert not any(factor.droppable for factor in found.values)


def test_one_replicate_takes_the_highest_interaction_as_noise_only_when_asked() -> None:
    found = analyse(grid((3, 4), replicates=1), metric="accuracy", one_replicate_noise=True)
    assert (found.noise.source, found.noise.df) == ("interactions", 6)
    assert [line.factors for line in found.effects] == [("a",), ("b",)]
    assert [line.verdict for line in found.effects] == ["decides", "no detectable effect"]
    assert any("are taken as the noise" in warning for warning in found.warnings)
    checked(found)


def test_one_hyperparameter_with_one_replicate_has_no_noise_even_when_asked() -> None:
    found = analyse(grid((4,), replicates=1), metric="accuracy", one_replicate_noise=True)
    assert found.noise.source == "none"
    assert found.effects[0].verdict == "unknown"
    checked(found)


def test_all_scores_alike() -> None:
    found = analyse(grid().measured(np.full(12, 0.7)), metric="accuracy")
    assert {line.verdict for line in found.effects} == {"unknown"}
    checked(found)


def test_replicates_that_are_exactly_alike_are_noticed() -> None:
    results = grid()
    found = analyse(results.measured(0.1 * results.codes[:, 0] + 0.7), metric="accuracy")
    assert any("exactly alike" in warning for warning in found.warnings)
    assert checked(found)["effects"][0]["F"] is None
    assert [line.verdict for line in found.effects] == ["decides", "unknown", "unknown"]


def test_what_is_the_same_by_nature_is_no_sign_of_a_broken_seed() -> None:
    results = grid()
    found = analyse(results.measured(1000.0 * results.codes[:, 0]), metric="parameters", role="cost")
    assert not any("exactly alike" in warning for warning in found.warnings)
    checked(found)
    words = " ".join(sentences(found))
    assert "nan" not in words
    assert "b: no effect (all its values give the same)." in words
    assert "not known" not in words


def test_intervals_stay_in_the_range_of_the_metric() -> None:
    results = grid()
    high = results.measured(np.minimum(1.0, 0.97 + 0.2 * (results.y - results.y.mean())))
    (value, *_), shares = analyse(high, metric="accuracy").values[0].values, high.y
    assert shares.max() <= 1
    assert all(value.high <= 1 for value in analyse(high, metric="accuracy").values[0].values)
    wide = analyse(high.measured(np.abs(results.y - 0.8) / 5), metric="loss").values[0].values
    assert min(value.low for value in wide) >= 0
    assert value.n == 4


def test_a_grid_too_small_to_see_even_a_deciding_effect_knows_nothing() -> None:
    """2 × 2 with two replicates, an effect of 1.5 sd of the noise: absence is not claimed."""
    claimed = 0
    for seed in range(100):
        random = np.random.default_rng(seed)
        codes = np.tile(np.array(list(itertools.product(range(2), range(2)))), (2, 1))
        y = 1.5 * codes[:, 0] + random.normal(size=8)
        factors = (Factor("a", (0, 1)), Factor("b", (0, 1)))
        results = Results(factors, codes, y, np.repeat([1, 2], 4), np.tile([1, 2, 3, 4], 2))
        line = analyse_variance(cells_of(results), factors, 2).effects[0]
        claimed += line.verdict == "no detectable effect"
    assert claimed <= 5


def test_what_would_have_been_seen_is_said_and_is_seen_in_four_of_five_grids() -> None:
    found = analyse(grid((3, 3), 4, seed=3).measured(np.random.default_rng(3).normal(size=36)), metric="score")
    line = found.effect("a")
    assert line is not None
    assert f"a difference of {line.seen_difference:.2g} or more would have been seen" in " ".join(sentences(found))
    assert to_object(found)["effects"][0]["seen_difference"] == line.seen_difference
    step, seen = line.seen_difference / found.noise.sd, 0
    for seed in range(200):
        results = grid((3, 3), 4)
        noise = np.random.default_rng(seed).normal(size=36)
        again = results.measured(noise + np.array([-0.5, 0, 0.5])[results.codes[:, 0]] * step)
        seen += analyse_variance(cells_of(again), again.factors, 2, seen=False).effects[0].real
    assert seen / 200 >= 0.8
    assert step < 2.5, "of the noise's sd: a bound so wide that everything would be seen says nothing"


def test_a_half_trained_second_replicate_is_used_as_far_as_it_goes() -> None:
    results = grid((3, 4))
    found = analyse(results.only(np.arange(24) < 18), metric="accuracy")
    assert (found.n, found.trials, found.noise.df) == (18, 12, 6)
    assert found.effects[0].verdict == "decides"
    checked(found)


def test_hyperparameters_that_only_ever_change_together_cannot_be_told_apart() -> None:
    results = grid((3, 3))
    found = analyse(results.only(results.codes[:, 0] == results.codes[:, 1]), metric="accuracy")
    assert {line.verdict for line in found.effects} == {"unknown"}
    assert not any(factor.droppable for factor in found.values)
    checked(found)


def test_a_hyperparameter_with_hundreds_of_names_is_left_out_with_a_word() -> None:
    count = 300
    codes = np.stack([np.arange(count), np.arange(count) % 2], axis=1)
    results = Results(
        (Factor("rate", tuple(f"r{n}" for n in range(count))), Factor("b", (0, 1))),
        np.vstack([codes, codes]),
        np.random.default_rng(1).normal(size=2 * count),
        np.repeat([1, 2], count),
        np.tile(np.arange(count), 2),
    )
    found = analyse(results, metric="accuracy")
    assert any("rate has more than 200 values" in warning for warning in found.warnings)
    checked(found)


def test_too_many_interactions_for_an_incomplete_grid_are_left_out_with_a_word() -> None:
    results = grid((17, 17, 17), replicates=1)
    found = analyse(results.only(np.random.default_rng(1).random(len(results)) > 0.2), metric="accuracy")
    assert any("Interactions of 2 hyperparameters are left out" in warning for warning in found.warnings)
    checked(found)


def test_a_metric_to_minimise_has_the_smallest_as_its_best() -> None:
    assert checked(analyse(grid(), metric="val_loss"))["best"]["values"]["a"] == 0
    assert checked(analyse(grid(), metric="val_loss", maximise=True))["best"]["values"]["a"] == 2


def test_foreign_names_cannot_act_on_the_terminal() -> None:
    results = grid()
    named = replace(results, factors=(Factor("a\x1b[2J", ("x\x07", "y", "z")), results.factors[1]))
    said = sentences(analyse(named, metric="m\x1b"))
    assert not any("\x1b" in sentence or "\x07" in sentence for sentence in said)


def test_arrays_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="seconds has 3 entries for 12 trainings"):
        replace(grid(), seconds=np.zeros(3))
    with pytest.raises(ValueError, match="codes has shape"):
        replace(grid(), codes=np.zeros((2, 2), dtype=np.int64))
    with pytest.raises(ValueError, match="give 1 or more"):
        analyse(grid(), metric="accuracy", interactions=0)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    sizes=st.lists(st.integers(1, 4), min_size=1, max_size=3),
    replicates=st.integers(1, 3),
    seed=st.integers(0, 1000),
    kept=st.floats(0, 1),
    blocked=st.booleans(),
    one=st.booleans(),
)
def test_any_part_of_any_grid_gives_words(
    sizes: list[int], replicates: int, seed: int, kept: float, blocked: bool, one: bool
) -> None:
    whole = replace(grid(tuple(sizes), replicates, seed), blocked=blocked)
    results = whole.only(np.random.default_rng(seed).random(len(whole)) < kept)
    found = analyse(results, metric="accuracy", interactions=3, one_replicate_noise=one)
    checked(found)
    assert all(line.sum_sq >= -1e-12 and not line.omega_sq > 1 for line in found.effects)
