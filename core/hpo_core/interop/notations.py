"""The ways in which people write tables, brought into one: numbers with points, a column for each metric.

What was so read is said, a note for each column.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal

from msgspec.structs import replace

from hpo_core.interop.cell_values import has_no_result, is_number, number, whole_number
from hpo_core.interop.column_words import MEANS, SPREADS, spelled
from hpo_core.interop.csv_reader import RawTable, Row
from hpo_core.interop.flat import with_objects_as_columns
from hpo_core.plan.metrics import is_metric
from hpo_core.text import clean

_COMMAS = re.compile(r"[+-]?[0-9][0-9.,]*([eE][+-]?[0-9]+)?")
_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2}(,[0-9]{3})+(\.[0-9]*)?")
_POINTS = re.compile(r"[+-]?[1-9][0-9]{0,2}(\.[0-9]{3})+")
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+([eE][+-]?[0-9]+)?")
_SPREAD = re.compile(
    r"([+-]?[0-9][0-9.,]*(?:[eE][+-]?[0-9]+)?(?:\s*%)?)\s*"
    r"(?:(?:±|\+/?-)\s*[0-9][0-9.,eE-]*|\(\s*(?:±|\+/?-)?\s*[0-9.,]+\s*%?\s*\))(\s*%)?"
)
_PERCENT = re.compile(r"(.*[0-9.])\s*%")
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+(?=>)")
_NAMED = re.compile(r"<(?:function|class|built-in function|bound method) '?([^<>' ]+)'?>|<([\w.]+) object>")

_TOTALS = MEANS | SPREADS | {"median", "min", "max", "total", "sum", "overall", "std_dev", "standard_deviation"}
_METRIC_NAMES = frozenset(("metric", "metric_name", "measure", "variable"))
_METRIC_VALUES = frozenset(("value", "metric_value", "result", "score"))


def in_one_notation(table: RawTable) -> tuple[RawTable, list[str]]:
    """Return the table with its numbers written with points, and what was so read."""
    table = with_objects_as_columns(table)
    table, notes = _a_column_a_metric(table)
    table = _without_totals(table, notes)
    columns = [list(cells) for cells in zip(*(row.cells for row in table.rows), strict=True)]
    texts = [cell for column in columns for cell in column]
    decimal_commas = table.between != "," and any(_DECIMAL_COMMA.fullmatch(cell) for cell in texts)
    pointed = next((cell for cell in texts if "." in cell and number(cell) and not _POINTS.fullmatch(cell)), "")
    steps: tuple[Callable[[list[str]], tuple[list[str], str]], ...] = (
        _without_spread,
        _without_addresses,
        lambda cells: _commas(cells, table.between != ","),
        lambda cells: _thousands(cells, pointed) if decimal_commas else (cells, ""),
    )
    for place, name in enumerate(table.header.cells):
        cells, percents = _without_percent(columns[place])
        for step in steps:
            cells, note = step(cells)
            if note:
                notes.append(f"{clean(name, 40)}: {note}")
        if percents and all(is_number(cell) or has_no_result(cell) for cell in cells):
            shares = [str(Decimal(cell).scaleb(-2)) if is_number(cell) else cell for cell in cells]
            one = next(at for at, cell in enumerate(columns[place]) if "%" in cell)
            notes.append(f"{clean(name, 40)}: a share of 1, {clean(columns[place][one], 20)} being {shares[one]}")
            cells = shares
        elif percents:
            cells = columns[place]
        columns[place] = cells
    rows = [
        replace(row, cells=list(cells)) for row, cells in zip(table.rows, zip(*columns, strict=True), strict=True)
    ]
    return replace(table, rows=rows), notes


def _without_totals(table: RawTable, notes: list[str]) -> RawTable:
    """Return the table without the last rows that sum up the others: a mean or a total."""
    rows = list(table.rows)
    while len(rows) > 1 and (said := _total(rows[-1].cells, [row.cells for row in rows[:-1]])):
        notes.append(f"the row {clean(said, 20)!r} at the end sums the others up, and is left out")
        rows.pop()
    return replace(table, rows=rows)


def _total(last: Sequence[str], others: Sequence[Sequence[str]]) -> str:
    for place, cell in enumerate(last):
        if spelled(cell) in _TOTALS:
            rest = [row for row in others if spelled(row[place]) not in _TOTALS]
            lacks = any(not one and all(row[at] for row in rest) for at, one in enumerate(last))
            if rest and (lacks or all(is_number(row[place]) for row in rest)):
                return cell
    return ""


def _without_percent(cells: list[str]) -> tuple[list[str], bool]:
    """Return the cells without their %, where each that has a number has one."""
    if not any("%" in cell for cell in cells):
        return cells, False
    cells, _ = _without_spread(cells)
    found = [_PERCENT.fullmatch(cell) for cell in cells]
    if not all(one or has_no_result(cell) for one, cell in zip(found, cells, strict=True)):
        return cells, False
    return [one[1] if one else cell for one, cell in zip(found, cells, strict=True)], True


def _without_spread(cells: list[str]) -> tuple[list[str], str]:
    """0.91 ± 0.02, 0.91 (0.02): the mean, where the whole column is so written."""
    if not any("±" in cell or "+" in cell or cell.endswith(")") for cell in cells):
        return cells, ""
    found = [_SPREAD.fullmatch(cell) for cell in cells]
    if not all(one or has_no_result(cell) for one, cell in zip(found, cells, strict=True)):
        return cells, ""
    means = [one[1] + (one[2] or "") if one else cell for one, cell in zip(found, cells, strict=True)]
    return means, "the mean is taken; the spread beside it is left out"


def _without_addresses(cells: list[str]) -> tuple[list[str], str]:
    """``<function relu at 0x7f3f>`` and ``<class 'keras.Adam'>`` are relu and keras.Adam, in every process."""
    if not any(cell.startswith("<") for cell in cells):
        return cells, ""
    bare = [_ADDRESS.sub("", cell) for cell in cells]
    return [found[1] or found[2] if (found := _NAMED.fullmatch(cell)) else cell for cell in bare], ""


def _commas(cells: list[str], decimal_comma: bool) -> tuple[list[str], str]:
    """Return a column's cells with a point for the decimals and nothing between thousands; and what was so read.

    In a table whose columns are not parted by commas, one is a decimal comma unless a point stands after it.
    Elsewhere commas stand between thousands where every one that there is can: "1,234.5"; and are decimal ones
    where a number begins with "0,". A column whose commas can be neither stays as it is.
    """
    found = [cell for cell in cells if "," in cell]
    if not found or not all(_COMMAS.fullmatch(cell) for cell in found):
        return cells, ""
    if all(_THOUSANDS.fullmatch(cell) for cell in found) and (
        not decimal_comma or any("." in cell for cell in found)
    ):
        return [cell.replace(",", "") for cell in cells], "commas between thousands"
    begun = any(cell.lstrip("+-").startswith("0,") for cell in found)
    if decimal_comma and all(cell.count(",") == 1 and "." not in cell.partition(",")[2] for cell in found):
        return [
            cell.replace(".", "").replace(",", ".") if "," in cell or _POINTS.fullmatch(cell) else cell
            for cell in cells
        ], "decimal commas"
    if begun and all(_DECIMAL_COMMA.fullmatch(cell) for cell in found):
        return [cell.replace(",", ".") for cell in cells], "decimal commas"
    return cells, ""


def _thousands(cells: list[str], pointed: str) -> tuple[list[str], str]:
    """1.024 in a table of decimal commas is 1024; ``pointed`` is a number of it whose point is a decimal one."""
    found = [cell for cell in cells if _POINTS.fullmatch(cell)]
    if not found or not all(
        _POINTS.fullmatch(c) or whole_number(c) is not None or has_no_result(c) for c in cells
    ):
        return cells, ""
    if pointed:
        return cells, f"{found[0]} is taken with a decimal point, as {clean(pointed, 20)} has one"
    return [cell.replace(".", "") for cell in cells], "points between thousands"


def _a_column_a_metric(table: RawTable) -> tuple[RawTable, list[str]]:
    """Return the table with a column for each metric, where one names each row's metric and one has its value."""
    names = [spelled(name) for name in table.header.cells]
    named = [place for place, name in enumerate(names) if name in _METRIC_NAMES]
    valued = [place for place, name in enumerate(names) if name in _METRIC_VALUES]
    if len(named) != 1 or len(valued) != 1:
        return table, []
    name, value = named[0], valued[0]
    metrics = list(dict.fromkeys(row.cells[name] for row in table.rows))
    if not all(map(is_metric, metrics)) or set(metrics) & set(table.header.cells):
        return table, []
    kept = [place for place in range(len(names)) if place not in (name, value)]
    rows: dict[tuple[Sequence[str], int], dict[str, str]] = {}
    lines: dict[tuple[Sequence[str], int], int] = {}
    for row in table.rows:
        key, again = tuple(row.cells[place] for place in kept), 0
        while row.cells[name] in rows.get((key, again), {}):
            again += 1
        rows.setdefault((key, again), {})[row.cells[name]] = row.cells[value]
        lines.setdefault((key, again), row.line)
    header = replace(table.header, cells=[*(table.header.cells[place] for place in kept), *metrics])
    pivoted = [
        Row(lines[key], [*key[0], *(found.get(metric, "") for metric in metrics)]) for key, found in rows.items()
    ]
    note = f"{clean(table.header.cells[name], 40)} names the metric of each row; each has a column here"
    return replace(table, header=header, rows=pivoted), [note]
