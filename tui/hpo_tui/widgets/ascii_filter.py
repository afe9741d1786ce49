"""The last step to a terminal that shows ASCII alone: whatever drew a line, its signs leave as their twins."""

from __future__ import annotations

from rich.segment import Segment
from textual.app import App
from textual.color import Color
from textual.filter import LineFilter

from hpo_tui.plots.ascii import to_ascii


def shows_ascii(app: App[object]) -> bool:
    """Whether the app's terminal shows ASCII alone."""
    return any(isinstance(entry, AsciiFilter) for entry in app.get_line_filters())


class AsciiFilter(LineFilter):
    """Stands behind every widget, Textual's own among them: frames, scroll bars, the command palette."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the same cells in 7-bit characters."""
        return [
            piece if piece.text.isascii() else Segment(to_ascii(piece.text), piece.style, piece.control)
            for piece in segments
        ]
