"""``export``: a session's results as three CSV files that pandas, spreadsheets and ``import`` read back exactly.

UTF-8, commas, a line feed after each row. Floats have as many digits as reading them back exactly takes. A text is
quoted where it would be read as something else: with commas, quotes, line breaks or blanks at its ends, empty, or
like a number. Spreadsheets take a text that begins with = + - @ for a formula: it gets a ' in front, which
``import`` takes away again.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator
from pathlib import Path

from hpo_core.errors import SessionError
from hpo_core.interop.cell_values import is_number
from hpo_core.journal.files import FOLDER_MODE, REAL_FILES, Files, write_all
from hpo_core.results.tidy import Bools, Cell, TidyTable, epochs_table, replicates_table, trials_table
from hpo_core.session.snapshot import Snapshot
from hpo_core.text import clean

TRIALS, REPLICATES, EPOCHS = "trials.csv", "replicates.csv", "epochs.csv"
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_NEEDS_QUOTES = re.compile(r'[,"\r\n]|^\s|\s$|^$')
_CHUNK_ROWS = 4096


def export(
    snapshot: Snapshot,
    folder: Path,
    seen: Bools | None = None,
    files: Files = REAL_FILES,
) -> list[Path]:
    """Write trials.csv, replicates.csv and epochs.csv of the trials that ``seen`` marks, else of all; return their
    paths.

    All three are written beside and renamed once all are whole. Raises ``SessionError`` where they cannot be
    written; an older export is then as it was.
    """
    tables = {
        folder / TRIALS: trials_table(snapshot, seen),
        folder / REPLICATES: replicates_table(snapshot, seen),
        folder / EPOCHS: epochs_table(snapshot, seen),
    }
    beside = {path: path.with_name(f".{path.name}.{os.getpid()}.part") for path in tables}
    try:
        folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        for path, table in tables.items():
            _write(beside[path], table, files)
        for path, written in beside.items():
            files.replace(written, path)
    except OSError as error:
        raise SessionError(
            f"The export cannot be written to {clean(folder)}: {error.strerror}; an older export there is kept."
        ) from None
    finally:
        for written in beside.values():
            if folder.is_dir():
                written.unlink(missing_ok=True)
    files.sync_folder(folder)
    return list(tables)


def _write(path: Path, table: TidyTable, files: Files) -> None:
    path.unlink(missing_ok=True)
    fd = files.create(path)
    try:
        for chunk in _chunks(table):
            write_all(files, fd, chunk.encode("utf-8", "backslashreplace"))
        files.sync(fd)
    finally:
        files.close(fd)


def _chunks(table: TidyTable) -> Iterator[str]:
    lines = [csv_line(table.columns)]
    for row in table.rows:
        lines.append(csv_line(row))
        if len(lines) >= _CHUNK_ROWS:
            yield "".join(lines)
            lines.clear()
    yield "".join(lines)


def csv_line(cells: tuple[Cell, ...]) -> str:
    """Return one row as a line of CSV, line feed included."""
    return ",".join(map(csv_cell, cells)) + "\n"


def csv_cell(cell: Cell) -> str:
    """Return one cell as it stands in the file."""
    if cell is None or (isinstance(cell, float) and not math.isfinite(cell)):
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, (int, float)):
        return repr(cell)
    text = cell.replace("\0", "␀")  # no reader of CSV takes a NUL
    if _FORMULA.match(text):
        text = f"'{text}"
    if _NEEDS_QUOTES.search(text) or is_number(text):
        return '"' + text.replace('"', '""') + '"'
    return text


def unprotected(text: str) -> str:
    """Return a text cell without the ' that ``csv_cell`` put before a formula."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text
