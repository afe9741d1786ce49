"""The epochs of one training, as numbers side by side: a tenth of the memory that a dictionary for each takes."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, overload


class Epoch(NamedTuple):
    """One epoch's metrics; a metric that was NaN or infinite is None. ``seconds`` is the epoch's own time."""

    number: int
    metrics: Mapping[str, float | None]
    seconds: float


class Epochs(Sequence[Epoch]):
    """Epochs that tell of the same metrics: a row for each in ``cells``, NaN for no number, its seconds last."""

    __slots__ = ("cells", "names", "numbers")

    def __init__(self, numbers: Sequence[int], names: tuple[str, ...], cells: array[float]) -> None:
        self.numbers = numbers
        self.names = names
        self.cells = cells

    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, place: int) -> Epoch: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Epoch]: ...

    def __getitem__(self, place: int | slice) -> Epoch | Sequence[Epoch]:
        if isinstance(place, slice):
            return tuple(map(self._epoch, range(*place.indices(len(self)))))
        count = len(self)
        if not -count <= place < count:
            raise IndexError(f"there is no epoch at {place}: there are {count}")
        return self._epoch(place % count)

    def __iter__(self) -> Iterator[Epoch]:
        return map(self._epoch, range(len(self)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Epochs{tuple(self)}"

    def _epoch(self, row: int) -> Epoch:
        first = row * (len(self.names) + 1)
        *values, seconds = self.cells[first : first + len(self.names) + 1]
        found = {name: None if value != value else value for name, value in zip(self.names, values, strict=True)}
        return Epoch(self.numbers[row], MappingProxyType(found), seconds)

    def column(self, name: str) -> list[float | None]:
        """Return one metric, epoch by epoch."""
        if name not in self.names:
            return [None] * len(self)
        column = self.cells[self.names.index(name) :: len(self.names) + 1]
        return [None if value != value else value for value in column]


_KNOWN: dict[tuple[str, ...], tuple[str, ...]] = {}


def one_of(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the one tuple of these names for all trainings that have it: there are but a few."""
    return _KNOWN.setdefault(names, names)


class Gathered:
    """Epochs on their way in, of one training under way; ``last`` is the number of the newest one."""

    __slots__ = ("_cells", "_names", "_numbers", "_unlike", "last")

    def __init__(self, epochs: Sequence[Epoch] = ()) -> None:
        self.last = 0
        self._names: tuple[str, ...] = ()
        self._numbers: list[int] = []
        self._cells: list[float | None] = []
        self._unlike: list[Epoch] | None = None
        """All of them, once they do not tell of the same metrics."""
        if isinstance(epochs, Epochs):
            self._names, self._numbers = epochs.names, list(epochs.numbers)
            self._cells = list(epochs.cells)
            self.last = self._numbers[-1]
        elif epochs:
            self.add(*zip(*epochs, strict=True))

    def add(
        self, numbers: Sequence[int], rows: Sequence[Mapping[str, float | None]], seconds: Sequence[float]
    ) -> None:
        """Take more epochs: their numbers, what each tells, the time that each took."""
        if self._unlike is None and not self._numbers:
            self._names = one_of(tuple(rows[0]))
        if self._unlike is None and [*map(tuple, rows)].count(self._names) == len(rows):
            self._numbers += numbers
            cells = self._cells
            for row, time in zip(rows, seconds, strict=True):  # the quickest way of several
                cells += row.values()
                cells.append(time)
        else:
            if self._unlike is None:
                self._unlike = list(self._alike())
            self._unlike += [
                Epoch(number, MappingProxyType(dict(row)), time)
                for number, row, time in zip(numbers, rows, seconds, strict=True)
            ]
        self.last = numbers[-1]

    def epochs(self) -> Sequence[Epoch]:
        """Return those that have come."""
        return tuple(self._unlike) if self._unlike is not None else self._alike()

    def _alike(self) -> Epochs:
        numbers, cells = self._numbers, self._cells
        whole = bool(numbers) and numbers[-1] - numbers[0] == len(numbers) - 1  # they rise
        kept = range(numbers[0], numbers[-1] + 1) if whole else tuple(numbers)
        found: array[float]
        try:  # to look for None first takes longer than this
            found = array("d", cells)  # type: ignore[arg-type]
        except TypeError:
            found = array("d", [math.nan if cell is None else cell for cell in cells])
        return Epochs(kept, self._names, found)


def column(epochs: Sequence[Epoch], name: str) -> list[float | None]:
    """Return one metric of any epochs, None where it was not told."""
    return epochs.column(name) if isinstance(epochs, Epochs) else [epoch.metrics.get(name) for epoch in epochs]


def last_names(epochs: Sequence[Epoch]) -> tuple[str, ...]:
    """Return of which metrics the last epoch tells."""
    return epochs.names if isinstance(epochs, Epochs) else tuple(epochs[-1].metrics)


def last_number(epochs: Sequence[Epoch]) -> int:
    """Return the number of the last epoch."""
    return epochs.numbers[-1] if isinstance(epochs, Epochs) else epochs[-1].number


def last_value(epochs: Sequence[Epoch], name: str) -> float | None:
    """Return a metric at the last epoch."""
    if not isinstance(epochs, Epochs):
        return epochs[-1].metrics.get(name)
    if name not in epochs.names:
        return None
    value = epochs.cells[epochs.names.index(name) - len(epochs.names) - 1]
    return None if value != value else value


def value_at(epochs: Sequence[Epoch], number: int, name: str) -> float | None:
    """Return a metric at the epoch of that number, None where there is none or it was not told."""
    if not isinstance(epochs, Epochs):
        return next((epoch.metrics.get(name) for epoch in epochs if epoch.number == number), None)
    if name not in epochs.names or number not in epochs.numbers:
        return None
    row = epochs.numbers.index(number) * (len(epochs.names) + 1)
    value = epochs.cells[row + epochs.names.index(name)]
    return None if value != value else value


class Curve(Sequence[Mapping[str, float | None]]):
    """The metrics of epochs in order, as the analysis takes them; a column of them is asked for at once."""

    __slots__ = ("_epochs",)

    def __init__(self, epochs: Sequence[Epoch]) -> None:
        self._epochs = epochs

    def __len__(self) -> int:
        return len(self._epochs)

    @overload
    def __getitem__(self, place: int) -> Mapping[str, float | None]: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Mapping[str, float | None]]: ...

    def __getitem__(self, place: int | slice) -> Mapping[str, float | None] | Sequence[Mapping[str, float | None]]:
        if isinstance(place, slice):
            return [epoch.metrics for epoch in self._epochs[place]]
        return self._epochs[place].metrics

    def column(self, name: str) -> list[float | None]:
        """Return one metric, epoch by epoch."""
        return column(self._epochs, name)
