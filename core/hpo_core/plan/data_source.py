"""Where the images come from: the ``[data]`` table of a spec, a row of facts for each key and each source."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from msgspec import Struct

from hpo_core.errors import SpecError
from hpo_core.plan.setting import key, read_keys, settings, written
from hpo_core.text import clean, expanded

KERAS_DATASETS = ("cifar10", "cifar100", "fashion_mnist", "mnist")
"""Keras fetches these, so that only a worker can."""

FILES = ("folder", "npz")
"""The sources that are files of the user's: they have a path, and may change while a session trains on them."""

SOURCES = ("folder", "fruit", "npz", *KERAS_DATASETS)

OnCorrupt = Literal["stop", "skip"]

IMPORTED = "import"
"""The data source of a session that was imported: it has results, and nothing to train on."""


OWN = "model"
"""The data source of a session whose ``[model]`` brings its own data."""


class DataSpec(Struct, frozen=True):
    """Where the images come from, and their size as ``(height, width)`` in pixels.

    ``classes``, ``train_per_class`` and ``validation_per_class`` shape the generated fruit; ``on_corrupt`` says
    what to do with an image that cannot be read. ``validation_split`` is used where the data has no
    Test/Validation part of its own.
    """

    source: Annotated[str, key("choice", choices=SOURCES)]
    path: Annotated[str | None, key("text")] = None
    image_size: Annotated[tuple[int, int] | None, key("pair", ends=(1, 4096))] = None
    classes: Annotated[int, key("int", stands=("fruit",), ends=(2, 1_000_000))] = 10
    train_per_class: Annotated[int, key("int", stands=("fruit",), ends=(1, 1_000_000))] = 48
    validation_per_class: Annotated[int, key("int", stands=("fruit",), ends=(1, 1_000_000))] = 16
    seed: Annotated[int, key("int", stands=("fruit",), ends=(0, 1_000_000))] = 0
    on_corrupt: Annotated[OnCorrupt, key("choice", stands=("folder",), choices=get_args(OnCorrupt))] = "stop"
    validation_split: Annotated[float, key("float", stands=FILES, ends=(0, 1), open_low=True, open_high=True)] = (
        0.2
    )

    @classmethod
    def read(cls, table: Mapping[str, Any], where: str, base: Path | None) -> DataSpec:
        """Return what the table says; relative paths are taken from ``base``. Raises ``SpecError``."""
        imported = table.get("source") == IMPORTED
        given = read_keys({**table, "source": SOURCES[0]} if imported else table, settings(cls), where)
        if imported:
            given["source"] = IMPORTED
        elif "source" not in given:
            raise SpecError(f"{where} source must be one of {', '.join(SOURCES)}; it is {clean(None)!r}.")
        elif given["source"] in FILES:
            if "path" not in given:
                raise SpecError(f"{where} path is missing; source {given['source']!r} needs one.")
            full = expanded(given["path"], SpecError)
            given["path"] = str(full if full.is_absolute() else ((base or Path.cwd()) / full).resolve())
        return cls(**given)

    def table(self) -> dict[str, Any]:
        """Return the keys that say something of this source, as the spec and the workers have them."""
        return written(self, self.source)
