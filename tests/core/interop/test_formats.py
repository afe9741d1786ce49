"""Results of other programs come in: files and folders are known by their content."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
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


def test_rays_failed_trials_are_failed_and_its_files_stand_for_the_folder(tmp_path: Path) -> None:
    for number, rate in enumerate(LR["lr"]):
        folder = tmp_path / "exp" / f"train_{number}"
        folder.mkdir(parents=True)
        (folder / "params.json").write_text(json.dumps({"lr": rate}))
        lines = [{"training_iteration": n, "loss": rate, "trial_id": f"t{number}"} for n in (1, 2)]
        (folder / "result.json").write_text(
            "".join(json.dumps(line) + "\n" for line in lines) if not number else ""
        )
        (folder / "progress.csv").write_text("loss,training_iteration\n0.1,1\n")
    (tmp_path / "exp" / "train_1" / "error.txt").write_text("boom")
    state = tmp_path / "exp" / "experiment_state-1.json"
    state.write_text("{}")
    for path in (tmp_path / "exp", state):
        table = understand(path)
        assert dict(table.values) == LR
        assert [(t.status, len(t.epochs)) for t in table.table.trainings] == [("complete", 2), ("failed", 0)]


def write_mlflow(folder: Path, run: str, status: int, rate: float, points: list[float]) -> None:
    for inner in ("params", "metrics/val", "tags"):
        (folder / run / inner).mkdir(parents=True)
    (folder / run / "meta.yaml").write_text(f"lifecycle_stage: active\nrun_id: {run}\nstatus: {status}\n")
    (folder / run / "params" / "lr").write_text(str(rate))
    lines = "".join(f"1795865582319 {value} {step}\n" for step, value in enumerate(points))
    (folder / run / "metrics" / "val" / "loss").write_text(lines)


@pytest.mark.parametrize("given", ["mlruns", "mlruns/7"])
def test_mlflows_runs_come_in_as_curves(tmp_path: Path, given: str) -> None:
    experiment = tmp_path / "mlruns" / "7"
    experiment.mkdir(parents=True)
    (experiment / "meta.yaml").write_text("experiment_id: '7'\nlifecycle_stage: active\n")
    write_mlflow(experiment, "a1", 3, 0.1, [3.0, 2.0])
    write_mlflow(experiment, "b2", 4, 0.2, [3.0, 1.0])
    write_mlflow(experiment, "c3", 1, 0.3, [9.0])
    table = understand(tmp_path / given)
    assert (dict(table.values), dict(table.directions)) == (LR, {"val/loss": "min"})
    assert [(t.status, [e["val/loss"] for e in t.epochs]) for t in table.table.trainings] == [
        ("complete", [3.0, 2.0]), ("failed", [3.0, 1.0]),
    ]  # fmt: skip
    assert "1 row left out, which had not ended: running" in table.table.notes


def test_mlflows_database_comes_in(tmp_path: Path) -> None:
    file = tmp_path / "mlflow.db"
    with closing(sqlite3.connect(file)) as database:
        database.executescript(
            """
            CREATE TABLE runs (run_uuid TEXT, status TEXT, lifecycle_stage TEXT, start_time INTEGER);
            CREATE TABLE params (key TEXT, value TEXT, run_uuid TEXT);
            CREATE TABLE metrics (key, value REAL, run_uuid, step INTEGER, is_nan INTEGER, timestamp INTEGER);
            INSERT INTO runs VALUES ('a', 'FINISHED', 'active', 1), ('b', 'FINISHED', 'active', 2),
                                    ('c', 'FINISHED', 'deleted', 3);
            INSERT INTO params VALUES ('lr', '0.1', 'a'), ('lr', '0.2', 'b');
            INSERT INTO metrics VALUES
                ('loss', 3, 'a', 0, 0, 1), ('loss', 2, 'a', 1, 0, 2), ('acc', 0.5, 'a', 0, 0, 2),
                ('loss', 3, 'b', 0, 0, 1), ('loss', 0, 'b', 1, 1, 2), ('acc', 0.6, 'b', 0, 0, 2);
            """
        )
    table = understand(file)
    assert (dict(table.values), dict(table.directions)) == (LR, {"acc": "max", "loss": "min"})
    assert [(t.status, t.epochs[-1]) for t in table.table.trainings] == [
        ("complete", {"acc": 0.5, "loss": 2.0}), ("diverged", {"acc": 0.6, "loss": None}),
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["W&B's own folders", "pairs of JSON files"])
def test_config_and_summary_come_in_as_pairs(tmp_path: Path, kind: str) -> None:
    for number, rate in enumerate(LR["lr"]):
        summary = json.dumps({"loss": rate, "_runtime": 3, "_wandb": {"runtime": 3}})
        if kind.startswith("W&B"):
            pytest.importorskip("yaml")
            folder = tmp_path / "wandb" / f"run-{number}" / "files"
            folder.mkdir(parents=True)
            (folder / "config.yaml").write_text(
                f"wandb_version: 1\n_wandb:\n  value: {{}}\nlr:\n  value: {rate}\n"
            )
            (folder / "wandb-summary.json").write_text(summary)
        else:
            folder = tmp_path / f"run-{number}"
            folder.mkdir()
            (folder / "config.json").write_text(json.dumps({"lr": rate}))
            (folder / "metrics.json").write_text(summary)
    table = understand(tmp_path)
    assert (dict(table.values), dict(table.directions)) == (LR, {"loss": "min"})


def test_logs_that_say_nothing_of_their_settings_are_told_apart_by_their_names(tmp_path: Path) -> None:
    for run in ("small", "large"):
        (tmp_path / run).mkdir()
        (tmp_path / run / "log.csv").write_text("epoch,loss\n0,3\n1,2\n")
    table = understand(tmp_path)
    assert (dict(table.values), len(table.table.trainings[0].epochs)) == ({"log": ("large", "small")}, 2)


def test_tensorboards_event_files_come_in_as_keras_and_pytorch_write_them(tmp_path: Path) -> None:
    write_events = pytest.importorskip("tensorboard.summary.writer.record_writer").RecordWriter
    hparams = pytest.importorskip("tensorboard.plugins.hparams.summary_v2")
    proto = pytest.importorskip("tensorboard.compat.proto.event_pb2")
    summary = pytest.importorskip("tensorboard.compat.proto.summary_pb2").Summary

    def write(folder: Path, events: list[Any]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "events.out.tfevents.1.host").open("wb") as file:
            for event in events:
                write_events(file).write(event.SerializeToString())

    def scalars(tag: str, values: list[float]) -> list[Any]:
        return [
            proto.Event(step=step, summary=summary(value=[summary.Value(tag=tag, simple_value=value)]))
            for step, value in enumerate(values)
        ]

    for rate in LR["lr"]:
        about = [proto.Event(summary=hparams.hparams_pb({"lr": rate}))]
        write(tmp_path / "keras" / f"{rate}", about)
        write(tmp_path / "keras" / f"{rate}" / "train", scalars("epoch_loss", [3, 2, 1]))
        write(tmp_path / "keras" / f"{rate}" / "validation", scalars("epoch_loss", [4, 3, 2]))
        write(tmp_path / "torch" / f"{rate}", scalars("loss", [4, 3, 2]))
        write(tmp_path / "torch" / f"{rate}" / "17", about + scalars("hparam/accuracy", [0.5]))
    keras, torch = understand(tmp_path / "keras"), understand(tmp_path / "torch")
    assert (dict(keras.values), dict(keras.directions)) == (LR, {"val_loss": "min", "loss": "min"})
    assert [epoch["val_loss"] for epoch in keras.table.trainings[0].epochs] == [4, 3, 2]
    assert (dict(torch.values), dict(torch.directions)) == (LR, {"accuracy": "max", "loss": "min"})
    assert torch.table.trainings[1].epochs[-1] == {"accuracy": 0.5, "loss": 2}


def test_what_a_missing_package_would_read_is_said_with_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "t").write_bytes(b"PAR1....")
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
    with pytest.raises(TableError, match=r"Reading t needs pyarrow: pip install 'hpo-tui\[parquet\]'\."):
        understand(tmp_path / "t")
