"""Generated fruit: shaded, textured, rotated colour images on white, as in Fruits-360; numpy only.

Each image is a pure function of (seed, class, index, size). A class is a row of ``KINDS``: a shape, two colours
and a texture. Neighbouring kinds differ in one or two of these only, and each image varies colour, size, light
and rotation, so that a network has something to learn.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Array = NDArray[np.float32]
Image = NDArray[np.uint8]
Colour = tuple[float, float, float]

VERSION = 3
"""Part of the cache's key: raise it when a generated image changes."""


class Kind(Struct, frozen=True):
    """How one class of fruit looks; colours are RGB from 0 to 1.

    ``aspect`` is height by width, ``lobes`` bumps of depth ``depth`` run round the outline, ``bend`` curves it,
    ``taper`` makes one end narrower. ``blush`` is the second colour, running over by ``blend``. ``grain`` is the
    texture's strength, ``seeds`` how many spots stand across, in darker or lighter colour.
    """

    name: str
    colour: Colour
    blush: Colour
    aspect: float = 1.0
    lobes: int = 0
    depth: float = 0.0
    bend: float = 0.0
    taper: float = 0.0
    blend: float = 0.5
    grain: float = 0.1
    seeds: int = 0
    spot: float = -0.35
    gloss: float = 0.3


KINDS = (
    Kind("Apple Red", (0.72, 0.10, 0.12), (0.85, 0.55, 0.20), lobes=5, depth=0.03, blend=0.45, gloss=0.5),
    Kind("Apple Golden", (0.85, 0.76, 0.25), (0.80, 0.52, 0.22), lobes=5, depth=0.03, blend=0.35, gloss=0.4),
    Kind("Peach", (0.88, 0.58, 0.32), (0.78, 0.22, 0.18), lobes=1, depth=0.06, blend=0.55, grain=0.06, gloss=0.05),
    Kind("Tomato", (0.78, 0.14, 0.08), (0.82, 0.26, 0.10), aspect=0.86, lobes=5, depth=0.05, gloss=0.7),
    Kind("Orange", (0.92, 0.52, 0.10), (0.88, 0.60, 0.14), grain=0.12, seeds=13, spot=-0.10, gloss=0.3),
    Kind("Lemon", (0.92, 0.82, 0.18), (0.84, 0.78, 0.26), aspect=1.35, lobes=2, depth=0.08, seeds=13, spot=-0.07),
    Kind("Lime", (0.42, 0.62, 0.14), (0.62, 0.70, 0.22), aspect=1.2, lobes=2, depth=0.06, seeds=13, spot=-0.08),
    Kind("Banana", (0.90, 0.80, 0.25), (0.62, 0.60, 0.18), aspect=2.7, bend=0.75, grain=0.14, gloss=0.1),
    Kind("Avocado", (0.22, 0.30, 0.12), (0.34, 0.38, 0.16), aspect=1.4, taper=0.38, grain=0.3, gloss=0.15),
    Kind("Strawberry", (0.80, 0.10, 0.12), (0.86, 0.30, 0.22), aspect=1.2, taper=0.4, seeds=6, spot=0.30),
    Kind("Plum", (0.34, 0.12, 0.28), (0.50, 0.18, 0.30), aspect=1.15, lobes=1, depth=0.05, gloss=0.25),
    Kind("Raspberry", (0.72, 0.10, 0.26), (0.80, 0.22, 0.34), aspect=1.15, taper=0.25, seeds=4, spot=-0.45),
    Kind("Pear", (0.72, 0.70, 0.26), (0.62, 0.56, 0.22), aspect=1.4, taper=0.45, seeds=9, spot=-0.10, gloss=0.2),
    Kind("Mango", (0.84, 0.60, 0.18), (0.52, 0.55, 0.20), aspect=1.35, bend=0.18, taper=0.15, blend=0.7),
    Kind("Kiwi", (0.44, 0.34, 0.18), (0.50, 0.42, 0.22), aspect=1.25, grain=0.35, gloss=0.02),
    Kind("Carambola", (0.86, 0.78, 0.20), (0.68, 0.70, 0.20), lobes=5, depth=0.26, blend=0.6, gloss=0.4),
)
"""The classes, in order; a data set of n classes has the first n."""

CLASS_NAMES = tuple(kind.name for kind in KINDS)


def draw(number: int, index: int, size: tuple[int, int], seed: int) -> Image:
    """Return image ``index`` of class ``number``."""
    kind = KINDS[number]
    chance = np.random.default_rng([seed, number, index])
    x, y = _coordinates(kind, size, chance)
    outline = np.hypot(x, y)
    if kind.lobes:
        bumps = np.cos(kind.lobes * np.arctan2(y, x) + np.float32(chance.uniform(0, 6.3)))
        outline = outline / (1 + np.float32(kind.depth) * bumps)
    surface = _surface(kind, x, y, chance)
    light = _light(x, y, outline, kind, chance)
    shaded = surface * light[0][..., None] + light[1][..., None]
    edge = np.float32(min(size) / 4)
    inside = np.clip((1 - outline) * edge, 0, 1)[..., None]
    noise = chance.standard_normal(size, dtype=np.float32)[..., None] * np.float32(0.025)
    picture = 1 + inside * (np.clip(shaded, 0, 1) - 1 + noise)
    drawn: Image = (np.clip(picture, 0, 1) * 255).astype(np.uint8)
    return drawn


def _coordinates(kind: Kind, size: tuple[int, int], chance: np.random.Generator) -> tuple[Array, Array]:
    """Return where each pixel lies on the fruit: the outline is at distance 1 from the middle."""
    height, width = size
    reach = np.float32(2 / min(height, width))
    down = (np.arange(height, dtype=np.float32) - (height - 1) / 2)[:, None] * reach
    across = (np.arange(width, dtype=np.float32) - (width - 1) / 2)[None, :] * reach
    angle, grown = chance.uniform(0, 2 * np.pi), chance.uniform(0.66, 0.92)
    down, across = down - chance.uniform(-0.08, 0.08), across - chance.uniform(-0.08, 0.08)
    cos, sin = np.float32(np.cos(angle) / grown), np.float32(np.sin(angle) / grown)
    x, y = cos * across - sin * down, sin * across + cos * down
    x = x * np.float32(kind.aspect * chance.uniform(0.92, 1.08))
    if kind.bend:
        x = x + np.float32(kind.bend * kind.aspect) * (y * y - np.float32(0.4))
    if kind.taper:
        x = x / np.maximum(1 - np.float32(kind.taper) * y, np.float32(0.2))
    return x.astype(np.float32), y.astype(np.float32)


def _surface(kind: Kind, x: Array, y: Array, chance: np.random.Generator) -> Array:
    """Return the colour of each pixel before light falls on it."""
    tint = chance.normal(0, 0.03, 3) + chance.normal(0, 0.02)
    colour, blush = (np.asarray(one, np.float32) + tint.astype(np.float32) for one in (kind.colour, kind.blush))
    towards = chance.uniform(0, 2 * np.pi)
    run = np.cos(towards) * x + np.sin(towards) * y + chance.normal(0, 0.35)
    mixed = np.clip(0.5 + run, 0, 1).astype(np.float32) * np.float32(kind.blend)
    waves = np.zeros_like(x)
    for _ in range(3):
        phase, along, over = chance.uniform(0, 6.3), *chance.normal(0, 6, 2)
        waves = waves + np.sin(np.float32(along) * x + np.float32(over) * y + np.float32(phase))
    texture = waves * np.float32(kind.grain / 3)
    if kind.seeds:
        step = np.float32(kind.seeds * chance.uniform(0.85, 1.15) * 1.5)
        spots = np.cos(step * x + chance.uniform(0, 6.3)) * np.cos(step * y + chance.uniform(0, 6.3))
        texture = texture + np.float32(kind.spot) * np.clip(spots * 2 - 1, 0, 1)
    surface = colour + (blush - colour) * mixed[..., None]
    textured: Array = (surface * (1 + texture[..., None])).astype(np.float32)
    return textured


def _light(x: Array, y: Array, outline: Array, kind: Kind, chance: np.random.Generator) -> tuple[Array, Array]:
    """Return (diffuse, gloss) of a bulging body under a lamp somewhere above; Lambert and Blinn's forms."""
    bulge = np.sqrt(np.clip(1 - outline * outline, 0, 1))
    around, above = chance.uniform(0, 2 * np.pi), chance.uniform(0.7, 0.95)
    side = np.sqrt(1 - above * above)
    lamp = np.clip(
        np.float32(side * np.cos(around)) * x + np.float32(side * np.sin(around)) * y + np.float32(above) * bulge,
        0,
        1,
    )
    strength = np.float32(chance.uniform(0.85, 1.08))
    return (np.float32(0.5) + np.float32(0.55) * lamp) * strength, np.float32(kind.gloss * 0.7) * lamp**24
