"""Objects as cells: what stands within one is named by its path, ``config/lr``. No text is ever run as code."""

from __future__ import annotations

import ast
import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from hpo_core.interop.csv_reader import RawTable, Row

_NAME = re.compile(r"[A-Za-z][\w.-]*")

Record = Mapping[str, Any]

_DEEPEST = 4
"""So many objects may stand within one another."""

_LONGEST = 100_000
"""A longer cell stays a text."""


def flat(record: Record, before: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each cell of a record."""
    for key, value in record.items():
        name = f"{before}{key}"
        if isinstance(value, Mapping) and value and depth < _DEEPEST:
            yield from flat(value, f"{name}/", depth + 1)
        else:
            yield name, _cell(value)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else str(value)
    if isinstance(value, (bool, int, str)):
        return str(value)
    try:
        return json.dumps(value, default=str)
    except TypeError:  # a key of another type
        return str(value)


def named_settings(text: str) -> Iterator[tuple[str, str]]:
    """Yield the names and values of "lr=0.1,units=16" or "lr=0.1_units=16": a log's name, a cell, a key."""
    parts = re.split(r",|__|;|\s", text)
    if len(parts) == 1:
        parts = text.split("_") if text.count("=") > 1 else parts
    for part in parts:
        key, mark, value = part.partition("=")
        if mark and key.strip(" _-"):
            yield key.strip(" _-"), value.strip()


def with_objects_as_columns(table: RawTable) -> RawTable:
    """Return the table with a column for each entry where a column's cells hold objects of Python or JSON.

    "lr=0.1, units=16" in each cell is one too, whose entries are columns of those names. So come W&B's ``config``
    and ``summary`` and scikit-learn's ``params`` from pandas. ``params`` stays as it is
    beside ``param_`` columns, which say the same.
    """
    given = any(name.startswith("param_") for name in table.header.cells)
    for place, name in reversed(list(enumerate(table.header.cells))):
        if name == "params" and given:
            continue
        found = [_object(row.cells[place]) for row in table.rows]
        if not all(isinstance(of, dict) for of in found) or not any(found):
            continue
        named = not any(row.cells[place].startswith("{") for row in table.rows)
        records = [dict(flat(of, "" if named else f"{name}/")) for of in found if of is not None]
        columns = list(dict.fromkeys(column for record in records for column in record))
        columns = [column for column in columns if column not in table.header.cells]
        rows = [
            Row(row.line, _with(row.cells, place, [record.get(column, "") for column in columns]))
            for row, record in zip(table.rows, records, strict=True)
        ]
        header = replace(table.header, cells=_with(table.header.cells, place, columns))
        table = replace(table, header=header, rows=rows)
    return table


def _with(cells: list[str], place: int, instead: list[str]) -> list[str]:
    return [*cells[:place], *instead, *cells[place + 1 :]]


def _object(text: str) -> dict[str, Any] | None:
    """Return the object that a cell writes; an empty cell is an empty one, None what is no object."""
    if not text:
        return {}
    if len(text) >= _LONGEST:
        return None
    if not (text.startswith("{") and text.endswith("}")):
        bare = re.sub(r"\s*([=,;])\s*", r"\1", text)
        named = dict(named_settings(bare))
        whole = all(_NAME.fullmatch(key) for key in named) and bare.count("=") == len(named)
        return named if named and whole and bare.startswith(next(iter(named))) else None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        try:
            found = ast.literal_eval(text)
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            return None
    return {str(key): value for key, value in found.items()} if isinstance(found, dict) else None
