"""Tables as lines of text: columns that are aligned, values and scores as they stand in them."""

from __future__ import annotations

from collections.abc import Sequence

from hpo_core.text import clean, fewer_digits, format_value
from hpo_tui.look.numbers import metric_text

PAGE_WIDTH = 80
"""What people read is laid out for so many columns, on a terminal or not."""

VALUES_SHOWN = 50
"""A hyperparameter of more values, as in a random search, has no line for each of them."""


def short_value(value: object, room: int = 9) -> str:
    """Return a value; of a number with many digits as many as there is room for."""
    shown = format_value(value)
    return (isinstance(value, float) and len(shown) > room and fewer_digits(shown, room)) or shown


def score_text(mean: float, sd: float, decimals: int) -> str:
    """Return "0.9661 ± 0.0023", or the mean alone where there is no sd."""
    spread = f" ± {metric_text(sd, decimals)}" if sd == sd else ""
    return f"{metric_text(mean, decimals)}{spread}"


def aligned(table: Sequence[Sequence[str]], right: Sequence[int] = (), width: int = PAGE_WIDTH) -> list[str]:
    """Return rows of cells as lines of aligned columns, cut at the width; ``right`` columns end aligned."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = []
    for row in table:
        cells = [
            f"{cell:>{size}}" if column in right else f"{cell:<{size}}"
            for column, (cell, size) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append(clean("  ".join(cells).rstrip(), width))
    return lines
