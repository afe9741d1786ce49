"""What is trained where it is the user's own: the ``[model]`` table of a spec, a Python file or a command."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Any

from msgspec import Struct

from hpo_core.errors import SpecError
from hpo_core.plan.setting import key, read_keys, settings, written
from hpo_core.text import clean, did_you_mean, expanded

IN_COMMAND = re.compile(r"\{([A-Za-z_][\w.-]*)\}")
"""A place in a command that a value is written into; any other brace is a brace."""

OUT, IN_OUT = "out", "{out}"
"""The folder that each training has for its own: as a name, and as a command writes it."""

LACKING = " = [ ]  # it has no default: give it values"
"""Ends a draft's comment on a hyperparameter whose values the person must give."""


class ModelSpec(Struct, frozen=True):
    """A Python ``file``, or a ``command`` with ``{name}`` for the values; where it runs is ``folder``.

    ``pattern`` is a regular expression that finds metrics in what a command prints, a named group for each. A
    command whose folder is ``{out}`` runs in a folder of each training's own. ``warm`` false starts a script anew
    for each training.
    """

    file: Annotated[str | None, key("text")] = None
    command: Annotated[str | None, key("text")] = None
    pattern: Annotated[str | None, key("text")] = None
    folder: Annotated[str | None, key("text")] = None
    warm: Annotated[bool | None, key("flag")] = None

    @classmethod
    def read(cls, table: Mapping[str, Any], where: str, base: Path | None) -> ModelSpec:
        """Return what the table says; relative paths are taken from ``base``. Raises ``SpecError``."""
        given = read_keys(table, settings(cls), where)
        if ("file" in given) == ("command" in given):
            raise SpecError(
                f"{where} needs either file (a Python file) or command (a program to run), one of both."
            )
        home = (base or Path.cwd()).resolve()
        in_out = given.get("folder") == IN_OUT
        folder = home / expanded(given["folder"], SpecError) if "folder" in given and not in_out else home
        if "file" in given:
            full = (home / expanded(given["file"], SpecError)).resolve()
            given["file"] = str(full)
            folder = folder if "folder" in given else full.parent
        if in_out and "file" in given:
            raise SpecError(f"{where} folder {IN_OUT} is for a command; a file runs in its own folder.")
        if "warm" in given and "command" not in given:
            raise SpecError(f"{where} warm is for a command; the worker that runs a file stays warm anyway.")
        given["folder"] = IN_OUT if in_out else str(folder)
        if "pattern" in given:
            cls._check_pattern(given, where)
        if "command" in given:
            try:
                words = shlex.split(given["command"])
            except ValueError as error:
                raise SpecError(f"{where} command cannot be split into words: {clean(error)}.") from None
            if not words:
                raise SpecError(f"{where} command is empty; name the program to run.")
            if in_out:  # its own files stay where they are
                paths = (str(home / word) if (home / word).is_file() else word for word in words)
                given["command"] = shlex.join(paths)
        return cls(**given)

    def check_names(self, names: Collection[str], where: str) -> None:
        """Raise ``SpecError`` where a command asks for what has no value, or never for a hyperparameter."""
        if self.command is None:
            return
        asked = IN_COMMAND.findall(self.command)
        for name in self.asked:
            if name not in names:
                raise SpecError(f"{where} command asks for {{{name}}}; give it a value in [grid] or [fixed].")
        for name in names:
            if name not in asked:
                hint = did_you_mean(name, asked, f"write {{{clean(name, 60)}}} where it belongs.")
                raise SpecError(f"{where} command never asks for {clean(name, 60)!r}; {hint}")

    @property
    def asked(self) -> list[str]:
        """The hyperparameters that a command asks for."""
        return [name for name in IN_COMMAND.findall(self.command or "") if name not in ("seed", OUT)]

    @staticmethod
    def _check_pattern(given: Mapping[str, Any], where: str) -> None:
        if "command" not in given:
            raise SpecError(f"{where} pattern reads what a command prints; a file reports its metrics itself.")
        try:
            groups = re.compile(given["pattern"]).groupindex
        except re.error as error:
            raise SpecError(f"{where} pattern is no regular expression: {clean(error)}.") from None
        if not set(groups) - {"epoch"}:
            raise SpecError(
                f"{where} pattern names no metric; write a named group for each, such as (?P<val_loss>[0-9.]+)."
            )

    @property
    def label(self) -> str:
        """What it is called on the screen: the file's name, or the command's first words."""
        return clean(Path(self.file).name if self.file else str(self.command), 40)

    def table(self) -> dict[str, Any]:
        """Return the keys that are set, as the spec and the workers have them."""
        return written(self)


def without_values(text: str) -> list[str]:
    """Return the hyperparameters that a draft names and gives no value."""
    lines = (line.removeprefix("# ") for line in text.splitlines() if line.endswith(LACKING))
    return [clean(line.removesuffix(LACKING), 40) for line in lines]
