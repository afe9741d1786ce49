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
_ZEROS_BEFORE = re.compile(r"[+-]?0[0-9]")
_EMPTY = frozenset(("", "none", "null", "na", "n/a", "#n/a", "<na>", "nil", "missing", "?", "-", "--", "–", "—"))
_DIVERGED = frozenset(("nan", "inf", "infinity", "diverged"))
_FAILED = frozenset(
    (
        "oom",
        "out of memory",
        "fail",
        "failed",
        "failure",
        "error",
        "crash",
        "crashed",
        "timeout",
        "timed out",
        "killed",
    )
)
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_NEEDS_QUOTES = re.compile(r'[,"\r\n]|^\s|\s$|^$')

NOT_SET = "not set"
"""The value of a hyperparameter where a training has none: one that depends on another."""


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


def has_zeros_before(text: str) -> bool:
    """Whether a number is written as names are: 007, 01."""
    return is_number(text) and _ZEROS_BEFORE.match(text) is not None


def is_empty(text: str) -> bool:
    """Whether a metric's cell says that there is no result."""
    return text.lower() in _EMPTY


def is_diverged(text: str) -> bool:
    """Whether a metric's cell says that the training diverged: nan or inf, with or without a sign."""
    return text.lower().lstrip("+-") in _DIVERGED


def is_failed(text: str) -> bool:
    """Whether a metric's cell says that the training failed: OOM, crashed, timeout."""
    return text.lower() in _FAILED


def has_no_result(text: str) -> bool:
    """Whether a metric's cell holds no number, and is not wrong."""
    return is_empty(text) or is_diverged(text) or is_failed(text)


def values_of(texts: list[str]) -> tuple[list[Value], tuple[Value, ...]]:
    """Return a hyperparameter's values, of one type, and its different ones in the order of a grid.

    Numbers where every cell is one: whole numbers, else floats, so that 1e-3 and 0.001 are the same. Texts as they
    stand otherwise, an empty cell being "not set": a column with a number written with zeros before it (007) too,
    for such are names. Among texts, one number is one value, as it is written first. Raises ``TooLarge``.
    """
    numbers = [number(text) for text in texts]
    if any(value is None and is_number(text) for text, value in zip(texts, numbers, strict=True)):
        raise TooLarge(next(n for n, text in enumerate(texts) if is_number(text) and numbers[n] is None))
    named = any(map(has_zeros_before, texts))
    if None not in numbers and not named:
        whole = [whole_number(text) for text in texts]
        values: list[Value] = list(whole if None not in whole else numbers)  # type: ignore[arg-type]
        return values, tuple(sorted(dict.fromkeys(values), key=float))
    first: dict[object, str] = {}
    texts = [text or NOT_SET for text in texts]
    written = [
        text if named or value is None else first.setdefault(value, text)
        for text, value in zip(texts, numbers, strict=True)
    ]
    different = list(dict.fromkeys(written))
    amounts = {text: value for text, value in zip(written, numbers, strict=True) if value is not None}
    different.sort(key=lambda text: amounts.get(text, math.inf))
    return list(written), tuple(different)


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


class TooLarge(Exception):  # noqa: N818 - it carries the place only; the reader of the table words the error
    """A column whose cell number ``place`` (from 0) is a number too large to hold."""

    def __init__(self, place: int) -> None:
        super().__init__(place)
        self.place = place
