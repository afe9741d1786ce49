"""What a terminal shows that has become too small: how large it has to be.

It covers the screen and hides nothing of it: what had the focus has it still when the terminal grows.
"""

from __future__ import annotations

from textual.app import RenderResult
from textual.widget import Widget

from hpo_tui.look.size import MINIMUM_SIZE
from hpo_tui.widgets.plain_text import literal

COLUMNS, ROWS = MINIMUM_SIZE
SLIM, LOW = "-slim", "-low"
"""What a screen is called whose terminal has too few columns, or rows; ``hpo.tcss`` shows the cover there."""


class TooSmall(Widget):
    """Covers the screen while the terminal is too small."""

    def render(self) -> RenderResult:
        """Say what is needed, and what there is."""
        width, height = self.app.size
        return literal(
            f"hpo-tui needs a terminal of {COLUMNS} × {ROWS}.\nThis one has {width} × {height}.\n"
            "Make it larger to go on.\nWhat trains goes on training."
        )
