"""What goes out beside CSV: JSON, Parquet, TensorBoard's event files, an Optuna storage, scikit-learn's table."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hpo_core.errors import SessionError
from hpo_core.interop.csv_format import csv_line
from hpo_core.interop.event_bytes import FILE, EventBytes
from hpo_core.interop.extras import extra
from hpo_core.plan.hyperparameters import Value
from hpo_core.results.tidy import Bools, Cell, TidyTable, epochs_table, replicates_table, trials_table
from hpo_core.session.snapshot import Replicate, Snapshot

_TABLES = {"trials": trials_table, "replicates": replicates_table, "epochs": epochs_table}
_SPLITS = "split{}_test_{}"


def json_files(snapshot: Snapshot, seen: Bools | None = None) -> Mapping[str, Iterator[bytes]]:
    """Return trials.json, replicates.json and epochs.json: a list of objects each."""

    def written(table: TidyTable) -> Iterator[bytes]:
        yield json.dumps(_records(table), indent=1).encode() + b"\n"

    return {f"{name}.json": written(of(snapshot, seen)) for name, of in _TABLES.items()}


def parquet_files(snapshot: Snapshot, seen: Bools | None = None) -> Mapping[str, Iterator[bytes]]:
    """Return trials.parquet, replicates.parquet and epochs.parquet. Raises ``SessionError`` without pyarrow."""
    arrow, parquet = _package("pyarrow", "parquet"), _package("pyarrow.parquet", "parquet")

    def written(table: TidyTable) -> Iterator[bytes]:
        columns = dict(zip(table.columns, zip(*table.rows, strict=True), strict=False))
        sink = arrow.BufferOutputStream()
        parquet.write_table(arrow.table({name: _one_type(column) for name, column in columns.items()}), sink)
        yield sink.getvalue().to_pybytes()

    return {f"{name}.parquet": written(of(snapshot, seen)) for name, of in _TABLES.items()}


def sklearn_files(snapshot: Snapshot, seen: Bools | None = None) -> Mapping[str, Iterator[bytes]]:
    """Return cv_results.csv: a row a trial, its replicates as splits; a score that is better low is negated."""
    objective = snapshot.spec.objective
    sign = 1.0 if objective.maximised else -1.0
    name = objective.metric if objective.maximised else f"neg_{objective.metric}"
    trials = [(values, [sign * score for score in scores]) for values, scores in _scores(snapshot, seen)]
    most = max((len(scores) for _, scores in trials), default=0)
    header = [f"param_{key}" for key in snapshot.spec.grid.names]
    header += [_SPLITS.format(split, name) for split in range(most)] + [f"mean_test_{name}", f"std_test_{name}"]

    def written() -> Iterator[bytes]:
        yield csv_line(tuple(header)).encode()
        for values, scores in trials:
            splits: list[Cell] = [*scores, *[None] * (most - len(scores))]
            ends: list[Cell] = [float(np.mean(scores)), float(np.std(scores))] if scores else [None, None]
            yield csv_line((*values.values(), *splits, *ends)).encode("utf-8", "backslashreplace")

    return {"cv_results.csv": written()}


def optuna_files(snapshot: Snapshot, seen: Bools | None = None) -> Mapping[str, Iterator[bytes]]:
    """Return optuna.db, a storage with one study: a trial for each training. Raises ``SessionError``."""
    optuna = _package("optuna", "optuna")
    spec = snapshot.spec
    kinds: dict[str, Any] = {}
    for factor in spec.grid.hyperparameters:
        numbers = [value for value in factor.values if isinstance(value, (int, float))]
        if len(numbers) < len(factor.values) or any(isinstance(value, bool) for value in numbers):
            kinds[factor.name] = optuna.distributions.CategoricalDistribution(factor.values)
        elif all(isinstance(value, int) for value in numbers):
            kinds[factor.name] = optuna.distributions.IntDistribution(min(numbers), max(numbers))
        else:
            kinds[factor.name] = optuna.distributions.FloatDistribution(min(numbers), max(numbers))
    trials = []
    for entry in _ended(snapshot, seen):
        value = entry.metric(spec.objective.metric) if entry.status == "complete" else None
        found = ((epoch.number, epoch.metrics.get(spec.objective.metric)) for epoch in entry.epochs)
        trials.append(
            optuna.trial.create_trial(
                state=optuna.trial.TrialState[_optuna_state(entry, value)],
                value=value,
                params=dict(spec.grid[entry.key.trial].values),
                distributions=kinds,
                intermediate_values={number: value for number, value in found if value is not None},
                user_attrs={"trial": entry.key.trial, "replicate": entry.key.replicate, "status": entry.status},
            )
        )

    def written(folder: Path) -> None:
        storage = optuna.storages.RDBStorage(f"sqlite:///{folder / 'optuna.db'}")
        study = optuna.create_study(
            storage=storage, study_name="hpo-tui", direction=f"{spec.objective.direction}imize"
        )
        study.add_trials(trials)
        storage.remove_session()
        storage.engine.dispose()

    return _of_folder(written)


def _optuna_state(entry: Replicate, value: float | None) -> str:
    return "COMPLETE" if value is not None else "PRUNED" if entry.status == "pruned" else "FAIL"


def tensorboard_files(snapshot: Snapshot, seen: Bools | None = None) -> Mapping[str, Iterator[bytes]]:
    """Return event files, a folder for each training: its curves and its HParams. Raises ``SessionError``."""
    encoded = EventBytes()

    def written(entry: Replicate) -> Iterator[bytes]:
        start = entry.started or 1.0
        values = {**snapshot.spec.grid[entry.key.trial].values, **snapshot.spec.fixed}
        yield encoded.begin(entry.key.trial, values, start)
        for epoch in entry.epochs:
            yield encoded.epoch(epoch.number, epoch.metrics, start + epoch.seconds * epoch.number)

    return {
        f"trial-{entry.key.trial}-r{entry.key.replicate}/{FILE.format(0)}": written(entry)
        for entry in _ended(snapshot, seen)
    }


def _package(module: str, name: str) -> Any:
    return extra(module, name, "This export", SessionError)


def _of_folder(write: Callable[[Path], None]) -> Mapping[str, Iterator[bytes]]:
    """Return what a package writes into a folder, which it only does by itself."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder)
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        return {path.relative_to(folder).as_posix(): iter((path.read_bytes(),)) for path in paths}


def _records(table: TidyTable) -> list[dict[str, Cell]]:
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def _one_type(column: tuple[Cell, ...]) -> list[Cell]:
    """Return a column as Parquet can hold it: of one type, texts where they are mixed."""
    kinds = {type(cell) for cell in column if cell is not None}
    if kinds <= {int, float} or len(kinds) < 2:
        return list(column) if kinds != {int, float} else [None if c is None else float(c) for c in column]
    return [None if cell is None else str(cell) for cell in column]


def _trials(snapshot: Snapshot, seen: Bools | None) -> list[int]:
    whole = range(len(snapshot.spec.grid)) if seen is None else np.flatnonzero(seen).tolist()
    return [row + 1 for row in whole]


def _ended(snapshot: Snapshot, seen: Bools | None) -> Iterator[Replicate]:
    for number in _trials(snapshot, seen):
        yield from (
            entry for entry in snapshot.replicates_of(number) if entry.status not in ("waiting", "running")
        )


def _scores(snapshot: Snapshot, seen: Bools | None) -> Iterator[tuple[Mapping[str, Value], list[float]]]:
    metric = snapshot.spec.objective.metric
    for number in _trials(snapshot, seen):
        found = [e.metric(metric) for e in snapshot.replicates_of(number) if e.status == "complete"]
        yield snapshot.spec.grid[number].values, [score for score in found if score is not None]
