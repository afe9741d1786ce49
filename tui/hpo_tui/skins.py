"""Textual's side of the themes: the grounds, borders and dialogs that go with each palette of ``theme``."""

from __future__ import annotations

from textual.theme import Theme

from hpo_tui.plots import inks
from hpo_tui.plots.palette import Palette
from hpo_tui.theme import THEMES, palette


def textual_theme_name(theme: str) -> str:
    """Return the name under which a palette's theme is registered with Textual."""
    return f"hpo-{theme}"


def textual_themes() -> list[Theme]:
    """Return one Textual theme for each palette."""
    return [_theme(palette(name)) for name in THEMES]


def _theme(colours: Palette) -> Theme:
    def of(ink: int) -> str:
        color = colours.style(ink).color
        return color.name if color is not None else colours.foreground

    ground = colours.background
    return Theme(
        name=textual_theme_name(colours.name),
        primary=of(inks.ACCENT),
        accent=of(inks.ACCENT),
        warning=of(inks.WARNING),
        error=of(inks.WARNING),
        foreground=colours.foreground,
        background=ground,
        surface=ground,
        panel=ground,
        dark=colours.name != "light",
        variables={
            "frame": of(inks.FRAME),
            "quiet": of(inks.DIM),
            "block-cursor-background": of(inks.ACCENT),
            "block-cursor-foreground": ground,
            "block-cursor-text-style": "bold",
        },
    )
