"""Another way's script in as many processes as hpo-tui has workers, each with its share of grid and cores.

Usage: ``side_by_side.py SCRIPT PLAN.json RESULTS.json``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from grid_plan import Plan, Result, load_plan, load_results, save_plan, save_results

AXES = ("learning_rates", "losses", "filters")


def shares(plan: Plan, count: int) -> list[Plan]:
    """Cut the plan's grid along the hyperparameter that gives the most even parts; at most ``count`` of them."""

    def unevenness(axis: str) -> float:
        values = len(getattr(plan, axis))
        return -(-values // count) * count / values

    axis = min(AXES, key=unevenness)
    values: Sequence[object] = getattr(plan, axis)
    cut = [values[number::count] for number in range(count)]
    return [replace(plan, **{axis: part}) for part in cut if part]  # type: ignore[arg-type]


def main(script: str, plan_path: Path, results_path: Path) -> None:
    """Train each share in a process of its own."""
    plan = load_plan(plan_path)
    parts = shares(plan, plan.workers)
    threads = str(max(1, (os.cpu_count() or 1) // len(parts)))
    environment = {**os.environ, "TF_NUM_INTRAOP_THREADS": threads, "TF_NUM_INTEROP_THREADS": threads}
    with tempfile.TemporaryDirectory() as folder:
        running = []
        for number, part in enumerate(parts):
            mine, theirs = Path(folder, f"plan{number}.json"), Path(folder, f"results{number}.json")
            save_plan(part, mine)
            command = [sys.executable, str(Path(__file__).with_name(script)), str(mine), str(theirs)]
            running.append((part, theirs, subprocess.Popen(command, env=environment)))
        failed = [process.returncode for _, _, process in running if process.wait()]
        if failed:
            sys.exit(1)
        save_results(
            [
                Result(plan.trial_of(*part.combinations()[one.trial - 1]), one.replicate, one.val_accuracy)
                for part, results, _ in running
                for one in load_results(results)
            ],
            results_path,
        )


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
