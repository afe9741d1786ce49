"""The paper's way: a new interpreter for each training, one after the other.

Usage: ``paper_way.py PLAN.json RESULTS.json``; with ``--training N`` it is the interpreter of the N-th.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from itertools import islice
from pathlib import Path

from grid_plan import Plan, Result, load_plan, load_results, save_results


def main() -> None:
    """Train the plan, or one training of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("plan", type=Path)
    parser.add_argument("results", type=Path)
    parser.add_argument("--training", type=int, help="0-based")
    arguments = parser.parse_args()
    plan = load_plan(arguments.plan)
    if arguments.training is not None:
        save_results([train(plan, arguments.training)], arguments.results)
        return
    command = [sys.executable, __file__, str(arguments.plan), str(arguments.results)]
    results = []
    for number, _ in enumerate(plan.trainings()):
        subprocess.run([*command, "--training", str(number)], check=True)
        results += load_results(arguments.results)
    save_results(results, arguments.results)


def train(plan: Plan, number: int) -> Result:
    """Read the images, build the network, fit it."""
    from keras_peer import compiled_model, fit, read_images

    training = next(islice(plan.trainings(), number, None))
    parts = read_images(plan)
    classes = parts[0].labels.shape[1]
    model = compiled_model(plan, classes, training.learning_rate, training.loss, training.filters)
    return Result(training.trial, training.replicate, fit(model, plan, parts))


if __name__ == "__main__":
    main()
