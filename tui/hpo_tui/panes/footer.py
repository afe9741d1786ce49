"""The line at the bottom of every screen: the keys that are wanted most, to be read and to be clicked."""

from __future__ import annotations

from collections.abc import Iterable

from hpo_tui.look.inks import ACCENT, DIM
from hpo_tui.look.keys import Key, footer_keys
from hpo_tui.plots.rows import Row, padded, row_width, run


def footer_row(keys: Iterable[Key], width: int) -> Row:
    """Return the footer from the table of keys."""
    row: Row = ()
    for column, key in footer_keys(keys, width):
        blanks = " " * (column - row_width(row))
        row = (*row, run(blanks), run(key.shown, ACCENT), run(f" {key.label}", DIM))
    return padded(row, width)


def clicked_key(keys: Iterable[Key], width: int, column: int) -> Key | None:
    """Return the key whose sign or word stands at a column of the footer."""
    for start, key in footer_keys(keys, width):
        if start <= column < start + len(key.shown) + 1 + len(key.label):
            return key
    return None
