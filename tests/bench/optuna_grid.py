"""Optuna's GridSampler over Keras ``fit``, the replicate a part of the grid.

Usage: ``optuna_grid.py PLAN.json RESULTS.json``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import keras
import optuna
from grid_plan import Result, load_plan, save_results
from keras_peer import compiled_model, fit, read_images


def main(plan_path: Path, results_path: Path) -> None:
    """Study the plan's grid."""
    plan = load_plan(plan_path)
    parts = read_images(plan)
    classes = parts[0].labels.shape[1]
    space: dict[str, list[Any]] = {
        "replicate": list(range(1, plan.replicates + 1)),
        "learning_rate": list(plan.learning_rates),
        "loss": list(plan.losses),
        "filters": list(plan.filters),
    }
    results: list[Result] = []

    def objective(trial: optuna.Trial) -> float:
        keras.backend.clear_session()
        chosen: dict[str, Any] = {name: trial.suggest_categorical(name, values) for name, values in space.items()}
        replicate = chosen.pop("replicate")
        accuracy = fit(compiled_model(plan, classes, **chosen), plan, parts)
        results.append(Result(plan.trial_of(**chosen), replicate, accuracy))
        return accuracy

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.GridSampler(space, seed=0), direction="maximize")
    study.optimize(objective)  # ends where the grid does
    save_results(results, results_path)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
