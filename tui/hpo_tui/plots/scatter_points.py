"""How a point of a scatter looks: its marker says the size of its score, its ink the step of the ramp.

Trials that failed and trials that collapsed have markers of their own.
"""

from __future__ import annotations

from hpo_tui.look import inks
from hpo_tui.plots.data import Ints
from hpo_tui.plots.legend import swatch
from hpo_tui.plots.scatter_numbers import ScatterNumbers

FAILED = "×"
FAILED_ASCII = "x"
COLLAPSED = "⊘"
COLLAPSED_ASCII = "c"


def sign_of(failed: bool, plain: bool) -> str:
    """Return the marker of a trial that failed, or else of one that collapsed."""
    return (FAILED_ASCII if plain else FAILED) if failed else (COLLAPSED_ASCII if plain else COLLAPSED)


def point_marks(
    numbers: ScatterNumbers, which: Ints, plain: bool, shapes: bool = False
) -> tuple[list[str], list[int]]:
    """Return the marker and the ink of each of the points ``which`` (indices).

    With ``shapes`` the markers tell the steps of the ramp apart without colour.
    """
    glyphs, point_inks = [], []
    for index in which:
        step = int(numbers.steps[index])
        failed = step < 0
        glyph = swatch(step, sized=True, plain=plain, shapes=shapes)
        if failed or numbers.collapsed[index]:
            glyph = sign_of(failed, plain)
        ink = inks.WARNING if failed else inks.RAMP[step]
        if numbers.highlighted[index]:
            ink = inks.CURSOR
            glyph = "@" if plain and not failed else glyph
        glyphs.append(glyph)
        point_inks.append(ink)
    return glyphs, point_inks
