"""Results of other programs come in: files and folders are known by their content."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hpo_core.errors import TableError
from hpo_core.interop.import_table import understand

LR = {"lr": (0.1, 0.2)}
ROWS = [{"lr": 0.1, "loss": 2.0}, {"lr": 0.2, "loss": 1.0}]
NESTED = [{"config": {"lr": row["lr"]}, "summary": {"loss": row["loss"]}, "name": "x"} for row in ROWS]

JSONS: dict[str, Any] = {
    "a list of rows": ROWS,
    "columns": {"lr": [0.1, 0.2], "loss": [2.0, 1.0]},
    "pandas": {"lr": {"0": 0.1, "1": 0.2}, "loss": {"0": 2.0, "1": 1.0}},
    "W&B: config and summary": NESTED,
    "under a key": {"runs": ROWS},
}


@pytest.mark.parametrize("found", list(JSONS.values()), ids=list(JSONS))
def test_json_comes_in(tmp_path: Path, found: Any) -> None:
    file = tmp_path / "table"
    file.write_text(json.dumps(found))
    table = understand(file)
    assert (dict(table.values), dict(table.directions)) == (LR, {"loss": "min"})


def test_json_lines_come_in_and_a_broken_line_is_named(tmp_path: Path) -> None:
    file = tmp_path / "result.json"
    file.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    assert dict(understand(file).values) == LR
    file.write_text(file.read_text() + '{"lr": 0.3, "lo\n')
    with pytest.raises(TableError, match=r"result\.json, line 3: .*; nothing was imported"):
        understand(file)


def test_parquet_comes_in(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    arrow = pytest.importorskip("pyarrow")
    parquet.write_table(arrow.Table.from_pylist(ROWS), tmp_path / "table")
    assert dict(understand(tmp_path / "table").values) == LR


@pytest.mark.parametrize("kind", ["sqlite", "journal"])
def test_optunas_storage_comes_in_with_its_direction(tmp_path: Path, kind: str) -> None:
    optuna = pytest.importorskip("optuna")
    file = tmp_path / "study"
    if kind == "sqlite":
        storage = optuna.storages.RDBStorage(f"sqlite:///{file}")
    else:
        storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(file)))
    study = optuna.create_study(storage=storage, direction="minimize")
    real = optuna.distributions.FloatDistribution(0.0, 1.0)
    for rate in (0.1, 0.2):
        study.add_trial(optuna.create_trial(params={"lr": rate}, distributions={"lr": real}, value=rate))
    if kind == "sqlite":
        storage.engine.dispose()
    before = file.read_bytes()
    table = understand(file)
    assert (dict(table.values), dict(table.directions)) == (LR, {"value": "min"})
    assert file.read_bytes() == before


def test_a_kerastuner_project_comes_in(tmp_path: Path) -> None:
    for number, rate in enumerate(LR["lr"]):
        folder = tmp_path / "project" / f"trial_{number}"
        folder.mkdir(parents=True)
        observed = {"direction": "min", "observations": [{"value": [rate, rate + 1], "step": 0}]}
        trial = {
            "trial_id": str(number),
            "hyperparameters": {"space": [], "values": {"lr": rate, "tuner/epochs": 3}},
            "metrics": {"metrics": {"val_thing": observed}},
            "score": rate,
            "status": "COMPLETED",
        }
        (folder / "trial.json").write_text(json.dumps(trial))
    table = understand(tmp_path / "project")
    assert (dict(table.values), dict(table.directions), table.trainings) == (LR, {"val_thing": "min"}, 4)


def test_a_folder_of_logs_comes_in_as_curves(tmp_path: Path) -> None:
    for rate in LR["lr"]:
        (tmp_path / f"lr={rate}.csv").write_text("epoch,loss\n0,3\n1,2\n")
    table = understand(tmp_path)
    assert (dict(table.values), table.table.trainings[0].last_epoch) == (LR, 2)


def test_ray_tunes_experiment_comes_in(tmp_path: Path) -> None:
    for rate in LR["lr"]:
        folder = tmp_path / f"train_{rate}"
        folder.mkdir()
        lines = [{"training_iteration": n, "loss": 3 - n, "pid": 7, "config": {"lr": rate}} for n in (1, 2)]
        (folder / "result.json").write_text("".join(json.dumps(line) + "\n" for line in lines))
    table = understand(tmp_path)
    assert (dict(table.values), len(table.table.trainings[1].epochs)) == (LR, 2)


def test_what_a_missing_package_would_read_is_said_with_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "t").write_bytes(b"PAR1....")
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
    with pytest.raises(TableError, match=r"Reading t needs pyarrow: pip install 'hpo-tui\[parquet\]'\."):
        understand(tmp_path / "t")
