"""KerasTuner's GridSearch, ``executions_per_trial`` for the replicates.

Usage: ``keras_tuner_grid.py PLAN.json RESULTS.json``.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import keras
import keras_tuner  # type: ignore[import-untyped]
from grid_plan import Plan, Result, load_plan, save_results
from keras_peer import compiled_model, feeds, read_images


class Network(keras_tuner.HyperModel):  # type: ignore[misc]
    """Builds the network from the tuner's values and keeps what each execution came to."""

    def __init__(self, plan: Plan, classes: int) -> None:
        super().__init__()
        self.results: list[Result] = []
        self._plan, self._classes = plan, classes
        self._executions: dict[int, int] = {}

    def build(self, hp: Any) -> keras.Model:
        """Declare the grid; return the network of a trial."""
        return compiled_model(
            self._plan,
            self._classes,
            hp.Choice("learning_rate", list(self._plan.learning_rates)),
            hp.Choice("loss", list(self._plan.losses)),
            hp.Choice("filters", list(self._plan.filters)),
        )

    def fit(self, hp: Any, model: keras.Model, *args: Any, **options: Any) -> Any:
        """Fit, and note the last epoch's accuracy."""
        history = model.fit(*args, **options)
        trial = self._plan.trial_of(hp.get("learning_rate"), hp.get("loss"), hp.get("filters"))
        self._executions[trial] = replicate = self._executions.get(trial, 0) + 1
        self.results.append(Result(trial, replicate, float(history.history["val_accuracy"][-1])))
        return history


def main(plan_path: Path, results_path: Path) -> None:
    """Search the plan's grid."""
    plan = load_plan(plan_path)
    parts = read_images(plan)
    training, validation = feeds(parts, plan.batch_size)
    network = Network(plan, parts[0].labels.shape[1])
    with tempfile.TemporaryDirectory() as folder:
        tuner = keras_tuner.GridSearch(
            network,
            objective="val_accuracy",
            max_trials=None,
            executions_per_trial=plan.replicates,
            directory=folder,
            project_name="grid",
        )
        tuner.search(training, validation_data=validation, epochs=plan.epochs, shuffle=False, verbose=0)
    save_results(network.results, results_path)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
