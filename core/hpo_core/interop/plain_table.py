"""A table from elsewhere, one training a row: metrics by their names, everything else a hyperparameter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from hpo_core.interop.cell_values import MixedColumn, column_values, is_number, number
from hpo_core.interop.csv_reader import RawTable, Row
from hpo_core.interop.trainings import Training, Trainings, ordered_levels
from hpo_core.plan.hyperparameters import Value
from hpo_core.plan.metrics import is_metric
from hpo_core.text import clean

NO_RESULT = "no result in the table"


def read_plain(table: RawTable, metrics: Sequence[str] | None) -> Trainings:
    """Return the trainings of a table; ``metrics`` names its metric columns where the names do not.

    Rows with the same values are replicates, in the order of the file. A row with an empty metric cell is a
    training without a result: failed. A column ``epochs`` says how many epochs a training had. Raises
    ``TableError``.
    """
    metric_places = _metric_places(table, metrics)
    factor_places = [place for place in range(len(table.header.cells)) if place not in metric_places]
    if not factor_places:
        raise table.error(table.header.line, "every column is a metric; a grid needs a hyperparameter.")
    columns = [_hyperparameter(table, place) for place in factor_places]
    names = tuple(table.header.cells[place] for place in factor_places)
    epochs = columns[names.index("epochs")] if "epochs" in names else None
    seen: Counter[tuple[Value, ...]] = Counter()
    trainings = []
    for at, row in enumerate(table.rows):
        values = tuple(column[at] for column in columns)
        seen[values] += 1
        found = {table.header.cells[place]: metric_cell(table, row, place) for place in metric_places}
        missing = [name for name, value in found.items() if value is None]
        last = epochs[at] if epochs else 0
        trainings.append(
            Training(
                values=values,
                replicate=seen[values],
                status="failed" if missing else "complete",
                origin=origin(table, row),
                epochs=() if len(missing) == len(found) else (found,),
                last_epoch=last if isinstance(last, int) and 0 < last < 2**31 else 0,
                reason="" if not missing else _reason(missing, found),
            )
        )
    return Trainings(
        names, ordered_levels(columns), tuple(table.header.cells[p] for p in metric_places), trainings
    )


def origin(table: RawTable, row: Row) -> str:
    """Return where a training came from, in words."""
    return f"{table.name}, line {row.line}"


def metric_cell(table: RawTable, row: Row, place: int) -> float | None:
    """Return a metric's value, None of an empty cell. Raises ``TableError``."""
    text = row.cells[place]
    if not text:
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


def _metric_places(table: RawTable, metrics: Sequence[str] | None) -> list[int]:
    header = table.header.cells
    if metrics is None:
        places = [at for at, name in enumerate(header) if is_metric(name)]
        if not places:
            raise table.error(
                table.header.line,
                "no column is a metric by its name (loss, accuracy, val_…); name the metrics with --metrics.",
            )
        return places
    wanted = list(dict.fromkeys(name.strip() for name in metrics))
    if not wanted:
        raise table.error(table.header.line, "no metric is named; give at least one with --metrics.")
    for name in wanted:
        if name not in header:
            known = ", ".join(clean(column, 40) for column in header[:12])
            raise table.error(table.header.line, f"there is no column {clean(name, 40)!r}; there are {known}.")
    return [header.index(name) for name in wanted]


def _hyperparameter(table: RawTable, place: int) -> list[Value]:
    texts = [row.cells[place] for row in table.rows]
    for row, text in zip(table.rows, texts, strict=True):
        if not text:
            raise table.error(row.line, "the cell is empty; every training has a value here.", place)
    try:
        return column_values(texts)
    except MixedColumn as mixed:
        text, line = texts[mixed.place], table.rows[mixed.place].line
        if is_number(texts[0]):
            sentence = f"{not_a_number(text)[:-1]}, as the cells above it are"
        else:
            sentence = f"{clean(text, 40)!r} is a number in a column of texts"
        raise table.error(
            line, f"{sentence}; write a column's values all as numbers or all as texts.", place
        ) from None
