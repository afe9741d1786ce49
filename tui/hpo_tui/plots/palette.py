"""Palette: a style for every ink, and the ground it is made for."""

from __future__ import annotations

from dataclasses import dataclass

from rich.style import Style


@dataclass(frozen=True, slots=True)
class Palette:
    """``styles`` is indexed by ink. ``background`` and ``foreground`` are "#rrggbb": the ground it was made for.

    ``colours`` says how many colours the styles use: 256, 16, or 0 (only bold, dim and reverse).
    """

    name: str
    colours: int
    background: str
    foreground: str
    styles: tuple[Style, ...]

    def style(self, ink: int) -> Style:
        """Return the style of an ink."""
        return self.styles[ink]
