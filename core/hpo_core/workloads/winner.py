"""One trial on its way out: what the script that trains it without hpo-tui is written from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from hpo_core.plan.setting import Value


class Winner(Struct, frozen=True):
    """A trial of a session: every hyperparameter's value, its data and settings, and the seed of one training."""

    session: str
    trial: int
    values: Mapping[str, Value]
    material: Mapping[str, Any]
    """The spec's ``[data]`` table with absolute paths, and under "model" what is the user's own."""
    settings: Mapping[str, Any]
    seed: int
    expected: str
    """What a training of it comes to, in words: "val_accuracy 0.94 ± 0.02"."""


def names(values: Mapping[str, Value]) -> str:
    """Return the values as a dict of Python, a line for each."""
    return "{\n" + "".join(f"    {name!r}: {value!r},\n" for name, value in values.items()) + "}"
