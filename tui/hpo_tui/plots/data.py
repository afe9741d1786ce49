"""What a plot is given: plain arrays and names, one row for each trial (or replicate) in view."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hpo_core.plan.hyperparameters import Value
from hpo_tui.look.inks import category

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


class Axis(Struct, frozen=True):
    """One hyperparameter: its name, its values as text in order, and as numbers where they are numbers.

    ``places`` are the values' places among all of the hyperparameter's, those out of view among them: they tell
    each value's colour, which it keeps. Left out, they are those of the labels.
    """

    name: str
    labels: tuple[str, ...]
    positions: tuple[float, ...] | None = None
    places: tuple[int, ...] = ()

    @property
    def inks(self) -> tuple[int, ...]:
        """The ink of each value."""
        return tuple(map(category, self.places or range(len(self.labels))))


def positions_of(values: Sequence[Value]) -> tuple[float, ...] | None:
    """Return the values as numbers, None where one of them is none."""
    numeric = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values)
    return tuple(map(float, values)) if numeric else None


class Trials(Struct, frozen=True, eq=False):
    """n rows over k hyperparameters.

    ``codes`` (n, k): index of each row's value on each axis; negative where it has none, and the row is then
    left out of plots that use the axis. ``scores`` (n,): NaN or infinite where there is no result. ``failed``
    (n,): failed or diverged; ``collapsed`` (n,): predicts the same for everything. ``highlight``: the row under
    the cursor.
    """

    axes: tuple[Axis, ...]
    codes: Ints
    scores: Floats
    failed: Bools
    collapsed: Bools
    highlight: int | None = None

    def __len__(self) -> int:
        return len(self.scores)

    @property
    def scored(self) -> Bools:
        """(n,): which rows have a finite score and did not fail."""
        return np.isfinite(self.scores) & ~self.failed

    def placed(self, shown: tuple[int, ...]) -> Bools:
        """(n,): which rows have a value on every one of the ``shown`` axes."""
        inside = np.ones(len(self), dtype=np.bool_)
        for axis in shown:
            column = self.codes[:, axis]
            inside &= (column >= 0) & (column < len(self.axes[axis].labels))
        return inside


def by_column(columns: Iterable[NDArray[np.integer[Any]]]) -> Ints:
    """Return columns side by side (n, k), each of them in one piece: plots take them one by one."""
    return np.array(list(columns), np.int64).T


def trials(
    axes: tuple[Axis, ...],
    codes: object,
    scores: object,
    failed: object | None = None,
    highlight: int | None = None,
    collapsed: object | None = None,
) -> Trials:
    """Return ``Trials`` from anything that numpy takes for an array; no row failed or collapsed if left out."""
    score_array = np.asarray(scores, dtype=np.float64).reshape(-1)
    count = len(score_array)
    code_array = np.asarray(codes, dtype=np.int64).reshape(count, len(axes))
    marks = [
        np.zeros(count, dtype=np.bool_) if given is None else np.asarray(given, dtype=np.bool_).reshape(count)
        for given in (failed, collapsed)
    ]
    return Trials(axes, code_array, score_array, marks[0], marks[1], highlight)
