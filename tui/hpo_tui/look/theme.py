"""Themes: which style each ink has, on dark, on light and in high contrast; in 256, 16 or no colours.

Every colour is one of xterm's 240 fixed colours, so a terminal with 256 colours and one with all of them show
the same (light greys may be one step off). The ramp goes from violet over blue and green to yellow and rises in
lightness step by step, also as people with deuteranopia see it; its dark end is lifted on dark grounds and its
bright end lowered on light ones, so that every step stands out from the ground. In 16 colours neighbouring steps
share a colour; without colours they share dim, plain or bold. Shape (marker, size) and text then carry the
meaning, as every plot draws them anyway.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Literal

from msgspec import Struct
from rich.color import Color
from rich.style import Style

from hpo_tui.look import inks

ThemeName = Literal["dark", "light", "high-contrast"]
Colours = Literal[256, 16, 0]

THEMES: tuple[ThemeName, ...] = ("dark", "light", "high-contrast")


class Palette(Struct, frozen=True):
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


class _Colours(Struct, frozen=True):
    """The colours of one theme, as Rich writes them: "#rrggbb" or the name of one of the 16."""

    background: str
    foreground: str
    dim: str
    frame: str
    strong: str
    accent: str
    warning: str
    ramp: tuple[str, ...]
    heat: tuple[str, ...]
    category: tuple[str, ...]
    category_dim: tuple[str, ...]


_HEAT = (
    "#5f005f", "#5f0087", "#5f00af", "#5f00d7", "#005fd7", "#0087af",
    "#00afaf", "#5faf87", "#87af5f", "#87d75f", "#afd75f", "#d7d75f",
)  # fmt: skip
"""The ramp as a ground for text, quieter than as points: whole panes are filled with it."""

_DARK = _Colours(
    background="#121212",
    foreground="#d0d0d0",
    dim="#8a8a8a",
    frame="#585858",
    strong="#eeeeee",
    accent="#5fd7ff",
    warning="#ff5f5f",
    ramp=(
        "#875faf", "#875fd7", "#875fff", "#5f87ff", "#00afff", "#5fafff",
        "#00d7d7", "#5fd7af", "#87d75f", "#afd75f", "#d7ff5f", "#ffffaf",
    ),
    heat=_HEAT,
    category=("#5fafff", "#ffaf00", "#5fd7af", "#ff87d7", "#d7d75f", "#d78700", "#afafff", "#d0d0d0"),
    category_dim=("#005f87", "#875f00", "#00875f", "#875f87", "#87875f", "#875f5f", "#5f5f87", "#6c6c6c"),
)  # fmt: skip

_LIGHT = _Colours(
    background="#ffffff",
    foreground="#303030",
    dim="#6c6c6c",
    frame="#b2b2b2",
    strong="#080808",
    accent="#005fd7",
    warning="#d70000",
    ramp=(
        "#00005f", "#000087", "#0000af", "#5f0087", "#5f00af", "#5f00d7",
        "#005faf", "#005fd7", "#00875f", "#5f8700", "#878700", "#af8700",
    ),
    heat=_HEAT,
    category=("#005faf", "#af5f00", "#00875f", "#af00af", "#878700", "#5f0000", "#5f5fd7", "#585858"),
    category_dim=("#87afd7", "#d7af87", "#87d7af", "#d7afd7", "#d7d787", "#d7afaf", "#afafd7", "#b2b2b2"),
)  # fmt: skip

_HIGH_CONTRAST = _Colours(
    background="#000000",
    foreground="#ffffff",
    dim="#d0d0d0",
    frame="#9e9e9e",
    strong="#ffffff",
    accent="#00ffff",
    warning="#ff8787",
    ramp=(
        "#af87d7", "#af87ff", "#5fafff", "#87afff", "#00d7ff", "#5fd7ff",
        "#87d7ff", "#00ffd7", "#87ffaf", "#afff87", "#d7ff87", "#ffff87",
    ),
    heat=(
        "#af87d7", "#af87ff", "#5fafff", "#87afff", "#00d7ff", "#5fd7ff",
        "#87d7ff", "#00ffd7", "#87ffaf", "#afff87", "#d7ff87", "#ffff87",
    ),
    category=("#87d7ff", "#ffaf00", "#5fffaf", "#ffafff", "#ffff5f", "#ff875f", "#afafff", "#ffffff"),
    category_dim=("#5f87af", "#af8700", "#5faf87", "#af87af", "#afaf5f", "#af875f", "#8787af", "#9e9e9e"),
)  # fmt: skip


def _thirds(*colours: str) -> tuple[str, ...]:
    """Spread a few colours over the steps of the ramp."""
    return tuple(colours[step * len(colours) // inks.RAMP_STEPS] for step in range(inks.RAMP_STEPS))


_DARK_16 = _Colours(
    background="#000000",
    foreground="default",
    dim="default",
    frame="bright_black",
    strong="bright_white",
    accent="bright_cyan",
    warning="bright_red",
    ramp=_thirds("bright_blue", "cyan", "bright_green", "bright_yellow"),
    heat=_thirds("blue", "cyan", "green", "yellow"),
    category=(
        "bright_blue", "yellow", "bright_green", "bright_magenta", "cyan", "bright_yellow", "magenta", "white",
    ),
    category_dim=("blue", "yellow", "green", "magenta", "cyan", "yellow", "magenta", "bright_black"),
)  # fmt: skip

_LIGHT_16 = _Colours(
    background="#ffffff",
    foreground="default",
    dim="default",
    frame="bright_black",
    strong="black",
    accent="blue",
    warning="red",
    ramp=_thirds("black", "blue", "magenta", "bright_magenta"),
    heat=_thirds("blue", "cyan", "green", "yellow"),
    category=("blue", "magenta", "green", "red", "cyan", "black", "bright_blue", "bright_black"),
    category_dim=("blue", "magenta", "green", "red", "cyan", "black", "bright_blue", "bright_black"),
)

_TABLE: Mapping[ThemeName, tuple[_Colours, _Colours]] = {
    "dark": (_DARK, _DARK_16),
    "light": (_LIGHT, _LIGHT_16),
    "high-contrast": (_HIGH_CONTRAST, _DARK_16),
}


@cache
def palette(theme: ThemeName = "dark", colours: Colours = 256) -> Palette:
    """Return the palette of a theme for a terminal with that many colours."""
    full, few = _TABLE[theme]
    ground = full if colours == 256 else few
    styles = _without_colours() if colours == 0 else _styles(ground, thin=colours == 16)
    foreground = "#ffffff" if ground.background == "#000000" else "#000000"
    foreground = ground.foreground if ground.foreground.startswith("#") else foreground
    return Palette(theme, colours, ground.background, foreground, styles)


def colour_depth(environ: Mapping[str, str]) -> Colours:
    """Return how many colours to use, from ``NO_COLOR`` (no-color.org), ``COLORTERM`` and ``TERM``."""
    term = environ.get("TERM", "")
    if environ.get("NO_COLOR") or term in {"", "dumb"}:
        return 0
    many = environ.get("COLORTERM", "") in {"truecolor", "24bit"}
    names = ("256", "direct", "kitty", "alacritty", "ghostty", "wezterm")
    return 256 if many or any(name in term for name in names) else 16


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, 1 to 21, as WCAG 2.1 defines it."""
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    """Return the relative luminance (0 to 1, WCAG 2.1) of a colour as Rich writes it."""
    channels = (channel / 255 for channel in Color.parse(colour).get_truecolor())
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _styles(colours: _Colours, thin: bool) -> tuple[Style, ...]:
    table = {
        inks.DEFAULT: Style(color=colours.foreground),
        inks.DIM: Style(color=colours.dim, dim=True if thin else None),
        inks.FRAME: Style(color=colours.frame),
        inks.STRONG: Style(color=colours.strong, bold=True),
        inks.ACCENT: Style(color=colours.accent, bold=True),
        inks.WARNING: Style(color=colours.warning, bold=True),
        inks.CURSOR: Style(color=_readable_on(colours.accent), bgcolor=colours.accent, bold=True),
    }
    for step, (point, ground) in enumerate(zip(colours.ramp, colours.heat, strict=True)):
        table[inks.RAMP[step]] = Style(color=point)
        table[inks.HEAT[step]] = Style(color=_readable_on(ground), bgcolor=ground)
    for index, (full, quiet) in enumerate(zip(colours.category, colours.category_dim, strict=True)):
        table[inks.CATEGORY[index]] = Style(color=full)
        table[inks.CATEGORY_DIM[index]] = Style(color=quiet, dim=True if thin else None)
    return _in_order(table)


def _without_colours() -> tuple[Style, ...]:
    steps = (Style(dim=True), Style(), Style(bold=True))
    table = {
        inks.DIM: Style(dim=True),
        inks.FRAME: Style(dim=True),
        inks.STRONG: Style(bold=True),
        inks.ACCENT: Style(bold=True, italic=True),
        inks.WARNING: Style(bold=True),
        inks.CURSOR: Style(reverse=True, bold=True),
    }
    for step in range(inks.RAMP_STEPS):
        table[inks.RAMP[step]] = table[inks.HEAT[step]] = steps[step * len(steps) // inks.RAMP_STEPS]
    table |= {ink: Style(dim=True) for ink in inks.CATEGORY_DIM}
    return _in_order(table)


def _in_order(table: Mapping[int, Style]) -> tuple[Style, ...]:
    return tuple(table.get(ink, Style.null()) for ink in range(inks.INK_COUNT))


def _readable_on(colour: str) -> str:
    black, white = ("black", "bright_white") if not colour.startswith("#") else ("#000000", "#ffffff")
    return black if contrast(black, colour) >= contrast(white, colour) else white
