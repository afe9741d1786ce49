"""A person has a file for KerasTuner: it runs here as it is, with the scores that KerasTuner finds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hpo_core import open_session
from hpo_core.interop.import_table import understand
from hpo_core.plan.seeds import replicate_seed

OWN = Path(__file__).parent / "own"
AS_HERE = {"CUDA_VISIBLE_DEVICES": "-1", "OMP_NUM_THREADS": "1", "TF_ENABLE_ONEDNN_OPTS": "1"}
"""What hpo-tui sets for its workers: both round alike with it."""


@pytest.mark.long
@pytest.mark.tf
def test_a_kerastuner_file_has_the_same_scores_in_both_tools_for_the_same_seed(
    hpo_tui: Any, tmp_path: Path
) -> None:
    pytest.importorskip("keras_tuner")
    (tmp_path / "tuned.py").write_bytes((OWN / "tuned.py").read_bytes())
    spec = tmp_path / "mine.toml"
    assert hpo_tui("new", "tuned.py", "--to", spec).returncode == 0
    said = spec.read_text()
    for line in ("layers = [1, 2]", "lr = [0.001, 0.1]", "dropout = [0.1, 0.3]", "epochs = 2", "batch_size = 16"):
        assert line in said, "what hides behind an if is found too"
    spec.write_text(said + 'seeds = "shared"\n')
    done = hpo_tui("run", spec, "--set", "dropout=0.1", "--headless", "--workers", "1")
    assert (done.returncode, done.stderr) == (0, "")
    assert "180 training and 60 validation examples" in done.stdout
    assert not (tmp_path / "searched").exists(), "KerasTuner itself searched nothing"

    searched = subprocess.run(
        [sys.executable, OWN / "search_with_seed.py", "tuned.py", str(replicate_seed(0, 1))],
        cwd=tmp_path,
        env={**os.environ, **AS_HERE, "TF_NUM_INTRAOP_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=200,
        check=True,
    )
    line = next(line for line in searched.stdout.splitlines() if line.startswith("trials "))
    theirs = {
        (values["layers"], values["lr"]): score
        for values, score in json.loads(line.removeprefix("trials "))
        if values.get("dropout", 0.1) == 0.1
    }
    mine = open_session(tmp_path / "sessions" / "mine")
    best = mine.epochs["val_accuracy"].groupby("trial").max()  # KerasTuner's score is that of the best epoch
    ours = {(row.layers, row.lr): best[trial] for trial, row in mine.trials.iterrows()}
    assert len(theirs) == 4
    assert ours == pytest.approx(theirs, abs=1e-6)

    project = understand(tmp_path / "searched")
    names = project.table.names
    read = {}
    for training in project.table.trainings:
        values = dict(zip(names, map(str, training.values), strict=True))
        if values["dropout"] in ("0.1", "not set"):
            read[int(values["layers"]), float(values["lr"])] = training.epochs[-1]["val_accuracy"]
    assert read == pytest.approx(theirs, abs=1e-6), "its folder comes in as it is"
