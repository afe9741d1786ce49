"""Image files in folders: which there are, in which class, and whether they serve for training or validation.

Two layouts: ``Training/`` and ``Test/`` or ``Validation/`` (any case), each with a folder for each class, as in
Fruits-360; or one folder of classes, of which a fixed share of every class is kept for validation.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hpo_core.errors import DataError
from hpo_core.text import clean

TRAINING_NAMES = ("training", "train")
VALIDATION_NAMES = ("validation", "valid", "val", "test", "testing")
CLUTTER = ("thumbs.db", "desktop.ini", "ehthumbs.db")
"""What file managers leave behind; with hidden files, not taken for images."""


@dataclass(frozen=True, slots=True)
class File:
    """One file of a class: its place below the root, and what tells that it has changed."""

    name: str
    label: int
    size: int
    modified_ns: int


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of a data set, ordered by class and name."""

    root: Path
    classes: tuple[str, ...]
    train: tuple[File, ...]
    validation: tuple[File, ...]

    @property
    def files(self) -> tuple[File, ...]:
        """All of them, those for training first."""
        return self.train + self.validation


def find(root: Path, validation_split: float) -> Listing:
    """List the images under ``root``. Raises ``DataError`` where there is nothing sensible to train on."""
    parts = {name.lower(): name for name in _subfolders(root)}
    train = next((parts[name] for name in TRAINING_NAMES if name in parts), None)
    validation = next((parts[name] for name in VALIDATION_NAMES if name in parts), None)
    if train is None and validation is not None and len(parts) == 1:
        raise DataError(f"{clean(root)} holds {clean(validation)} but no Training folder; add one.")
    top = train if train is not None else ""
    classes = tuple(_subfolders(root / top))
    if not classes:
        raise DataError(
            f"{clean(root / top)} holds no class folders; put each class's images into one of its own."
        )
    if len(classes) == 1:
        raise DataError(
            f"{clean(root / top)} holds one class only ({clean(classes[0])}); training needs at least two."
        )
    everything = tuple(_files(root, top, classes))
    if train is None or validation is None:
        labels = [file.label for file in everything]
        kept = held_out(labels, [file.name for file in everything], validation_split, classes)
        learnt = tuple(file for file, out in zip(everything, kept, strict=True) if not out)
        return Listing(root, classes, learnt, tuple(f for f, out in zip(everything, kept, strict=True) if out))
    for name in sorted({*classes} ^ {*_subfolders(root / validation)}):
        here, there = (train, validation) if name in classes else (validation, train)
        raise DataError(f"{clean(root)}: class {clean(name)} is in {here} but not in {there}; make the two agree.")
    return Listing(root, classes, everything, tuple(_files(root, validation, classes)))


def held_out(labels: Sequence[int], names: Sequence[str], share: float, classes: Sequence[str]) -> list[bool]:
    """Return for each image whether it is kept for validation: a fixed ``share`` of each class, at least one.

    Chosen by the hash of the name, so that the choice is even, and the same everywhere. Raises ``DataError`` for
    a class with one image only.
    """
    members: dict[int, list[int]] = {}
    for index, label in enumerate(labels):
        members.setdefault(label, []).append(index)
    out = [False] * len(labels)
    by_hash: Callable[[int], bytes] = lambda index: hashlib.sha256(os.fsencode(names[index])).digest()  # noqa: E731
    for label, indices in members.items():
        if len(indices) < 2:
            raise DataError(
                f"Class {clean(classes[label])} has one image only; a split needs two to keep one aside."
            )
        count = min(max(round(len(indices) * share), 1), len(indices) - 1)
        for index in sorted(indices, key=by_hash)[:count]:
            out[index] = True
    return out


def _subfolders(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return sorted(one.name for one in entries if one.is_dir() and not one.name.startswith("."))
    except FileNotFoundError:
        raise DataError(f"There is no data folder {clean(folder)}; give the right path in [data].") from None
    except NotADirectoryError:
        raise DataError(f"{clean(folder)} is a file; give the folder that holds the classes.") from None
    except OSError as error:
        raise DataError(f"The data folder {clean(folder)} cannot be read: {clean(error.strerror)}.") from None


def _files(root: Path, part: str, classes: Sequence[str]) -> list[File]:
    files: list[File] = []
    for label, name in enumerate(classes):
        before = len(files)
        try:
            with os.scandir(root / part / name) as entries:
                for one in sorted(entries, key=lambda one: one.name):
                    if one.name.startswith(".") or one.name.lower() in CLUTTER or one.is_dir():
                        continue
                    status = one.stat()
                    place = os.path.join(part, name, one.name)  # noqa: PTH118 - a text, ten times as quick as a Path
                    files.append(File(place, label, status.st_size, status.st_mtime_ns))
        except OSError as error:
            where = clean(error.filename or root / part / name)
            raise DataError(f"{where} cannot be read: {clean(error.strerror)}.") from None
        if len(files) == before:
            raise DataError(f"{clean(root / part / name)} holds no image; add some, or remove the empty class.")
    return files
