"""Epochs against learning rate: read off the longest trainings, and said where a shorter one would be another."""

from __future__ import annotations

import numpy as np
import pytest

from hpo_core.journal.events import AttemptEnded, AttemptStarted, EngineStarted, Envelope, EpochEnded, Event
from hpo_core.plan.spec import SessionSpec
from hpo_core.results.by_epoch import ByEpoch, about_shorter, by_epoch, fewer_would_do
from hpo_core.results.measure import at_last
from hpo_core.results.table import table_of
from hpo_core.session.state import SessionState

SCORE = at_last("val_accuracy")


def spec_of(grid: str, fixed: str = "") -> SessionSpec:
    return SessionSpec.parse(f"[data]\nsource = 'fruit'\n[grid]\n{grid}\n[fixed]\n{fixed}\n")


def read(spec: SessionSpec, scores: dict[int, list[float]], factor: int = 0) -> ByEpoch:
    """What comes of one training of each trial with these scores, by the values of a hyperparameter."""
    state = SessionState(spec)
    events: list[Event] = [EngineStarted(host="h", boot_id="b", pid=1, version="1")]
    for trial, curve in scores.items():
        ids = {"trial": trial, "replicate": 1, "attempt": 1}
        events.append(AttemptStarted(**ids, seed=7, worker=1))
        for epoch, score in enumerate(curve, 1):
            events.append(EpochEnded(**ids, epoch=epoch, metrics={"val_accuracy": score}, seconds=1.0))
        events.append(AttemptEnded(**ids, status="complete", seconds=1.0, epochs=len(curve)))
    for seq, event in enumerate(events, 1):
        state.apply(Envelope(seq, 1, 100.0 + seq, event))
    table = table_of(state.snapshot())
    rows = np.flatnonzero(table.counted(SCORE))
    return by_epoch(table, SCORE, rows, spec.grid.codes[:, factor], len(spec.grid.hyperparameters[factor].values))


def test_each_value_has_its_mean_after_every_epoch() -> None:
    spec = spec_of("learning_rate = [0.001, 0.01]\nfilters = [4, 8]", "epochs = 2")
    found = read(spec, {1: [0.1, 0.2], 2: [0.3, 0.4], 3: [0.5, 0.6], 4: [0.7, 0.9]})
    assert found.means == pytest.approx(np.array([[0.2, 0.3], [0.6, 0.75]]))
    assert found.n.tolist() == [2, 2]


def test_of_several_numbers_of_epochs_the_longest_trainings_tell_all() -> None:
    spec = spec_of("learning_rate = [0.001, 0.01]\nepochs = [1, 3]")
    found = read(spec, {1: [0.9], 2: [0.1, 0.2, 0.3], 3: [0.9], 4: [0.4, 0.5, 0.6]})
    assert found.means == pytest.approx(np.array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]]))
    assert found.n.tolist() == [1, 1]


def test_a_training_that_stopped_early_keeps_what_it_had() -> None:
    spec = spec_of("learning_rate = [0.001, 0.01]\nfilters = [4, 8]", "epochs = 3\nearly_stopping = 1")
    found = read(spec, {1: [0.4, 0.2], 2: [0.2, 0.4, 0.6], 3: [0.5]})
    assert found.means == pytest.approx(np.array([[0.3, 0.3, 0.4], [0.5, 0.5, 0.5]]))
    assert found.n.tolist() == [2, 1]


def test_a_value_without_a_training_has_no_numbers() -> None:
    spec = spec_of("learning_rate = [0.001, 0.01]", "epochs = 2")
    found = read(spec, {1: [0.4, 0.2]})
    assert np.isnan(found.means[1]).all()
    assert found.n.tolist() == [1, 0]
    assert read(spec, {}).means.shape == (2, 0)


@pytest.mark.parametrize(
    ("grid", "trials", "said"),
    [
        ("learning_rate = [0.001, 0.01]", [1, 2], "has the same ones"),
        ("schedule = ['constant', 'cosine', 'step']", [1], "has the same ones"),
        ("schedule = ['constant', 'cosine', 'step']", [1, 2, 3], "Schedule cosine and step runs over"),
        ("schedule = ['reduce_on_plateau', 'cosine']", [1], "has the same ones"),
    ],
)
def test_a_schedule_over_the_whole_training_is_named(grid: str, trials: list[int], said: str) -> None:
    assert said in about_shorter(spec_of(grid), np.array(trials))[0]


def test_a_grid_of_epochs_is_told_that_its_longest_trainings_would_do() -> None:
    said = fewer_would_do(spec_of("learning_rate = [0.001, 0.01]\nepochs = [3, 12, 6]"))
    assert "those of 3 and 6: with epochs = 12 alone, 2 trainings tell the same" in said


@pytest.mark.parametrize(
    ("grid", "fixed"),
    [
        ("learning_rate = [0.001, 0.01]", "epochs = 3"),
        ("epochs = [3, 6]", "schedule = 'cosine'"),
        ("epochs = [3, 6]\nschedule = ['constant', 'one_cycle']", ""),
    ],
)
def test_a_grid_whose_short_trainings_are_others_is_left_as_it_is(grid: str, fixed: str) -> None:
    assert fewer_would_do(spec_of(grid, fixed)) == ""


def test_of_other_code_it_cannot_be_told() -> None:
    spec = SessionSpec.parse(
        "[model]\ncommand = 'run {lr}'\n[grid]\nlr = [1, 2]\n[session]\nobjective = 'val_loss'\n"
    )
    assert "unless their code" in about_shorter(spec, np.array([1]))[0]
