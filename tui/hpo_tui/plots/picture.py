"""Picture: what a plot returns. Cells of text, each with an ink; no colour, no theme, no terminal."""

from __future__ import annotations

from msgspec import Struct

Run = tuple[str, int]
"""Some text and its ink (see ``hpo_tui.look.inks``)."""


class Picture(Struct, frozen=True):
    """``height`` rows of exactly ``width`` cells each; a row is a tuple of runs from left to right.

    Pictures are equal when every cell is, and so are their rows: a widget refreshes the rows that differ.
    """

    width: int
    height: int
    rows: tuple[tuple[Run, ...], ...]

    def row_text(self, row: int) -> str:
        """Return the text of one row (0-based), without its inks."""
        return "".join(text for text, _ in self.rows[row])

    def text(self) -> str:
        """Return the whole picture as lines of plain text."""
        return "\n".join(self.row_text(row) for row in range(self.height))
