"""The shortest way for a terminal's cursor from one cell to another."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=16384)
def move(row: int | None, column: int | None, to_row: int, to_column: int) -> str:
    """Return the code that moves the cursor; ``None`` is where it is not known. All are 0-based."""
    if (row, column) == (to_row, to_column):
        return ""
    ways = [f"\x1b[{to_row + 1};{to_column + 1}H" if to_column else _times("H", to_row + 1)]
    if row == to_row:
        ways.append(_times("G", to_column + 1))
        if column is not None:
            ways.append(_along(to_column - column))
    elif row is not None and row < to_row:
        if to_row - row <= 2:  # each line feed is two bytes on the wire where the terminal's driver adds a return
            ways.append("\r" + "\n" * (to_row - row) + (_along(to_column) if to_column else ""))
        if column == to_column:
            ways.append(_times("B", to_row - row))
    elif row is not None and column == to_column:
        ways.append(_times("A", row - to_row))
    return min(ways, key=len)


def _along(columns: int) -> str:
    return _times("C", columns) if columns > 0 else "\b" * -columns if columns > -4 else _times("D", -columns)


def _times(final: str, count: int) -> str:
    return f"\x1b[{'' if count == 1 else count}{final}"
