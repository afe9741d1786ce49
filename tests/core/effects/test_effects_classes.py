"""How trainings fail, by class and by value, and what collapsed ones do to the verdicts."""

from __future__ import annotations

import itertools
import math
import signal

import numpy as np
import pytest
from msgspec.structs import replace

from hpo_core.effects import Effects, Factor, Results, analyse, classify
from hpo_core.effects.classes import class_of
from hpo_core.engine.failures import describe_death

CLASSES = 12


def session(seed: int = 1) -> Results:
    """24 trainings; with rate 0.1 half of them collapse to a constant prediction."""
    cells = np.array(list(itertools.product(range(2), range(6))))
    codes = np.tile(cells, (2, 1))
    random = np.random.default_rng(seed)
    fallen = (codes[:, 0] == 1) & ((np.arange(24) + np.repeat([0, 1], 12)) % 2 == 0)
    accuracy = np.where(fallen, 1 / CLASSES, 0.7 + 0.03 * codes[:, 1] + 0.01 * random.normal(size=24))
    loss = np.where(fallen, math.log(CLASSES) + 0.001, 0.8)
    return Results(
        (Factor("rate", (0.01, 0.1)), Factor("width", (8, 16, 24, 32, 40, 48))),
        codes,
        accuracy,
        np.repeat([1, 2], 12),
        np.tile(np.arange(1, 13), 2),
        status=("complete",) * 24,
        val_metric=accuracy,
        loss=loss,
        classes=CLASSES,
        validation_images=600,
    )


def verdict(found: Effects | None, *factors: str) -> str:
    assert found is not None
    line = found.effect(*factors)
    assert line is not None
    return line.verdict


@pytest.mark.parametrize(
    ("status", "kind", "expected"),
    [
        ("complete", "", "complete"),
        ("diverged", "nan", "diverged"),
        ("failed", "out of memory", "out of memory"),
        ("failed", "killed", "killed"),
        ("failed", "timed out", "timed out"),
        ("failed", "hang", "timed out"),
        ("failed", "terminated", "killed"),
        ("failed", "memory", "out of memory"),
        ("failed", "exit", "error"),
        ("failed", "segmentation fault", "error"),
        ("failed", "ValueError", "error"),
        ("failed", "", "error"),
        ("running", "", ""),
        ("stopped", "", ""),
    ],
)
def test_every_end_has_its_class(status: str, kind: str, expected: str) -> None:
    assert class_of(status, kind) == expected


DEATHS = {
    1: "error",
    -signal.SIGKILL: "killed",
    -signal.SIGTERM: "killed",
    -signal.SIGHUP: "killed",
    -signal.SIGSEGV: "error",
    -signal.SIGBUS: "error",
    -signal.SIGABRT: "error",
    -signal.SIGFPE: "error",
    -signal.SIGILL: "error",
}


@pytest.mark.parametrize("returncode", DEATHS)
def test_the_engines_own_kinds_of_death_have_their_class(returncode: int) -> None:
    assert class_of("failed", describe_death(returncode, False)[0]) == DEATHS[returncode]
    assert class_of("failed", describe_death(-signal.SIGKILL, True)[0]) == "out of memory"


def test_chance_accuracy_with_the_loss_of_a_uniform_prediction_is_a_collapse() -> None:
    failures = classify(session())
    assert failures.counts == {"collapsed": 6}
    (_, bad) = failures.by_value["rate"]
    assert (bad.value, bad.n, bad.rate("collapsed")) == (0.1, 12, 0.5)
    worst = failures.worst_value("collapsed")
    assert worst is not None
    assert (worst[0], worst[1].value) == ("rate", 0.1)


@pytest.mark.parametrize(
    "uniform", [math.log(CLASSES), (1 + math.log(CLASSES)) / CLASSES, (1 - 1 / CLASSES) / CLASSES]
)
def test_a_collapse_is_known_under_each_of_the_three_losses(uniform: float) -> None:
    results = session()
    assert results.loss is not None
    loss = np.where(results.loss > 1, uniform, 0.02)
    assert classify(replace(results, loss=loss)).counts == {"collapsed": 6}


def test_chance_accuracy_is_judged_by_the_number_of_images() -> None:
    results = session()
    accuracy = np.where(np.arange(24) == 0, 0.5, 1 / CLASSES + 0.02 + 0.0001 * np.arange(24))
    one = replace(results, val_metric=accuracy, loss=np.full(24, math.log(CLASSES)))
    assert classify(replace(one, validation_images=600)).counts == {"collapsed": 23}
    assert classify(replace(one, validation_images=60_000)).counts == {}


def test_a_slow_learner_at_a_low_loss_is_no_collapse() -> None:
    results = session()
    assert classify(replace(results, loss=np.full(24, 1.5))).counts == {}


def test_an_accuracy_that_never_moves_is_a_collapse_whatever_the_loss() -> None:
    results = session()
    assert results.val_metric is not None
    still = [{"val_accuracy": 1 / CLASSES, "val_loss": 7.0 + epoch} for epoch in range(3)]
    moving = [{"val_accuracy": 1 / CLASSES + epoch / 600, "val_loss": 7.0} for epoch in (2, 1, 0)]
    keys = list(zip(results.trial.tolist(), results.replicate.tolist(), strict=True))
    loss = np.full(24, 9.0)
    assert classify(replace(results, loss=loss, curves=dict.fromkeys(keys, tuple(still)))).counts == {
        "collapsed": 6
    }
    assert classify(replace(results, loss=loss, curves=dict.fromkeys(keys, tuple(moving)))).counts == {}


def test_a_table_that_does_not_say_how_many_classes_shows_its_collapses_by_themselves() -> None:
    """Classes of different size: all constant predictions score .0159 where 1 of 118 would be .0085."""
    accuracy = np.array([0.0159, 0.9, 0.0159, 0.87, 0.0159, 0.91])
    loss = np.array([4.7714, 0.4, 4.7717, 0.5, 4.7712, 0.35])
    factor = Factor("rate", (0.01, 0.1))
    results = Results((factor,), np.array([[1], [0]] * 3), accuracy, np.repeat([1, 2, 3], 2), np.tile([2, 1], 3))
    found = analyse(replace(results, loss=loss), metric="accuracy")
    assert found.failures.counts == {"collapsed": 3}


def test_collapsed_trainings_count_and_what_they_hide_is_said() -> None:
    found = analyse(session(), metric="val_accuracy")
    assert found.n == 24
    assert verdict(found, "width") == "unknown"  # even a deciding effect would be lost in this noise
    assert verdict(found.without_collapsed, "width") in ("decides", "matters")
    warning = next(warning for warning in found.warnings if "collapsed" in warning)
    assert warning.startswith("6 collapsed trainings counted (rate 0.1: 6 of 12): they make a difference.")
    assert "width: decides" in warning
    assert "instead of unknown" in warning


def test_collapsed_trainings_taken_out_are_still_mentioned() -> None:
    found = analyse(session(), metric="val_accuracy", without_collapsed=True)
    assert (found.n, found.collapsed_left_out) == (18, 6)
    assert "6 collapsed trainings left out (rate 0.1: 6 of 12)." in found.warnings
    assert verdict(found, "rate") == "no detectable effect"


def test_nothing_but_collapse_is_words_and_no_crash() -> None:
    results = session()
    fallen = replace(results, val_metric=np.full(24, 1 / CLASSES), loss=np.full(24, math.log(CLASSES)))
    found = analyse(fallen, metric="val_accuracy")
    assert any("24 collapsed trainings counted; there are no others." in warning for warning in found.warnings)
    assert analyse(fallen, metric="val_accuracy", without_collapsed=True).n == 0


def test_diverged_trainings_are_counted_by_value_and_not_scored() -> None:
    results = session()
    diverged = results.codes[:, 1] == 5
    status = tuple("diverged" if gone else "complete" for gone in diverged)
    found = analyse(replace(results, status=status), metric="val_accuracy")
    assert found.n == 20
    assert "4 trainings without a score (diverged; width 48: 4 of 4)." in found.warnings
