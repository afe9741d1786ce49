"""Pictures for Textual: one strip for each row."""

from __future__ import annotations

from rich.segment import Segment
from textual.strip import Strip

from hpo_tui.plots.palette import Palette
from hpo_tui.plots.picture import Picture


def to_strips(picture: Picture, palette: Palette) -> list[Strip]:
    """Return ``picture.height`` strips of ``picture.width`` cells.

    Only cells that mean something by their background have one: a widget lays its own ground under the rest
    with ``strip.apply_style(self.rich_style)``.
    """
    styles = palette.styles
    return [Strip([Segment(text, styles[ink]) for text, ink in row], picture.width) for row in picture.rows]
