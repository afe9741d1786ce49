"""Image files to arrays: open, decode, make RGB, resize; and say plainly what is wrong with a file."""

from __future__ import annotations

import os
import stat
import struct
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP")

Pixels = NDArray[np.uint8]
Progress = Callable[[int, int], None]
"""Called with (images done, images in all)."""


_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What a photograph is turned by, for each EXIF orientation but 1, which is upright."""
_ON_ITS_SIDE = (5, 6, 7, 8)


class Decoded(Struct, frozen=True):
    """What came of some files: by index, what is wrong with some; the darkest and the brightest value of each.

    ``turned`` counts the photographs that were turned upright as their EXIF says.
    """

    problems: dict[int, str]
    darkest: Pixels
    brightest: Pixels
    turned: int


class Unreadable(Exception):  # noqa: N818 - what a file is
    """A file that is no readable image; the text says why, in a few words."""


def decode(path: Path, size: tuple[int, int]) -> tuple[Pixels, bool]:
    """Return the image as RGB, uint8, ``(height, width, 3)``, and whether it was turned.

    Of an animation the first frame counts. A photograph is turned upright where its EXIF says how;
    transparent parts become white; 16-bit grey is scaled to 8. Raises ``Unreadable``.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable("no regular file")
        if status.st_size == 0:
            raise Unreadable("empty file")
        with Image.open(path, formats=FORMATS) as image:
            orientation = _orientation(image)
            height, width = reversed(size) if orientation in _ON_ITS_SIDE else size
            # A large JPEG is decoded at the next power-of-two fraction that still has twice the pixels needed.
            image.draft("RGB", (2 * width, 2 * height))
            upright: Image.Image = image
            if orientation in _UPRIGHT:
                upright = image.transpose(_UPRIGHT[orientation])
            return resized(_rgb(upright), size), orientation in _UPRIGHT
    except UnidentifiedImageError:
        raise Unreadable(f"not a {', '.join(FORMATS[:-1])} or WebP image") from None
    except Image.DecompressionBombError:
        raise Unreadable("more pixels than a photograph can have") from None
    except OSError as error:
        raise Unreadable(error.strerror or "damaged or cut short") from None
    except (ValueError, SyntaxError, EOFError, IndexError):  # what Pillow's decoders raise on broken headers
        raise Unreadable("damaged") from None


def _orientation(image: Image.Image) -> int:
    """Return a photograph's EXIF orientation, 1 to 8; 1 too where it cannot be read, which costs no image."""
    try:
        found = image.getexif().get(_ORIENTATION, 1)
    except (OSError, ValueError, SyntaxError, EOFError, LookupError, TypeError, struct.error):
        return 1
    return found if isinstance(found, int) else 1


def resized(image: Image.Image, size: tuple[int, int]) -> Pixels:
    """Return an RGB image at ``size`` (height, width), bilinear with antialiasing; the aspect is not kept."""
    height, width = size
    if image.size != (width, height):
        image = image.resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(image, dtype=np.uint8)


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        return image
    if image.mode.startswith("I"):  # Pillow's own conversion clips 16-bit grey instead of scaling it
        return Image.fromarray((np.asarray(image, dtype=np.int64).clip(0, 65535) >> 8).astype(np.uint8)).convert(
            "RGB"
        )
    if "A" in image.mode or "transparency" in image.info:
        opaque = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", opaque.size, "white"), opaque).convert("RGB")
    return image.convert("RGB")


def decode_all(
    paths: Sequence[Path], size: tuple[int, int], into: Pixels, progress: Progress | None = None
) -> Decoded:
    """Decode ``paths`` into the rows of ``into`` on every core.

    Threads do: Pillow decodes and resizes without holding the interpreter's lock.
    """
    darkest, brightest = np.zeros((2, len(paths)), np.uint8)

    def one(index: int) -> str | bool:
        try:
            image, turned = decode(paths[index], size)
        except Unreadable as problem:
            return str(problem)
        into[index] = image
        darkest[index], brightest[index] = image.min(), image.max()
        return turned

    problems, count = {}, 0
    with warnings.catch_warnings(), ThreadPoolExecutor(max(os.cpu_count() or 1, 1)) as pool:
        warnings.filterwarnings("ignore", module="PIL")  # of files that it reads all the same
        for index, came in enumerate(pool.map(one, range(len(paths)))):
            if isinstance(came, str):
                problems[index] = came
            else:
                count += came
            if progress is not None:
                progress(index + 1, len(paths))
    return Decoded(problems, darkest, brightest, count)
