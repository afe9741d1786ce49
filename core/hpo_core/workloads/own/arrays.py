"""The arrays of ``[data] source = "npz"`` as they stand in the file, for a user's own Keras model.

Targets are numbers, classes or one-hot rows: what they are is for the model's loss to say. Only where the table
has an ``image_size`` are they images, as the paper's network has them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from hpo_core.errors import DataError
from hpo_core.journal.events import DataPrepared
from hpo_core.text import clean, plural
from hpo_core.workloads.images.contents import digest_of, file_of
from hpo_core.workloads.images.npz import Numbers, read_npz
from hpo_core.workloads.own.function import own_data

Pair = tuple[Numbers, Numbers]
"""x and y, with as many rows."""


def are_arrays(table: Mapping[str, Any]) -> bool:
    """Whether a ``[data]`` table is of arrays that a model is given as they stand."""
    return table.get("source") == "npz" and "image_size" not in table


def read_arrays(table: Mapping[str, Any]) -> tuple[Pair, Pair, DataPrepared]:
    """Return what is trained on, what is validated on, and what the journal is told. Raises ``DataError``.

    Without x_test, ``validation_split`` of the rows is kept for validation: drawn at random, the same each time.
    """
    path = Path(str(table["path"]))
    arrays, where = read_npz(path), clean(path)
    parts = [_pair(arrays, part, where) for part in ("train", "test") if f"x_{part}" in arrays]
    if len(parts) == 1:
        (x, y), rows = parts[0], len(parts[0][0])
        out = np.zeros(rows, bool)
        out[np.random.default_rng(0).permutation(rows)[: round(rows * float(table["validation_split"]))]] = True
        parts = [(x[~out], y[~out]), (x[out], y[out])]
    train, validation = parts
    if not (len(train[0]) and len(validation[0])):
        raise DataError(f"{where} has too few rows: both for training and for validation there must be some.")
    facts = repr((digest_of(path.parent, [file_of(path)]), table["validation_split"]))
    prepared = msgspec.structs.replace(
        own_data(),
        fingerprint=hashlib.sha256(facts.encode()).hexdigest()[:32],
        train=len(train[0]),
        validation=len(validation[0]),
    )
    return train, validation, prepared


def check_arrays(table: Mapping[str, Any]) -> str:
    """Return the data in one line. Raises ``DataError``."""
    prepared = read_arrays(table)[2]
    return f"{plural(prepared.train, 'training row')} and {plural(prepared.validation, 'validation row')}"


def _pair(arrays: Mapping[str, Numbers], part: str, where: str) -> Pair:
    x, y = arrays[f"x_{part}"], arrays[f"y_{part}"]
    for name, array in ((f"x_{part}", x), (f"y_{part}", y)):
        if not array.ndim or (not np.issubdtype(array.dtype, np.number) and array.dtype != np.bool_):
            raise DataError(f"{where}: {name} must hold a row of numbers for each example.")
    if len(x) != len(y):
        raise DataError(f"{where}: x_{part} has {len(x):,} rows, y_{part} {len(y):,}.")
    return x, y
