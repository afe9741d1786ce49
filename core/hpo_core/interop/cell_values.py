"""What a cell of a table says, read strictly: a number is digits as everybody writes them, and finite."""

from __future__ import annotations

import math
import re

from hpo_core.plan.hyperparameters import Value

_WHOLE = re.compile(r"[+-]?[0-9]{1,300}", re.ASCII)
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)


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


class MixedColumn(Exception):  # noqa: N818 - it carries the place only; the reader of the table words the error
    """A column whose cell number ``place`` (from 0) is not of the kind of those before it."""

    def __init__(self, place: int) -> None:
        super().__init__(place)
        self.place = place
