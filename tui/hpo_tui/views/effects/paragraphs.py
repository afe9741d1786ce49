"""Small pieces of the effects view: wrapped sentences, headings, names of effects."""

from __future__ import annotations

from collections.abc import Iterable

from hpo_core.effects import Effect
from hpo_core.text import clean
from hpo_tui.look.inks import DEFAULT, FRAME, STRONG
from hpo_tui.plots.canvas import shorten, width_of
from hpo_tui.plots.rows import Row, padded, run

NOISE = "≈ noise"
"""What stands beside a hyperparameter that has no detectable effect."""


def blank(width: int) -> Row:
    """Return an empty row."""
    return padded((), width)


def heading(text: str, width: int) -> Row:
    """Return a section's heading: its words, and a quiet line to the right edge."""
    shown = shorten(text, width - 2)
    line = "─" * max(width - width_of(shown) - 3, 0)
    return padded((run(f" {shown} ", STRONG), run(line, FRAME)), width)


def paragraph(text: str, width: int, ink: int = DEFAULT) -> list[Row]:
    """Return a sentence in as many rows as it takes; the second and later ones are set in."""
    return [padded((run(line, ink),), width) for line in _lines(clean(text), width - 1)]


def paragraphs(texts: Iterable[str], width: int, ink: int = DEFAULT) -> list[Row]:
    """Return several sentences, each beginning on a new row."""
    return [row for text in texts for row in paragraph(text, width, ink)]


def _lines(text: str, width: int) -> list[str]:
    lines = [" "]
    for word in text.split():
        piece = shorten(word, max(width - 3, 1))
        if width_of(lines[-1]) + 1 + width_of(piece) > width and lines[-1].strip():
            lines.append("   ")
        lines[-1] += piece if not lines[-1].strip() else f" {piece}"
    return lines


def name_of(line: Effect) -> str:
    """Return "learning_rate" or "learning_rate × filters"."""
    return " × ".join(clean(name) for name in line.factors)
