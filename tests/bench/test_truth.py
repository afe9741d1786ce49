"""The quick form of truth.py: sessions with a known truth, few draws of each kind, seeded."""

from __future__ import annotations

import numpy as np
import pytest
from truth_draws import (
    KINDS_OF_TRUTH,
    METRIC,
    NOTHING,
    POOL,
    SD,
    Nothing,
    alarm_at_any_look,
    alike,
    best_is_dropped,
    false_alarm,
    found_at,
    from_pool,
    pools,
    said_to_be_seen,
    shifted,
    spread_out,
    with_effects,
)

from hpo_core.effects import analyse

DRAWS = 40
MOST_ALARMS = 7
"""Of 40 draws at 6 % each, more come in less than 1 of 200 such tests."""


def random(*numbers: int) -> np.random.Generator:
    return np.random.default_rng(list(numbers))


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(kind, id=kind.kind, marks=pytest.mark.long if place % 2 else ())
        for place, kind in enumerate(kind for kind in NOTHING if kind.shape == (3, 2, 3))
    ],
)
def test_where_nothing_matters_nothing_is_found(kind: Nothing) -> None:
    assert sum(false_alarm(kind.draw(random(1, draw))) for draw in range(DRAWS)) <= MOST_ALARMS


@pytest.mark.parametrize("which", [("l2", "shared"), ("l2", "own")], ids=lambda which: which[1])
def test_a_hyperparameter_that_only_draws_lots_is_not_found_on_real_trainings(which: tuple[str, str]) -> None:
    draw_from = from_pool(pools()[which], which[1] == "shared", 2)
    assert sum(false_alarm(draw_from(random(2, draw)), only="b") for draw in range(DRAWS)) <= MOST_ALARMS


def test_real_trainings_with_one_seed_are_near_copies_of_one_another() -> None:
    """Why shared seeds need an analysis of their own: what is correlated is one piece of evidence, not four."""
    shared, own = (np.corrcoef(pools()["l2", seeds]) for seeds in ("shared", "own"))
    apart = ~np.eye(4, dtype=bool)
    assert shared[apart].mean() > 0.5 > abs(own[apart].mean())


def test_looking_on_the_way_does_not_add_up() -> None:
    draws = [alike((3, 2, 3), 5, random(3, draw)) for draw in range(DRAWS)]
    assert sum(alarm_at_any_look(5, results) for results in draws) <= MOST_ALARMS


def test_an_effect_of_two_sd_is_found() -> None:
    found = [
        found_at(shifted((3, 2, 3), draw % 3, 2 * SD, random(4, draw)), draw % 3) for draw in range(2 * DRAWS)
    ]
    assert sum(found) >= 0.85 * len(found)


@pytest.mark.parametrize("how", KINDS_OF_TRUTH)
def test_the_truly_best_trial_is_not_dropped(how: str) -> None:
    assert sum(best_is_dropped(with_effects((3, 2, 3), 2, random(5, draw), how)) for draw in range(DRAWS)) <= 2


def test_what_would_have_been_seen_is_seen() -> None:
    seen = []
    for draw in range(DRAWS):
        said = said_to_be_seen(analyse(alike((3, 2, 3), 2, random(6, draw)), metric=METRIC), 0)
        if said == said:
            seen.append(found_at(spread_out((3, 2, 3), 0, said, random(7, draw)), 0))
    assert len(seen) > DRAWS / 2
    assert sum(seen) >= 0.75 * len(seen)


def test_the_pool_is_there() -> None:
    assert POOL.is_file()
    assert {seeds for _, seeds in pools()} == {"shared", "own"}
