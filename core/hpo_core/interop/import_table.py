"""``import``: a session from a table of results, or nothing at all.

The whole table is read and checked before the session's folder is made; where writing fails, the folder is taken
away again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hpo_core.interop.formats import read_file
from hpo_core.interop.trainings import events_of, spec_of
from hpo_core.journal.events import Noted
from hpo_core.journal.files import REAL_FILES, Files
from hpo_core.session.paths import SessionFolder
from hpo_core.session.store import check_name, create_with_events
from hpo_core.text import clean, plural


@dataclass(frozen=True, slots=True)
class ImportedTable:
    """What came of an import."""

    folder: SessionFolder
    trials: int
    trainings: int
    without_result: int

    def in_words(self) -> str:
        """Return "60 trials, 120 trainings, 3 of them without a result"."""
        words = f"{plural(self.trials, 'trial')}, {plural(self.trainings, 'training')}"
        return f"{words}, {self.without_result:,} of them without a result" if self.without_result else words


def import_table(
    path: Path,
    sessions: Path,
    name: str,
    metrics: Sequence[str] | None = None,
    files: Files = REAL_FILES,
) -> ImportedTable:
    """Make the session ``name`` of the table at ``path``.

    ``metrics`` names the metric columns of a table from elsewhere that Keras' names do not tell; an exported table
    knows its own. Raises ``TableError`` for the table, ``SessionError`` for the session; nothing is then left.
    """
    check_name(name)
    table = read_file(path, metrics)
    spec = spec_of(table)
    without = sum(training.status != "complete" for training in table.trainings)
    counted = (len(spec.grid), len(table.trainings), without)
    note = Noted(level="info", text=f"Imported from {clean(path.name, 80)}.")
    folder = create_with_events(sessions, name, spec, [note, *events_of(table, spec)], files)
    return ImportedTable(folder, *counted)
