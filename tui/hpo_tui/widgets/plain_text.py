"""The last step to a terminal: foreign text as it stands, never as markup; ASCII alone where it is asked for."""

from __future__ import annotations

from rich.segment import Segment
from textual.app import App
from textual.color import Color
from textual.content import Content
from textual.filter import LineFilter

from hpo_core.text import clean
from hpo_tui.plots.ascii import to_ascii


def literal(text: str) -> Content:
    """Return text that is shown character by character; its line breaks are kept.

    Given to a widget as it is: ``Content.markup`` is not always read back as the text it was made of, and a title
    with an unclosed ``[/`` ended the app.
    """
    return Content("\n".join(clean(line) for line in text.split("\n")))


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
