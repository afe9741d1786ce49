"""Image files in folders: which there are, in which class, and whether they serve for training or validation.

Two layouts: ``Training/`` and ``Test/`` or ``Validation/`` (any case), each with a folder for each class, as in
Fruits-360; or one folder of classes, of which a fixed share of every class is kept for validation. What lies in
folders below a class's folder is of that class, as Keras and torchvision take it. How all was taken is said.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct, field

from hpo_core.errors import DataError
from hpo_core.text import clean, joined, plural

TRAINING_NAMES = ("training", "train")
VALIDATION_NAMES = ("validation", "valid", "val", "test", "testing")
CLUTTER = (".ds_store", "thumbs.db", "desktop.ini", "ehthumbs.db")
"""What file managers leave behind, not worth a word; other hidden files are left out too, and that is said."""

NAMED = 3
"""So many of a kind are named; the rest is a number."""


class File(Struct, frozen=True):
    """One file of a class: its place below the root, and what tells that it has changed.

    ``state`` is device, inode, size, and times of change in ns; ``size`` is -1 where it is no regular file.
    """

    name: str
    label: int
    size: int
    state: tuple[int, ...]


class Listing(Struct, frozen=True):
    """The files of a data set, ordered by class and name; ``said`` is how the folders were taken, a line each."""

    root: Path
    classes: tuple[str, ...]
    train: tuple[File, ...]
    validation: tuple[File, ...]
    said: tuple[str, ...]

    @property
    def files(self) -> tuple[File, ...]:
        """All of them, those for training first."""
        return self.train + self.validation


class _Seen(Struct):
    """What a walk through the folders came by: images below class folders, and what it left out."""

    nested: Counter[str] = field(default_factory=Counter)
    left_out: list[str] = field(default_factory=list)

    def said(self) -> Iterator[str]:
        """Say it, a line each."""
        if self.nested:
            total = sum(self.nested.values())
            folders = [f"{clean(name)} ({count:,})" for name, count in self.nested.items()]
            yield f"{plural(total, 'image')} in folders below those of their classes: {_first(folders)}"
        if self.left_out:
            names = _first([clean(name) for name in self.left_out])
            yield f"left out, as they are in no class's folder, hidden, or folders by a link: {names}"


def find(root: Path, validation_split: float) -> Listing:
    """List the images under ``root``. Raises ``DataError`` where there is nothing sensible to train on."""
    top = _entries(root)
    train, validation = _part(root, top, TRAINING_NAMES), _part(root, top, VALIDATION_NAMES)
    if train is None and validation is not None and len(top.folders) == 1:
        raise DataError(f"{clean(root)} holds {clean(validation)} but no Training folder; add one.")
    seen = _Seen()
    inside = top if train is None else _entries(root, train)
    classes = tuple(inside.folders)
    _check_classes(root / (train or ""), inside)
    everything = tuple(_files(root, inside, classes, seen))
    if train is not None:
        used = {train, validation} if validation is not None else {train}
        seen.left_out += [*top.files, *top.hidden, *(f"{name}/" for name in top.folders if name not in used)]
    shown = _shown(classes)
    if train is None or validation is None:
        labels = [file.label for file in everything]
        kept = held_out(labels, [file.name for file in everything], validation_split, shown)
        learnt = tuple(file for file, out in zip(everything, kept, strict=True) if not out)
        rest = tuple(file for file, out in zip(everything, kept, strict=True) if out)
        where = f"{plural(len(everything), 'image')} of {clean(root / (train or ''))}"
        said = f"{where}, of which {len(rest):,} ({validation_split:.0%} of each class) are for validation"
        return Listing(root, shown, learnt, rest, (said, *seen.said()))
    beside = _entries(root, validation)
    for name in sorted({*classes} ^ {*beside.folders}):
        here, there = (train, validation) if name in classes else (validation, train)
        raise DataError(f"{clean(root)}: class {clean(name)} is in {here} but not in {there}; make the two agree.")
    rest = tuple(_files(root, beside, classes, seen))
    said = f"{len(everything):,} images of {train} for training, {len(rest):,} of {validation} for validation"
    return Listing(root, shown, everything, rest, (said, *seen.said()))


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


class _Entries(Struct, frozen=True):
    """What stands in one folder, by name in order; ``place`` is the folder below the root.

    ``hidden`` is that, and below a class's folder what is a folder by a link.
    """

    place: str
    folders: list[str]
    files: list[str]
    hidden: list[str]
    states: dict[str, os.stat_result]


def _entries(root: Path, place: str = "", below: bool = False) -> _Entries:
    folder, found = root / place, _Entries(place, [], [], [], {})
    try:
        with os.scandir(folder) as entries:
            for one in sorted(entries, key=lambda one: one.name):
                path = os.path.join(place, one.name)  # noqa: PTH118 - a text, ten times as quick as a Path
                if one.name.lower() in CLUTTER or one.name.startswith("._"):
                    continue
                if below and one.is_dir() and one.is_symlink():
                    found.hidden.append(f"{path}/")  # it may lead to another class
                elif one.is_dir():
                    if one.name.startswith("."):
                        found.hidden.append(f"{path}/")
                    else:
                        found.folders.append(one.name)
                elif one.name.startswith("."):
                    found.hidden.append(path)
                else:
                    found.files.append(path)
                    found.states[path] = one.stat()
    except FileNotFoundError as error:
        if error.filename is not None and os.fspath(error.filename) != os.fspath(folder):
            raise DataError(f"{clean(error.filename)} cannot be read: {clean(error.strerror)}.") from None
        raise DataError(f"There is no data folder {clean(folder)}; give the right path in [data].") from None
    except NotADirectoryError:
        raise DataError(f"{clean(folder)} is a file; give the folder that holds the classes.") from None
    except (OSError, ValueError) as error:  # a name with NUL in it is a ValueError
        why = error.strerror if isinstance(error, OSError) else error
        raise DataError(f"The data folder {clean(folder)} cannot be read: {clean(why)}.") from None
    return found


def _part(root: Path, top: _Entries, names: Sequence[str]) -> str | None:
    """Return the folder that is named so, in any case: of several, the first of ``names``."""
    for name in names:
        found = [one for one in top.folders if one.lower() == name]
        if len(found) > 1:
            raise DataError(f"{clean(root)} holds both {joined(found)}; which is meant cannot be decided.")
        if found:
            return found[0]
    return None


def _check_classes(folder: Path, inside: _Entries) -> None:
    if not inside.folders:
        raise DataError(f"{clean(folder)} holds no class folders; put each class's images into one of its own.")
    if len(inside.folders) == 1:
        raise DataError(
            f"{clean(folder)} holds one class only ({clean(inside.folders[0])}); training needs at least two."
        )


def _files(root: Path, inside: _Entries, classes: Sequence[str], seen: _Seen) -> list[File]:
    """Return the files of each class, those in folders below its own included."""
    seen.left_out += [*inside.files, *inside.hidden]
    files: list[File] = []
    alike: set[str] | None = None
    for label, name in enumerate(classes):
        before = len(files)
        own = _entries(root, os.path.join(inside.place, name), below=True)  # noqa: PTH118
        alike = {*own.folders} & (alike if alike is not None else {*own.folders}) if not own.files else set()
        for entries in _walk(root, own):
            seen.left_out += entries.hidden
            files += [_file(path, label, entries.states[path]) for path in entries.files]
            if entries is not own and entries.files:
                seen.nested[f"{entries.place}/"] += len(entries.files)
        if len(files) == before:
            raise DataError(f"{clean(root / own.place)} holds no image; add some, or remove the empty class.")
    if alike is not None and len(alike) > 1:
        raise DataError(
            f"{clean(root / inside.place)}: are the classes {_first([clean(name) for name in classes])} or "
            f"{_first([clean(name) for name in sorted(alike)])}, of which each of those has a folder? Name the "
            "parts Training and Test, or put each class's images into its folder itself."
        )
    return files


def _walk(root: Path, top: _Entries) -> Iterator[_Entries]:
    """Yield a folder and those below it, from the top."""
    waiting = [top]
    while waiting:
        entries = waiting.pop()
        yield entries
        below = (os.path.join(entries.place, name) for name in reversed(entries.folders))  # noqa: PTH118
        waiting += [_entries(root, place, below=True) for place in below]


def _file(path: str, label: int, status: os.stat_result) -> File:
    size = status.st_size if stat.S_ISREG(status.st_mode) else -1
    return File(path, label, size, state_of(status))


def state_of(status: os.stat_result) -> tuple[int, ...]:
    """Return what changes whenever a file's content does, and cannot be set as a file's time can."""
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _shown(classes: Sequence[str]) -> tuple[str, ...]:
    """Return the classes' names as texts: bytes that are no UTF-8 are written out, as ``\\xe9``."""
    shown = tuple(os.fsencode(name).decode("utf-8", "backslashreplace") for name in classes)
    if len({*shown}) < len(shown):
        twice = next(name for name, count in Counter(shown).items() if count > 1)
        raise DataError(f"Two class folders would both be shown as {clean(twice)}; rename one.")
    return shown


def _first(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
