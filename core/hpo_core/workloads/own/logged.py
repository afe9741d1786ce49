"""Metrics in the files that a program writes into its folder: a table with a line an epoch, TensorBoard's events.

Read while they grow: each ``read`` returns the epochs that have come since the last one.
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import Any

from hpo_core.errors import HpoError
from hpo_core.interop.extras import extra
from hpo_core.workloads.own.printed import NO_METRIC, Metrics, number

LONGEST_HEAD = 64 * 1024
"""A table's first line ends within so many bytes."""

EPOCH = "epoch"
_VALIDATION = re.compile(r"val(id|idation)?|eval(uation)?")


class Logged:
    """The folder of one training; whichever file has the first epoch is read from then on, alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tables: dict[Path, Table] = {}
        self._events = Events()
        self._chosen: Table | Events | None = None

    @property
    def missing(self) -> str:
        """What must be installed to read what is there, in a sentence; mostly empty."""
        return self._events.missing

    def read(self, ended: bool = False) -> list[Metrics]:
        """Return the epochs that are new; all that are left where the program has ``ended``."""
        if self._chosen is None or self._chosen is self._events:
            self._look()
        sources: list[Table | Events] = [*self._tables.values(), self._events]
        for source in sources if self._chosen is None else (self._chosen,):
            if found := source.read(ended):
                self._chosen = source
                return found
        return []

    def _look(self) -> None:
        for path in sorted(self._folder.rglob("*")):
            if "tfevents" in path.name:
                self._events.take(path)
            elif path not in self._tables and path.is_file():
                self._tables[path] = Table(path)


class Table:
    """A file that is a table if its first line names an epoch, as that of Keras' ``CSVLogger`` does.

    A line without gaps is an epoch. Lines with gaps, one for the training and one for the validation, are one
    epoch together.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._at = 0
        self._head: list[str] | None = None
        self._delimiter = ""
        self._epoch = ""
        self._open: Metrics = {}

    def read(self, ended: bool) -> list[Metrics]:
        """Return the epochs of the lines that are new."""
        try:
            with self._path.open("rb") as file:
                if self._head is None:
                    self._read_head(file.read(LONGEST_HEAD))
                if not self._head:
                    return []
                file.seek(self._at)
                new = file.read()
        except OSError:
            return []
        whole = len(new) if ended else new.rfind(b"\n") + 1
        self._at += whole
        return list(self._epochs(new[:whole].decode("utf-8", "replace").splitlines(), ended))

    def _read_head(self, start: bytes) -> None:
        """Read the names of the columns; none at all, for good, where this is no table."""
        line, end, _ = start.partition(b"\n")
        if not end and len(start) < LONGEST_HEAD:
            return  # not there yet
        self._at, self._head = len(line) + 1, []
        for self._delimiter in ",;\t":
            names = [name.strip() for name in line.decode("utf-8", "replace").split(self._delimiter)]
            if EPOCH in names and len(names) > 1:
                self._head = names
                return

    def _epochs(self, lines: list[str], ended: bool) -> Iterator[Metrics]:
        for cells in csv.reader(lines, delimiter=self._delimiter):
            named = dict(zip(self._head or (), cells, strict=False))
            row = {name: value for name, cell in named.items() if (value := number(cell)) is not None}
            if self._open and named.get(EPOCH) != self._epoch:
                yield self._open
                self._open = {}
            self._epoch = named.get(EPOCH, "")
            metrics = {name: value for name, value in row.items() if name not in NO_METRIC}
            if all(cell.strip() for cell in cells) and not self._open:
                yield from (metrics,) if metrics else ()
            else:
                self._open |= metrics
        if ended and self._open:
            yield self._open
            self._open = {}


class Events:
    """TensorBoard's event files, all of one training: those of a folder "validation" are its ``val_`` metrics.

    Each step is an epoch; what Keras logs for each batch is left out. A step is whole when a later one was there
    already at the last look, for its scalars stand in several files.
    """

    def __init__(self) -> None:
        self.missing = ""
        self._loaders: dict[Path, Any] = {}
        self._steps: dict[int, Metrics] = {}
        self._latest = -1

    def take(self, path: Path) -> None:
        """Read this file too from now on, where it can be read here."""
        if path in self._loaders or self.missing:
            return
        try:
            loader = _tensorboard("event_file_loader")
        except HpoError as error:
            self.missing = str(error)
            return
        self._loaders[path] = loader.EventFileLoader(str(path))

    def read(self, ended: bool) -> list[Metrics]:
        """Return the steps that are new and whole."""
        for path, loader in self._loaders.items():
            for event in loader.Load():
                for value in event.summary.value:
                    self._note(path, event.step, value)
        whole = sorted(step for step in self._steps if ended or step < self._latest)
        self._latest = max(chain((self._latest,), self._steps))
        return [self._steps.pop(step) for step in whole]

    def _note(self, path: Path, step: int, value: Any) -> None:
        name = value.tag.removeprefix("epoch_")
        if value.metadata.plugin_data.plugin_name != "scalars" or name.startswith(("batch_", "evaluation_")):
            return
        if _VALIDATION.fullmatch(path.parent.name) and not name.startswith("val_"):
            name = f"val_{name}"
        self._steps.setdefault(step, {})[name] = float(_tensorboard("tensor_util").make_ndarray(value.tensor))


_PLACES = {"event_file_loader": "backend.event_processing.event_file_loader", "tensor_util": "util.tensor_util"}


def _tensorboard(part: str) -> Any:
    """Return a module of TensorBoard's, without the TensorFlow that it would import. Raises ``HpoError``."""
    sys.modules.setdefault("tensorboard.compat.notf", ModuleType("notf"))  # TensorBoard's own way to do without
    return extra(f"tensorboard.{_PLACES[part]}", "tensorboard", "Reading TensorBoard's event files", HpoError)
