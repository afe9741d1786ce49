"""What a session was asked to do: the spec, frozen, validated, TOML in and out.

``SessionSpec.parse`` reads a spec as a user wrote it and raises one ``SpecError`` that names the field;
``SessionSpec.to_toml`` writes it back in full. See README.md for the file's layout.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import tomli_w

from hpo_core.errors import SpecError
from hpo_core.plan.grid import Grid
from hpo_core.plan.hyperparameters import KNOWN, Value
from hpo_core.text import clean

MAX_TRAININGS = 1_000_000
"""More trainings than this are taken for a slip of the pen."""

KERAS_DATASETS = ("cifar10", "cifar100", "fashion_mnist", "mnist")
SOURCES = ("folder", "fruit", "npz", *KERAS_DATASETS)
PRECISIONS = ("float32", "mixed_float16", "mixed_bfloat16")
TRAINING_METRICS = ("val_accuracy", "accuracy", "val_loss", "loss")
"""The metrics of every training, by Keras' names."""

IMPORTED = "import"
"""The data source of a session that was imported: it has results, and nothing to train on."""

Direction = Literal["max", "min"]
_MINIMISED = ("loss", "error", "seconds", "parameters", "mse", "mae")


def direction_of(metric: str) -> Direction:
    """Return which way ``metric`` improves, by its name: losses, errors, times and sizes down, all else up."""
    return "min" if metric.removeprefix("val_").endswith(_MINIMISED) else "max"


@dataclass(frozen=True, slots=True)
class Objective:
    """A metric plus the direction in which it improves."""

    metric: str
    direction: Direction

    def better(self, one: float, other: float) -> bool:
        """Whether ``one`` is strictly better than ``other``."""
        return one > other if self.direction == "max" else one < other

    @property
    def arrow(self) -> str:
        """ "↑" where more is better, "↓" where less is."""
        return "↑" if self.direction == "max" else "↓"


@dataclass(frozen=True, slots=True)
class DataSpec:
    """Where the images come from, and their size as ``(height, width)`` in pixels.

    ``classes``, ``train_per_class`` and ``validation_per_class`` shape the generated fruit; ``on_corrupt`` says
    what to do with an image that cannot be read. ``validation_split`` is used where the data has no
    Test/Validation part of its own.
    """

    source: str
    path: str | None = None
    image_size: tuple[int, int] | None = None
    classes: int = 10
    train_per_class: int = 48
    validation_per_class: int = 16
    seed: int = 0
    on_corrupt: Literal["stop", "skip"] = "stop"
    validation_split: float = 0.2


@dataclass(frozen=True, slots=True)
class SessionSpec:
    """A whole spec. ``grid`` is what is varied, ``fixed`` what is not; ``replicates`` trainings for each trial."""

    data: DataSpec
    grid: Grid
    fixed: Mapping[str, Value] = field(default_factory=dict)
    replicates: int = 1
    objective: Objective = Objective("val_accuracy", "max")
    seed: int = 0
    precision: str = "float32"
    jit: bool = False

    @property
    def trainings(self) -> int:
        """How many trainings the grid asks for."""
        return len(self.grid) * self.replicates

    @property
    def trainable(self) -> bool:
        """Whether there is anything to train on (an imported session has only results)."""
        return self.data.source != IMPORTED

    def values_of(self, trial: int) -> dict[str, Value]:
        """Every hyperparameter of a training of ``trial``: its own, the fixed ones, and the defaults."""
        values = {name: known.default for name, known in KNOWN.items() if known.default is not None}
        return {**values, **self.fixed, **self.grid[trial].values}

    def epochs_of(self, trial: int) -> int:
        """How many epochs a training of ``trial`` has; 0 where the spec does not say (an import)."""
        epochs = (
            self.values_of(trial).get("epochs", 0)
            if self.trainable
            else self.grid[trial].values.get("epochs", self.fixed.get("epochs", 0))
        )
        return int(epochs) if isinstance(epochs, (int, float)) else 0

    # Reading -------------------------------------------------------------------------------------------------

    @classmethod
    def load(cls, path: Path, overrides: Mapping[str, Sequence[Value]] | None = None) -> SessionSpec:
        """Read a spec file; relative data paths are taken from the file's folder.

        ``overrides`` replaces the values of hyperparameters (``--set``). Raises ``SpecError``.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise SpecError(f"There is no spec file {clean(path)}.") from None
        except IsADirectoryError:
            raise SpecError(f"{clean(path)} is a folder; give a spec file (TOML).") from None
        except UnicodeDecodeError as error:
            raise SpecError(f"{clean(path)} is not UTF-8 text (byte {error.start}).") from None
        except OSError as error:
            raise SpecError(f"{clean(path)} cannot be read: {error.strerror}.") from None
        where = f"{clean(path)} with --set" if overrides else clean(path)
        return cls.parse(text, where, path.parent, overrides)

    @classmethod
    def parse(
        cls,
        text: str,
        where: str = "spec",
        base: Path | None = None,
        overrides: Mapping[str, Sequence[Value]] | None = None,
    ) -> SessionSpec:
        """Parse a spec's TOML text; ``where`` names it in errors, ``base`` anchors relative paths."""
        try:
            tables = tomllib.loads(text)
        except (ValueError, RecursionError) as error:  # ValueError: also a number of more than 4,300 digits
            raise SpecError(f"{where} is not valid TOML: {clean(error, 200)}.") from None
        from hpo_core.plan.spec_reader import SpecReader  # needs this module

        return SpecReader(where, base).spec(tables, overrides or {})

    # Writing -------------------------------------------------------------------------------------------------

    def to_toml(self) -> str:
        """Return the spec as TOML that ``parse`` reads back to an equal spec."""
        data: dict[str, Any] = {"source": self.data.source}
        if self.data.path is not None:
            data["path"] = self.data.path
        if self.data.image_size is not None:
            data["image_size"] = list(self.data.image_size)
        if self.data.source == "fruit":
            data |= {
                "classes": self.data.classes,
                "train_per_class": self.data.train_per_class,
                "validation_per_class": self.data.validation_per_class,
                "seed": self.data.seed,
            }
        if self.data.source == "folder":
            data["on_corrupt"] = self.data.on_corrupt
        if self.data.source in ("folder", "npz"):
            data["validation_split"] = self.data.validation_split
        session: dict[str, Any] = {
            "replicates": self.replicates,
            "objective": self.objective.metric,
            "direction": self.objective.direction,
        }
        if self.trainable:
            session |= {"seed": self.seed, "precision": self.precision, "jit": self.jit}
        tables: dict[str, Any] = {
            "data": data,
            "grid": {factor.name: list(factor.values) for factor in self.grid.hyperparameters},
            "fixed": dict(self.fixed),
            "session": session,
        }
        if self.grid.listed is not None:
            tables["trials"] = {"listed": [list(combination) for combination in self.grid.listed]}
        return str(tomli_w.dumps(tables))

    def with_values(self, overrides: Mapping[str, Sequence[Value]]) -> SessionSpec:
        """Return the spec with other values for some hyperparameters: one value fixes it, several vary it."""
        text = tomllib.loads(replace(self, grid=Grid(self.grid.hyperparameters)).to_toml())
        from hpo_core.plan.spec_reader import SpecReader  # needs this module

        return SpecReader("--set", None).spec(text, overrides)


def parse_value(text: str) -> Value:
    """Return a value as the command line means it: a whole number, a number, true/false, or else the text."""
    stripped = text.strip()
    for kind in (int, float):
        try:
            number = kind(stripped)
            finite = math.isfinite(number)
        except (ValueError, OverflowError):
            continue
        if finite:
            return number
    return {"true": True, "false": False}.get(stripped, stripped)
