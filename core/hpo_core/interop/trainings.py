"""Trainings as a table tells them, put together into a session's spec and its journal events."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct, field

from hpo_core.journal.events import AttemptStatus, ResultAdopted
from hpo_core.plan.data_source import IMPORTED, DataSpec
from hpo_core.plan.grid import Grid, Hyperparameter
from hpo_core.plan.hyperparameters import Value
from hpo_core.plan.metrics import Direction, Objective, best_known, direction_of
from hpo_core.plan.spec import SessionSpec

MAX_REPLICATES = 10_000
"""The most that a spec may ask for; a table may have more."""

NOT_IN_TABLE = "not in the table"


class Training(Struct, frozen=True):
    """One training of a table: the values of every hyperparameter, in the table's order, and what came of it.

    ``replicate`` is 1-based. ``epochs`` are the metrics of the epochs that the table has, the last of them being
    epoch ``last_epoch`` (0 where the table does not say), and ``epoch_seconds`` their times, if it has them.
    """

    values: tuple[Value, ...]
    replicate: int
    status: AttemptStatus
    origin: str
    epochs: tuple[dict[str, float | None], ...] = ()
    last_epoch: int = 0
    seconds: float = 0.0
    epoch_seconds: tuple[float, ...] = ()
    seed: int | None = None
    reason: str = ""


class Trainings(Struct, frozen=True):
    """All of a table: ``names`` of the hyperparameters, ``levels`` their values in the order of the grid.

    ``numbered`` says that the trainings come in the order of trial numbers that are to be kept. ``objective`` is
    None where the metrics' names tell it. ``left_out`` has the columns that are no part of the plan, and why;
    ``notes`` what else a person should know of how the table was read.
    """

    names: tuple[str, ...]
    levels: tuple[tuple[Value, ...], ...]
    metrics: tuple[str, ...]
    trainings: Sequence[Training]
    numbered: bool = False
    objective: Objective | None = None
    directions: Mapping[str, Direction | None] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def ordered_levels(columns: Iterable[Sequence[Value]]) -> tuple[tuple[Value, ...], ...]:
    """Return each column's different values: numbers ascending, texts by their first appearance."""

    def levels(column: Sequence[Value]) -> tuple[Value, ...]:
        different = list(dict.fromkeys(column))
        if all(isinstance(value, (int, float)) for value in different):
            different.sort(key=float)
        return tuple(different)

    return tuple(levels(column) for column in columns)


def spec_of(table: Trainings) -> SessionSpec:
    """Return the spec of a session that holds these trainings.

    A hyperparameter with one value is fixed, unless that would leave no grid. Where every combination occurs the
    trials are the whole product; else the grid lists those that occur, in the product's order or the table's own.
    """
    varied = [place for place, levels in enumerate(table.levels) if len(levels) > 1] or [0]
    factors = tuple(Hyperparameter(table.names[place], table.levels[place]) for place in varied)
    orders = [{value: n for n, value in enumerate(factor.values)} for factor in factors]
    present = list(
        dict.fromkeys(tuple(training.values[place] for place in varied) for training in table.trainings)
    )
    if not table.numbered:
        present.sort(key=lambda row: [order[value] for order, value in zip(orders, row, strict=True)])
    complete = len(present) == math.prod(len(factor.values) for factor in factors)
    metric = best_known(table.metrics)
    return SessionSpec(
        data=DataSpec(IMPORTED),
        grid=Grid(factors, None if complete else tuple(present)),
        fixed={
            name: levels[0]
            for place, (name, levels) in enumerate(zip(table.names, table.levels, strict=True))
            if place not in varied
        },
        replicates=min(*_last_replicates(table).values(), MAX_REPLICATES),
        objective=table.objective or Objective(metric, direction_of(metric)),
    )


def events_of(table: Trainings, spec: SessionSpec) -> Iterator[ResultAdopted]:
    """Return the journal's events for the trainings, in the table's order.

    A replicate that the table leaves out before one that it has is told as stopped, "not in the table".
    """
    places = [table.names.index(name) for name in spec.grid.names]
    numbers = {tuple(trial.values.values()): trial.number for trial in spec.grid.trials()}

    def number_of(training: Training) -> int:
        return numbers[tuple(training.values[place] for place in places)]

    for training in table.trainings:
        yield ResultAdopted(
            trial=number_of(training),
            replicate=training.replicate,
            status=training.status,
            origin=training.origin,
            epochs=training.epochs,
            last_epoch=training.last_epoch,
            seconds=training.seconds,
            seed=training.seed,
            reason=training.reason,
            epoch_seconds=training.epoch_seconds,
        )
    present = {(number_of(training), training.replicate) for training in table.trainings}
    for values, last in _last_replicates(table).items():
        number = numbers[tuple(values[place] for place in places)]
        for replicate in range(1, last):
            if (number, replicate) not in present:
                yield ResultAdopted(
                    trial=number, replicate=replicate, status="stopped", origin="", reason=NOT_IN_TABLE
                )


def _last_replicates(table: Trainings) -> Mapping[tuple[Value, ...], int]:
    last: Counter[tuple[Value, ...]] = Counter()
    for training in table.trainings:
        last[training.values] = max(last[training.values], training.replicate)
    return last
