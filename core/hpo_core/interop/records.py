"""Tables of records: JSON, JSON lines, Parquet, Optuna's storages, KerasTuner's projects, folders of logs.

Each becomes the same table of cells as a CSV file, so that one set of rules says what its columns are. What stands
within an object is named by its path: ``config/lr``. No code of a file is run: nothing is unpickled.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from hpo_core.errors import TableError
from hpo_core.interop.csv_reader import RawTable, Row, read_table
from hpo_core.interop.extras import extra
from hpo_core.interop.flat import Record, flat
from hpo_core.interop.plain_table import read_plain
from hpo_core.interop.roles import Asked
from hpo_core.interop.trainings import Trainings
from hpo_core.text import clean

_TRIALS = ("trials", "runs", "results", "rows", "data")
"""Under these keys of an object stand its records."""


def table_of_records(name: str, records: Sequence[Record], first_line: int = 1) -> RawTable:
    """Return records as a table; what a record lacks is an empty cell. Raises ``TableError``."""
    cells = [dict(flat(record)) for record in records]
    columns = list(dict.fromkeys(column for record in cells for column in record))
    if not columns:
        raise TableError(f"{name} has no records; there is nothing to import.")
    rows = [
        Row(line, [record.get(column, "") for column in columns]) for line, record in enumerate(cells, first_line)
    ]
    return RawTable(name, Row(1, columns), rows)


# JSON ---------------------------------------------------------------------------------------------------------


def knows_json(path: Path) -> bool:
    """Whether a file begins as JSON does."""
    if not path.is_file():  # opening a FIFO would wait for ever
        return False
    try:
        with path.open("rb") as file:
            start = file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")
    except OSError:
        return False
    return start[:1] == b"{" or (start[:1] == b"[" and start[1:].lstrip()[:1] in (b"{", b"]", b""))


def read_json(path: Path, asked: Asked | None) -> Trainings:
    """Return the trainings of JSON or JSON lines. Raises ``TableError``."""
    name, text = clean(path.name, 80), _text(path)
    try:
        records = _records(json.loads(text))
    except (json.JSONDecodeError, RecursionError) as error:
        if "\n" not in text.strip() or isinstance(error, RecursionError):
            raise TableError(f"{name} is no JSON: {clean(error, 80)}; nothing was imported.") from None
        records = list(_lines(text, name))
    if records and "op_code" in records[0]:
        return read_optuna(path, asked)
    return read_plain(table_of_records(name, records), asked or Asked())


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise TableError(f"{clean(path)} cannot be read: {why}.") from None


def _lines(text: str, name: str) -> Iterator[Record]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                record = json.loads(line)
            except (json.JSONDecodeError, RecursionError) as error:
                raise TableError(f"{name}, line {number}: {clean(error, 80)}; nothing was imported.") from None
            if not isinstance(record, dict):
                raise TableError(f"{name}, line {number}: this is no object; nothing was imported.")
            yield record


def _records(found: object) -> list[Record]:
    """Return the records of a list of objects, an object of columns (pandas, cv_results_), or one of records."""
    if isinstance(found, list):
        return [record for record in found if isinstance(record, dict)]
    if not isinstance(found, dict):
        return []
    for key in _TRIALS:
        if isinstance(found.get(key), (list, dict)):
            return _records(found[key])
    columns = list(found.values())
    if columns and all(isinstance(column, list) for column in columns):
        return [dict(zip(found, row, strict=True)) for row in zip(*columns, strict=False)]
    if columns and all(isinstance(column, dict) for column in columns):
        if all(key.isdigit() for column in columns for key in column):  # pandas: column -> row -> cell
            rows = dict.fromkeys(row for column in columns for row in column)
            return [{name: column.get(row) for name, column in found.items()} for row in rows]
        return [{"id": key, **record} for key, record in found.items()]
    return [found]


# Parquet ------------------------------------------------------------------------------------------------------


def knows_parquet(path: Path) -> bool:
    """Whether a file begins as Parquet does."""
    return path.is_file() and _begins(path, b"PAR1")


def _begins(path: Path, mark: bytes) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(mark)) == mark
    except OSError:
        return False


def read_parquet(path: Path, asked: Asked | None) -> Trainings:
    """Return the trainings of a Parquet file. Raises ``TableError``."""
    parquet = extra("pyarrow.parquet", "parquet", f"Reading {clean(path.name, 80)}")
    name = clean(path.name, 80)
    try:
        records = parquet.ParquetFile(path).read().to_pylist()
    except (OSError, ValueError) as error:  # pyarrow's errors are of both kinds
        raise TableError(f"{name} cannot be read: {clean(error, 120)}; nothing was imported.") from None
    return read_plain(table_of_records(name, records), asked or Asked())


# Optuna -------------------------------------------------------------------------------------------------------


def knows_sqlite(path: Path) -> bool:
    """Whether a file is a database of SQLite: Optuna's storage."""
    return path.is_file() and _begins(path, b"SQLite format 3\0")


def read_optuna(path: Path, asked: Asked | None) -> Trainings:
    """Return the trainings of the study in Optuna's storage, a database or a journal. Raises ``TableError``."""
    optuna = extra("optuna", "optuna", f"Reading {clean(path.name, 80)}")
    name = clean(path.name, 80)
    with tempfile.TemporaryDirectory() as folder:  # a copy: opening a storage writes to it
        copy = Path(folder) / "storage"
        shutil.copyfile(path, copy)
        try:
            if knows_sqlite(path):
                storage = optuna.storages.RDBStorage(f"sqlite:///{copy}")
            else:
                backend = optuna.storages.journal.JournalFileBackend(str(copy))
                storage = optuna.storages.JournalStorage(backend)
            studies = storage.get_all_studies()
            trials = storage.get_all_trials(studies[0]._study_id) if len(studies) == 1 else []
        except Exception as error:  # noqa: BLE001 - whatever a foreign file makes of a foreign package
            raise TableError(f"{name} is no storage of Optuna's: {clean(error, 120)}.") from None
    if len(studies) != 1:
        raise TableError(f"{name} holds {len(studies)} studies; save the one you mean in a storage of its own.")
    directions = [direction.name for direction in studies[0].directions]
    records = [
        {
            "number": trial.number,
            "state": trial.state.name,
            **dict(zip(_value_names(directions), trial.values or [None] * len(directions), strict=True)),
            **{f"params_{key}": value for key, value in trial.params.items()},
        }
        for trial in trials
    ]
    asked = asked or Asked()
    if asked.direction is None:
        asked = replace(asked, direction="min" if directions[0] == "MINIMIZE" else "max")
    return read_plain(table_of_records(name, records), asked)


def _value_names(directions: Sequence[str]) -> list[str]:
    return ["value"] if len(directions) == 1 else [f"values_{place}" for place in range(len(directions))]


# Folders ------------------------------------------------------------------------------------------------------


def knows_folder(path: Path) -> bool:
    """Whether this is a folder: of a KerasTuner project, of Ray Tune's trials, or of logs."""
    return path.is_dir()


def read_folder(path: Path, asked: Asked | None) -> Trainings:
    """Return the trainings of a folder. Raises ``TableError``."""
    asked = asked or Asked()
    name = clean(path.name or str(path), 80)
    trials = sorted(path.glob("trial_*/trial.json")) + sorted(path.glob("*/trial_*/trial.json"))
    if trials:
        return _read_keras_tuner(name, trials, asked)
    results = sorted(path.glob("*/result.json"))
    if results:
        records = [
            {"trial_id": file.parent.name, **record}
            for file in results
            for record in _lines(_text(file), f"{name}/{clean(file.parent.name, 40)}/result.json")
        ]
        return read_plain(table_of_records(name, records), asked)
    logs = sorted(path.glob("*.csv")) or sorted(path.glob("*/*.csv"))
    if not logs:
        raise TableError(f"{clean(path)} is a folder without trials or CSV logs; give a file, or such a folder.")
    records = []
    for file in logs:
        table, params = read_table(file), file.parent / "params.json"
        config = _records(json.loads(_text(params))) if params.is_file() else []
        lead = {"run": file.stem if file.parent == path else file.parent.name}
        lead |= {f"config/{key}": value for of in config for key, value in of.items()} or _named(lead["run"])
        records += [lead | dict(zip(table.header.cells, row.cells, strict=True)) for row in table.rows]
    return read_plain(table_of_records(name, records), asked)


def _named(stem: str) -> dict[str, str]:
    """Return what a log's name says of its settings: "lr=0.1,units=16" or "lr=0.1_units=16"."""
    parts = stem.replace(",", "\n").replace("__", "\n").split("\n")
    if len(parts) == 1:
        parts = stem.split("_") if stem.count("=") > 1 else parts
    named = [part.partition("=") for part in parts]
    return {f"config/{key.strip()}": value.strip() for key, mark, value in named if mark and key.strip()}


def _read_keras_tuner(name: str, trials: Sequence[Path], asked: Asked) -> Trainings:
    """Return the trainings of a KerasTuner project: each trial's values, metrics and their directions."""
    records: list[Record] = []
    directions: dict[str, str] = {}
    for file in trials:
        where = f"{name}/{clean(file.parent.name, 40)}/trial.json"
        try:
            trial = json.loads(_text(file))
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
                score = {} if metrics else {"metrics.score": trial.get("score")}
                records.append(lead | found | score)
        except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
            raise TableError(f"{where} is no trial of KerasTuner's: {clean(error, 80)}.") from None
    for column in [key for key in records[0] if key.startswith("params_tuner/")]:
        records = [{key: value for key, value in record.items() if key != column} for record in records]
    if asked.direction is None and len(set(directions.values())) == 1:
        only = next(iter(directions.values()))
        asked = replace(asked, direction=only if only in ("min", "max") else None)  # type: ignore[arg-type]
    return read_plain(table_of_records(name, records), asked)
