"""The form of a grid of one's own training: a field for each hyperparameter that its spec, or its draft, names.

Pure, as ``grid_form``: texts in, a spec or sentences out. What has no field stays as it stands in the tables.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tomli_w
from msgspec import Struct

from hpo_core.errors import HpoError, SpecError
from hpo_core.plan.grid import Hyperparameter
from hpo_core.plan.metrics import direction_of
from hpo_core.plan.model_source import ModelSpec
from hpo_core.plan.ranges import inline
from hpo_core.plan.setting import Value, written
from hpo_core.plan.spec import SearchSpec, SessionSpec
from hpo_tui.forms.fields import MAX_REPLICATES, read_count, read_field, read_name, values_text
from hpo_tui.forms.grid_form import SEARCH, VARIED, Field, Reading, Texts, varied_word
from hpo_tui.forms.search_fields import read_search, search_note, search_texts

SECTION = f"Hyperparameters · {VARIED}; one value fixes it; empty is the code's default"
PREFIX = "value of "
"""Before a hyperparameter's name in the key of its field, for it may be called as another field is."""


class OwnForm(Struct, frozen=True):
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
        """The hyperparameters that have a field."""
        given = {**self.tables.get("grid", {}), **self.tables.get("fixed", {})}
        asked = ModelSpec.read(self.tables["model"], "[model]", self.base).asked
        return list({**given, **dict.fromkeys(asked)})

    def _known(self, name: str) -> tuple[Value, ...]:
        fixed, varied = self.tables.get("fixed", {}), self.tables.get("grid", {}).get(name)
        return () if isinstance(varied, dict) else tuple(varied or ([fixed[name]] if name in fixed else []))

    def _text(self, name: str) -> str:
        varied = self.tables.get("grid", {}).get(name)
        return inline(varied) if isinstance(varied, dict) else values_text(self._known(name))

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
            *SEARCH,
            Field("name", "session name", "its folder's name"),
        )

    def texts(self, name: str) -> dict[str, str]:
        """Return what the fields say at first; ``name`` is the new session's."""
        session = self.tables.get("session", {})
        objective = str(session.get("objective", ""))
        return {
            **{PREFIX + one: self._text(one) for one in self._names},
            "replicates": str(max(int(session.get("replicates", 1)), 2)),
            "objective": objective,
            "direction": str(session.get("direction", direction_of(objective))),
            **search_texts(SearchSpec(**self.tables.get("search", {}))),
            "name": name,
        }

    def note(self, entry: Field, text: str) -> str:
        """Return what stands beside a field that is in order."""
        if entry in SEARCH:
            return search_note(entry.key, text)
        if not entry.key.startswith(PREFIX):
            return entry.meaning
        return varied_word(read_field(entry.label, text, self._known(entry.label), {}), "the code's default")

    def read(self, texts: Texts, sessions: Path) -> Reading:
        """Return what the form asks for."""
        errors: dict[str, str] = {}
        values: list[Hyperparameter] = []
        for name in self._names:
            try:
                values.append(read_field(name, texts[PREFIX + name], self._known(name), {}))
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
        search = read_search(texts, errors)
        if errors:
            return Reading(None, new_name, errors)
        try:
            tables = {**self.tables, **_grid(values), "session": session, "search": written(search)}
            text = tomli_w.dumps(tables)
            return Reading(SessionSpec.parse(text, "The grid", self.base), new_name, errors)
        except SpecError as error:
            return Reading(None, new_name, {"": str(error)})


def _grid(values: Sequence[Hyperparameter]) -> dict[str, dict[str, Any]]:
    """Return the tables ``[grid]`` and ``[fixed]``; a grid has one hyperparameter at least."""
    varied: dict[str, Any] = {
        one.name: list(one.values) if one.range is None else one.range.table() for one in values if one.size > 1
    }
    single = {one.name: one.values[0] for one in values if one.size == 1}
    if not varied and single:
        first = next(iter(single))
        varied[first] = [single.pop(first)]
    return {"grid": varied, "fixed": single}
