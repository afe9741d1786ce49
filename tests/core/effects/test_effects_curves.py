"""Epochs and time: best against last, overfitting, slopes, and as good for less."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from hpo_core.effects import Factor, Results, analyse, by_value, final_slopes, overfitting_gap
from hpo_core.effects.cost import pareto
from hpo_core.effects.learning_curves import epoch_scores, epoch_words
from hpo_core.effects.words import sentences

RATE = Factor("rate", (1e-3, 1e-2))


def session() -> Results:
    """rate 0.001 still rises by 0.05 an epoch at its end; rate 0.01 peaks at its second epoch and falls."""
    trial, replicate = np.tile([1, 2], 6), np.repeat(np.arange(1, 7), 2)
    curves = {}
    for number, rep in zip(trial.tolist(), replicate.tolist(), strict=True):
        shift = 0.001 * rep
        shape = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9) if number == 1 else (0.7, 0.95, 0.93, 0.92, 0.92, 0.91 - shift)
        curves[number, rep] = [{"val_accuracy": value + shift, "accuracy": value + 0.02} for value in shape]
    y = np.array([curves[key][-1]["val_accuracy"] for key in zip(trial.tolist(), replicate.tolist(), strict=True)])
    return Results((RATE,), trial[:, np.newaxis] - 1, y, replicate, trial, blocked=True, curves=curves)


def test_best_and_last_epoch_are_kept_apart() -> None:
    scores = epoch_scores(session(), "val_accuracy", maximise=True)
    assert scores.best_epoch.tolist() == [6, 2] * 6
    assert int((scores.best_epoch < scores.epochs).sum()) == 6
    assert scores.best[1] == pytest.approx(0.951)
    assert scores.last[1] == pytest.approx(0.91)


def test_the_best_epoch_turns_the_verdict_and_it_is_said_which_is_shown() -> None:
    last = analyse(session(), metric="val_accuracy")
    y = epoch_scores(session(), "val_accuracy", maximise=True).best
    best = analyse(replace(session(), y=y, shown_epoch="best epoch"), metric="val_accuracy")
    assert best.best is not None
    assert best.best.best.mean == pytest.approx(0.9535)
    assert any("val_accuracy at the last epoch of 12 trainings" in sentence for sentence in sentences(last))
    assert any("val_accuracy at the best epoch of 12 trainings" in sentence for sentence in sentences(best))
    assert any("6 of 12 trainings were better before their last epoch" in note for note in last.notes)


@pytest.mark.fault(66)
def test_a_tie_is_not_better() -> None:
    results = session()
    curves = {key: [{"val_accuracy": 0.5}, {"val_accuracy": 0.9}, {"val_accuracy": 0.9}] for key in results.curves}
    found = analyse(replace(results, curves=curves), metric="val_accuracy")
    assert "val_accuracy is taken at the last epoch; no training was better before." in found.notes


def test_a_gap_in_the_curve_is_passed_over() -> None:
    results = session()
    curves = {**results.curves, (1, 1): [{"val_accuracy": 0.5}, {"val_accuracy": None}]}
    scores = epoch_scores(replace(results, curves=curves), "val_accuracy", maximise=True)
    assert scores.best[0] == 0.5
    assert np.isnan(scores.last[0])


def test_more_epochs_are_advised_only_where_the_curve_still_rises() -> None:
    rising, falling = by_value(final_slopes(session(), "val_accuracy", maximise=True))["rate"]
    assert rising.mean == pytest.approx(0.05)
    assert falling.high < 0
    notes = analyse(session(), metric="val_accuracy").notes
    assert (
        "val_accuracy still improves at epoch 6 with rate 0.001 (0.05 an epoch): more epochs would help." in notes
    )


def test_curves_that_rise_with_every_value_are_told_of_once() -> None:
    results = session()
    rising = [{"val_accuracy": value} for value in (0.5, 0.6, 0.7, 0.8, 0.85, 0.9)]
    notes = analyse(replace(results, curves=dict.fromkeys(results.curves, rising)), metric="val_accuracy").notes
    said = [note for note in notes if "still improves" in note]
    assert said == [
        "val_accuracy still improves at epoch 6 with every value, by 0.05 an epoch: more epochs would help."
    ]


def test_slopes_of_noise_alone_are_seldom_taken_for_a_gain() -> None:
    """20 values, each with a slope of nothing but noise: one at a time, about every other grid would say so."""
    said = 0
    for seed in range(100):
        random = np.random.default_rng(seed)
        codes = np.tile(np.arange(20), 4)
        replicate = np.repeat(np.arange(1, 5), 20)
        curves = {
            (int(code) + 1, int(number)): [{"val_accuracy": float(value)} for value in random.normal(0.8, 0.01, 3)]
            for code, number in zip(codes, replicate, strict=True)
        }
        y = np.array(
            [curves[int(c) + 1, int(r)][-1]["val_accuracy"] for c, r in zip(codes, replicate, strict=True)]
        )
        factor = Factor("width", tuple(range(20)))
        results = Results((factor,), codes[:, np.newaxis], y, replicate, codes + 1, curves=curves)
        said += any("still improves" in note for note in epoch_words(results, "val_accuracy", True))
    assert said <= 10


def test_a_falling_loss_still_improves() -> None:
    results = session()
    assert final_slopes(results, "val_accuracy", maximise=False).y[0] == pytest.approx(-0.05)


def test_overfitting_is_told_by_value() -> None:
    results = session()
    train = results.y + np.where(results.codes[:, 0] == 1, 0.2, 0.01)
    both = replace(results, train_metric=train, val_metric=results.y)
    gaps = overfitting_gap(both)
    assert gaps is not None
    assert [value.mean for value in by_value(gaps)["rate"]] == pytest.approx([0.01, 0.2])
    note = (
        "rate 0.01 overfits most: at the last epoch, accuracy on training data is ahead of validation by 0.2, "
        "with 0.001 by 0.01."
    )
    assert note in analyse(both, metric="val_accuracy").notes
    assert overfitting_gap(results) is None


def test_a_cost_is_a_metric_like_any_other_and_the_less_the_better() -> None:
    found = analyse(session().measured(np.tile([2.0, 4.0], 6) + 0.01 * np.arange(12)), metric="seconds")
    assert not found.maximise
    assert found.best is not None
    assert found.best.best.trial == 1


def test_the_pareto_front_has_no_trial_that_another_beats_in_both() -> None:
    score = np.array([0.8, 0.9, 0.85, 0.95, 0.9])
    cost = np.array([1.0, 2.0, 3.0, 4.0, 2.0])
    assert pareto(score, cost, maximise=True) == [0, 1, 3]
    assert pareto(-score, cost, maximise=False) == [0, 1, 3]


def cheap_and_dear(replicates: int, best: float = 0.902) -> Results:
    """Width 16 is all but as good as 32, in half of the time."""
    random = np.random.default_rng(1)
    codes = np.tile(np.arange(4), replicates)
    y = np.array([0.6, 0.9, 0.7, best])[codes] + 0.01 * random.normal(size=len(codes))
    seconds = np.array([1.0, 3.0, 5.0, 6.0])[codes]
    width = Factor("width", (8, 16, 24, 32))
    replicate = np.repeat(np.arange(replicates), 4)
    return Results((width,), codes[:, np.newaxis], y, replicate, codes + 1, seconds=seconds)


def test_as_good_at_half_the_cost_is_found_and_said_once_there_are_replicates_enough() -> None:
    found = analyse(cheap_and_dear(60, 0.903), metric="val_accuracy")
    assert found.frontier is not None
    assert found.frontier.cheaper is not None
    assert found.frontier.cheaper.as_good
    sentence = next(sentence for sentence in sentences(found) if sentence.startswith("Trial 2"))
    assert "(width 16) is as good as trial 4, in 50 % of the time (3 s instead of 6 s)" in sentence
    assert sentence.endswith("within one sd of the noise (0.0092).")


def test_what_noise_cannot_tell_apart_is_not_called_as_good() -> None:
    found = analyse(cheap_and_dear(5), metric="val_accuracy")
    assert found.frontier is not None
    assert found.frontier.best.trial == 4
    assert found.frontier.cheaper is not None
    assert not found.frontier.cheaper.as_good
    assert [point.trial for point in found.frontier.points] == [1, 2, 4]
    sentence = next(sentence for sentence in sentences(found) if sentence.startswith("Trial 2"))
    assert "takes 50 % of the time (3 s instead of 6 s), and noise cannot tell it from trial 4" in sentence
    low, high = found.frontier.cheaper.low, found.frontier.cheaper.high
    assert f"[{low:.3g}, {high:.3g}]. That does not show that it is as good." in sentence
