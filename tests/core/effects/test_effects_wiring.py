"""A hyperparameter that never reaches the training is caught from the first replicates."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from hpo_core.effects import Factor, Results, analyse, check_wiring
from hpo_core.effects.effects_json import to_object
from hpo_core.effects.words import sentences

RATES = Factor("learning_rate", (1e-4, 1e-3))
LOSSES = Factor("loss", ("poisson", "categorical_crossentropy", "mean_squared_error"))


def curve(seed: int, epochs: int = 3) -> list[dict[str, float | None]]:
    random = np.random.default_rng(seed)
    return [
        {"loss": float(random.random()), "val_accuracy": float(0.5 + 0.4 * random.random())} for _ in range(epochs)
    ]


def session(seed_of: dict[tuple[int, int, int], int]) -> Results:
    """Trainings by (learning_rate, loss, replicate), each with the seed that its curve is drawn from."""
    keys = list(seed_of)
    codes = np.array([key[:2] for key in keys])
    trial = codes[:, 0] * 3 + codes[:, 1] + 1
    replicate = np.array([key[2] for key in keys])
    curves = {(int(number), key[2]): curve(seed_of[key]) for number, key in zip(trial.tolist(), keys, strict=True)}
    y = np.array(
        [curves[int(number), key[2]][-1]["val_accuracy"] for number, key in zip(trial, keys, strict=True)]
    )
    return Results((RATES, LOSSES), codes, y.astype(float), replicate, trial, blocked=True, curves=curves)


def unwired_loss(replicates: int = 1) -> Results:
    keys = [(rate, loss, rep) for rep in range(1, replicates + 1) for rate in range(2) for loss in range(3)]
    return session({key: 100 * key[0] + key[2] for key in keys})


def test_a_loss_wired_to_nothing_is_caught_after_its_second_trial() -> None:
    faults = check_wiring(session({(0, 0, 1): 5, (0, 1, 1): 5}))
    assert [str(fault) for fault in faults] == [
        "loss has no effect on training so far, with learning_rate 0.0001: 2 values gave identical curves (1 pair "
        "of trainings compared)."
    ]


def test_the_fault_is_the_first_thing_said_and_is_a_warning() -> None:
    found = analyse(unwired_loss(), metric="val_accuracy")
    sentence = "loss has no effect on training: 3 values gave identical curves (6 pairs of trainings compared)."
    assert sentences(found)[0] == sentence
    assert sentence in to_object(found)["warnings"]
    assert sentences(found).count(sentence) == 1


def test_one_pair_that_differs_acquits_the_hyperparameter() -> None:
    seeds = {(rate, loss, 1): 100 * rate for rate in range(2) for loss in range(2)}
    assert check_wiring(session(seeds))
    assert not check_wiring(session({**seeds, (1, 1, 1): 999}))


def test_two_of_three_values_that_do_the_same_are_named() -> None:
    seeds = {(rate, loss, 1): 100 * rate + (loss == 2) for rate in range(2) for loss in range(3)}
    (fault,) = check_wiring(session(seeds))
    assert (fault.values, fault.every_value, fault.pairs) == (("poisson", "categorical_crossentropy"), False, 2)
    assert "between some values" in str(fault)


def test_different_replicates_are_never_compared() -> None:
    assert not check_wiring(session({(0, 0, 1): 5, (0, 1, 2): 5}))


def test_trials_that_differ_in_two_hyperparameters_are_never_compared() -> None:
    assert not check_wiring(session({(0, 0, 1): 5, (1, 1, 1): 5}))


def test_an_imported_table_whose_replicates_share_no_seeds_is_not_judged() -> None:
    assert not check_wiring(replace(unwired_loss(), blocked=False))


def test_a_training_under_way_is_not_judged() -> None:
    results = session({(0, 0, 1): 5, (0, 1, 1): 5})
    assert not check_wiring(replace(results, status=("complete", "running")))


def test_more_epochs_with_the_same_beginning_are_not_a_fault() -> None:
    results = session({(0, 0, 1): 5, (0, 1, 1): 5})
    longer = {**results.curves, (2, 1): curve(5, epochs=5)}
    assert not check_wiring(replace(results, curves=longer))


@pytest.mark.parametrize("repeatable", [True, False])
def test_a_wired_loss_is_not_accused(repeatable: bool) -> None:
    keys = [(rate, loss, rep) for rep in (1, 2) for rate in range(2) for loss in range(3)]
    results = session({key: place for place, key in enumerate(keys)})
    assert not check_wiring(replace(results, repeatable=repeatable))


def test_perfect_scores_alone_are_no_evidence() -> None:
    results = session({(0, 0, 1): 5, (0, 1, 1): 5})
    perfect = {key: [{"val_accuracy": 1.0}, {"val_accuracy": 1.0}] for key in results.curves}
    assert not check_wiring(replace(results, curves=perfect))


def test_where_bits_may_differ_curves_are_compared_by_distance_and_it_is_said() -> None:
    results = unwired_loss(replicates=2)
    random = np.random.default_rng(1)
    shaken = {
        key: [
            {name: float(value or 0) + 1e-4 * random.normal() for name, value in epoch.items()} for epoch in epochs
        ]
        for key, epochs in results.curves.items()
    }
    unrepeatable = replace(results, curves=shaken, repeatable=False)
    assert not check_wiring(replace(unrepeatable, repeatable=True))
    (fault,) = check_wiring(unrepeatable)
    assert (fault.factor, fault.exact, fault.pairs) == ("loss", False, 12)
    assert "seems to have no effect" in str(fault)
    assert "compared by distance over 12 pairs" in str(fault)


def test_by_distance_nothing_is_said_before_there_are_two_replicates() -> None:
    results = session({(0, 0, 1): 5, (0, 1, 1): 5})
    near = [{name: (value or 0) + 1e-6 for name, value in epoch.items()} for epoch in results.curves[2, 1]]
    shaken = replace(results, curves={**results.curves, (2, 1): near})
    assert not check_wiring(replace(shaken, repeatable=False))


def test_identical_curves_tell_also_where_bits_need_not_repeat() -> None:
    (fault,) = check_wiring(replace(unwired_loss(), repeatable=False))
    assert fault.exact
    assert str(fault).startswith("loss has no effect on training: 3 values gave identical curves")


def test_what_was_compared_with_one_value_of_another_hyperparameter_is_said_to_hold_so_far() -> None:
    """Only the trials with one learning rate are done: with the other the loss may matter."""
    part = session({(0, loss, 1): 5 for loss in range(3)})
    (fault,) = check_wiring(part)
    assert fault.only == (("learning_rate", (1e-4,)),)
    assert "so far, with learning_rate 0.0001: 3 values" in str(fault)
    assert not any(fault.only for fault in check_wiring(unwired_loss()))
