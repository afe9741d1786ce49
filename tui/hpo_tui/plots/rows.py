"""Rows of cells: the small pieces that panes are put together from."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size

from hpo_tui.look.inks import ACCENT, DEFAULT, FRAME, STRONG
from hpo_tui.plots.canvas import shorten
from hpo_tui.plots.picture import Run

Row = tuple[Run, ...]
"""One row of a pane, from left to right."""


def run(text: str, ink: int = DEFAULT) -> Run:
    """Return one run of cells."""
    return (text, ink)


def fit(text: object, width: int) -> str:
    """Return foreign text in exactly ``width`` cells: cleaned, cut with "…", or padded on the right."""
    return set_cell_size(shorten(text, width), width)


def named(session: str) -> Run:
    """Return a session's name, as it stands in every line that begins with one."""
    return run(fit(session, min(len(session), 24)), STRONG)


def row_width(row: Row) -> int:
    """Return how many cells the row takes."""
    return sum(cell_len(text) for text, _ in row)


def padded(row: Row, width: int) -> Row:
    """Return the row in exactly ``width`` cells: cut on the right, or filled with blanks."""
    left = width
    kept: list[Run] = []
    for text, ink in row:
        cells = cell_len(text)
        if cells > left:
            text = set_cell_size(text, left)
            cells = left
        if cells:
            kept.append((text, ink))
        left -= cells
    if left > 0:
        kept.append((" " * left, DEFAULT))
    return tuple(kept)


def sides(left: Row, right: Row, width: int) -> Row:
    """Return ``left`` and ``right`` at the two ends of ``width`` cells; the left is cut where they meet."""
    room = max(width - row_width(right), 0)
    return padded((*padded(left, room), *right), width)


def bar(share: float, width: int, ink: int = ACCENT) -> Row:
    """Return a progress bar of ``width`` cells for a share of 0 to 1, to half a cell."""
    halves = round(min(max(share, 0.0), 1.0) * width * 2)
    done = "━" * (halves // 2) + "╸" * (halves % 2)
    return ((done, ink), ("─" * (width - len(done)), FRAME))
