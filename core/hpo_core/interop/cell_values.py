"""What a cell of a table says, read strictly: a number is digits as everybody writes them, and finite.

Written, floats have as many digits as reading them back exactly takes. A text is quoted where it would be read as
something else: with commas, quotes, line breaks or blanks at its ends, empty, or like a number. Spreadsheets take
text that begins with = + - @ for a formula: it gets a ' in front, which reading takes away again.
"""

from __future__ import annotations

import math
import re

from hpo_core.plan.hyperparameters import Value
from hpo_core.results.tidy import Cell

_WHOLE = re.compile(r"[+-]?[0-9]{1,300}", re.ASCII)
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_NEEDS_QUOTES = re.compile(r'[,"\r\n]|^\s|\s$|^$')


def is_number(text: str) -> bool:
    """Whether the text is written as a number, however large."""
    return _NUMBER.fullmatch(text) is not None


def whole_number(text: str) -> int | None:
    """Return the whole number that the text writes, or None."""
    return int(text) if _WHOLE.fullmatch(text) else None


def number(text: str) -> float | None:
    """Return the finite number that the text writes, or None."""
    if not _NUMBER.fullmatch(text):
        return None
    value = float(text)
    return value if math.isfinite(value) else None


def column_values(texts: list[str]) -> list[Value]:
    """Return a column's values in their common type: whole numbers, else numbers, else texts as they stand.

    Raises ``MixedColumn`` where some cells are written as numbers and others are not, or a number is too large.
    """
    written = [is_number(text) for text in texts]
    if not any(written):
        return list(texts)
    if not all(written):
        raise MixedColumn(written.index(not written[0]))
    whole = [whole_number(text) for text in texts]
    if None not in whole:
        return [value for value in whole if value is not None]
    numbers = [number(text) for text in texts]
    if None in numbers:
        raise MixedColumn(numbers.index(None))
    return [value for value in numbers if value is not None]


def csv_cell(cell: Cell) -> str:
    """Return one cell as it stands in the file."""
    if cell is None or (isinstance(cell, float) and not math.isfinite(cell)):
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, (int, float)):
        return repr(cell)
    text = cell.replace("\0", "␀")  # no reader of CSV takes a NUL
    if _FORMULA.match(text):
        text = f"'{text}"
    if _NEEDS_QUOTES.search(text) or is_number(text):
        return '"' + text.replace('"', '""') + '"'
    return text


def unprotected(text: str) -> str:
    """Return a text cell without the ' that ``csv_cell`` put before a formula."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


class MixedColumn(Exception):  # noqa: N818 - it carries the place only; the reader of the table words the error
    """A column whose cell number ``place`` (from 0) is not of the kind of those before it."""

    def __init__(self, place: int) -> None:
        super().__init__(place)
        self.place = place
