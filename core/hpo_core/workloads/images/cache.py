"""Decode once: prepared images on disk, in the user's cache folder, one folder for each data set and image size.

An entry is written beside its place and renamed, under a lock, so that of two workers that start at once the
second waits for the first. Entries are read memory-mapped.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import math
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from hpo_core.errors import DataError
from hpo_core.journal.files import FOLDER_MODE
from hpo_core.text import clean
from hpo_core.workloads.images.cache_place import LOCATION, cache_path

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def cache_size() -> int:
    """Return how many bytes the cache holds."""
    return sum(path.stat().st_size for path in _files())


def clear_cache() -> int:
    """Remove every entry and return how many bytes that freed; data in use stays readable to its users."""
    freed = cache_size()
    for folder in {cache_path() / path.relative_to(cache_path()).parts[0] for path in _files()}:
        if folder.is_dir():
            shutil.rmtree(folder)
        else:
            folder.unlink()
    return freed


def _files() -> list[Path]:
    # Only what has the shape of an entry: the folder may be one that the user shares with other things.
    return [path for path in cache_path().glob("data-*/*") if path.is_file()] + list(
        cache_path().glob("data-*.lock")
    )


def entry(key: str, fill: Callable[[Path], None]) -> Path:
    """Return the folder of the entry ``key``; where there is none, ``fill`` writes it into a new folder first.

    Raises ``DataError`` where the cache cannot be written, and whatever ``fill`` raises.
    """
    folder = cache_path() / f"data-{key}"
    if folder.is_dir():
        return folder
    try:
        cache_path().mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        with _locked(folder.with_suffix(".lock")):
            if not folder.is_dir():
                for left in folder.parent.glob(f"{folder.name}.*.part"):  # of one that was killed
                    shutil.rmtree(left, ignore_errors=True)
                _write(folder, fill)
    except OSError as error:
        raise DataError(
            f"The cache folder {clean(cache_path())} cannot be written ({clean(error.strerror or error)}); "
            f"make room there, or name another with {LOCATION}."
        ) from None
    return folder


def drop(key: str) -> None:
    """Remove the entry ``key``, damaged as it is."""
    shutil.rmtree(cache_path() / f"data-{key}", ignore_errors=True)


def new_array(path: Path, shape: tuple[int, ...]) -> np.memmap[Any, Any]:
    """Return a new file of uint8 numbers, memory-mapped, whose place on the disk is taken from the start.

    Without that, a disk that fills while the numbers are written kills the process (SIGBUS). Raises ``DataError``
    where they do not fit.
    """
    size = math.prod(shape)
    if size > _free():
        raise _no_room(size)
    try:
        array = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape)
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    except OSError as error:
        if error.errno in NO_ROOM:
            raise _no_room(size) from None
        raise
    return array


def _free() -> int:
    place = cache_path()
    while not place.exists():
        place = place.parent
    return shutil.disk_usage(place).free


def _no_room(size: int) -> DataError:
    return DataError(
        f"The decoded images need {size:,} bytes in the cache folder {clean(cache_path())}, which has {_free():,} "
        f"left; make room, give a smaller image_size, or name another with {LOCATION}."
    )


def note_path(name: str) -> Path:
    """Return where a small text is kept under ``name``; it need not be there."""
    return cache_path() / "data-notes" / name


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("ab") as file:
        # Without locks (some network disks) two workers decode twice, and one result wins.
        with contextlib.suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _write(folder: Path, fill: Callable[[Path], None]) -> None:
    beside = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", suffix=".part", dir=folder.parent))
    try:
        fill(beside)
        try:
            beside.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)
