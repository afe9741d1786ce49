"""Upright bars of eighth blocks, and their ASCII stand-ins."""

from __future__ import annotations

import math
from collections.abc import Sequence

from hpo_tui.plots.pen import Pen

EIGHTHS = " ▁▂▃▄▅▆▇█"
EIGHTHS_ASCII = " _.:-=+*#"


def add_bars(
    pen: Pen, corner: tuple[int, int], size: tuple[int, int], heights: Sequence[float], full: float, ink: int
) -> None:
    """Draw bars side by side: ``corner`` is their top left, ``size`` a bar's cells across and upwards.

    A bar of ``full`` fills its cells; one that is not zero shows at least an eighth.
    """
    (left, top), (across, tall) = corner, size
    blocks = EIGHTHS_ASCII if pen.plain else EIGHTHS
    xs: list[float] = []
    ys: list[float] = []
    glyphs: list[str] = []
    for index, height in enumerate(heights):
        eighths = math.ceil(height / full * 8 * tall - 1e-9) if full > 0 else 0
        for up in range(tall):
            level = min(max(eighths - 8 * up, 0), 8)
            if level:
                xs += [left + index * across + step + 0.5 for step in range(across)]
                ys += [top + tall - up - 0.5] * across
                glyphs += [blocks[level]] * across
    pen.points(xs, ys, glyphs, [ink] * len(xs))
