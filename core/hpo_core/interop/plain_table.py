"""A table from elsewhere, one training a row or one epoch a row, as trainings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import cast

from msgspec.structs import replace

from hpo_core.interop.cell_values import (
    TooLarge,
    has_no_result,
    has_zeros_before,
    is_diverged,
    is_empty,
    is_failed,
    is_number,
    number,
    values_of,
    whole_number,
)
from hpo_core.interop.column_words import spelled
from hpo_core.interop.csv_reader import RawTable, Row
from hpo_core.interop.notations import in_one_notation
from hpo_core.interop.roles import Asked, Roles, decide, status_of
from hpo_core.interop.trainings import Training, Trainings
from hpo_core.journal.events import AttemptStatus
from hpo_core.plan.hyperparameters import Value
from hpo_core.plan.metrics import Objective
from hpo_core.text import clean

NO_RESULT = "no result in the table"
_LONGEST_NOTE = 160


def read_plain(table: RawTable, asked: Asked) -> Trainings:
    """Return the trainings of a table, its columns read as ``roles`` decides.

    Trainings with the same values are replicates, in the order of the file. One with nan or inf in a metric has
    diverged, one with an empty metric cell is without a result: failed. A column ``epochs`` says how many epochs a
    training had. Raises ``TableError``.
    """
    table, notation = in_one_notation(table)
    roles = decide(table, asked)
    table = roles.table
    columns: list[list[Value]] = []
    levels = []
    for place in roles.hyperparameters:
        column, different = _hyperparameter(table, roles, place)
        columns.append(column)
        levels.append(different)
        if isinstance(column[0], str) and all(map(is_number, map(str, column))):
            such = next(text for text in map(str, column) if has_zeros_before(text))
            notation.append(f"{clean(table.header.cells[place], 40)}: texts, for a number is not written {such}")
    names = tuple(roles.hyperparameters.values())
    epochs = columns[names.index("epochs")] if "epochs" in names and roles.epoch is None else None
    noted = [place for place, name in enumerate(table.header.cells) if name in roles.left_out]
    seen: Counter[tuple[Value, ...]] = Counter()
    trainings = []
    numbering: set[str] = set()
    for at, group in enumerate(roles.groups):
        values: tuple[Value, ...] = tuple(column[at] for column in columns)
        rows = [table.rows[line] for line in group]
        last: Value | None = epochs[at] if epochs else 0
        if roles.length is not None:
            last = whole_number(rows[0].cells[roles.length])
        length = last if isinstance(last, int) and 0 < last < 2**31 else 0
        if roles.epoch is not None:
            length = _length([whole_number(row.cells[roles.epoch]) or 0 for row in rows], numbering)
        for places in _replicates(roles):
            seen[values] += 1
            trainings.append(
                replace(
                    _training(table, roles, rows, places),
                    values=values,
                    replicate=seen[values],
                    origin=origin(table, rows[0]) + _note(table, rows[0], noted),
                    last_epoch=length,
                )
            )
    metrics = (*roles.splits, *roles.metrics.values())
    return Trainings(
        names,
        tuple(levels),
        metrics,
        trainings,
        objective=Objective(roles.objective, roles.directions[roles.objective] or "max"),
        directions=roles.directions,
        left_out=roles.left_out,
        notes=(*table.notes, *notation, *roles.notes, *sorted(numbering)),
    )


def _replicates(roles: Roles) -> list[dict[int, str]]:
    """The metrics' places of each replicate that stands in one row: one, or a split each."""
    if not roles.splits:
        return [roles.metrics]
    most = max(map(len, roles.splits.values()))
    return [
        {
            **{places[split]: name for name, places in roles.splits.items() if split < len(places)},
            **roles.metrics,
        }
        for split in range(most)
    ]


def _training(table: RawTable, roles: Roles, rows: list[Row], places: dict[int, str]) -> Training:
    """Return what came of a training: the rows of its epochs, the last of which tells its status."""
    found = [{name: metric_cell(table, row, place) for place, name in places.items()} for row in rows]
    missing = [name for place, name in places.items() if is_empty(rows[-1].cells[place])]
    diverged = [name for place, name in places.items() if is_diverged(rows[-1].cells[place])]
    failed = [rows[-1].cells[place] for place in places if is_failed(rows[-1].cells[place])]
    state = rows[-1].cells[roles.state] if roles.state is not None else ""
    status = status_of(state) if state else ""
    reason = f"{clean(state, 20)} in the table" if status else ""
    if not status and diverged:
        status, reason = "diverged", f"{', '.join(clean(name, 40) for name in diverged)} is not finite"
    elif not status and failed:
        status, reason = "failed", f"{clean(failed[0], 20)} in the table"
    elif not status and missing and (roles.epoch is None or len(missing) == len(places)):
        status, reason = "failed", _reason(missing, found[-1])
    seed = rows[0].cells[roles.replicate] if roles.replicate is not None else ""
    known = roles.replicate is not None and {"seed", "state"} & set(
        spelled(table.header.cells[roles.replicate]).split("_")
    )
    whole = whole_number(seed) if known else None
    seconds = number(rows[-1].cells[roles.seconds]) if roles.seconds is not None else None
    return Training(
        values=(),
        replicate=0,
        status=cast(AttemptStatus, status or "complete"),
        origin="",
        epochs=()
        if all(value is None for of in found for value in of.values()) and not diverged
        else tuple(found),
        seconds=seconds if seconds is not None and seconds >= 0 else 0.0,
        seed=whole if whole is not None and 0 <= whole < 2**63 else None,
        reason=reason,
    )


def _length(counts: list[int], numbering: set[str]) -> int:
    """Return the number of a training's last epoch, where its rows count so; what is counted from 0 is from 1."""
    first, last, many = counts[0], counts[-1], len(counts)
    if last - first + 1 == many and first >= 0:
        if not first:
            numbering.add("epochs are counted from 0 in the table, from 1 here")
        return last + (first == 0)
    numbering.add("the rows of a training are numbered 1, 2, 3, …, as the table leaves some out")
    return many


def _note(table: RawTable, row: Row, places: Sequence[int]) -> str:
    """Return what the columns that are no part of the plan say of a training: ": host a, duration 12"."""
    said = [f"{table.header.cells[p] or 'row'} {row.cells[p]}" for p in places if row.cells[p]]
    return ": " + clean(", ".join(said), _LONGEST_NOTE) if said else ""


def origin(table: RawTable, row: Row) -> str:
    """Return where a training came from, in words."""
    return f"{table.name}, line {row.line}"


def metric_cell(table: RawTable, row: Row, place: int) -> float | None:
    """Return a metric's value, None of an empty cell, nan or inf. Raises ``TableError``."""
    text = row.cells[place]
    if has_no_result(text):
        return None
    value = number(text)
    if value is None:
        raise table.error(
            row.line,
            f"{not_a_number(text)[:-1]}; a metric's cell is a number, or empty (--metrics names the metrics).",
            place,
        )
    return value


def not_a_number(text: str) -> str:
    """Return what is wrong with a cell that should be a number."""
    if is_number(text):
        return f"{clean(text, 40)!r} is too large for a number."
    return f"{clean(text, 40)!r} is not a number."


def _reason(missing: Sequence[str], found: dict[str, float | None]) -> str:
    if len(missing) == len(found):
        return NO_RESULT
    return f"no {', '.join(clean(name, 40) for name in missing)} in the table"


def _hyperparameter(table: RawTable, roles: Roles, place: int) -> tuple[list[Value], tuple[Value, ...]]:
    rows = [table.rows[group[0]] for group in roles.groups]
    try:
        return values_of([row.cells[place] for row in rows])
    except TooLarge as large:
        row = rows[large.place]
        raise table.error(row.line, not_a_number(row.cells[place]), place) from None
