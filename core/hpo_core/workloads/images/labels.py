"""What labels mean: which class each image has, decided by a rule that is said, or refused.

Whole numbers from 0 or from 1 on without a hole, true and false, rows with a single 1, and texts are classes as
they are. What could also be something else is refused by name: fractions, dates, several classes of one image,
numbers with holes, texts that differ in case or spaces alone.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hpo_core.errors import DataError
from hpo_core.text import clean, joined, plural

Labels = NDArray[Any]

PER_CLASS = 2
"""Fewer images a class than this, on the average, are no classes: numbers to predict, or names of the images."""

LARGEST = 2**31

NUMBERS = "those are numbers to predict, no classes; a training here is of classes"
SAVE_TEXTS = "save the name of each image's class as its label instead"


class Classes(Struct, frozen=True):
    """The class of each image, by its place among ``names``; ``said`` is how it was found."""

    train: NDArray[np.int32]
    test: NDArray[np.int32] | None
    names: tuple[str, ...]
    said: str


def classes_of(y_train: Labels, y_test: Labels | None, names: Labels | None, where: str) -> Classes:
    """Return the classes of an npz's labels, judged together; ``names`` are its classes', where it says them.

    Raises ``DataError``.
    """
    given = None if names is None else _texts_of(names, f"{where}: classes")
    parts = {f"{where}: y_train": y_train} | ({} if y_test is None else {f"{where}: y_test": y_test})
    flat = {part: _flat(labels, part) for part, labels in parts.items()}
    kinds = {labels.dtype.kind in "US" for labels in flat.values()}
    if len(kinds) > 1:
        raise DataError(f"{where}: y_train and y_test are not of one kind; one holds texts, the other numbers.")
    of_texts = kinds == {True}
    read = {part: _texts(labels, part) if of_texts else _whole(labels, part) for part, labels in flat.items()}
    values, codes = np.unique(np.concatenate([*read.values()]), return_inverse=True)
    first = flat[f"{where}: y_train"]
    order: Sequence[str | int]
    if of_texts:
        order, said = _named(values.tolist(), given, where), "texts"
    else:
        columns = y_train.shape[1] if y_train.ndim == 2 and y_train.shape[1] > 1 else None
        order, said = _numbered(values.tolist(), given, columns, first.dtype.kind == "b", where), "whole numbers"
        said = f"{said} {values[0]} to {values[-1]}" if columns is None else "rows with a single 1"
    shown = given or tuple(map(str, order))
    place = {value: number for number, value in enumerate(order)}
    places = np.array([place[value] for value in values.tolist()], np.int32)[codes.reshape(-1)]
    train, test = places[: len(first)], places[len(first) :]
    _check_counts(train, shown, where)
    if first.dtype.kind == "b":
        shown, said = given or ("False", "True"), "true and false"
    return Classes(train, None if y_test is None else test, shown, f"labels: {said}; {_listed(shown)}")


def _listed(names: Sequence[str]) -> str:
    first = ", ".join(clean(name, 40) for name in names[:5])
    more = f" and {len(names) - 5:,} more" if len(names) > 5 else ""
    return f"{plural(len(names), 'class', 'classes')}: {first}{more}"


def _check_counts(train: NDArray[np.int32], names: Sequence[str], where: str) -> None:
    counts = np.bincount(train, minlength=len(names))
    if np.count_nonzero(counts) < 2:
        raise DataError(f"{where}: y_train holds one class only; training needs at least two.")
    if (empty := np.flatnonzero(counts == 0)).size:
        raise DataError(f"{where}: y_train holds no image of class {clean(names[int(empty[0])], 80)}.")
    if len(train) < PER_CLASS * len(names):
        raise DataError(
            f"{where}: y_train holds {len(names):,} different labels for {plural(len(train), 'image')}: "
            "those are no classes."
        )


def _flat(y: Labels, where: str) -> Labels:
    """Return one label an image; rows with a single 1 become its place."""
    if y.dtype.kind == "M":
        raise DataError(f"{where} holds dates; {SAVE_TEXTS}.")
    if y.dtype.kind not in "biufUS":
        raise DataError(f"{where} holds {y.dtype}; labels are whole numbers or texts.")
    if y.ndim == 1 or (y.ndim == 2 and y.shape[1] == 1):
        return y.reshape(-1)
    if y.ndim != 2 or y.dtype.kind in "US":
        raise DataError(f"{where} must hold one label an image; its shape is {y.shape}.")
    ones, zeros = y == 1, y == 0
    if not (ones | zeros).all():
        raise DataError(f"{where} has rows of {y.shape[1]} numbers that are not 0 and 1; {SAVE_TEXTS}.")
    if (wrong := np.flatnonzero(ones.sum(axis=1) != 1)).size:
        count = int(ones[wrong[0]].sum())
        raise DataError(
            f"{where}: {wrong.size:,} of {plural(len(y), 'row')} have not a single 1 (row {wrong[0]:,} has "
            f"{count}); an image has one class here."
        )
    return np.asarray(ones.argmax(axis=1))


def _whole(y: Labels, where: str) -> Labels:
    if y.dtype.kind == "f":
        if not np.isfinite(y).all():
            raise DataError(f"{where} holds NaN or infinite; every image needs a class.")
        if (wrong := np.flatnonzero(y != np.rint(y))).size:
            raise DataError(f"{where} holds fractions ({y[wrong[0]]:g}): {NUMBERS}.")
    if y.size and (y.max() > LARGEST or y.min() < -LARGEST):
        raise DataError(f"{where} holds numbers from {y.min():g} to {y.max():g}: those are no classes.")
    return y.astype(np.int64)


def _numbered(
    values: list[int], names: tuple[str, ...] | None, columns: int | None, truth: bool, where: str
) -> list[int]:
    """Return the number of each class, in order."""
    count = len(names) if names is not None else columns or (2 if truth else 0)
    if columns is not None and columns != count:
        raise DataError(f"{where}: the labels have {columns:,} columns, and {count:,} classes are named.")
    if count:
        if values and (values[0] < 0 or values[-1] >= count):
            raise DataError(
                f"{where}: labels must be whole numbers from 0 to {count - 1:,}, one for each class that is "
                f"named; they run from {values[0]} to {values[-1]}."
            )
        return list(range(count))
    start = values[0] if values else 0
    if start not in (0, 1) or values[-1] - start + 1 != len(values):
        shown = joined([*map(str, values[:5]), *(["…"] if len(values) > 6 else []), *map(str, values[5:][-1:])])
        raise DataError(
            f"{where}: labels must be whole numbers from 0 or from 1 on with none left out; they are {shown}: "
            f"{SAVE_TEXTS}."
        )
    return values


def _named(values: list[str], names: tuple[str, ...] | None, where: str) -> list[str]:
    """Return the text of each class, in order."""
    if names is not None:
        if unknown := [value for value in values if value not in names]:
            raise DataError(f"{where}: label {clean(unknown[0], 80)} is not among the classes that are named.")
        return list(names)
    numbers = [_number(value) for value in values]
    if None not in numbers and (fractions := [number for number in numbers if number != round(number or 0)]):
        raise DataError(f"{where}: the labels are fractions ({fractions[0]:g}): {NUMBERS}.")
    alike: dict[str | float, str] = {}
    for value, number in zip(values, numbers, strict=True):
        text = " ".join(unicodedata.normalize("NFKC", value).casefold().split())
        same = text if number is None else number
        if same in alike:
            raise DataError(
                f"{where}: are labels {clean(alike[same], 80)!r} and {clean(value, 80)!r} one class or two? Write "
                "each class one way."
            )
        alike[same] = value
    return values


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _texts(y: Labels, where: str) -> Labels:
    if y.dtype.kind == "S":
        y = np.char.decode(y, "utf-8", "backslashreplace")
    if (empty := np.flatnonzero(np.isin(np.char.lower(np.char.strip(y)), ("", "nan")))).size:
        raise DataError(f"{where}: {empty.size:,} of {plural(len(y), 'label')} empty or nan (row {empty[0]:,}).")
    return y


def _texts_of(names: Labels, where: str) -> tuple[str, ...]:
    if names.ndim != 1 or names.dtype.kind not in "USiu":
        raise DataError(f"{where} must be a list of names; it is {names.dtype} of shape {names.shape}.")
    read = _texts(names, where) if names.dtype.kind in "US" else names
    result = tuple(map(str, read.tolist()))
    _named(sorted({*result}), None, where)
    if len({*result}) != len(result):
        raise DataError(f"{where} names a class twice.")
    return result
