"""A path as it is typed: completed as a shell does it, and what is in the folder that it names."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from hpo_core.text import plural
from hpo_core.workloads.images.class_folders import TRAINING_NAMES, VALIDATION_NAMES

MOST_FILES = 200_000
"""So many are counted while a person waits; training looks at all of them."""


def completed(text: str, suffix: str = "") -> tuple[str, tuple[str, ...]]:
    """Return the path with what all that fits has in common, and the names that fit, folders with a slash.

    Folders fit, and files with this ``suffix``, if there is one; hidden ones where the name begins with a dot.
    """
    begun = text.rpartition("/")[2]
    before = text.removesuffix(begun)
    try:
        with os.scandir(Path(before or ".").expanduser()) as entries:
            names = [(entry.name, entry.is_dir()) for entry in entries if entry.name.startswith(begun)]
    except (OSError, RuntimeError, ValueError):  # no such folder, no such user, no such path
        return text, ()
    shown = [(name, folder) for name, folder in names if name.isprintable() and (begun or name[0] != ".")]
    fits = sorted(
        name + "/" * folder for name, folder in shown if folder or (suffix and name.lower().endswith(suffix))
    )
    common = os.path.commonprefix(fits)  # noqa: RUF071 - letter by letter, as it is typed
    return (before + common if fits else text), tuple(fits)


def class_words(folder: Path, goes_on: Callable[[], bool] = lambda: True) -> str:
    """Return "12 classes · 480 images to train, 160 to validate" of a folder of images; "" where it has none.

    ``goes_on`` says whether anyone still asks. The data set's own reading decides what is trained on.
    """
    try:
        parts = {path.name.casefold(): path for path in folder.iterdir() if path.is_dir()}
        train = next((parts[name] for name in TRAINING_NAMES if name in parts), None)
        kept = next((parts[name] for name in VALIDATION_NAMES if name in parts), None)
        classes = [path for path in (train or folder).iterdir() if path.is_dir() and path.name[0] != "."]
        images, more = _count(classes, goes_on)
        if not images:
            return ""
        words = (
            f"{plural(len(classes), 'class', 'classes')} · {'more than ' if more else ''}{plural(images, 'image')}"
        )
        if train is None:
            return words
        held = _count([kept], goes_on)[0] if kept is not None else 0
        return f"{words} to train" + (f", {held:,} to validate" if held else "")
    except OSError:
        return ""


def _count(folders: list[Path], goes_on: Callable[[], bool]) -> tuple[int, bool]:
    """Return how many files there are below the folders, hidden ones aside, and whether there are more."""
    count = 0
    for _ in (name for folder in folders for name in _files(folder)):
        count += 1
        if count >= MOST_FILES or (count % 1000 == 0 and not goes_on()):
            return count, True
    return count, False


def _files(folder: Path) -> Iterator[str]:
    for _, _, names in os.walk(folder):
        yield from (name for name in names if name[0] != ".")
