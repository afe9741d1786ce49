"""The axonometric box of the scatter projection: from the unit cube to a flat drawing.

Orthographic, so parallel lines stay parallel and a step of one hyperparameter is as long everywhere. Points
are (n, 3) in 0..1; the third axis stands upright.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from msgspec import Struct

from hpo_tui.plots.data import Floats

Corner = tuple[int, int, int]


class View(Struct, frozen=True):
    """Where the box is seen from, in degrees: ``azimuth`` turns it, ``elevation`` 0..90 looks down on it."""

    azimuth: float = 35.0
    elevation: float = 24.0

    def turned(self, azimuth: float = 0.0, elevation: float = 0.0) -> View:
        """Return the view after a turn; the elevation stays between 5 and 85 degrees."""
        return View((self.azimuth + azimuth) % 360.0, min(max(self.elevation + elevation, 5.0), 85.0))


def project(points: Floats, view: View) -> tuple[Floats, Floats, Floats]:
    """Return x (right), y (up) and nearness (greater is nearer) of points; the middle of the box is (0, 0)."""
    turn, tilt = math.radians(view.azimuth), math.radians(view.elevation)
    across, along, up = (points - 0.5).T
    x = across * math.cos(turn) - along * math.sin(turn)
    away = across * math.sin(turn) + along * math.cos(turn)
    y = up * math.cos(tilt) + away * math.sin(tilt)
    return x, y, up * math.sin(tilt) - away * math.cos(tilt)


def half_extent(view: View) -> tuple[float, float]:
    """Return half the width and half the height of the drawn box."""
    turn, tilt = math.radians(view.azimuth), math.radians(view.elevation)
    spread = abs(math.cos(turn)) + abs(math.sin(turn))
    return spread / 2, (math.cos(tilt) + spread * math.sin(tilt)) / 2


class Edges(Struct, frozen=True):
    """Which edges of the box to draw, as pairs of corners.

    ``axes`` are the three that carry ticks, each from the axis' low end to its high end: two at the front of
    the floor, one upright at the left. ``quiet`` are the others; those that meet at the nearest top corner are
    left out, because they would run through the points.
    """

    axes: tuple[tuple[Corner, Corner], tuple[Corner, Corner], tuple[Corner, Corner]]
    quiet: tuple[tuple[Corner, Corner], ...]


def edges(view: View) -> Edges:
    """Return the edges as seen from ``view``."""
    turn = math.radians(view.azimuth)
    front_x = 0 if math.sin(turn) >= 0 else 1
    front_y = 0 if math.cos(turn) >= 0 else 1
    left = min(
        ((x, y) for x in (0, 1) for y in (0, 1)), key=lambda c: c[0] * math.cos(turn) - c[1] * math.sin(turn)
    )
    axes = (
        ((0, front_y, 0), (1, front_y, 0)),
        ((front_x, 0, 0), (front_x, 1, 0)),
        ((left[0], left[1], 0), (left[0], left[1], 1)),
    )
    nearest = (front_x, front_y, 1)
    quiet = tuple(edge for edge in _all_edges() if edge not in axes and nearest not in edge)
    return Edges(axes, quiet)


def _all_edges() -> list[tuple[Corner, Corner]]:
    ends = [(0, 0), (0, 1), (1, 0), (1, 1)]
    found: list[tuple[Corner, Corner]] = []
    for a, b in ends:
        found += [((0, a, b), (1, a, b)), ((a, 0, b), (a, 1, b)), ((a, b, 0), (a, b, 1))]
    return found


@lru_cache(maxsize=64)
def default_view(first: int, second: int) -> View:
    """Return the view from which the uprights of a ``first`` × ``second`` floor stand farthest apart."""
    if first * second > 60:
        return View()
    floor = np.array(
        [(x / max(first - 1, 1), y / max(second - 1, 1), 0.5) for x in range(first) for y in range(second)]
    )

    def clearance(azimuth: int) -> tuple[float, int]:
        across = np.sort(project(floor, View(azimuth))[0])
        least = float(np.diff(across).min()) if len(across) > 1 else 0.0
        return round(least, 4), -abs(azimuth - 35)

    return View(float(max(range(28, 63), key=clearance)))
