"""Images that come as arrays (npz files, Keras' data sets): checked, brought to uint8 RGB and one size."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hpo_core.errors import DataError
from hpo_core.text import clean
from hpo_core.workloads.images.class_folders import held_out
from hpo_core.workloads.images.decode import Pixels, resized

Numbers = NDArray[Any]

NPZ_KEYS = ("x_train", "y_train", "x_test", "y_test")


@dataclass(frozen=True, slots=True)
class ArrayImages:
    """Images and whole-number labels, those for training apart from those for validation."""

    x_train: Pixels
    y_train: NDArray[np.int32]
    x_val: Pixels
    y_val: NDArray[np.int32]
    classes: tuple[str, ...]


def read_npz(path: Path) -> dict[str, Numbers]:
    """Return the arrays of an npz file: x_train, y_train and, where it has them, x_test, y_test and classes.

    Never unpickles. Raises ``DataError``.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            if not isinstance(file, np.lib.npyio.NpzFile):
                raise DataError(f"{clean(path)} holds one array; give an npz with x_train and y_train.")
            arrays = {name: file[name] for name in (*NPZ_KEYS, "classes") if name in file.files}
    except FileNotFoundError:
        raise DataError(f"There is no npz file {clean(path)}.") from None
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{clean(path)} cannot be read as npz: {clean(error, 160)}.") from None
    missing = [name for name in NPZ_KEYS[:2] if name not in arrays]
    if "x_test" in arrays or "y_test" in arrays:
        missing = [name for name in NPZ_KEYS if name not in arrays]
    if missing:
        raise DataError(f"{clean(path)} lacks {' and '.join(missing)}.")
    return arrays


def brought_to_size(
    arrays: Mapping[str, Numbers], size: tuple[int, int] | None, validation_split: float, where: str
) -> ArrayImages:
    """Return the arrays as uint8 RGB images of ``size`` (their own, if None); ``where`` names them in errors.

    Without x_test, ``validation_split`` of each class is kept for validation. Raises ``DataError``.
    """
    x_train, y_train = _images(arrays["x_train"], size, f"{where}: x_train"), _labels(arrays["y_train"])
    _agree(x_train, y_train, where, "train")
    names = arrays.get("classes")
    count = int(max(y_train.max(), arrays["y_test"].max() if _plain(arrays.get("y_test")) else 0)) + 1
    classes = tuple(map(str, names.tolist())) if names is not None else tuple(map(str, range(count)))
    if len(np.unique(y_train)) < 2:
        raise DataError(f"{where}: y_train holds one class only; training needs at least two.")
    if "x_test" in arrays:
        x_val, y_val = _images(arrays["x_test"], x_train.shape[1:3], f"{where}: x_test"), _labels(arrays["y_test"])
        _agree(x_val, y_val, where, "test")
    else:
        out = np.array(
            held_out(y_train.tolist(), [str(row) for row in range(len(y_train))], validation_split, classes)
        )
        x_train, y_train, x_val, y_val = x_train[~out], y_train[~out], x_train[out], y_train[out]
    for part, labels in (("y_train", y_train), ("y_test", y_val)):
        if labels.min() < 0 or labels.max() >= len(classes):
            raise DataError(f"{where}: {part} must hold whole numbers from 0 to {len(classes) - 1}.")
    return ArrayImages(x_train, y_train, x_val, y_val, classes)


def _plain(labels: Numbers | None) -> bool:
    return labels is not None and labels.ndim == 1 and labels.size > 0


def _agree(x: Pixels, y: NDArray[np.int32], where: str, part: str) -> None:
    if len(x) != len(y):
        raise DataError(f"{where}: x_{part} has {len(x):,} images, y_{part} {len(y):,} labels.")
    if not len(x):
        raise DataError(f"{where}: x_{part} is empty.")


def _labels(y: Numbers) -> NDArray[np.int32]:
    if y.ndim == 2 and y.shape[1] > 1:
        y = y.argmax(axis=1)
    return y.reshape(-1).astype(np.int32)


def _images(x: Numbers, size: tuple[int, ...] | None, where: str) -> Pixels:
    if x.ndim == 3:
        x = x[..., None]
    if x.ndim != 4 or x.shape[3] not in (1, 3) or not np.issubdtype(x.dtype, np.number):
        raise DataError(f"{where} must be images of shape (n, height, width[, 1 or 3]); its shape is {x.shape}.")
    x = _bytes(x, where)
    if x.shape[3] == 1:
        x = np.repeat(x, 3, axis=3)
    if size is None or x.shape[1:3] == tuple(size):
        return np.ascontiguousarray(x)
    return np.stack([resized(Image.fromarray(row), (size[0], size[1])) for row in x])


def _bytes(x: Numbers, where: str) -> Pixels:
    if x.dtype == np.uint8 or not x.size:
        return x.astype(np.uint8)
    low, high = float(x.min()), float(x.max())
    if not (low >= 0 and high <= 255):  # also where either is NaN
        raise DataError(
            f"{where} must hold numbers from 0 to 255 or from 0 to 1; they run from {low:g} to {high:g}."
        )
    scale = 255.0 if high <= 1 and np.issubdtype(x.dtype, np.floating) else 1.0
    return np.rint(x * scale).astype(np.uint8)
