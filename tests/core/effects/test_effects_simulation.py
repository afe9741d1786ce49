"""Simulated sessions with a known truth: what matters is found, what is dead stays dead.

Hundreds of them are drawn: each is asked only for what the test reads, at a third of a whole analysis.
"""

from __future__ import annotations

import itertools

import numpy as np

from hpo_core.effects import Effect, Factor, Results, analyse
from hpo_core.effects.anova import analyse_variance
from hpo_core.effects.cells import cells_of
from hpo_core.effects.classes import classify
from hpo_core.effects.failing_values import unscored_of
from hpo_core.effects.spread import spread_of
from hpo_core.effects.winner import find_winner
from hpo_core.effects.words import sentences

FACTORS = (
    Factor("learning_rate", (1e-4, 1e-3, 1e-2)),
    Factor("dropout", (0.0, 0.2)),
    Factor("filters", (12, 24)),
    Factor("loss", ("poisson", "categorical_crossentropy", "mean_squared_error")),
)


def session(seed: int, holes: bool = False) -> Results:
    """learning_rate acts on its own, dropout and filters only against each other, loss not at all."""
    random = np.random.default_rng(seed)
    cells = np.array(list(itertools.product(range(3), range(2), range(2), range(3))))
    codes = np.tile(cells, (3, 1))
    truth = np.array([0.80, 0.90, 0.86])[codes[:, 0]] + np.where(codes[:, 1] == codes[:, 2], 0.015, -0.015)
    replicate = np.repeat([1, 2, 3], len(cells))
    y = truth + random.normal(0, 0.02, len(codes))
    results = Results(FACTORS, codes, y, replicate, np.tile(np.arange(1, 37), 3))
    return results.only(random.random(len(y)) > 0.15) if holes else results


def effects_of(results: Results) -> tuple[Effect, ...]:
    return analyse_variance(cells_of(results), results.factors, 2).effects


def read_right(effects: tuple[Effect, ...]) -> bool:
    verdicts = {line.factors: line.verdict for line in effects}
    dead = [verdict for factors, verdict in verdicts.items() if "loss" in factors]
    return (
        verdicts["learning_rate",] == "decides"
        and verdicts["dropout", "filters"] in ("decides", "matters")
        and verdicts["dropout",] == verdicts["filters",] == "no detectable effect"
        and set(dead) == {"no detectable effect"}
    )


def test_a_known_effect_interaction_and_dead_hyperparameter_are_read_right_in_90_of_100_draws() -> None:
    assert sum(read_right(effects_of(session(seed))) for seed in range(100)) >= 90


def test_the_same_holds_with_a_sixth_of_the_trainings_missing() -> None:
    assert sum(read_right(effects_of(session(seed, holes=True))) for seed in range(100)) >= 90


def test_the_truth_is_said_in_words() -> None:
    found = analyse(session(1), metric="accuracy")
    assert read_right(found.effects)
    words = sentences(found)
    assert words[0].startswith("learning_rate decides (")
    assert "dropout matters only together with filters." in words
    assert any(sentence.startswith("loss: no detectable effect (p = ") for sentence in words)


def test_no_truth_at_all_is_mistaken_for_one_in_at_most_a_tenth_of_the_draws() -> None:
    wrong = 0
    for seed in range(100):
        results = session(seed)
        noise = results.measured(np.random.default_rng(seed).normal(size=len(results)))
        wrong += any(line.real for line in effects_of(noise))
    assert wrong <= 10


def test_the_probability_of_the_winner_is_true_on_average() -> None:
    """Trials drawn from a known spread: of those said to win with 70 %, about 70 % are truly better."""
    claimed, true = [], []
    for seed in range(300):
        random = np.random.default_rng(seed)
        truth = random.normal(0, 1, 24)
        trial = np.tile(np.arange(24), 3)
        y = truth[trial] + random.normal(0, 1, 72)
        factor = Factor("width", tuple(range(24)))
        results = Results((factor,), trial[:, np.newaxis], y, np.repeat([1, 2, 3], 24), trial + 1)
        cells = cells_of(results)
        spread = spread_of(cells, analyse_variance(cells, results.factors, 2, seen=False))
        best = find_winner(cells, results, spread, True, unscored_of(results, classify(results), False))
        assert best.second is not None
        claimed.append(best.probability)
        true.append(truth[best.best.trial - 1] > truth[best.second.trial - 1])
    assert abs(np.mean(claimed) - np.mean(true)) < 0.06
