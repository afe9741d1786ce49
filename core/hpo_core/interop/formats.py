"""The formats of results, by name: what ``export`` writes, and what ``import`` knows by a file's content."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from hpo_core.interop.csv_format import csv_files, read_csv
from hpo_core.interop.roles import Asked
from hpo_core.interop.trainings import Trainings
from hpo_core.results.tidy import Bools
from hpo_core.session.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Format:
    """One format, out and in.

    ``files`` gives each file of an export, by its name, in pieces: of the trials that are marked, else of all.
    ``knows`` says whether a file is of this format, ``read`` gives its trainings, what a person says
    of its columns being ``Asked``; it raises ``TableError``.
    """

    files: Callable[[Snapshot, Bools | None], Mapping[str, Iterator[bytes]]]
    knows: Callable[[Path], bool]
    read: Callable[[Path, Asked | None], Trainings]


FORMATS = {"csv": Format(csv_files, knows=lambda _: True, read=read_csv)}
"""The last of them is given what no other knows, and says what is wrong with it."""


def read_file(path: Path, asked: Asked | None) -> Trainings:
    """Return the trainings of a file of any format. Raises ``TableError``."""
    return next(known for known in FORMATS.values() if known.knows(path)).read(path, asked)
