"""Pen: plotext draws, in cell coordinates, and its ANSI comes back as runs of text and ink.

Each ink is given to plotext as an xterm colour number of its own, so the colour codes in its answer say which
ink every cell has. Coordinates are in cells, x to the right and y DOWN from the top left corner, so (0.5, 0.5)
is the centre of the first cell; plotext's own axes, limits and ticks stay off, because it would round them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib import import_module
from threading import Lock
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpo_tui.look.inks import DEFAULT, INK_COUNT
from hpo_tui.plots.picture import Run

Numbers = NDArray[np.floating[Any]] | Sequence[float]

_FIRST_COLOUR = 16  # xterm's first 16 colours are the terminal's own and come back under other codes.
_CODES = {f"38;5;{_FIRST_COLOUR + ink}": ink for ink in range(INK_COUNT)}
_CELLS = re.compile("\x1b\\[([0-9;]*)m([^\x1b]*)")
_figure_lock = Lock()  # plotext has one master figure for the whole process.

FINE = "braille"
"""Marker of lines with two by four dots in a cell."""


@dataclass(frozen=True, slots=True)
class _Stroke:
    xs: list[float]
    ys: list[float]
    glyphs: list[str]
    inks: list[int]
    joined: list[bool] | None
    filled: bool = False


@dataclass(slots=True)
class Pen:
    """A drawing of ``width`` × ``height`` cells; what is drawn later covers what was drawn before."""

    width: int
    height: int
    plain: bool = False
    _strokes: list[_Stroke] = field(default_factory=list)

    def points(self, xs: Numbers, ys: Numbers, glyphs: Sequence[str], inks: Sequence[int]) -> None:
        """Put one character in each cell that a point falls in."""
        if len(xs):
            self._strokes.append(_Stroke([*map(float, xs)], [*map(float, ys)], list(glyphs), list(inks), None))

    def line(self, xs: Numbers, ys: Numbers, ink: int, glyph: str = FINE) -> None:
        """Draw one line through the points; in ASCII a fine line is made of dots."""
        self.lines([xs], [ys], [ink], glyph)

    def lines(self, xs: Sequence[Numbers], ys: Sequence[Numbers], inks: Sequence[int], glyph: str = FINE) -> None:
        """Draw many lines at once, each through its own points and in its own ink."""
        glyph = "." if self.plain and glyph == FINE else glyph
        flat_x = [float(x) for line in xs for x in line]
        flat_y = [float(y) for line in ys for y in line]
        joined = [place > 0 for line in xs for place in range(len(line))]
        each = [ink for line, ink in zip(xs, inks, strict=True) for _ in line]
        if flat_x:
            self._strokes.append(_Stroke(flat_x, flat_y, [glyph] * len(flat_x), each, joined))

    def block(self, col: int, row: int, width: int, height: int, ink: int) -> None:
        """Fill cells with blanks of an ink that has a background."""
        if width > 0 and height > 0:
            xs, ys = [col + 0.5, col + width - 0.5], [row + 0.5, row + height - 0.5]
            self._strokes.append(_Stroke(xs, ys, [" "], [ink], None, filled=True))

    def rows(self) -> list[list[Run]]:
        """Let plotext draw, and return ``height`` rows of runs."""
        if self.width < 1 or self.height < 1:
            return []
        with _figure_lock:
            drawn = _draw(self.width, self.height, self._strokes)
        return [_parse(line) for line in drawn.splitlines()]


@cache
def _plotext() -> Any:
    """Import plotext when the first plot is drawn, without the pages of help that it puts together of itself.

    They take 0.17 of its 0.3 s, and the first picture waits for it.
    """
    pages = ModuleType("plotext._doc.doc")
    pages.__dict__["docs"] = None
    sys.modules.setdefault(pages.__name__, pages)
    try:
        return import_module("plotext")
    except ImportError:  # another version that wants more of them
        del sys.modules[pages.__name__]
        return import_module("plotext")


@lru_cache(maxsize=4096)
def _marker(glyph: str, ink: int) -> Any:
    plotext = _plotext()
    return plotext.marker(glyph, pixel=plotext.pixel(_FIRST_COLOUR + ink))


def _draw(width: int, height: int, strokes: Sequence[_Stroke]) -> str:
    plotext = _plotext()
    figure = plotext.figure
    plotext.terminal.limit(False, False)
    figure.clear.all()
    figure.plot_size(width, height)
    figure.canvas("default")
    figure.axes(False)
    for axis, size in (("x", width), ("y", height)):
        ruler = figure.ruler(axis)
        ruler.frequency(0)
        ruler.alignment(lim="edge")
        ruler.lim(0, size)
    for stroke in strokes:
        xs = [_inside(x, width) for x in stroke.xs]
        ys = [height - _inside(y, height) for y in stroke.ys]
        markers = [_marker(glyph, ink) for glyph, ink in zip(stroke.glyphs, stroke.inks, strict=True)]
        if stroke.filled:
            figure.draw(figure.rectangle(xs, ys, marker=markers[0]))
            continue
        signal = figure.signal(xs, ys, marker=markers)
        for index, joined in enumerate(stroke.joined or ()):
            signal.line(index, joined)
        figure.draw(signal)
    return str(figure.build().string())


def _inside(place: float, size: int) -> float:
    # A point on the very edge of the canvas would fall outside it.
    return min(max(place, 0.001), size - 0.001)


def _parse(line: str) -> list[Run]:
    runs: list[Run] = []
    ink = DEFAULT
    for code, text in _CELLS.findall(line):
        ink = _CODES.get(code, DEFAULT)
        if text:
            runs.append((text, ink))
    return runs
