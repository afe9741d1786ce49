"""Images that come as arrays (npz files, Keras' data sets): checked, brought to uint8 RGB and one size."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from PIL import Image

from hpo_core.errors import DataError
from hpo_core.text import plural
from hpo_core.workloads.images import pixels
from hpo_core.workloads.images.class_folders import held_out
from hpo_core.workloads.images.decode import Pixels, resized
from hpo_core.workloads.images.labels import classes_of
from hpo_core.workloads.images.npz import NAMES, Numbers
from hpo_core.workloads.images.pixels import Unit


class ArrayImages(Struct, frozen=True):
    """Images and whole-number labels, those for training apart from those for validation.

    ``said`` tells how the arrays were taken, a line each.
    """

    x_train: Pixels
    y_train: NDArray[np.int32]
    x_val: Pixels
    y_val: NDArray[np.int32]
    classes: tuple[str, ...]
    said: tuple[str, ...]


def brought_to_size(
    arrays: Mapping[str, Numbers], size: tuple[int, int] | None, validation_split: float, where: str
) -> ArrayImages:
    """Return the arrays as uint8 RGB images of ``size`` (their own, if None); ``where`` names them in errors.

    Without x_test, ``validation_split`` of each class is kept for validation. Raises ``DataError``.
    """
    parts = [part for part in ("train", "test") if f"x_{part}" in arrays]
    found = {part: _shaped(arrays[f"x_{part}"], f"{where}: x_{part}") for part in parts}
    for part in parts:
        _agree(found[part], arrays[f"y_{part}"], where, part)
    unit, said = _unit(found, where)
    classes = classes_of(arrays["y_train"], arrays.get("y_test"), arrays.get(NAMES), where)
    said.append(classes.said)
    x_train = _images(found["train"], unit, size)
    if classes.test is not None:
        x_val, y_train, y_val = _images(found["test"], unit, _sides(x_train)), classes.train, classes.test
        if _sides(found["test"]) != _sides(found["train"]):
            said.append("x_test: its images are brought to the size of those for training")
    else:
        rows = [str(row) for row in range(len(x_train))]
        out = np.array(held_out(classes.train.tolist(), rows, validation_split, classes.names))
        x_train, x_val = x_train[~out], x_train[out]
        y_train, y_val = classes.train[~out], classes.train[out]
        said.append(f"no x_test: {validation_split:.0%} of each class are kept for validation")
    return ArrayImages(x_train, y_train, x_val, y_val, classes.names, tuple(said))


def _unit(found: Mapping[str, Numbers], where: str) -> tuple[Unit, list[str]]:
    """Return what full brightness is in all the parts, and what is to be said of each."""
    surveys = {part: pixels.survey(x) for part, x in found.items()}
    fractions = any(x.dtype.kind == "f" for x in found.values())
    units = {
        part: pixels.decide(known, found[part].dtype.kind == "f", f"{where}: x_{part}", part == "test")
        for part, known in surveys.items()
    }
    if len({unit.full for unit in units.values()}) > 1:
        raise DataError(
            f"{where}: x_train is from 0 to {units['train'].full}, x_test from 0 to {units['test'].full}; "
            "scale them alike."
        )
    unit = units["train"]
    said = []
    for part, known in surveys.items():
        line = (
            f"x_{part}: {plural(known.images, 'image')}, {found[part].dtype} from {known.low:g} to {known.high:g}"
        )
        if unit.full == 1:
            line += ", taken as 0 to 1" if fractions else ", taken as black and white"
        if cut := pixels.outside(found[part], unit, f"{where}: x_{part}"):
            line += f"; {cut:,} of {plural(known.pixels, 'pixel')} lie outside and are cut off"
        if unit.full == 255 and known.dim:
            line += f"; {plural(known.dim, 'image')} nearly black"
        said.append(line)
    return unit, said


def _sides(x: Numbers) -> tuple[int, int]:
    return int(x.shape[1]), int(x.shape[2])


def _agree(x: Numbers, y: Numbers, where: str, part: str) -> None:
    if y.ndim == 0 or len(x) != len(y):
        labels = 1 if y.ndim == 0 else len(y)
        raise DataError(f"{where}: x_{part} has {len(x):,} images, y_{part} {labels:,} labels.")


def _shaped(x: Numbers, where: str) -> Numbers:
    """Return images ``(n, height, width, 1 or 3)`` of true, whole or fractional numbers."""
    shape = x.shape
    if x.ndim == 3:
        x = x[..., None]
    if x.ndim != 4 or x.shape[3] not in (1, 3) or x.dtype.kind not in "biuf":
        raise DataError(
            f"{where} must be images of shape (n, height, width[, 1 or 3]); its shape is {shape}, of {x.dtype}."
        )
    if not x.size:
        raise DataError(f"{where} is empty: its shape is {shape}.")
    return x.astype(np.uint8) if x.dtype.kind == "b" else x


def _images(x: Numbers, unit: Unit, size: tuple[int, int] | None) -> Pixels:
    """Return the images as RGB bytes of ``size``."""
    whole = unit.pixels(x)
    if whole.shape[3] == 1:
        whole = np.repeat(whole, 3, axis=3)
    if size is None or _sides(whole) == tuple(size):
        return np.ascontiguousarray(whole)
    return np.stack([resized(Image.fromarray(row), (size[0], size[1])) for row in whole])
