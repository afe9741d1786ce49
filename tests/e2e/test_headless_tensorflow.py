"""The whole job with the real TensorFlow: train, look, export, and all of it agrees."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path
from typing import Any

import pytest

SPEC = """
[data]
source = "fruit"
image_size = [16, 16]
classes = 3
train_per_class = 8
validation_per_class = 4

[grid]
learning_rate = [0.03, 0.3]
loss = ["poisson", "mean_squared_error"]

[fixed]
epochs = 2
filters = 2
kernel_size = 2
conv_layers = 1
optimizer = "sgd"
batch_size = 8

[session]
replicates = 2
"""


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.tf
def test_what_show_says_and_the_three_tables_agree(hpo_tui: Any, tmp_path: Path) -> None:
    (tmp_path / "real.toml").write_text(SPEC)
    trained = hpo_tui("run", "real.toml", "--headless", "--workers", "1")
    assert trained.returncode == 0, trained.stdout + trained.stderr
    assert "8 trainings: 8 complete" in trained.stdout

    shown = json.loads(hpo_tui("show", "real", "--json").stdout)
    assert hpo_tui("export", "real", "--to", "out").returncode == 0
    trials, replicates, epochs = (
        rows_of(tmp_path / "out" / f"{n}.csv") for n in ("trials", "replicates", "epochs")
    )

    assert (shown["session"], shown["status"]) == ("real", "finished")
    assert shown["counts"]["complete"] == len(replicates) == 8
    assert [int(row["trial"]) for row in trials] == [trial["trial"] for trial in shown["trials"]] == [1, 2, 3, 4]
    for trial, row in zip(shown["trials"], trials, strict=True):
        scores = [entry["metrics"]["val_accuracy"] for entry in trial["replicates"]]
        assert float(row["mean_val_accuracy"]) == trial["mean"]["val_accuracy"] == math.fsum(scores) / 2
        assert float(row["learning_rate"]) == trial["values"]["learning_rate"]
        mine = [row for row in replicates if int(row["trial"]) == trial["trial"]]
        assert [float(row["val_accuracy"]) for row in mine] == scores
        assert [int(row["seed"]) for row in mine] == [entry["seed"] for entry in trial["replicates"]]
        for entry in trial["replicates"]:
            ours = [
                row
                for row in epochs
                if (int(row["trial"]), int(row["replicate"])) == (trial["trial"], entry["replicate"])
            ]
            assert [int(row["epoch"]) for row in ours] == [1, 2]
            assert float(ours[-1]["val_accuracy"]) == entry["metrics"]["val_accuracy"]
            assert float(ours[-1]["val_loss"]) == entry["metrics"]["val_loss"]
