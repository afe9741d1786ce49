"""Colours that can be read: on every ground, in 256, 16 or no colours, and by colour-blind people."""

from __future__ import annotations

import itertools
import math

import pytest
from rich.color import Color, ColorSystem
from rich.style import Style

from hpo_tui.look import inks
from hpo_tui.look.theme import THEMES, Colours, Palette, ThemeName, colour_depth, contrast, luminance, palette

# Machado, Oliveira, Fernandes (2009), severity 1.0, on linear RGB.
DEUTERANOPIA = ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881))
# Björn Ottosson's OKLab: linear RGB to cone responses to L, a, b.
CONES = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
LAB = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)
Triple = tuple[float, float, float]


def times(matrix: tuple[Triple, ...], vector: Triple) -> Triple:
    a, b, c = (sum(x * y for x, y in zip(row, vector, strict=True)) for row in matrix)
    return a, b, c


def linear(colour: str) -> Triple:
    parts = (channel / 255 for channel in Color.parse(colour).get_truecolor())
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return red, green, blue


def seen_by_a_deuteranope(colour: str) -> float:
    """The luminance that is left."""
    red, green, blue = (min(max(channel, 0.0), 1.0) for channel in times(DEUTERANOPIA, linear(colour)))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def distance(one: str, other: str) -> float:
    """In OKLab, where 0.02 is about the least difference that is seen side by side."""
    cones = [times(CONES, linear(colour)) for colour in (one, other)]
    first, second = (times(LAB, (math.cbrt(a), math.cbrt(b), math.cbrt(c))) for a, b, c in cones)
    return math.dist(first, second)


def name_of(colour: Color | None) -> str:
    assert colour is not None
    return colour.name


def ramp(colours: Palette) -> list[str]:
    return [name_of(colours.style(ink).color) for ink in inks.RAMP]


def heat(colours: Palette) -> list[str]:
    return [name_of(colours.style(ink).bgcolor) for ink in inks.HEAT]


def rises(values: list[float]) -> bool:
    return all(before < after for before, after in itertools.pairwise(values))


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("steps", [ramp, heat])
def test_the_ramp_rises_in_lightness_also_for_a_deuteranope(theme: ThemeName, steps: type) -> None:
    colours: list[str] = steps(palette(theme))
    assert len(set(colours)) == inks.RAMP_STEPS
    assert rises([luminance(colour) for colour in colours])
    assert rises([seen_by_a_deuteranope(colour) for colour in colours])


@pytest.mark.parametrize("theme", THEMES)
def test_neighbouring_steps_can_be_told_apart(theme: ThemeName) -> None:
    for one, other in itertools.pairwise(ramp(palette(theme))):
        assert distance(one, other) > 0.03, (one, other)


@pytest.mark.parametrize(("theme", "least"), [("dark", 3.0), ("light", 3.0), ("high-contrast", 7.0)])
def test_every_step_and_category_stands_out_from_the_ground(theme: ThemeName, least: float) -> None:
    colours = palette(theme)
    for ink in (*inks.RAMP, *inks.CATEGORY, inks.WARNING, inks.ACCENT, inks.DIM):
        assert contrast(name_of(colours.style(ink).color), colours.background) >= least, ink


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("ink", [inks.CURSOR, *inks.HEAT])
def test_text_on_a_coloured_ground_can_be_read(theme: ThemeName, ink: int) -> None:
    style = palette(theme).style(ink)
    assert contrast(name_of(style.color), name_of(style.bgcolor)) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
def test_a_terminal_with_256_colours_shows_the_same_colours(theme: ThemeName) -> None:
    for style in palette(theme).styles:
        for colour in (style.color, style.bgcolor):
            if colour is not None:
                fewer = colour.downgrade(ColorSystem.EIGHT_BIT).get_truecolor()
                full = colour.get_truecolor()
                # Rich rounds light greys to a neighbouring step of the 24 greys, 10 of 255 away.
                allowed = 10 if full.red == full.green == full.blue else 0
                assert max(abs(a - b) for a, b in zip(fewer, full, strict=True)) <= allowed, colour.name


@pytest.mark.parametrize("theme", THEMES)
def test_categories_are_all_different(theme: ThemeName) -> None:
    names = [name_of(palette(theme).style(ink).color) for ink in inks.CATEGORY]
    assert all(distance(one, other) > 0.05 for one, other in itertools.combinations(names, 2))


@pytest.mark.parametrize("theme", THEMES)
def test_sixteen_colours_use_only_the_terminals_own(theme: ThemeName) -> None:
    for style in palette(theme, 16).styles:
        for colour in (style.color, style.bgcolor):
            assert colour is None or colour.is_default or (colour.number is not None and colour.number < 16)


@pytest.mark.parametrize("theme", THEMES)
def test_without_colours_only_weight_and_reverse_are_left(theme: ThemeName) -> None:
    colours = palette(theme, 0)
    assert all(style.color is None and style.bgcolor is None for style in colours.styles)
    assert colours.style(inks.CURSOR).reverse
    assert colours.style(inks.RAMP[-1]).bold
    assert colours.style(inks.RAMP[0]).dim


@pytest.mark.parametrize("colours", [256, 16, 0])
def test_every_ink_has_a_style(colours: Colours) -> None:
    styles = palette("dark", colours).styles
    assert len(styles) == inks.INK_COUNT
    assert all(isinstance(style, Style) for style in styles)


@pytest.mark.parametrize(
    ("environ", "colours"),
    [
        ({"TERM": "xterm-256color"}, 256),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, 256),
        ({"TERM": "linux"}, 16),
        ({"TERM": "xterm"}, 16),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, 0),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, 256),
        ({"TERM": "dumb"}, 0),
        ({}, 0),
    ],
)
def test_the_terminal_says_how_many_colours_it_has(environ: dict[str, str], colours: int) -> None:
    assert colour_depth(environ) == colours
