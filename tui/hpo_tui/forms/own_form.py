"""The form of a grid of one's own training: a field for each hyperparameter that its spec, or its draft, names.

Pure, as ``grid_form``: texts in, a spec or sentences out. What has no field stays as it stands in the tables.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w

from hpo_core.errors import HpoError, SpecError
from hpo_core.plan.metrics import direction_of
from hpo_core.plan.model_source import ModelSpec
from hpo_core.plan.setting import Value
from hpo_core.plan.spec import SessionSpec
from hpo_core.text import plural
from hpo_tui.forms.fields import MAX_REPLICATES, read_count, read_name, read_values, values_text
from hpo_tui.forms.grid_form import Field, Reading, Texts

SECTION = (
    "Hyperparameters · several values, with commas, vary one; one value fixes it; empty is the code's default"
)
PREFIX = "value of "
"""Before a hyperparameter's name in the key of its field, for it may be called as another field is."""


@dataclass(frozen=True)
class OwnForm:
    """The tables of the spec that the form was filled from; relative paths in them are taken from ``base``."""

    tables: Mapping[str, Any]
    base: Path

    @classmethod
    def of(cls, text: str, base: Path) -> OwnForm:
        """Return the form of a spec's text."""
        tables = tomllib.loads(text)
        tables.pop("trials", None)  # a copy has its whole grid
        return cls(tables, base)

    @property
    def label(self) -> str:
        """What is trained: a file's name, or a command."""
        return ModelSpec.read(self.tables["model"], "[model]", self.base).label

    @property
    def _names(self) -> list[str]:
        """The hyperparameters that have a field: all but those over a range, which stay as they are."""
        given = {**self.tables.get("grid", {}), **self.tables.get("fixed", {})}
        asked = ModelSpec.read(self.tables["model"], "[model]", self.base).asked
        return [name for name in {**given, **dict.fromkeys(asked)} if not isinstance(given.get(name), dict)]

    def _known(self, name: str) -> tuple[Value, ...]:
        fixed = self.tables.get("fixed", {})
        return tuple(self.tables.get("grid", {}).get(name, [fixed[name]] if name in fixed else []))

    def fields(self) -> tuple[Field, ...]:
        """Return the fields, in their order."""
        values = (
            Field(PREFIX + name, name, "", section="" if place else SECTION)
            for place, name in enumerate(self._names)
        )
        return (
            *values,
            Field("replicates", "replicates", "trainings of each trial", section="Session"),
            Field("objective", "objective", "what ranks the trials"),
            Field("direction", "direction", "which way it is better", "choice", ("min", "max")),
            Field("name", "session name", "its folder's name"),
        )

    def texts(self, name: str) -> dict[str, str]:
        """Return what the fields say at first; ``name`` is the new session's."""
        session = self.tables.get("session", {})
        objective = str(session.get("objective", ""))
        return {
            **{PREFIX + one: values_text(self._known(one)) for one in self._names},
            "replicates": str(max(int(session.get("replicates", 1)), 2)),
            "objective": objective,
            "direction": str(session.get("direction", direction_of(objective))),
            "name": name,
        }

    def note(self, entry: Field, text: str) -> str:
        """Return what stands beside a field that is in order."""
        if not entry.key.startswith(PREFIX):
            return entry.meaning
        count = len(read_values(entry.label, text, self._known(entry.label), facts={}))
        return "the code's default" if count == 0 else "fixed" if count == 1 else plural(count, "value")

    def read(self, texts: Texts, sessions: Path) -> Reading:
        """Return what the form asks for."""
        errors: dict[str, str] = {}
        values: dict[str, list[Value]] = {}
        for name in self._names:
            try:
                values[name] = list(read_values(name, texts[PREFIX + name], self._known(name), facts={}))
            except SpecError as error:
                errors[PREFIX + name] = str(error)
        session = {**self.tables.get("session", {}), "direction": texts["direction"]}
        if objective := texts["objective"].strip():
            session["objective"] = objective
        else:
            errors["objective"] = "Name the metric that ranks the trials, as the training reports it."
        new_name = None
        try:
            new_name = read_name(texts["name"], sessions)
        except HpoError as error:
            errors["name"] = str(error)
        try:
            session["replicates"] = read_count("replicates", texts["replicates"], highest=MAX_REPLICATES)
        except HpoError as error:
            errors["replicates"] = str(error)
        if errors:
            return Reading(None, new_name, errors)
        try:
            text = tomli_w.dumps({**self.tables, **_grid(self.tables, values), "session": session})
            return Reading(SessionSpec.parse(text, "The grid", self.base), new_name, errors)
        except SpecError as error:
            return Reading(None, new_name, {"": str(error)})


def _grid(tables: Mapping[str, Any], values: Mapping[str, list[Value]]) -> dict[str, dict[str, Any]]:
    """Return the tables ``[grid]`` and ``[fixed]``; a grid has one hyperparameter at least."""
    ranges = {name: one for name, one in tables.get("grid", {}).items() if isinstance(one, dict)}
    varied = ranges | {name: list(several) for name, several in values.items() if len(several) > 1}
    single = {name: one[0] for name, one in values.items() if len(one) == 1}
    if not varied and single:
        first = next(iter(single))
        varied[first] = [single.pop(first)]
    return {"grid": varied, "fixed": single}
