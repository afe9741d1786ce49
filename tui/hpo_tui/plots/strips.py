"""Strips: rows of numbers on one axis, each a line of cells whose blocks say how many lie there.

A block is as high as its share of the row's numbers, on a scale that all rows have in common. Cells in which every
number is of a collapsed training have the sign of these; numbers beyond the axis' ends are told by an arrow.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

import numpy as np

from hpo_tui.look import inks
from hpo_tui.plots.blocks import EIGHTHS, EIGHTHS_ASCII
from hpo_tui.plots.data import Bools, Floats
from hpo_tui.plots.picture import Run
from hpo_tui.plots.scale import fraction, sections
from hpo_tui.plots.scatter_points import sign_of


@dataclass(frozen=True, eq=False, slots=True)
class Strip:
    """The numbers of one row, which of them are of collapsed trainings, and the row's ink."""

    numbers: Floats
    collapsed: Bools
    ink: int


def strip_rows(
    strips: Sequence[Strip], ends: tuple[float, float], width: int, plain: bool = False
) -> list[list[Run]]:
    """Return a row of ``width`` cells for each strip, on an axis from ``ends[0]`` to ``ends[1]``."""
    counts = [_counts(strip.numbers, ends, width) for strip in strips]
    shares = [found / max(len(strip.numbers), 1) for strip, found in zip(strips, counts, strict=True)]
    peak = max((float(share.max(initial=0.0)) for share in shares), default=0.0)
    blocks = EIGHTHS_ASCII if plain else EIGHTHS
    drawn: list[list[Run]] = []
    for strip, share in zip(strips, shares, strict=True):
        lone = np.zeros(width, bool)
        if strip.collapsed.any():
            lone = (_counts(strip.numbers[~strip.collapsed], ends, width) == 0) & (share > 0)
        glyphs = [blocks[math.ceil(part / peak * 8 - 1e-9)] if part else (" " if plain else "·") for part in share]
        glyphs = [sign_of(False, plain) if alone else glyph for glyph, alone in zip(glyphs, lone, strict=True)]
        colours = [strip.ink if part else inks.FRAME for part in share]
        if width and len(strip.numbers):
            for at, beyond, arrow in ((0, strip.numbers < ends[0], "<"), (-1, strip.numbers > ends[1], ">")):
                if beyond.any():
                    glyphs[at], colours[at] = arrow, strip.ink
        drawn.append([(glyph, ink) for glyph, ink in zip(glyphs, colours, strict=True)])
    return [_joined(row) for row in drawn]


def _joined(cells: Sequence[Run]) -> list[Run]:
    """Return cells as runs of one ink each."""
    return [("".join(text for text, _ in run), ink) for ink, run in groupby(cells, key=itemgetter(1))]


def _counts(numbers: Floats, ends: tuple[float, float], width: int) -> Floats:
    inside = numbers[(numbers >= ends[0]) & (numbers <= ends[1])]
    places = sections(fraction(inside, *ends), width) if ends[0] < ends[1] else np.full(len(inside), width // 2)
    return np.bincount(places, minlength=width).astype(np.float64)
