"""Records real trainings for truth.py: one hyperparameter at a time, many seeds, shared by its values or own.

    python tests/bench/truth_pool.py [--seeds 30]

Runs ``hpo-tui`` itself on small images and writes truth_pool.csv: hyperparameter, value, seeds, replicate, and the
last epoch's val_accuracy. What is recorded says how far real trainings with one seed are copies of each other.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from image_folders import SHAPES
from truth_draws import POOL

VARIED: dict[str, str] = {
    "l2": "[0.0, 1e-5, 1e-4, 1e-3]",
    "loss": '["poisson", "categorical_crossentropy", "mean_squared_error"]',
    "learning_rate": "[1e-3, 2e-3, 4e-3]",
}
"""Each hyperparameter and its values, as a spec writes them."""

FIXED = {"learning_rate": 2e-3, "epochs": 6, "batch_size": 32, "filters": 8}

SPEC = """
[data]
source = "folder"
path = {path}
image_size = [48, 48]
[grid]
{name} = {values}
[fixed]
{fixed}
[session]
replicates = {count}
seeds = "{seeds}"
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Train and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--shapes", type=Path, default=SHAPES, help="a folder of images")
    parser.add_argument("--out", type=Path, default=POOL)
    arguments = parser.parse_args(argv)
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        for name, values in VARIED.items():
            for seeds in ("shared", "own"):
                spec = Path(scratch, f"{name}-{seeds}.toml")
                fixed = "\n".join(f"{key} = {value}" for key, value in FIXED.items() if key != name)
                path = json.dumps(str(arguments.shapes.resolve()))
                text = SPEC.format(
                    path=path, name=name, values=values, count=arguments.seeds, seeds=seeds, fixed=fixed
                )
                spec.write_text(text, encoding="utf-8")
                hpo_tui = [sys.executable, "-m", "hpo_tui"]
                place = ["--sessions", scratch]
                subprocess.run([*hpo_tui, "run", str(spec), "--headless", *place], check=True, stdout=sys.stderr)
                shown = subprocess.run(
                    [*hpo_tui, "show", spec.stem, "--json", *place], check=True, capture_output=True
                ).stdout
                rows += [
                    (name, trial["values"][name], seeds, one["replicate"], f"{one['metrics']['val_accuracy']:.6g}")
                    for trial in json.loads(shown)["trials"]
                    for one in trial["replicates"]
                ]
    with arguments.out.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("hyperparameter", "value", "seeds", "replicate", "val_accuracy"))
        table.writerows(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
