"""Strips: rows of numbers on one axis, each a line of cells whose blocks say how many lie there.

A block is as high as its share of the row's numbers, on a scale that all rows have in common. Cells in which every
number is of a collapsed training have the sign of these; numbers beyond the axis' ends are told by an arrow.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter

import numpy as np
from msgspec import Struct

from hpo_tui.look import inks
from hpo_tui.plots.blocks import EIGHTHS, EIGHTHS_ASCII
from hpo_tui.plots.data import Bools, Floats, Ints
from hpo_tui.plots.picture import Run
from hpo_tui.plots.scale import fraction, sections
from hpo_tui.plots.scatter_points import sign_of


class Strip(Struct, frozen=True, eq=False):
    """The numbers of one row, which of them are of collapsed trainings, and the row's ink."""

    numbers: Floats
    collapsed: Bools
    ink: int


def strip_rows(
    strips: Sequence[Strip], ends: tuple[float, float], width: int, plain: bool = False
) -> list[list[Run]]:
    """Return a row of ``width`` cells for each strip, on an axis from ``ends[0]`` to ``ends[1]``."""
    if not strips:
        return []
    numbers, collapsed = (
        np.concatenate([getattr(strip, of) for strip in strips]) for of in ("numbers", "collapsed")
    )
    row = np.repeat(np.arange(len(strips)), [len(strip.numbers) for strip in strips])
    counts = _counts(numbers, row, (len(strips), width), ends)
    lone = np.zeros(counts.shape, bool)
    if collapsed.any():
        lone = (_counts(numbers[~collapsed], row[~collapsed], counts.shape, ends) == 0) & (counts > 0)
    shares = counts / np.maximum(np.bincount(row, minlength=len(strips)), 1)[:, None]
    eighths = np.ceil(shares / (shares.max(initial=0.0) or 1.0) * 8 - 1e-9).astype(np.int64)
    blocks = EIGHTHS_ASCII if plain else EIGHTHS
    glyphs = np.where(counts > 0, np.array(list(blocks))[eighths], " " if plain else "·")
    glyphs[lone] = sign_of(False, plain)
    colours = np.where(counts > 0, np.array([strip.ink for strip in strips])[:, None], inks.FRAME)
    for at, beyond, arrow in ((0, numbers < ends[0], "<"), (-1, numbers > ends[1], ">")) if width else ():
        for out in np.unique(row[beyond]).tolist():
            glyphs[out, at], colours[out, at] = arrow, strips[out].ink
    return [
        _joined(list(zip(texts, row_inks, strict=True)))
        for texts, row_inks in zip(glyphs.tolist(), colours.tolist(), strict=True)
    ]


def _joined(cells: Sequence[Run]) -> list[Run]:
    """Return cells as runs of one ink each."""
    return [("".join(text for text, _ in run), ink) for ink, run in groupby(cells, key=itemgetter(1))]


def _counts(numbers: Floats, row: Ints, shape: tuple[int, int], ends: tuple[float, float]) -> Ints:
    """Return how many of the numbers of each row lie in each cell."""
    inside = np.flatnonzero((numbers >= ends[0]) & (numbers <= ends[1]))
    apart = ends[0] < ends[1]
    places = sections(fraction(numbers[inside], *ends), shape[1]) if apart else np.full(len(inside), shape[1] // 2)
    return np.bincount(row[inside] * shape[1] + places, minlength=shape[0] * shape[1]).reshape(shape)
