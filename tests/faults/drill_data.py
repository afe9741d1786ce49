"""Any folder and any npz file: each image has its own pixels and class, or all are refused in a sentence.

What is right is known from how a case is made, and never from the product's rules: made from true pixels and
classes, then written in some numbers, labels, layout and formats, with or without damage. What is read must be
those pixels and classes; to refuse is always right, a sentence, and soon.
"""

from __future__ import annotations

import io
import os
import random
import time
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from drill_parsers import refused
from drill_tools import Figures
from PIL import Image

from hpo_core.errors import DataError
from hpo_core.workloads.images.cache_place import LOCATION
from hpo_core.workloads.images.dataset import Dataset, prepare

SECONDS = 5.0
NEAR = 8
"""Lossy formats, and rounding, change a shade by at most so much; classes and images are further apart."""

Array = np.ndarray[Any, Any]


@dataclass
class Truth:
    """A case: its ``[data]`` table, the class and the pixels of each image, and ``what`` the case is."""

    table: dict[str, Any]
    images: list[tuple[str, Array]] = field(default_factory=list)
    what: str = ""


# npz files ---------------------------------------------------------------------------------------------------

_PIXELS: dict[str, Callable[[Array, random.Random], Array]] = {
    "bytes": lambda x, _: x,
    "int64": lambda x, _: x.astype(np.int64),
    "colour": lambda x, _: np.repeat(x[..., None], 3, axis=3),
    "float": lambda x, _: x.astype(np.float32),
    "unit": lambda x, _: x / 255,
    "half": lambda x, _: (x / 255).astype(np.float16),
    "overshoot": lambda x, _: np.where(x == x.max(), 1.03, x / 255),
    "undershoot": lambda x, _: np.where(x == x.min(), -0.02, x / 255),
    "outlier": lambda x, r: np.where(np.arange(x.size).reshape(x.shape) == 1, r.choice([1.02, 7, 200]), x / 255),
    "digits": lambda x, _: np.rint(x / 255 * 16),
    "signed": lambda x, _: x / 127.5 - 1,
    "twice": lambda x, _: x / 255 / 255,
    "deep": lambda x, _: x.astype(np.uint16) * 257,
    "mixed": lambda x, _: np.where(np.arange(len(x))[:, None, None] % 2, x / 255, x),
    "nan": lambda x, _: np.where(x == x.max(), np.nan, x / 255),
    "fortran": lambda x, _: np.asfortranarray(x),
    "big-endian": lambda x, _: x.astype(">i2"),
    "objects": lambda x, _: x.astype(object),
}
_WORDS = ["apple", "Kiwi", "pêche", "\x1b[2J", "a b", "10", "7", "[/]"]
_LABELS: dict[str, Callable[[Array, Array], tuple[Any, list[str]]]] = {
    "from 0": lambda y, _: (y, [str(v) for v in y]),
    "from 1": lambda y, _: (y + 1, [str(v + 1) for v in y]),
    "float": lambda y, _: (y.astype(np.float64), [str(v) for v in y]),
    "column": lambda y, _: (y[:, None].astype(np.uint8), [str(v) for v in y]),
    "one-hot": lambda y, _: (np.eye(y.max() + 1)[y], [str(v) for v in y]),
    "texts": lambda y, words: (words[y], [str(v) for v in words[y]]),
    "byte texts": lambda y, words: (np.char.encode(words[y], "utf-8"), [str(v) for v in words[y]]),
    "fractions": lambda y, _: (y + 0.5, [str(v + 0.5) for v in y]),
    "holes": lambda y, _: (y * 3, [str(v * 3) for v in y]),
    "wide": lambda y, _: (y * 2**32, [str(v * 2**32) for v in y]),
    "minus": lambda y, _: (y - 1, [str(v - 1) for v in y]),
    "dates": lambda y, _: (y.astype("M8[D]"), [str(v) for v in y.astype("M8[D]")]),
    "multi-hot": lambda y, _: (np.eye(y.max() + 1)[y] + np.eye(y.max() + 1)[0], ["two classes" for _ in y]),
    "soft": lambda y, _: (np.eye(y.max() + 1)[y] * 0.8 + 0.1, ["shares of classes" for _ in y]),
    "short": lambda y, _: (y[:-1], [str(v) for v in y]),
}
_RIGHT_PIXELS, _RIGHT_LABELS = list(_PIXELS)[:8], list(_LABELS)[:7]


def npz_case(place: Path, r: random.Random) -> Truth:
    """An npz file in some numbers and labels, whole or damaged."""
    numbers = r.choice(_RIGHT_PIXELS if r.random() < 0.7 else list(_PIXELS))
    kind = r.choice(_RIGHT_LABELS if r.random() < 0.7 else list(_LABELS))
    draw = np.random.default_rng(r.getrandbits(32))
    classes, each = r.randint(2, 4), r.randint(2, 5)
    y = draw.permutation(np.repeat(np.arange(classes), each))
    mask = r.random() < 0.15
    x = draw.integers(0, 256, (len(y), r.randint(1, 6), r.randint(2, 6)))
    x[:, 0, :2] = (0, 255)  # the whole range in every image
    x = (np.where(x > 127, 255, 0) if mask else x).astype(np.uint8)
    stored = _PIXELS[numbers](x, r)
    if mask and numbers == "bytes":
        stored = (x > 0).astype(r.choice([np.uint8, bool, np.int32]))
    labels, names = _LABELS[kind](y, np.array(r.sample(_WORDS, classes)))
    arrays = {"x_train": stored, "y_train": labels}
    path = place / "data.npz"
    if r.random() < 0.3:
        arrays |= {"x_test": stored[: len(y)], "y_test": labels}
    (np.savez_compressed if r.random() < 0.5 else np.savez)(path, **arrays)
    damage = r.choice(["none"] * 6 + ["flip", "cut", "header", "garbage"])
    _damage(path, damage, r)
    images = list(zip(names, x, strict=True)) * (2 if "x_test" in arrays else 1)
    return Truth({"source": "npz", "path": str(path)}, images, f"npz {numbers}, {kind}, {damage}")


def _damage(path: Path, damage: str, r: random.Random) -> None:
    whole = bytearray(path.read_bytes())
    if damage == "flip":
        for _ in range(r.randint(1, 4)):
            whole[r.randrange(len(whole))] ^= 1 << r.randrange(8)
    elif damage == "cut":
        del whole[r.randrange(len(whole)) :]
    elif damage == "garbage":
        at = r.randrange(len(whole))
        whole[at:at] = r.randbytes(r.randint(1, 40))
    path.write_bytes(whole)
    if damage == "header":
        header = io.BytesIO()
        shape = r.choice([(10**12, 3, 3), (-1, 2, 2), (2**62, 2**62), (0, 5, 5), (10**9,)])
        np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": shape})
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("x_train.npy", header.getvalue() + r.randbytes(r.randint(0, 40)))
            archive.writestr("y_train.npy", header.getvalue())


# Folders -----------------------------------------------------------------------------------------------------

_NAMES = [b"apple", b"Kiwi", b"caf\xe9", b"a b", b"\x1b[2J", b"[x]", "pêche".encode(), b"0", b"-x"]
_FORMATS = ("png", "bmp", "jpg", "gif", "webp")
_HELD = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}


def folder_case(place: Path, r: random.Random) -> Truth:
    """Folders of classes with images that tell which they are, and with what else may lie there."""
    root, names = place / "data", r.sample(_NAMES, r.randint(2, 4))
    truth = Truth({"source": "folder", "path": str(root), "image_size": [8, 8]})
    parts = r.choice([[""], ["Training", "Test"], ["train", "VAL"]])
    shade = r.choice([0, 1, 2])  # of two cases with equal names, sizes and times, the pixels differ
    truth.table |= {"on_corrupt": "skip"} if r.random() < 0.5 else {}
    for part in parts:
        for number, name in enumerate(names):
            shown = name.decode("utf-8", "backslashreplace")
            for index in range(r.randint(2, 3)):
                folder = root / part / os.fsdecode(name) / r.choice([""] * 5 + ["more", "more/deep"])
                folder.mkdir(parents=True, exist_ok=True)
                truth.images.append((shown, _image(folder / f"{index}", number, index, shade, r)))
    kind = r.choice(["nothing"] * 4 + list(_ODDITIES))
    truth.what = f"folder of {len(parts)} parts, with {kind}"
    if kind != "nothing":
        _ODDITIES[kind](root / parts[0] / os.fsdecode(names[0]), root)
    return truth


def _image(path: Path, number: int, index: int, shade: int, r: random.Random) -> Array:
    """Save an image and return it as it is to be seen: its left half tells the class, its right half which."""
    upright = np.full((16, 16, 3), 60 + 40 * number + 10 * shade, np.uint8)
    upright[:, 8:] = 30 + 60 * index
    image, suffix = Image.fromarray(upright), r.choice(_FORMATS)
    options: dict[str, Any] = {"quality": 95} if suffix in ("jpg", "webp") else {}
    if suffix in ("jpg", "webp", "png") and r.random() < 0.4:
        orientation = r.choice(list(_HELD))
        options["exif"] = exif = Image.Exif()
        exif[0x0112] = orientation
        image = image.transpose(_HELD[orientation])
    place = path.with_suffix(f".{suffix}")
    image.save(place, **options)
    os.utime(place, ns=(10**18, 10**18))
    return upright


_ODDITIES: dict[str, Callable[[Path, Path], Any]] = {
    "an empty file": lambda own, _: (own / "z.png").write_bytes(b""),
    "words": lambda own, _: (own / "z.png").write_bytes(b"no image"),
    "half an image": lambda own, _: (own / "z.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x10\0"),
    "a pipe": lambda own, _: os.mkfifo(own / "z.png"),
    "a device": lambda own, _: (own / "z.png").symlink_to("/dev/zero"),
    "a link to nothing": lambda own, _: (own / "z.png").symlink_to("nothing"),
    "a link back": lambda own, root: (own / "back").symlink_to(root),
    "a link to itself": lambda own, _: (own / "self").symlink_to("."),
    "a file beside": lambda _, root: (root / "beside.png").write_bytes(b"words"),
    "hidden files": lambda own, _: (own / ".z.png").write_bytes(b"words"),
    "an empty class": lambda own, _: own.with_name("empty").mkdir(),
    "a name that is no UTF-8": lambda own, _: (own / os.fsdecode(b"\xff\xfe.png")).write_bytes(b"words"),
}


# Judging -----------------------------------------------------------------------------------------------------


def same(truth: Truth, data: Dataset) -> bool:
    """Whether what was read is what the case was made of, each image once."""
    left = list(truth.images)
    x, y = [*data.x_train, *data.x_val], [*data.y_train.tolist(), *data.y_val.tolist()]
    for image, label in zip(x, y, strict=True):
        found = (place for place, (name, _) in enumerate(left) if name == data.classes[label])
        found = (place for place in found if _alike(left[place][1], image))
        if (place := next(found, -1)) < 0:
            return False
        del left[place]
    return not left


def _alike(true: Array, seen: Array) -> bool:
    if true.ndim == 3:  # of a file, brought to size: the middle of its halves
        wanted = true[8, [4, 12], 0].astype(int)
        return bool((abs(wanted - seen[4, [2, 6], 0]) <= NEAR).all())
    return true.shape == seen.shape[:2] and bool((abs(true[..., None].astype(int) - seen) <= 1).all())


def feed_data(folder: Path, cases: int) -> Figures:
    """Prepare ``cases`` data sets with one cache; ``wrong`` counts what is misread, raises, or takes too long."""
    before, count = os.environ.get(LOCATION), Counter[str]()
    os.environ[LOCATION] = str(folder / "cache")
    figures, slowest = Figures("anything in a folder of images or an npz file, in turn", cases, wrong=0), 0.0
    try:
        for number in range(cases):
            r = random.Random(number)
            place = folder / str(number)
            place.mkdir()
            truth = (npz_case if number % 2 else folder_case)(place, r)
            began, came = time.monotonic(), "refused"
            try:
                came = "read" if same(truth, prepare(truth.table)) else "misread"
            except DataError as error:
                refused(error)
            except Exception:  # noqa: BLE001 - whatever is raised is what is counted here
                came = "traceback"
                traceback.print_exc()
            spent = time.monotonic() - began
            slowest = max(slowest, spent)
            if came in ("misread", "traceback") or spent > SECONDS:
                print(f"case {number}: {truth.what}: {came} in {spent:.1f} s")
                figures.add(wrong=1)
            count[came] += 1
    finally:
        os.environ.pop(LOCATION)
        if before is not None:
            os.environ[LOCATION] = before
    figures.note = (
        f"{count['read']:,} of {cases:,} read, {count['refused']:,} refused, the slowest in {slowest:.1f} s"
    )
    return figures
