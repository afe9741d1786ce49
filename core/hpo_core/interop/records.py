"""Tables of records: JSON, JSON lines, Parquet, databases of Optuna and MLflow.

Each becomes the same table of cells as a CSV file, so that one set of rules says what its columns are. What stands
within an object is named by its path: ``config/lr``. No code of a file is run: nothing is unpickled.
"""

from __future__ import annotations

import json
import math
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from hpo_core.errors import TableError
from hpo_core.interop.csv_format import read_raw
from hpo_core.interop.csv_reader import RawTable, Row
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
        Row(
            line,
            [found.get(column, "") for column in columns],
            frozenset(place for place, column in enumerate(columns) if isinstance(record.get(column), str)),
        )
        for line, (found, record) in enumerate(zip(cells, records, strict=True), first_line)
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
    name, text = clean(path.name, 80), text_of(path)
    try:
        records = records_of(json.loads(text))
    except (json.JSONDecodeError, RecursionError) as error:
        if "\n" not in text.strip() or isinstance(error, RecursionError):
            raise TableError(f"{name} is no JSON: {clean(error, 80)}; nothing was imported.") from None
        records = list(json_lines(text, name))
    if records and "op_code" in records[0]:
        return read_optuna(path, asked)
    return read_raw(table_of_records(name, records), asked)


def text_of(path: Path) -> str:
    """Return a file's text. Raises ``TableError``."""
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise TableError(f"{clean(path)} cannot be read: {why}.") from None


def json_lines(text: str, name: str) -> Iterator[Record]:
    """Yield the object of each line. Raises ``TableError`` with its number."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                record = json.loads(line)
            except (json.JSONDecodeError, RecursionError) as error:
                raise TableError(f"{name}, line {number}: {clean(error, 80)}; nothing was imported.") from None
            if not isinstance(record, dict):
                raise TableError(f"{name}, line {number}: this is no object; nothing was imported.")
            yield record


def records_of(found: object) -> list[Record]:
    """Return the records of a list of objects, an object of columns (pandas, cv_results_), or one of records."""
    if isinstance(found, list):
        return [record for record in found if isinstance(record, dict)]
    if not isinstance(found, dict):
        return []
    for key in _TRIALS:
        if isinstance(found.get(key), (list, dict)):
            return records_of(found[key])
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
    return read_raw(table_of_records(name, records), asked)


# Databases ----------------------------------------------------------------------------------------------------


def knows_sqlite(path: Path) -> bool:
    """Whether a file is a database of SQLite: Optuna's storage, or MLflow's."""
    return path.is_file() and _begins(path, b"SQLite format 3\0")


def read_sqlite(path: Path, asked: Asked | None) -> Trainings:
    """Return the trainings of a database of Optuna or MLflow. Raises ``TableError``."""
    name = clean(path.name, 80)
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as database:
            tables = {row[0] for row in database.execute("SELECT name FROM sqlite_master")}
            if not {"runs", "params", "metrics"} <= tables:
                return read_optuna(path, asked)
            runs = "SELECT run_uuid, status FROM runs WHERE lifecycle_stage = 'active' ORDER BY start_time"
            records: list[Record] = []
            for run, status in database.execute(runs).fetchall():
                lead = {"run_id": run, "status": status}
                values = database.execute("SELECT key, value FROM params WHERE run_uuid = ?", (run,))
                lead |= {f"params.{key}": value for key, value in values}
                points: dict[str, list[tuple[int, float]]] = {}
                found = "SELECT key, step, value, is_nan FROM metrics WHERE run_uuid = ? ORDER BY step, timestamp"
                for key, step, value, is_nan in database.execute(found, (run,)):
                    points.setdefault(key, []).append((step, math.nan if is_nan else value))
                records += curve_records(lead, points)
    except sqlite3.Error as error:
        raise TableError(f"{name} cannot be read: {clean(error, 120)}; nothing was imported.") from None
    return read_plain(table_of_records(name, records), asked or Asked())


def curve_records(lead: Record, points: Mapping[str, Sequence[tuple[int, float]]]) -> list[Record]:
    """Return a training's records, one for each step at which all of its curves have a point.

    ``points`` has the steps and values of each metric, in order. The curve with the fewest points tells the steps;
    another stands with its last value until then. A metric with one point is that of the end.
    """
    curves = {name: found for name, found in points.items() if len(found) > 1}
    ends = {f"metrics.{name}": found[-1][1] for name, found in points.items() if len(found) == 1}
    if not curves:
        return [{**lead, **ends}]
    steps = sorted({step for step, _ in min(curves.values(), key=len)})
    records: list[dict[str, Any]] = [{**lead, "step": step} for step in steps]
    for name, found in curves.items():
        at = 0
        for record, step in zip(records, steps, strict=True):
            while at < len(found) and found[at][0] <= step:
                record[f"metrics.{name}"], at = found[at][1], at + 1
            if at and f"metrics.{name}" not in record:
                record[f"metrics.{name}"] = found[at - 1][1]
    records[-1].update(ends)
    return list(records)


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
