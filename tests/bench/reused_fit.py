"""A careful hand-written loop over Keras ``fit``: images read once, each network compiled once and trained again.

Usage: ``reused_fit.py PLAN.json RESULTS.json``. Weights are drawn anew for each training, the optimizer's state is
set back and its learning rate set, so that TensorFlow traces a network once for all learning rates and replicates.
"""

from __future__ import annotations

import sys
from itertools import product
from pathlib import Path

import keras
from grid_plan import Result, load_plan, save_results
from keras_peer import compiled_model, feeds, read_images


def renew(model: keras.Model, learning_rate: float) -> None:
    """Make a trained model as good as new."""
    for layer in model.layers:
        for name in ("kernel", "bias"):
            variable = getattr(layer, name, None)
            if variable is not None:
                initializer = getattr(layer, f"{name}_initializer")
                config = initializer.get_config()
                if "seed" in config:  # one with its seed would draw the same weights again
                    initializer = type(initializer).from_config({**config, "seed": None})
                variable.assign(initializer(variable.shape, variable.dtype))
    for variable in model.optimizer.variables:
        variable.assign(keras.ops.zeros_like(variable))
    model.optimizer.learning_rate = learning_rate


def main(plan_path: Path, results_path: Path) -> None:
    """Train the plan's grid."""
    plan = load_plan(plan_path)
    parts = read_images(plan)
    training, validation = feeds(parts, plan.batch_size)
    results = []
    for loss, filters in product(plan.losses, plan.filters):
        model = compiled_model(plan, parts[0].labels.shape[1], plan.learning_rates[0], loss, filters)
        for replicate, rate in product(range(1, plan.replicates + 1), plan.learning_rates):
            renew(model, rate)
            history = model.fit(training, validation_data=validation, epochs=plan.epochs, shuffle=False, verbose=0)
            score = float(history.history["val_accuracy"][-1])
            results.append(Result(plan.trial_of(rate, loss, filters), replicate, score))
    save_results(results, results_path)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
