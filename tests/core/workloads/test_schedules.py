"""The learning rate of each step: numbers alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hpo_core.plan.hyperparameters import SCHEDULES, WITHOUT_AN_END
from hpo_core.workloads.paper.schedules import LearningRate


def rates(schedule: str, epochs: int = 10, warmup: float = 0.0) -> Any:
    values = {"learning_rate": 0.5, "schedule": schedule, "warmup_epochs": warmup}
    rate = LearningRate(values, epochs, 10)
    return np.concatenate([rate.rates(epoch) for epoch in range(1, epochs + 1)])


@pytest.mark.parametrize(
    ("schedule", "first", "middle", "last"),
    [
        ("constant", 0.5, 0.5, 0.5),
        ("reduce_on_plateau", 0.5, 0.5, 0.5),
        ("step", 0.5, 0.05, 0.005),
        ("exponential", 0.5, 0.05, 0.5 * 0.01**0.99),
        ("cosine", 0.5, 0.25, 0.25 * (1 + np.cos(0.99 * np.pi))),
        ("one_cycle", 0.02, 0.5 * 0.5 * (1 + np.cos(np.pi * 2 / 7)), 2.54e-4),
    ],
)
def test_each_schedule_begins_and_ends_where_it_shall(
    schedule: str, first: float, middle: float, last: float
) -> None:
    found = rates(schedule)
    assert [found[0], found[50], found[-1]] == pytest.approx([first, middle, last], rel=1e-2)
    assert found.max() == pytest.approx(0.5)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("warmup", [0.0, 2.0])
def test_the_table_names_each_schedule_whose_epochs_do_not_depend_on_how_many_follow(
    schedule: str, warmup: float
) -> None:
    short, long = (rates(schedule, epochs, warmup) for epochs in (5, 10))
    assert np.array_equal(short, long[: len(short)]) == (schedule in WITHOUT_AN_END)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_warm_up_rises_from_0_to_where_the_schedule_begins(schedule: str) -> None:
    found, plain = rates(schedule, 10, 2.0), rates(schedule, 8)
    assert found[0] == 0
    assert np.diff(found[:20]) == pytest.approx(plain[0] / 20, rel=1e-4)
    assert found[20:] == pytest.approx(plain)


def test_a_warm_up_longer_than_the_training_only_rises() -> None:
    assert rates("cosine", 2, 4.0) == pytest.approx(0.5 * np.arange(20) / 40)


def test_a_plateau_of_two_epochs_lowers_the_rate_to_a_tenth() -> None:
    rate = LearningRate({"learning_rate": 0.5, "schedule": "reduce_on_plateau", "warmup_epochs": 0.0}, 9, 1)
    seen = []
    for epoch, loss in enumerate((3.0, 2.0, 2.0, 2.5, 2.2, 1.9, 2.0, 2.0), 1):
        seen.append(float(rate.rates(epoch)[0]))
        rate.epoch_ended(loss)
    seen.append(float(rate.rates(9)[0]))
    assert seen == pytest.approx([0.5] * 4 + [0.05] * 4 + [0.005])
