"""The limit: a hand-written loop over hpo-tui's own compiled step, without engine, journal, orders or progress.

Usage: ``bare_loop.py PLAN.json RESULTS.json``; it starts ``plan.workers`` processes of itself (``--share N``),
each with one thread and every so-many-th training.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from itertools import islice
from pathlib import Path
from typing import Any

from grid_plan import Plan, Result, load_plan, load_results, save_results
from ways import spec_text

from hpo_core.plan.grid import JobKey
from hpo_core.plan.spec import SessionSpec


def main() -> None:
    """Train the plan, or one process's share of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("plan", type=Path)
    parser.add_argument("results", type=Path)
    parser.add_argument("--share", type=int, help="0-based")
    arguments = parser.parse_args()
    plan = load_plan(arguments.plan)
    if arguments.share is not None:
        save_results(train_share(plan, arguments.share), arguments.results)
        os._exit(0)  # as a worker does: TensorFlow's farewell takes up to a second
    places = [arguments.results.with_suffix(f".{share}.json") for share in range(plan.workers)]
    command = [sys.executable, __file__, str(arguments.plan)]
    processes = [subprocess.Popen([*command, str(place), "--share", str(n)]) for n, place in enumerate(places)]
    statuses = [process.wait() for process in processes]
    if any(statuses):
        sys.exit("a process of the bare loop failed")
    save_results([result for place in places for result in load_results(place)], arguments.results)


def train_share(plan: Plan, share: int) -> list[Result]:
    """Train every ``plan.workers``-th training; the networks of one kind follow each other."""
    from hpo_core.workloads.images.dataset import prepare
    from hpo_core.workloads.keras_process import prepare_environment, quick_imports, set_up

    prepare_environment("cpu", 1)
    with quick_imports():
        from hpo_core.workloads.paper import program as train
        from hpo_core.workloads.paper.tensors import feeds

    set_up(1, "cpu")
    spec = SessionSpec.parse(spec_text(plan, {}))
    data = prepare({"source": "folder", "path": plan.data, "image_size": list(plan.image_size)})
    training_images, validation_images = feeds(data, "cpu", 1)
    programs = {}
    results = []
    for one in islice(sorted(plan.trainings(), key=lambda one: one.filters), share, None, plan.workers):
        if one.filters not in programs:
            programs[one.filters] = train.Program(spec.values_of(one.trial), data.image_size, len(data.classes))
        key = JobKey(one.trial, one.replicate)
        accuracy = fit(spec, key, programs[one.filters], training_images, validation_images)
        results.append(Result(one.trial, one.replicate, accuracy))
    return results


def fit(spec: SessionSpec, key: JobKey, program: Any, train_feed: Any, validation_feed: Any) -> float:
    """Train one replicate and return its validation accuracy after the last epoch."""
    import numpy as np

    from hpo_core.workloads.paper.training import EVALUATION_BATCH, epoch_order

    def nothing(*_: object) -> None:
        pass

    seed, values = spec.seed_of(key), spec.values_of(key.trial)
    program.reset(seed, values)
    accuracy = 0.0
    for epoch in range(1, spec.epochs_of(key.trial) + 1):
        program.train(train_feed, epoch_order(train_feed.count, seed, epoch), values["batch_size"], nothing)
        seen = program.evaluate(validation_feed, np.arange(validation_feed.count), EVALUATION_BATCH, nothing)
        accuracy = float(seen.metrics()["accuracy"])
    return accuracy


if __name__ == "__main__":
    main()
