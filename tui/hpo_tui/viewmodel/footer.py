"""The line at the bottom: the keys that matter most, as many as fit."""

from __future__ import annotations

from collections.abc import Collection

from hpo_tui.keys import Key, footer_items
from hpo_tui.plots.inks import ACCENT, DIM
from hpo_tui.viewmodel.rows import Row, padded, run


def footer_row(keys: tuple[Key, ...], width: int, hidden: Collection[str] = frozenset()) -> Row:
    """Return the footer from the table of keys, without the actions that are ``hidden``."""
    pieces = [run(" ")]
    for shown, label in footer_items(keys, width, hidden):
        pieces += [run(shown, ACCENT), run(f" {label}  ", DIM)]
    return padded(tuple(pieces), width)
