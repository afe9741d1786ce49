"""From a spec's ``[data]`` table to images ready for training: found, checked, decoded once, memory-mapped.

No TensorFlow here: the command line calls ``check`` before it starts an engine.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from hpo_core.errors import DataError
from hpo_core.journal.events import DataPrepared
from hpo_core.plan.data_source import FILES, KERAS_DATASETS
from hpo_core.text import clean, plural
from hpo_core.workloads.images import cache, fruit
from hpo_core.workloads.images import class_folders as folder
from hpo_core.workloads.images.arrays import brought_to_size
from hpo_core.workloads.images.contents import digest_of, file_of
from hpo_core.workloads.images.decode import Pixels, Progress, decode_all
from hpo_core.workloads.images.npz import is_file, read_npz
from hpo_core.workloads.images.pixels import of_files

DEFAULT_SIZE = (100, 100)
"""Image size, (height, width), where the table gives none; that of Fruits-360."""

LAYOUT_VERSION = 1
"""Part of every fingerprint: raise it when an entry's files change."""

READING_VERSION = 2
"""Part of the fingerprint of the user's files: raise it when other pixels or classes are read from them."""

PROGRESS_SECONDS = 0.2


class Dataset(Struct, frozen=True):
    """Images as uint8 ``(n, height, width, 3)``, labels as int32 ``(n,)``; the images are memory maps.

    ``fingerprint`` tells data sets apart; ``seconds`` is how long preparing took; ``skipped`` names the files
    that were left out because they cannot be read. ``said`` tells how the data were taken: range, classes,
    folders.
    """

    x_train: Pixels
    y_train: NDArray[np.int32]
    x_val: Pixels
    y_val: NDArray[np.int32]
    classes: tuple[str, ...]
    fingerprint: str
    seconds: float = 0.0
    skipped: tuple[str, ...] = ()
    said: tuple[str, ...] = ()

    @property
    def image_size(self) -> tuple[int, int]:
        """Height and width, pixels."""
        return int(self.x_train.shape[1]), int(self.x_train.shape[2])

    def prepared(self) -> DataPrepared:
        """Return what the journal is told of the data set."""
        return DataPrepared(
            fingerprint=self.fingerprint,
            train=len(self.y_train),
            validation=len(self.y_val),
            classes=self.classes,
            image_size=self.image_size,
            seconds=self.seconds,
            said=self.said,
        )

    def summary(self) -> str:
        """Return the data set in one line."""
        height, width = self.image_size
        left_out = f", {plural(len(self.skipped), 'unreadable file')} left out" if self.skipped else ""
        return (
            f"{plural(len(self.classes), 'class', 'classes')}, {plural(len(self.y_train), 'training image')} and "
            f"{plural(len(self.y_val), 'validation image')} of {height}×{width}{left_out}"
        )


class _Source(Struct, frozen=True):
    """Where images come from: what identifies them, and how to write them into an empty cache entry.

    ``said`` is what is known of them before they are decoded.
    """

    fingerprint: str
    fill: Callable[[Path, Progress | None], None]
    said: tuple[str, ...] = ()


def prepare(table: Mapping[str, Any], progress: Progress | None = None) -> Dataset:
    """Return the data set that a ``[data]`` table describes, decoding it where the cache does not hold it yet.

    ``progress`` is called while images are decoded or generated. Raises ``DataError``: one sentence that says
    what is wrong with which file or folder.
    """
    began = time.monotonic()
    source = _source(table, progress)
    for attempt in (1, 2):
        place = cache.entry(source.fingerprint, lambda place: source.fill(place, progress))
        try:
            data = _open(place, source.fingerprint)
            break
        except (OSError, ValueError, KeyError, EOFError) as error:
            cache.drop(source.fingerprint)  # a damaged entry is worth nothing, and is made anew once
            if attempt == 2:
                raise DataError(f"The decoded images in {clean(place)} cannot be read: {clean(error)}.") from error
    if data.skipped and table.get("on_corrupt", "stop") == "stop":
        raise _unreadable(str(table.get("path")), data.skipped, len(data.y_train) + len(data.y_val))
    return replace(data, seconds=time.monotonic() - began, said=source.said + data.said)


class Opening:
    """A data set that is being prepared in a thread, while its worker does something else."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self.table = dict(table)
        self._at = (0, 1)
        self._data = ThreadPoolExecutor(1, "open-images").submit(prepare, table, self._note)

    def result(self, progress: Progress) -> Dataset:
        """Wait for the data set, telling ``progress`` meanwhile; raises what ``prepare`` raises."""
        while not wait((self._data,), PROGRESS_SECONDS).done:
            progress(*self._at)
        return self._data.result()

    def _note(self, done: int, total: int) -> None:
        self._at = (done, total)


def open_early(table: Mapping[str, Any] | None) -> Opening | None:
    """Begin to open a data set, where there is one that can be opened without TensorFlow."""
    return None if table is None or table.get("source") in KERAS_DATASETS else Opening(table)


def check(table: Mapping[str, Any], progress: Progress | None = None) -> str:
    """Return the data set in a line, and in further lines how it was taken.

    Only TensorFlow can fetch a Keras data set, so that there the worker finds out. Raises ``DataError`` where
    ``table`` cannot be trained on.
    """
    if (source := table.get("source")) in KERAS_DATASETS:
        return f"{source}, fetched by Keras"
    data = prepare(table, progress)
    return "\n".join((data.summary(), *data.said))


def data_now(table: Mapping[str, Any]) -> str:
    """Return the fingerprint of files as they are now, without decoding them; "" where there are none to look at.

    Raises ``DataError``.
    """
    return _source(table, None).fingerprint if table.get("source") in FILES else ""


def _source(table: Mapping[str, Any], progress: Progress | None) -> _Source:
    name = str(table.get("source"))
    if name == "fruit":
        return _fruit(table)
    if name == "folder":
        return _folder(table, progress)
    if name == "npz":
        return _npz(table, progress)
    if name in KERAS_DATASETS:
        return _keras(table, name)
    raise DataError(f"There is no data source {clean(name)!r} to train on.")


def _size(table: Mapping[str, Any]) -> tuple[int, int]:
    height, width = table.get("image_size") or DEFAULT_SIZE
    return int(height), int(width)


def _identity(*facts: object) -> str:
    return hashlib.sha256(json.dumps([LAYOUT_VERSION, *facts]).encode()).hexdigest()[:32]


# Entries -----------------------------------------------------------------------------------------------------


def _new_array(place: Path, count: int, size: tuple[int, int], name: str = "images.npy") -> np.memmap[Any, Any]:
    return cache.new_array(place / name, (count, *size, 3))


def _finish(
    place: Path,
    labels: Sequence[int],
    train: int,
    classes: Sequence[str],
    skipped: Sequence[str] = (),
    said: Sequence[str] = (),
) -> None:
    np.save(place / "labels.npy", np.asarray(labels, dtype=np.int32))
    about = {"train": train, "classes": list(classes), "skipped": list(skipped), "said": list(said)}
    (place / "about.json").write_text(json.dumps(about), encoding="utf-8")


def _open(place: Path, fingerprint: str) -> Dataset:
    about = json.loads((place / "about.json").read_text(encoding="utf-8"))
    images = np.load(place / "images.npy", mmap_mode="r", allow_pickle=False)
    labels = np.load(place / "labels.npy", allow_pickle=False)
    train = about["train"]
    if len(images) != len(labels) or not 0 < train < len(labels):
        raise ValueError("the entry's files do not belong together")
    return Dataset(
        images[:train],
        labels[:train],
        images[train:],
        labels[train:],
        tuple(about["classes"]),
        fingerprint,
        skipped=tuple(about["skipped"]),
        said=tuple(about["said"]),
    )


# Sources -----------------------------------------------------------------------------------------------------


def _fruit(table: Mapping[str, Any]) -> _Source:
    size, seed, classes = _size(table), int(table.get("seed", 0)), int(table.get("classes", 10))
    train, validation = int(table.get("train_per_class", 48)), int(table.get("validation_per_class", 16))
    if not 2 <= classes <= len(fruit.CLASS_NAMES):
        raise DataError(
            f"[data] classes is {classes}; the generated fruit has 2 to {len(fruit.CLASS_NAMES)} classes."
        )

    def fill(place: Path, progress: Progress | None) -> None:
        total = classes * (train + validation)
        array = _new_array(place, total, size)
        labels: list[int] = []
        for first, count in ((0, train), (train, validation)):
            for number in range(classes):
                for index in range(first, first + count):
                    array[len(labels)] = fruit.draw(number, index, size, seed)
                    labels.append(number)
                    if progress is not None:
                        progress(len(labels), total)
        array.flush()
        _finish(place, labels, classes * train, fruit.CLASS_NAMES[:classes])

    return _Source(_identity("fruit", fruit.VERSION, classes, train, validation, size, seed), fill)


def _folder(table: Mapping[str, Any], progress: Progress | None) -> _Source:
    root, size = Path(str(table["path"])), _size(table)
    listing = folder.find(root, float(table.get("validation_split", 0.2)))
    facts = [[*listing.classes], [(file.name, file.label) for file in listing.files]]
    fingerprint = _identity(
        "folder", READING_VERSION, facts, digest_of(root, listing.files, progress), len(listing.train), size
    )
    stop = table.get("on_corrupt", "stop") == "stop"

    def fill(place: Path, progress: Progress | None) -> None:
        files = listing.files
        array = _new_array(place, len(files), size)
        decoded = decode_all([root / file.name for file in files], size, array, progress)
        problems = decoded.problems
        named = [f"{files[index].name} ({problem})" for index, problem in problems.items()]
        if problems and stop:
            raise _unreadable(str(root), named, len(files))
        good = [index for index in range(len(files)) if index not in problems]
        train = sum(index < len(listing.train) for index in good)
        labels = [files[index].label for index in good]
        for part, left in (("training", labels[:train]), ("validation", labels[train:])):
            for lost in sorted({*range(len(listing.classes))} - {*left}):
                raise DataError(
                    f"{clean(root)}: no {part} image of class {clean(listing.classes[lost])} can be read."
                )
        said = [of_files(decoded.darkest[good], decoded.brightest[good], clean(root))]
        if decoded.turned:
            said.append(f"{plural(decoded.turned, 'photograph')} turned upright, as EXIF says")
        if problems:
            said.append(f"left out, as they cannot be read: {_first(named)}")
            kept = _new_array(place, len(good), size, "kept.npy")
            for row, index in enumerate(good):
                kept[row] = array[index]
            array = kept
            (place / "kept.npy").replace(place / "images.npy")
        array.flush()
        _finish(place, labels, train, listing.classes, named, said)

    return _Source(fingerprint, fill, listing.said)


def _npz(table: Mapping[str, Any], progress: Progress | None) -> _Source:
    path, split = Path(str(table["path"])), float(table.get("validation_split", 0.2))
    if not is_file(path):
        raise DataError(f"There is no npz file {clean(path)}.")
    content = digest_of(path.parent, [file_of(path)], progress)

    def fill(place: Path, progress: Progress | None) -> None:
        del progress  # one call reads it all
        _write_arrays(place, read_npz(path), table, split, clean(path))

    size = table.get("image_size")
    return _Source(_identity("npz", READING_VERSION, content, size, split), fill)


def _keras(table: Mapping[str, Any], name: str) -> _Source:
    def fill(place: Path, progress: Progress | None) -> None:
        del progress
        # Named, not imported: only a worker may load TensorFlow, and only this source makes it do so here.
        loader = importlib.import_module("hpo_core.workloads.paper.tensors")
        _write_arrays(place, loader.keras_arrays(name), table, 0.2, f"Keras' data set {name}")

    return _Source(_identity("keras", name, table.get("image_size")), fill)


def _write_arrays(
    place: Path, arrays: Mapping[str, NDArray[Any]], table: Mapping[str, Any], split: float, where: str
) -> None:
    found = brought_to_size(arrays, table.get("image_size"), split, where)
    train, count = len(found.y_train), len(found.y_train) + len(found.y_val)
    array = _new_array(place, count, (found.x_train.shape[1], found.x_train.shape[2]))
    array[:train], array[train:] = found.x_train, found.x_val
    array.flush()
    labels = np.concatenate([found.y_train, found.y_val]).tolist()
    _finish(place, labels, train, found.classes, said=found.said)


def _unreadable(root: str, named: Sequence[str], total: int) -> DataError:
    return DataError(
        f"{clean(root)}: {len(named):,} of {plural(total, 'image')} cannot be read: {_first(named)}; "
        f'replace or remove them, or set on_corrupt = "skip" in [data].'
    )


def _first(named: Sequence[str]) -> str:
    more = f" and {len(named) - 3:,} more" if len(named) > 3 else ""
    return ", ".join(clean(name, 200) for name in named[:3]) + more
