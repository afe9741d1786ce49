"""Reads what is varied and what is not: the tables ``[grid]``, ``[fixed]`` and ``[trials]`` of a spec."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from hpo_core.errors import SpecError
from hpo_core.plan.grid import Grid, Hyperparameter
from hpo_core.plan.hyperparameters import KnownHyperparameter
from hpo_core.plan.ranges import read_range
from hpo_core.plan.setting import Value, refuse_unknown
from hpo_core.text import clean, did_you_mean, format_value


class GridReader(Struct, frozen=True):
    """Reads the tables of one spec; every error names the file (``where``) and the field.

    ``known`` are the hyperparameters that may stand there, None where any name may.
    """

    where: str
    known: Mapping[str, KnownHyperparameter] | None

    def read(
        self, tables: Mapping[str, Any], overrides: Mapping[str, Sequence[Value]]
    ) -> tuple[Grid, dict[str, Value]]:
        """Return what is varied and what is fixed; ``overrides`` replaces values. Raises ``SpecError``."""
        varied, fixed = dict(tables.get("grid", {})), dict(tables.get("fixed", {}))
        for name, values in overrides.items():
            fixed.pop(name, None)
            if len(values) == 1 and name not in varied:
                fixed[name] = values[0]
            else:
                varied[name] = list(values)
        for name in varied:
            if name in fixed:
                raise self._fail(f"{clean(name, 60)} stands in both [grid] and [fixed]; keep one.")
        factors = tuple(self._hyperparameter(name, values) for name, values in varied.items())
        if not factors:
            raise self._fail("[grid] is empty; name at least one hyperparameter and its values.")
        kept = {name: self._value(name, value, f"[fixed] {clean(name, 60)}") for name, value in fixed.items()}
        return Grid(factors, self._listed(tables.get("trials"), factors)), kept

    def _fail(self, sentence: str) -> SpecError:
        return SpecError(f"{self.where}: {sentence}")

    def _hyperparameter(self, name: str, values: object) -> Hyperparameter:
        where = f"[grid] {clean(name, 60)}"
        if isinstance(values, dict):
            self._check_name(name, where)
            return Hyperparameter(
                name, (), read_range(values, (self.known or {}).get(name), f"{self.where}: {where}")
            )
        if not isinstance(values, list):
            raise self._fail(f"{where} must be a list of values, such as [{clean(values, 40)}].")
        if not values:
            raise self._fail(f"{where} has no values; give at least one, or move it to [fixed].")
        checked = tuple(self._value(name, value, where) for value in values)
        seen: set[Value] = set()
        for value in checked:
            if value in seen:
                raise self._fail(f"{where} names {format_value(value)} twice; every value once.")
            seen.add(value)
        return Hyperparameter(name, checked)

    def _check_name(self, name: str, where: str) -> None:
        if not name:
            raise self._fail(f"{where}: a hyperparameter needs a name.")
        if self.known is not None and name not in self.known:
            hint = did_you_mean(name, list(self.known), f"known are {', '.join(self.known)}.")
            raise self._fail(f"{where}: unknown hyperparameter; {hint}")

    def _value(self, name: str, value: object, where: str) -> Value:
        self._check_name(name, where)
        if self.known is None:
            if not isinstance(value, (str, int, float)) or value in (math.inf, -math.inf) or value != value:
                raise self._fail(f"{where}: {clean(value, 60)} is not a value.")
            return value
        return self.known[name].check(value, f"{self.where}: {where}")

    def _listed(
        self, table: Mapping[str, Any] | None, factors: tuple[Hyperparameter, ...]
    ) -> tuple[tuple[Value, ...], ...] | None:
        if table is None:
            return None
        refuse_unknown(table, ("listed",), f"{self.where}: [trials]")
        rows = table.get("listed")
        if not isinstance(rows, list) or not rows:
            raise self._fail("[trials] listed must be a list of combinations of values.")
        combinations = []
        known = [frozenset(factor.values) for factor in factors]
        for number, row in enumerate(rows, 1):
            if not isinstance(row, list) or len(row) != len(factors):
                raise self._fail(f"[trials] listed, combination {number}: give {len(factors)} values.")
            combination = tuple(
                self._value(factor.name, value, f"[trials] listed, combination {number}")
                for factor, value in zip(factors, row, strict=True)
            )
            for factor, values, value in zip(factors, known, combination, strict=True):
                if value not in values:
                    raise self._fail(
                        f"[trials] listed, combination {number}: {format_value(value)} is not among the values "
                        f"of {clean(factor.name, 60)}."
                    )
            combinations.append(combination)
        if len(set(combinations)) != len(combinations):
            raise self._fail("[trials] listed names a combination twice.")
        return tuple(combinations)
