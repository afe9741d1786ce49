"""Image files to arrays: open, decode, make RGB, resize; and say plainly what is wrong with a file."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP")

Pixels = NDArray[np.uint8]
Progress = Callable[[int, int], None]
"""Called with (images done, images in all)."""


class Unreadable(Exception):  # noqa: N818 - what a file is
    """A file that is no readable image; the text says why, in a few words."""


def decode(path: Path, size: tuple[int, int]) -> Pixels:
    """Return the image (of an animation the first frame) as RGB, uint8, ``(height, width, 3)``.

    Transparent parts become white; 16-bit grey is scaled to 8. Raises ``Unreadable``.
    """
    try:
        if path.stat().st_size == 0:
            raise Unreadable("empty file")
        with Image.open(path, formats=FORMATS) as image:
            # A large JPEG is decoded at the next power-of-two fraction that still has twice the pixels needed.
            image.draft("RGB", (2 * size[1], 2 * size[0]))
            return resized(_rgb(image), size)
    except UnidentifiedImageError:
        raise Unreadable(f"not a {', '.join(FORMATS[:-1])} or WebP image") from None
    except Image.DecompressionBombError:
        raise Unreadable("more pixels than a photograph can have") from None
    except OSError as error:
        raise Unreadable(error.strerror or "damaged or cut short") from None
    except (ValueError, SyntaxError, EOFError, IndexError):  # what Pillow's decoders raise on broken headers
        raise Unreadable("damaged") from None


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
) -> dict[int, str]:
    """Decode ``paths`` into the rows of ``into`` on every core; return, by index, what is wrong with some.

    Threads do: Pillow decodes and resizes without holding the interpreter's lock.
    """

    def one(index: int) -> str | None:
        try:
            into[index] = decode(paths[index], size)
        except Unreadable as problem:
            return str(problem)
        return None

    problems = {}
    with ThreadPoolExecutor(max(os.cpu_count() or 1, 1)) as pool:
        for index, problem in enumerate(pool.map(one, range(len(paths)))):
            if problem is not None:
                problems[index] = problem
            if progress is not None:
                progress(index + 1, len(paths))
    return problems
