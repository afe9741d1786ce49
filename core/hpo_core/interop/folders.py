"""Folders of trainings: projects of KerasTuner, experiments of Ray Tune, runs of MLflow and W&B, logs.

A folder is known by the files in it; a file that says little alone (``oracle.json``) stands for its folder.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from hpo_core.errors import TableError
from hpo_core.interop.csv_reader import read_table
from hpo_core.interop.event_files import records_of_events
from hpo_core.interop.extras import extra
from hpo_core.interop.flat import Record, named_settings
from hpo_core.interop.plain_table import read_plain
from hpo_core.interop.records import curve_records, json_lines, table_of_records, text_of
from hpo_core.interop.roles import Asked
from hpo_core.interop.trainings import Trainings
from hpo_core.text import clean

_STANDS_FOR_ITS_FOLDER = re.compile(
    r"oracle\.json|tuner\d+\.json|experiment_state.*\.json|events\.out\.tfevents.*"
)
_MLFLOW_STATUS = {"1": "RUNNING", "2": "SCHEDULED", "3": "FINISHED", "4": "FAILED", "5": "KILLED"}


def knows_folder(path: Path) -> bool:
    """Whether this is a folder of trainings, or a file that stands for one."""
    return path.is_dir() or (_STANDS_FOR_ITS_FOLDER.fullmatch(path.name) is not None and path.is_file())


def read_folder(path: Path, asked: Asked | None) -> Trainings:
    """Return the trainings of a folder. Raises ``TableError``."""
    asked, folder = asked or Asked(), path if path.is_dir() else path.parent
    name = clean(folder.name or str(folder), 80)
    for pattern, read in _KINDS:
        found = sorted(folder.glob(pattern)) or sorted(folder.glob(f"*/{pattern}"))
        if found:
            return read(name, found, asked)
    if any(folder.rglob("*tfevents*")):
        return read_plain(table_of_records(name, records_of_events(folder, _named)), asked)
    raise TableError(f"{clean(path)} is a folder without trials or logs; give a file, or a folder that has them.")


def _table(name: str, records: Sequence[Record], asked: Asked) -> Trainings:
    return read_plain(table_of_records(name, records), asked)


def _json(file: Path) -> Any:
    try:
        return json.loads(text_of(file))
    except (json.JSONDecodeError, RecursionError) as error:
        raise TableError(f"{_where(file)} is no JSON: {clean(error, 80)}; nothing was imported.") from None


def _where(file: Path) -> str:
    return f"{clean(file.parent.name, 40)}/{clean(file.name, 40)}"


def _ray(name: str, files: Sequence[Path], asked: Asked) -> Trainings:
    """A folder for each trial: params.json, result.json with a line for each report, error.txt where it failed."""
    records: list[Record] = []
    for file in files:
        params, results = file.with_name("params.json"), file.with_name("result.json")
        lead = {"trial_id": file.parent.name, "config": _json(params) if params.is_file() else {}}
        lead["state"] = "ERROR" if file.with_name("error.txt").exists() else "TERMINATED"
        lines = list(json_lines(text_of(results), _where(results))) if results.is_file() else []
        records += [{**lead, **line} for line in lines or [{}]]
    return _table(name, records, asked)


def _logs(name: str, files: Sequence[Path], asked: Asked) -> Trainings:
    """A CSV file for each training, as Keras' CSVLogger writes it; its name or folder says its settings."""
    records: list[Record] = []
    alone = len({file.name for file in files}) == 1 < len(files)
    for file in files:
        table, run = read_table(file), file.parent.name if alone else file.stem
        lead = {"run": run, **_named(run)}
        records += [lead | dict(zip(table.header.cells, row.cells, strict=True)) for row in table.rows]
    if not any(key.startswith("config/") for record in records for key in record):
        records = [
            {"config/log": record["run"], **record} for record in records
        ]  # what else was varied is not said
    return _table(name, records, asked)


def _named(stem: str) -> dict[str, str]:
    """Return what a log's name says of its settings."""
    return {f"config/{key}": value for key, value in named_settings(stem)}


def _mlflow(name: str, files: Sequence[Path], asked: Asked) -> Trainings:
    """A folder for each run: meta.yaml, a file for each parameter, and one for each metric with a line a step."""
    records: list[Record] = []
    for params in files:
        told = params.with_name("meta.yaml")
        meta = dict(re.findall(r"^(\w+): '?([^'\n]*)'?$", text_of(told) if told.is_file() else "", re.MULTILINE))
        if meta.get("lifecycle_stage") == "deleted" or "run_id" not in meta:
            continue
        status = meta.get("status", "3")
        lead = {"run_id": meta["run_id"], "status": _MLFLOW_STATUS.get(status, status)}
        metrics = params.with_name("metrics")
        lead |= {f"params.{_inner(params, one)}": text_of(one) for one in _files(params)}
        points = {}
        for one in _files(metrics):
            lines = [line.split() for line in text_of(one).splitlines()]
            try:
                points[_inner(metrics, one)] = [
                    (int(line[2]) if line[2:] else 0, float(line[1])) for line in lines
                ]
            except (ValueError, IndexError):
                raise TableError(
                    f"{_where(one)} is no metric of MLflow's: a line is a time, a value and a step."
                ) from None
        records += curve_records(lead, points)
    return _table(name, records, asked)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _inner(folder: Path, file: Path) -> str:
    return file.relative_to(folder).as_posix()


def _pairs(name: str, files: Sequence[Path], asked: Asked) -> Trainings:
    """A folder for each run with what was set in one file and what came of it in the other, as W&B keeps them."""
    records: list[Record] = []
    for file in files:
        results = next((path for path in map(file.with_name, _SUMMARIES) if path.is_file()), None)
        if results is None:
            continue
        config = _json(file) if file.suffix == ".json" else _yaml(file)
        if not isinstance(config, dict):
            raise TableError(f"{_where(file)} holds no settings by name; nothing was imported.")
        values = [value for value in config.values() if isinstance(value, dict)]
        if values and all("value" in value for value in values):  # W&B: with a description each
            config = {key: of["value"] for key, of in config.items() if isinstance(of, dict) and "value" in of}
        run = file.parent.parent.name if file.parent.name == "files" else file.parent.name
        records.append({"run": run, "config": config, "summary": _json(results)})
    if not records:
        raise TableError(f"{name} has settings and no results ({', '.join(_SUMMARIES)}); nothing was imported.")
    return _table(name, records, asked)


_SUMMARIES = ("wandb-summary.json", "summary.json", "metrics.json", "results.json", "result.json")


def _yaml(file: Path) -> Any:
    yaml = extra("yaml", "wandb", f"Reading {_where(file)}")
    try:
        return yaml.safe_load(text_of(file))
    except yaml.YAMLError as error:
        raise TableError(f"{_where(file)} is no YAML: {clean(error, 80)}; nothing was imported.") from None


def _keras_tuner(name: str, trials: Sequence[Path], asked: Asked) -> Trainings:
    """A folder for each trial: its values, its metrics and their directions."""
    records: list[Record] = []
    directions: dict[str, str] = {}
    for file in trials:
        try:
            trial = _json(file)
            values = {f"params_{key}": value for key, value in trial["hyperparameters"]["values"].items()}
            metrics = trial["metrics"]["metrics"]
            lead = {"trial_id": trial["trial_id"], "state": trial.get("status", "COMPLETED"), **values}
            directions |= {key: of["direction"] for key, of in metrics.items()}
            runs = max((len(one["value"]) for of in metrics.values() for one in of["observations"]), default=0)
            for run in range(max(runs, 1)):
                found = {
                    f"metrics.{key}": of["observations"][-1]["value"][run]
                    for key, of in metrics.items()
                    if of["observations"] and run < len(of["observations"][-1]["value"])
                }
                records.append(lead | found)
            if not metrics and trial.get("score") is not None:
                records[-1] = {**records[-1], "metrics.score": trial["score"]}
        except (KeyError, TypeError, AttributeError) as error:
            raise TableError(f"{_where(file)} is no trial of KerasTuner's: {clean(error, 80)}.") from None
    records = [{key: v for key, v in record.items() if not key.startswith("params_tuner/")} for record in records]
    if asked.direction is None and len(set(directions.values())) == 1:
        only = next(iter(directions.values()))
        asked = replace(asked, direction=only if only in ("min", "max") else None)
    return _table(name, records, asked)


_KINDS: Sequence[tuple[str, Callable[[str, Sequence[Path], Asked], Trainings]]] = (
    ("trial_*/trial.json", _keras_tuner),
    ("*/params.json", _ray),
    ("*/result.json", _ray),
    ("*/params", _mlflow),
    ("*/files/config.yaml", _pairs),
    ("*/config.yaml", _pairs),
    ("*/config.json", _pairs),
    ("*.csv", _logs),
)
"""What a folder of each kind has in it, or in a folder within it, and who reads these files."""
