"""The formats of results: what ``export`` writes, by name, and what ``import`` knows by a file's content."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from hpo_core.errors import TableError
from hpo_core.interop import folders, out_formats, records
from hpo_core.interop.csv_format import csv_files, read_csv
from hpo_core.interop.roles import Asked
from hpo_core.interop.trainings import Trainings
from hpo_core.results.tidy import Bools
from hpo_core.session.snapshot import Snapshot
from hpo_core.text import clean

Writer = Callable[[Snapshot, Bools | None], Mapping[str, Iterator[bytes]]]
"""Gives each file of an export, by its name, in pieces: of the trials that are marked, else of all."""


class Reader(Struct, frozen=True):
    """One format in.

    ``knows`` says whether a file is of this format, ``read`` gives its trainings, what a person says of its
    columns being ``Asked``; it raises ``TableError``.
    """

    knows: Callable[[Path], bool]
    read: Callable[[Path, Asked | None], Trainings]


FORMATS: Mapping[str, Writer] = {
    "csv": csv_files,
    "json": out_formats.json_files,
    "parquet": out_formats.parquet_files,
    "tensorboard": out_formats.tensorboard_files,
    "optuna": out_formats.optuna_files,
    "sklearn": out_formats.sklearn_files,
}
"""What ``export`` writes, by name."""

READERS = (
    Reader(folders.knows_folder, folders.read_folder),
    Reader(records.knows_parquet, records.read_parquet),
    Reader(records.knows_sqlite, records.read_sqlite),
    Reader(records.knows_json, records.read_json),
    Reader(lambda _: True, read_csv),
)
"""What ``import`` reads; the last is given what no other knows, and says what is wrong with it."""


def read_file(path: Path, asked: Asked | None) -> Trainings:
    """Return the trainings of a file or folder of any format. Raises ``TableError``."""
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise TableError(f"{clean(path)} is no plain file, and may have no end; save what it gives as one.")
    return next(reader for reader in READERS if reader.knows(path)).read(path, asked)
