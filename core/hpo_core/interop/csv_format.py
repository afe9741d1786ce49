"""CSV: out as three tables that pandas, spreadsheets and ``import`` read back exactly; in as those, or any other.

UTF-8, commas, a line feed after each row.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hpo_core.interop.cell_values import csv_cell
from hpo_core.interop.csv_reader import RawTable, read_table
from hpo_core.interop.own_table import is_own, read_own
from hpo_core.interop.plain_table import read_plain
from hpo_core.interop.roles import Asked
from hpo_core.interop.trainings import Trainings
from hpo_core.results.tidy import Bools, Cell, TidyTable, epochs_table, replicates_table, trials_table
from hpo_core.session.snapshot import Snapshot

_CHUNK_ROWS = 4096


def read_csv(path: Path, asked: Asked | None = None) -> Trainings:
    """Return the trainings of a table that ``csv_files`` wrote, or of one from elsewhere (one training a row).

    Raises ``TableError`` of every file that is neither, with the place of what is wrong.
    """
    return read_raw(read_table(path), asked)


def read_raw(raw: RawTable, asked: Asked | None) -> Trainings:
    """Return the trainings of a table as ``read_csv`` does. Raises ``TableError``."""
    if not is_own(raw):
        return read_plain(raw, asked or Asked())
    if asked not in (None, Asked()):
        raise raw.error(raw.header.line, "an exported table knows its columns; leave --metrics and the like out.")
    return read_own(raw)


def csv_files(snapshot: Snapshot, seen: Bools | None = None) -> dict[str, Iterator[bytes]]:
    """Return trials.csv, replicates.csv and epochs.csv of the trials that ``seen`` marks, each in pieces."""
    return {
        "trials.csv": _pieces(trials_table(snapshot, seen)),
        "replicates.csv": _pieces(replicates_table(snapshot, seen)),
        "epochs.csv": _pieces(epochs_table(snapshot, seen)),
    }


def _pieces(table: TidyTable) -> Iterator[bytes]:
    lines = [csv_line(table.columns)]
    for row in table.rows:
        lines.append(csv_line(row))
        if len(lines) >= _CHUNK_ROWS:
            yield "".join(lines).encode("utf-8", "backslashreplace")
            lines.clear()
    yield "".join(lines).encode("utf-8", "backslashreplace")


def csv_line(cells: tuple[Cell, ...]) -> str:
    """Return one row as a line of CSV, line feed included."""
    return ",".join(map(csv_cell, cells)) + "\n"
