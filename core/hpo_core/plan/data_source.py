"""Where the images come from: the ``[data]`` table of a spec, a row of facts for each key and each source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from hpo_core.errors import SpecError
from hpo_core.plan.setting import key, read_keys, settings, written
from hpo_core.text import clean, expanded

KERAS_DATASETS = ("cifar10", "cifar100", "fashion_mnist", "mnist")
"""Keras fetches these, so that only a worker can."""

FILES = ("folder", "npz")
"""The sources that are files of the user's: they have a path, and may change while a session trains on them."""

SOURCES = ("folder", "fruit", "npz", *KERAS_DATASETS)

IMPORTED = "import"
"""The data source of a session that was imported: it has results, and nothing to train on."""


OWN = "model"
"""The data source of a session whose ``[model]`` brings its own data."""


@dataclass(frozen=True, slots=True)
class DataSpec:
    """Where the images come from, and their size as ``(height, width)`` in pixels.

    ``classes``, ``train_per_class`` and ``validation_per_class`` shape the generated fruit; ``on_corrupt`` says
    what to do with an image that cannot be read. ``validation_split`` is used where the data has no
    Test/Validation part of its own.
    """

    source: str = key("choice", choices=SOURCES)
    path: str | None = key("text")
    image_size: tuple[int, int] | None = key("pair", ends=(1, 4096))
    classes: int = key("int", 10, stands=("fruit",), ends=(2, 1_000_000))
    train_per_class: int = key("int", 48, stands=("fruit",), ends=(1, 1_000_000))
    validation_per_class: int = key("int", 16, stands=("fruit",), ends=(1, 1_000_000))
    seed: int = key("int", 0, stands=("fruit",), ends=(0, 1_000_000))
    on_corrupt: Literal["stop", "skip"] = key("choice", "stop", stands=("folder",), choices=("stop", "skip"))
    validation_split: float = key("float", 0.2, stands=FILES, ends=(0, 1), open_low=True, open_high=True)

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
