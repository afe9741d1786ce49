"""``import``: a session from a table of results, or nothing at all.

The whole table is read and checked before the session's folder is made; where writing fails, the folder is taken
away again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from hpo_core.errors import SpecError, TableError
from hpo_core.interop.formats import read_file
from hpo_core.interop.roles import Asked
from hpo_core.interop.trainings import Trainings, events_of, spec_of
from hpo_core.journal.events import Noted
from hpo_core.journal.files import REAL_FILES, Files
from hpo_core.plan.hyperparameters import Value
from hpo_core.plan.metrics import Direction, direction_of
from hpo_core.plan.spec import SessionSpec
from hpo_core.session.paths import SessionFolder
from hpo_core.session.store import check_name, create_with_events
from hpo_core.text import clean, format_value, plural

_SHOWN = 6
"""So many values of a hyperparameter are printed; of more, the first and the last."""


class Understood(Struct, frozen=True):
    """A table as it was read, before anything is written."""

    path: Path
    table: Trainings
    spec: SessionSpec

    @property
    def trials(self) -> int:
        """How many combinations of values there are."""
        return len(self.spec.grid)

    @property
    def trainings(self) -> int:
        """How many trainings."""
        return len(self.table.trainings)

    @property
    def without_result(self) -> int:
        """How many of them failed, diverged or were stopped."""
        return sum(training.status != "complete" for training in self.table.trainings)

    @property
    def values(self) -> Mapping[str, tuple[Value, ...]]:
        """The hyperparameters with their values, the fixed ones last."""
        varied = {factor.name: factor.values for factor in self.spec.grid.hyperparameters}
        return varied | {name: (value,) for name, value in self.spec.fixed.items()}

    @property
    def directions(self) -> Mapping[str, Direction]:
        """The metrics, the objective first, with the direction of each."""
        objective = self.spec.objective
        others = [name for name in self.table.metrics if name != objective.metric]
        known = self.table.directions
        return {objective.metric: objective.direction} | {n: known.get(n) or direction_of(n) for n in others}

    def in_words(self) -> str:
        """Return "60 trials, 120 trainings, 3 of them without a result"."""
        words = f"{plural(self.trials, 'trial')}, {plural(self.trainings, 'training')}"
        return f"{words}, {self.without_result:,} of them without a result" if self.without_result else words

    def lines(self) -> Iterator[str]:
        """What was understood, in a few lines."""
        for name, values in self.values.items():
            few = values if len(values) <= _SHOWN else (*values[:2], "…", *values[-2:])
            count = "" if len(values) <= _SHOWN else f"{len(values):,} values: "
            fixed = " (the same for all)" if len(values) == 1 else ""
            yield f"  {clean(name, 40)}: {count}{', '.join(clean(format_value(v), 40) for v in few)}{fixed}"
        words = {"max": "more is better", "min": "less is better"}
        for place, (name, better) in enumerate(self.directions.items()):
            yield f"  {'metric' if place else 'objective'} {clean(name, 40)}: {words[better]}"
        for column, why in self.table.left_out.items():
            yield f"  left out {clean(column, 40)}: {why}"
        for note in self.table.notes:
            yield f"  note: {note}"
        yield from (f"  {count:,} {status}: {reason}" for (status, reason), count in self._failures().items())

    def _failures(self) -> Mapping[tuple[str, str], int]:
        counts: dict[tuple[str, str], int] = {}
        for training in self.table.trainings:
            if training.status != "complete":
                key = training.status, training.reason
                counts[key] = counts.get(key, 0) + 1
        return counts

    def as_json(self) -> dict[str, Any]:
        """Return the same for scripts."""
        return {
            "trials": self.trials,
            "trainings": self.trainings,
            "without_result": self.without_result,
            "hyperparameters": {name: list(values) for name, values in self.values.items()},
            "metrics": [{"name": name, "direction": better} for name, better in self.directions.items()],
            "objective": self.spec.objective.metric,
            "left_out": [{"column": column, "why": why} for column, why in self.table.left_out.items()],
            "notes": list(self.table.notes),
            "failures": [
                {"status": status, "reason": reason, "trainings": count}
                for (status, reason), count in self._failures().items()
            ],
        }


class ImportedTable(Understood, frozen=True):
    """A table as it was read, and the session that was made of it."""

    folder: SessionFolder


def understand(path: Path, asked: Asked | None = None) -> Understood:
    """Read the table at ``path`` and write nothing. Raises ``TableError``."""
    table = read_file(path, asked)
    try:
        return Understood(path, table, spec_of(table))
    except SpecError as error:
        raise TableError(f"{clean(path.name, 80)}: {error}") from None


def make_session(understood: Understood, sessions: Path, name: str, files: Files = REAL_FILES) -> ImportedTable:
    """Make the session ``name`` of what was understood. Raises ``SessionError``; nothing is then left."""
    check_name(name)
    notes = [Noted(level="info", text=f"Imported from {clean(understood.path.name, 80)}.")]
    table, spec = understood.table, understood.spec
    if table.left_out:
        kept = "; ".join(f"{clean(column, 40)} ({why})" for column, why in table.left_out.items())
        notes.append(Noted(level="info", text=f"Columns that are no part of the plan: {clean(kept, 600)}."))
    folder = create_with_events(sessions, name, spec, [*notes, *events_of(table, spec)], files)
    return ImportedTable(understood.path, table, spec, folder)


def import_table(
    path: Path,
    sessions: Path,
    name: str,
    metrics: Sequence[str] | None = None,
    files: Files = REAL_FILES,
    asked: Asked | None = None,
) -> ImportedTable:
    """Make the session ``name`` of the table at ``path``; ``metrics`` is short for that part of ``asked``.

    Raises ``TableError`` for the table, ``SessionError`` for the session; nothing is then left.
    """
    check_name(name)
    asked = asked if asked is not None else (Asked(metrics=metrics) if metrics is not None else None)
    return make_session(understand(path, asked), sessions, name, files)
