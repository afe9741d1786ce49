"""npz files read with care: nothing is unpickled, and nothing is unpacked before its size is known to be true."""

from __future__ import annotations

import math
import os
import stat
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray

from hpo_core.errors import DataError
from hpo_core.text import clean, joined

Numbers = NDArray[Any]

PARTS = ("x_train", "y_train", "x_test", "y_test")
NAMES = "classes"

BOMB_BYTES = 256_000_000
BOMB_RATIO = 500
"""A file that unpacks to more than so many bytes, and to so many times its size, is refused: images do not."""

_DAMAGE = (
    OSError,
    ValueError,
    EOFError,
    KeyError,
    RuntimeError,  # encrypted, or a compression that Python was built without (NotImplementedError)
    SyntaxError,
    RecursionError,
    OverflowError,
    MemoryError,
    zlib.error,
    zipfile.BadZipFile,
)
"""What zipfile and numpy raise on files that are not what they should be."""


def is_file(path: Path) -> bool:
    """Return whether there is a regular file; False too where that cannot be asked."""
    try:
        return stat.S_ISREG(os.stat(path).st_mode)  # noqa: PTH116 - Path.is_file raises on some names
    except (OSError, ValueError):
        return False


def read_npz(path: Path) -> dict[str, Numbers]:
    """Return the arrays of an npz file: x_train, y_train and, where it has them, x_test, y_test and classes.

    Never unpickles, and never takes more memory than there is. Raises ``DataError``.
    """
    if not is_file(path):
        raise DataError(f"There is no npz file {clean(path)}.")
    try:
        with path.open("rb") as file:
            if file.read(6) == np.lib.format.MAGIC_PREFIX:
                raise DataError(f"{clean(path)} holds one array; give an npz with x_train and y_train.")
        with zipfile.ZipFile(path) as archive:
            entries = {entry.filename.removesuffix(".npy"): entry for entry in archive.infolist()}
            found = [name for name in (*PARTS, NAMES) if name in entries]
            needed = PARTS if {"x_test", "y_test"} & {*found} else PARTS[:2]
            if missing := [name for name in needed if name not in found]:
                raise DataError(f"{clean(path)} lacks {joined(missing)}.")
            for name in found:
                _check(archive, entries[name], f"{clean(path)}: {name}")
            _check_memory(sum(entries[name].file_size for name in found), path)
            return {name: _array(archive, entries[name]) for name in found}
    except _DAMAGE as error:
        raise DataError(
            f"{clean(path)} cannot be read as npz: {clean(error, 160).rstrip('.') or 'damaged'}."
        ) from None


def _array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Numbers:
    with archive.open(entry) as file:
        return np.asarray(np.lib.format.read_array(file, allow_pickle=False))


def _check(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, where: str) -> None:
    """Raise ``DataError`` where an array's header, the archive's table and the file's size do not agree."""
    with archive.open(entry) as file:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(file)
        begins = file.tell()
    if dtype.hasobject:
        raise DataError(f"{where} holds Python objects, which are never unpickled; save numbers or texts.")
    promised = math.prod(shape) * dtype.itemsize
    if promised != entry.file_size - begins or not dtype.itemsize:
        raise DataError(
            f"{where} cannot be read: its header promises {promised:,} bytes, the file holds "
            f"{max(entry.file_size - begins, 0):,}."
        )
    if entry.file_size > max(BOMB_BYTES, BOMB_RATIO * entry.compress_size):
        raise DataError(
            f"{where} would unpack from {entry.compress_size:,} to {entry.file_size:,} bytes, as no images do; "
            "save it with np.savez, uncompressed."
        )


def _check_memory(size: int, path: Path) -> None:
    free = psutil.virtual_memory().available
    if size > free:
        raise DataError(
            f"{clean(path)} holds {size / 1e9:.1f} GB, and {free / 1e9:.1f} GB of memory are free; make it "
            "smaller, or save its images as files in class folders."
        )
