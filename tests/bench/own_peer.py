"""Trains a user's Keras model as others do.

``own_peer.py kerastuner|fit MODEL.py WORKERS REPLICATES RESULTS.json``: in as many processes as there are workers,
each with its share of the first hyperparameter's values and of the cores. The results are the objective of every
training.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from itertools import product
from pathlib import Path
from typing import Any

BATCH = 64


def load(path: Path) -> Any:
    """Return the user's file as a module."""
    spec = importlib.util.spec_from_file_location("own_model", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def by_fit(model: Any, grid: dict[str, list[Any]], replicates: int) -> list[float]:
    """Build and fit, one training after the other."""
    import keras
    import keras_tuner

    (x, y), validation = model.data()
    scores = []
    for replicate, values in product(range(replicates), product(*grid.values())):
        keras.backend.clear_session()
        keras.utils.set_random_seed(replicate)
        hp = keras_tuner.HyperParameters()
        hp.values = dict(zip(grid, values, strict=True))
        history = model.build_model(hp).fit(
            x, y, validation_data=validation, epochs=model.EPOCHS, batch_size=BATCH, verbose=0
        )
        scores.append(history.history[model.OBJECTIVE][-1])
    return scores


def by_kerastuner(model: Any, grid: dict[str, list[Any]], replicates: int) -> list[float]:
    """Let KerasTuner search the grid."""
    import keras_tuner

    hp = keras_tuner.HyperParameters()
    for name, values in grid.items():
        hp.Choice(name, values)
    direction = "min" if model.OBJECTIVE.endswith("mae") else "max"
    with tempfile.TemporaryDirectory() as folder:
        tuner = keras_tuner.GridSearch(
            model.build_model,
            keras_tuner.Objective(model.OBJECTIVE, direction),
            hyperparameters=hp,
            executions_per_trial=replicates,
            directory=folder,
        )
        (x, y), validation = model.data()
        tuner.search(x, y, validation_data=validation, epochs=model.EPOCHS, batch_size=BATCH, verbose=0)
        trials = tuner.oracle.trials.values()
        return [trial.score for trial in trials for _ in range(replicates)]


def main(kind: str, path: Path, workers: int, replicates: int, results: Path) -> None:
    """Start the shares, or train one (``RESULTS`` of it ends with its number, after "share")."""
    model = {"kerastuner": by_kerastuner, "fit": by_fit}[kind]
    share = os.environ.get("OWN_SHARE")
    if share is not None:
        own = load(path)
        first, *rest = own.GRID.items()
        grid = {first[0]: first[1][int(share) :: workers], **dict(rest)}
        results.write_text(json.dumps(model(own, grid, replicates)), encoding="utf-8")
        return
    threads = str(max(1, (os.cpu_count() or 1) // workers))
    shared = {**os.environ, "TF_NUM_INTRAOP_THREADS": threads, "TF_NUM_INTEROP_THREADS": threads}
    places = [results.with_suffix(f".{number}.json") for number in range(workers)]
    command = [sys.executable, __file__, kind, str(path), str(workers), str(replicates)]
    running = [
        subprocess.Popen([*command, str(place)], env={**shared, "OWN_SHARE": str(number)})
        for number, place in enumerate(places)
    ]
    statuses = [process.wait() for process in running]
    if any(statuses):
        sys.exit(1)
    results.write_text(json.dumps([score for place in places for score in json.loads(place.read_text())]))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), Path(sys.argv[5]))
