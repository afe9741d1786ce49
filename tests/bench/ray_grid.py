"""Ray Tune's grid search, ``plan.workers`` trials at a time on one core each.

Actors are re-used, so that TensorFlow is imported once for each, and the images are read once and shared.
Usage: ``ray_grid.py PLAN.json RESULTS.json``.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"

import ray
from grid_plan import Plan, Result, load_plan, save_results
from ray import tune


def train(values: dict[str, Any], plan: Plan, parts: Any) -> None:
    """Train one replicate, in an actor."""
    import tensorflow as tf
    from keras_peer import compiled_model, fit

    if not tf.config.threading.get_intra_op_parallelism_threads():  # this actor's first
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.keras.backend.clear_session()
    chosen = {name: values[name] for name in ("learning_rate", "loss", "filters")}
    model = compiled_model(plan, parts[0].labels.shape[1], **chosen)
    tune.report({"val_accuracy": fit(model, plan, parts)})


@ray.remote
def images(plan: Plan) -> Any:
    """Read the images in a process of their own: the driver needs no TensorFlow."""
    from keras_peer import read_images

    return read_images(plan)


def main(plan_path: Path, results_path: Path) -> None:
    """Tune over the plan's grid."""
    plan = load_plan(plan_path)
    here = str(Path(__file__).parent)
    ray.init(
        num_cpus=plan.workers,
        include_dashboard=False,
        log_to_driver=False,
        runtime_env={"env_vars": {"PYTHONPATH": here}},
    )
    space = {
        "replicate": tune.grid_search(list(range(1, plan.replicates + 1))),
        "learning_rate": tune.grid_search(list(plan.learning_rates)),
        "loss": tune.grid_search(list(plan.losses)),
        "filters": tune.grid_search(list(plan.filters)),
    }
    parts = ray.get(images.remote(plan))
    with tempfile.TemporaryDirectory() as folder:
        tuner = tune.Tuner(
            tune.with_resources(tune.with_parameters(train, plan=plan, parts=parts), {"cpu": 1}),
            param_space=space,
            tune_config=tune.TuneConfig(max_concurrent_trials=plan.workers, reuse_actors=True),
            run_config=tune.RunConfig(storage_path=folder, name="grid", verbose=0),
        )
        found = tuner.fit()
    results = []
    for one in (found[number] for number in range(len(found))):
        values, metrics = dict(one.config or {}), one.metrics or {}
        replicate = values.pop("replicate")
        results.append(Result(plan.trial_of(**values), replicate, float(metrics["val_accuracy"])))
    save_results(results, results_path)
    ray.shutdown()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
