"""What the screen is drawn with, and Textual's side of the themes: each palette's grounds, borders, dialogs."""

from __future__ import annotations

from msgspec import Struct
from textual.theme import Theme

from hpo_tui.look import inks
from hpo_tui.look.theme import THEMES, Palette, palette


class Skin(Struct, frozen=True):
    """What every pane is drawn with: a palette, and whether only 7-bit characters may be used."""

    palette: Palette
    ascii_only: bool = False


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
