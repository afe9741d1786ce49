"""What pixels mean: whether 1 or 255 is full, decided for a whole data set at once, said, or refused.

Numbers from 0 to 1 (whole ones are masks) and from 0 to 255 are told apart by their range. Between them lies what
cannot be decided: values to 16, a few bright pixels over an image from 0 to 1, or data of which the brightest
pixel is nearly black. A wrong guess there is an image of zeros, which trains without a word.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hpo_core.errors import DataError
from hpo_core.text import plural

Numbers = NDArray[Any]
Pixels = NDArray[np.uint8]

SLACK = 0.1
"""Fractions may leave the range by this share of it, as resizing with overshoot makes them; they are cut off."""
OUTSIDE = 0.05
"""At most this share of the pixels may."""
DARK = 1 / 8
"""A data set whose brightest pixel is below this share of full is refused: its range is another."""
DIM = 0.05
"""At most this share of the images may be nearly black where the others are not."""

CHUNK = 4_000_000
"""Pixels that are looked at together."""


class Survey(Struct, frozen=True):
    """What is known of some pixels: their range, and how many are what.

    ``low`` and ``high`` are those of the finite ones; ``lit`` counts what is not 0, ``faint`` what of that is at
    most 1 (with slack), ``dim`` the images in which nothing is brighter than that, though something is lit.
    """

    images: int
    pixels: int
    low: float
    high: float
    not_finite: int
    lit: int
    faint: int
    dim: int

    def __add__(self, other: Survey) -> Survey:
        """Return what is known of both together."""
        return Survey(
            self.images + other.images,
            self.pixels + other.pixels,
            min(self.low, other.low),
            max(self.high, other.high),
            self.not_finite + other.not_finite,
            self.lit + other.lit,
            self.faint + other.faint,
            self.dim + other.dim,
        )


class Unit(Struct, frozen=True):
    """What full brightness is: 1 or 255."""

    full: int

    def pixels(self, x: Numbers) -> Pixels:
        """Return the numbers as bytes; what is outside of the range is cut off."""
        if x.dtype == np.uint8 and self.full == 255:
            return x
        result = np.empty(x.shape, np.uint8)
        for rows in _chunks(x):
            part: NDArray[Any] = x[rows].astype(np.float64 if x.dtype.itemsize > 4 else np.float32)
            result[rows] = np.rint(np.multiply(part, 255 / self.full)).clip(0, 255)
        return result


def survey(x: Numbers) -> Survey:
    """Look at every pixel of images ``(n, height, width, channels)``, n > 0."""
    parts = [_look(x[rows]) for rows in _chunks(x)]
    return sum(parts[1:], parts[0])


def decide(found: Survey, fractions: bool, where: str, part: bool = False) -> Unit:
    """Return what full brightness is; ``fractions`` says whether the numbers are.

    ``part`` says that this is a part of a data set, which may be dark where the rest is not. Raises ``DataError``.
    """
    if found.not_finite:
        raise DataError(
            f"{where} must hold numbers from 0 to 255 or from 0 to 1; {found.not_finite:,} of "
            f"{plural(found.pixels, 'pixel')} are NaN or infinite."
        )
    slack = SLACK if fractions else 0.0
    runs = f"they run from {found.low:g} to {found.high:g}"
    full = next((full for full in (1, 255) if found.high <= full * (1 + slack)), None)
    if full is None or found.low < -slack * full:
        raise DataError(f"{where} must hold numbers from 0 to 255 or from 0 to 1; {runs}.")
    if found.high < full * DARK and not part:
        raise DataError(
            f"{where}: no pixel is brighter than {found.high:g}, which is black both of 1 and of 255, so what "
            "full brightness is cannot be decided; scale them to 0 to 255 or 0 to 1."
        )
    if full == 255 and (2 * found.faint > found.lit or found.dim > DIM * found.images):
        what = (
            f"{found.dim:,} of {plural(found.images, 'image')} only to 1"
            if found.dim > DIM * found.images
            else f"but {100 * found.faint / found.lit:.0f} % of what is not 0 lies below 1"
        )
        raise DataError(
            f"{where}: {runs}, {what}, so whether 1 or 255 is full brightness cannot be decided; scale all "
            "of them to 0 to 255 or to 0 to 1."
        )
    return Unit(full)


def outside(x: Numbers, unit: Unit, where: str) -> int:
    """Return how many pixels lie outside of 0 to full. Raises ``DataError`` where they are too many."""
    if x.dtype.kind != "f":
        return 0
    count = sum(int(((x[rows] < 0) | (x[rows] > unit.full)).sum()) for rows in _chunks(x))
    if count > OUTSIDE * x.size:
        raise DataError(
            f"{where} must hold numbers from 0 to {unit.full}; {count:,} of {plural(x.size, 'pixel')} lie outside."
        )
    return count


def of_files(darkest: Pixels, brightest: Pixels, where: str) -> str:
    """Return the range of decoded images in words, from the darkest and the brightest value of each.

    Raises ``DataError`` where they are masks of 0 and 1, or as dark.
    """
    if (high := int(brightest.max())) < 255 * DARK:
        raise DataError(
            f"{where}: no pixel of any image is brighter than {high} of 255; save masks with 0 and 255, and "
            "deeper images over the whole range."
        )
    dim = int(((brightest > 0) & (brightest <= 1)).sum())
    if dim > DIM * len(brightest):
        raise DataError(
            f"{where}: {dim:,} of {plural(len(brightest), 'image')} are nearly black, with no pixel above 1 of "
            "255; save masks with 0 and 255."
        )
    nearly = f"; {plural(dim, 'image')} nearly black" if dim else ""
    return f"pixels from {int(darkest.min())} to {high}{nearly}"


def _chunks(x: Numbers) -> Iterator[slice]:
    step = max(CHUNK // max(x[0].size, 1), 1)
    return (slice(start, start + step) for start in range(0, len(x), step))


def _look(x: Numbers) -> Survey:
    finite = np.isfinite(x)
    whole = bool(finite.all())
    known = x if whole else np.where(finite, x, 0)
    limit = 1.0 + SLACK if x.dtype.kind == "f" else 1
    brightest = known.reshape(len(x), -1).max(axis=1)
    lit = known != 0
    return Survey(
        images=len(x),
        pixels=x.size,
        low=float(known.min()),
        high=float(brightest.max()),
        not_finite=0 if whole else int(x.size - finite.sum()),
        lit=int(lit.sum()),
        faint=int((lit & (known <= limit)).sum()),
        dim=int(((brightest > 0) & (brightest <= limit)).sum()),
    )
