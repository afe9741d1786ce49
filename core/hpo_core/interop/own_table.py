"""The tables that ``export`` wrote, read back: replicates.csv, and epochs.csv with every epoch.

They are known by their header: ``trial``, the hyperparameters, then the columns of ``results.tidy`` in their
order, then the metrics. replicates.csv has every training with its last epoch; epochs.csv has every epoch of the
trainings that have one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import cast

from msgspec import Struct

from hpo_core.interop.cell_values import is_diverged, is_number, number, unprotected, whole_number
from hpo_core.interop.csv_reader import RawTable, Row
from hpo_core.interop.plain_table import not_a_number, origin
from hpo_core.interop.trainings import Training, Trainings, ordered_levels
from hpo_core.journal.events import AttemptStatus
from hpo_core.plan.hyperparameters import Value
from hpo_core.results.tidy import (
    EPOCH_COLUMNS,
    HYPERPARAMETER_PREFIX,
    METRIC_PREFIX,
    REPLICATE_COLUMNS,
    TRIAL,
    TRIAL_COLUMNS,
)
from hpo_core.session.snapshot import ENDED, STATUSES
from hpo_core.text import clean

MAX_GAP = 1000
"""So many replicates may be missing before others, and as many again as there are."""


class _Layout(Struct, frozen=True):
    """Where things stand: hyperparameters from 1 to before ``first``, the fixed columns, then the metrics."""

    first: int
    columns: tuple[str, ...]
    hyperparameters: tuple[str, ...]
    metrics: tuple[str, ...]

    def place(self, column: str) -> int:
        return self.first + self.columns.index(column)

    @property
    def metric_places(self) -> range:
        start = self.first + len(self.columns)
        return range(start, start + len(self.metrics))


def is_own(table: RawTable) -> bool:
    """Whether ``export`` wrote this table: replicates.csv or epochs.csv. Raises ``TableError`` of a trials.csv."""
    if table.header.cells[0] == TRIAL and _find(table.header.cells, TRIAL_COLUMNS):
        raise table.error(
            table.header.line,
            "this is an exported trials.csv, which has means instead of trainings; import the replicates.csv or "
            "epochs.csv beside it.",
        )
    return _layout(table) is not None


def read_own(table: RawTable) -> Trainings:
    """Return the trainings of an exported table. Raises ``TableError``.

    A training that had not ended when the table was written becomes "stopped". The trials keep their order; where
    they are a whole product, their values come in the order of the grid that was exported.
    """
    layout = _layout(table)
    if table.cut:  # 0.9 may be the beginning of 0.95: an export is whole, or damaged
        sentence = "the last line has no line end, so the export is cut; export it again."
        last = table.rows[-1]
        raise table.error(last.line, sentence, len(last.cells) - 1)
    if layout is None:
        raise table.error(table.header.line, "this is no table that hpo-tui exported.")
    if not layout.hyperparameters:
        raise table.error(table.header.line, "there is no hyperparameter between trial and replicate.")
    if not layout.metrics:
        raise table.error(table.header.line, "there is no metric after the column origin.")
    values = _values(table, layout)
    groups = _groups(table, layout)
    trials: dict[tuple[Value, ...], int] = {}
    of_trial: dict[int, tuple[Value, ...]] = {}
    trainings = []
    for key in sorted(groups):
        rows = groups[key]
        for at in rows:
            if (
                of_trial.setdefault(key[0], values[at]) != values[at]
                or trials.setdefault(values[at], key[0]) != key[0]
            ):
                raise table.error(
                    table.rows[at].line, f"trial {key[0]} and its values do not agree with a line above.", 0
                )
        trainings.append(_training(table, layout, [table.rows[at] for at in rows], values[rows[0]], key[1]))
    ordered = [of_trial[trial] for trial in sorted(of_trial)]
    columns = list(zip(*ordered, strict=True))
    levels = tuple(tuple(dict.fromkeys(column)) for column in columns)
    if len(ordered) != math.prod(len(level) for level in levels):
        levels = ordered_levels(columns)
    return Trainings(layout.hyperparameters, levels, layout.metrics, trainings, numbered=True)


def _groups(table: RawTable, layout: _Layout) -> dict[tuple[int, int], list[int]]:
    """Return the places of the rows of each (trial, replicate)."""
    groups: dict[tuple[int, int], list[int]] = {}
    last: dict[int, int] = {}
    for at, row in enumerate(table.rows):
        trial, replicate = _whole(table, row, 0, 1), _whole(table, row, layout.place("replicate"), 1)
        groups.setdefault((trial, replicate), []).append(at)
        last[trial] = max(last.get(trial, 0), replicate)
        if last[trial] > MAX_GAP + len(table.rows):
            raise table.error(row.line, "a replicate far beyond all others.", layout.place("replicate"))
    if sum(last.values()) > MAX_GAP + 2 * len(groups):
        raise table.error(table.rows[-1].line, "more replicates are left out than are there.")
    return groups


def _find(header: Sequence[str], columns: tuple[str, ...]) -> int | None:
    width = len(columns)
    return next((at for at in range(1, len(header)) if tuple(header[at : at + width]) == columns), None)


def _layout(table: RawTable) -> _Layout | None:
    header = table.header.cells
    if header[0] != TRIAL:
        return None
    for columns in (REPLICATE_COLUMNS, EPOCH_COLUMNS):
        first = _find(header, columns)
        if first is not None:
            names = tuple(unprotected(name).removeprefix(HYPERPARAMETER_PREFIX) for name in header[1:first])
            metrics = tuple(
                unprotected(name).removeprefix(METRIC_PREFIX) for name in header[first + len(columns) :]
            )
            return _Layout(first, columns, names, metrics)
    return None


def _values(table: RawTable, layout: _Layout) -> list[tuple[Value, ...]]:
    """Return each row's values: a quoted cell is a text; whole numbers and others in one column are numbers."""
    columns: list[list[Value]] = []
    for place in range(1, layout.first):
        column = [_value(table, row, place) for row in table.rows]
        if any(isinstance(value, float) for value in column):
            column = [float(value) if isinstance(value, int) else value for value in column]
        columns.append(column)
    return list(zip(*columns, strict=True))


def _value(table: RawTable, row: Row, place: int) -> Value:
    text = row.cells[place]
    if place in row.quoted or not is_number(text):
        if not text and place not in row.quoted:
            raise table.error(row.line, "the cell is empty; every training has a value here.", place)
        return unprotected(text)
    whole = whole_number(text)
    value = number(text) if whole is None else whole
    if value is None:
        raise table.error(row.line, not_a_number(text), place)
    return value


def _training(
    table: RawTable, layout: _Layout, rows: list[Row], values: tuple[Value, ...], replicate: int
) -> Training:
    """Return one training of its rows: one in replicates.csv, one for each epoch in epochs.csv."""
    by_epoch = layout.columns == EPOCH_COLUMNS
    place = layout.place("epoch" if by_epoch else "last_epoch")
    epochs = [_whole(table, row, place, 1 if by_epoch else 0) for row in rows]
    for before, (row, epoch) in zip(epochs, zip(rows[1:], epochs[1:], strict=True), strict=False):
        if not by_epoch or epoch != before + 1:
            what = f"epoch {epoch} after epoch {before}" if by_epoch else "a second row"
            raise table.error(row.line, f"{what} of the same trial and replicate.", place)
    first = rows[0]
    status = first.cells[layout.place("status")]
    if status not in STATUSES:
        sentence = f"{clean(status, 40)!r} is no status; they are {', '.join(STATUSES)}."
        raise table.error(first.line, sentence, layout.place("status"))
    ended = status in ENDED
    seed = first.cells[layout.place("seed")]
    metrics = tuple(
        {name: _metric(table, row, at) for name, at in zip(layout.metrics, layout.metric_places, strict=True)}
        for row in rows
    )
    seconds = tuple(_seconds(table, row, layout.place("seconds")) for row in rows)
    return Training(
        values=values,
        replicate=replicate,
        status=cast(AttemptStatus, status) if ended else "stopped",
        origin=origin(table, first),
        epochs=metrics if epochs[-1] else (),
        last_epoch=epochs[-1],
        seconds=sum(seconds),
        epoch_seconds=seconds if by_epoch else (),
        seed=_whole(table, first, layout.place("seed"), 0) if seed else None,
        reason=unprotected(first.cells[layout.place("reason")]) if ended else f"was {status} when it was exported",
    )


def _whole(table: RawTable, row: Row, place: int, low: int) -> int:
    value = whole_number(row.cells[place])
    if value is None or not low <= value < 2**63:
        raise table.error(row.line, f"{clean(row.cells[place], 40)!r} is not a whole number from {low}.", place)
    return value


def _metric(table: RawTable, row: Row, place: int) -> float | None:
    text = row.cells[place]
    if not text or is_diverged(text):
        return None
    value = number(text)
    if value is None:
        raise table.error(row.line, f"{not_a_number(text)[:-1]}; a metric's cell is a number, or empty.", place)
    return value


def _seconds(table: RawTable, row: Row, place: int) -> float:
    value = number(row.cells[place])
    if value is None:
        raise table.error(row.line, not_a_number(row.cells[place]), place)
    return value
