"""Pen: what is drawn becomes at most one character a cell, plotext draws these, and its ANSI comes back as runs.

Each ink is given to plotext as an xterm colour number of its own, so the colour codes in its answer say which
ink every cell has. Coordinates are in cells, x to the right and y DOWN from the top left corner, so (0.5, 0.5)
is the centre of the first cell; plotext's own axes, limits and ticks stay off, because it would round them.

Fine lines are dots, two by four in a cell, and a cell's dots are one braille character. They are gathered here and
not by plotext, which takes 3 µs for each dot: 160 lines between each two of five axes are 80 ms there, 2 ms here.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
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
_BRAILLE = 0x2800
_DOTS: NDArray[np.int32] = np.array(((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80)), np.int32)
"""The bit of each dot in a braille character, by its line and column."""

_HAIRS = 0.0017585662, 0.001616152
"""Plotext's own, at the two ends of an axis."""


class Pen:
    """A drawing of ``width`` × ``height`` cells; what is drawn later covers what was drawn before."""

    def __init__(self, width: int, height: int, plain: bool = False) -> None:
        self.width, self.height, self.plain = max(width, 0), max(height, 0), plain
        self._codes = np.zeros(self.width * self.height, np.int32)
        """The character of each cell, row by row; 0 where nothing was drawn."""
        self._inks = np.zeros(self.width * self.height, np.int32)

    def points(self, xs: Numbers, ys: Numbers, glyphs: Sequence[str], inks: Sequence[int]) -> None:
        """Put one character in each cell that a point falls in."""
        if len(xs) and len(self._codes):
            cells = self._cells(self._places(xs, self.width), self._places(ys, self.height))
            # Of several assignments to one place numpy keeps the last.
            self._codes[cells], self._inks[cells] = [*map(ord, glyphs)], inks

    def line(self, xs: Numbers, ys: Numbers, ink: int, glyph: str = FINE) -> None:
        """Draw one line through the points; in ASCII a fine line is made of dots."""
        self.lines([xs], [ys], [ink], glyph)

    def lines(self, xs: Sequence[Numbers], ys: Sequence[Numbers], inks: Sequence[int], glyph: str = FINE) -> None:
        """Draw many lines at once, each through its own points and in its own ink."""
        sizes = np.array([len(line) for line in xs])
        if not sizes.any() or not len(self._codes):
            return
        glyph = "." if self.plain and glyph == FINE else glyph
        across, down = (2, 4) if glyph == FINE else (1, 1)
        x, y = self._places(np.concatenate(xs), self.width), self._places(np.concatenate(ys), self.height)
        goes_on = np.ones(len(x), bool)
        goes_on[np.cumsum(sizes) - 1] = False
        # Every point, and between it and the next of its line one for each dot on the way.
        steps = np.ones(len(x), np.int64)
        for place, dots in ((x, across), (y, down)):
            dot = (place * dots).astype(np.int64)
            steps[:-1] = np.maximum(steps[:-1], np.abs(np.diff(dot)) * goes_on[:-1])
        start = np.repeat(np.arange(len(x)), steps)
        way = (np.arange(len(start)) - np.repeat(np.cumsum(steps) - steps, steps)) / steps[start]
        end = start + goes_on[start]
        x, y = x[start] + (x[end] - x[start]) * way, y[start] + (y[end] - y[start]) * way
        cells = self._cells(x, y)
        self._inks[cells] = np.repeat(inks, sizes)[start]
        if glyph != FINE:
            self._codes[cells] = ord(glyph)
            return
        self._codes[cells[self._codes[cells] & ~0xFF != _BRAILLE]] = _BRAILLE
        raised = _DOTS[(y * down).astype(np.int64) % down, (x * across).astype(np.int64) % across]
        np.bitwise_or.at(self._codes, cells, raised)

    def block(self, col: int, row: int, width: int, height: int, ink: int) -> None:
        """Fill cells with blanks of an ink that has a background."""
        for values, filled in ((self._codes, ord(" ")), (self._inks, ink)):
            values.reshape(self.height, self.width)[max(row, 0) : row + height, max(col, 0) : col + width] = filled

    def rows(self) -> list[list[Run]]:
        """Let plotext draw, and return ``height`` rows of runs."""
        if not len(self._codes):
            return []
        with _figure_lock:
            drawn = _draw(self.width, self.height, self._codes, self._inks)
        return [_parse(line) for line in drawn.splitlines()]

    def _cells(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.int64]:
        return y.astype(np.int64) * self.width + x.astype(np.int64)

    def _places(self, numbers: Numbers, size: int) -> NDArray[np.float64]:
        """Return coordinates as they are drawn, by a hair off the edges of cells and dots, as plotext has them.

        One on the very edge of the canvas would fall outside it, and a line along the edge of dots would waver.
        """
        inside = np.clip(np.asarray(numbers, np.float64), 0.001, size - 0.001)
        first, last = _HAIRS
        return first + (size - first - last) * (inside / size)


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


def _draw(width: int, height: int, codes: NDArray[np.int32], inks: NDArray[np.int32]) -> str:
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
    cells = np.flatnonzero(codes)
    if len(cells):
        rows, columns = np.divmod(cells, width)
        drawn = zip(codes[cells].tolist(), inks[cells].tolist(), strict=True)
        markers = [_marker(chr(code), ink) for code, ink in drawn]
        signal = figure.signal((columns + 0.5).tolist(), (height - rows - 0.5).tolist(), marker=markers)
        # It would look at each point's colour, to leave that out of colours of its own, which nothing here has.
        signal._get_unique_pixels = list
        figure.draw(signal)
    return str(figure.build().string())


def _parse(line: str) -> list[Run]:
    runs: list[Run] = []
    ink = DEFAULT
    for code, text in _CELLS.findall(line):
        ink = _CODES.get(code, DEFAULT)
        if text:
            runs.append((text, ink))
    return runs
