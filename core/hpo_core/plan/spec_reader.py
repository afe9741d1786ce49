"""Reads the tables of a spec: every key known, every value in its range, every error naming file and field."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from hpo_core.errors import SpecError
from hpo_core.plan.grid import Grid, Hyperparameter
from hpo_core.plan.hyperparameters import KNOWN, Value, toml_word
from hpo_core.plan.spec import (
    IMPORTED,
    MAX_TRAININGS,
    PRECISIONS,
    SOURCES,
    TRAINING_METRICS,
    DataSpec,
    Objective,
    SessionSpec,
    direction_of,
)
from hpo_core.text import clean, format_value


class SpecReader:
    """Reads the tables of one spec; every error names the file and the field."""

    def __init__(self, where: str, base: Path | None) -> None:
        self.where = where
        self.base = base

    def _fail(self, sentence: str) -> SpecError:
        return SpecError(f"{self.where}: {sentence}")

    def _known_keys(self, table: Mapping[str, Any], allowed: Iterable[str], name: str) -> None:
        allowed = list(allowed)
        for key in table:
            if key not in allowed:
                near = difflib.get_close_matches(key, allowed, 1)
                hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(allowed)}."
                raise self._fail(f"unknown key {clean(key, 60)!r} in {name}; {hint}")

    def spec(self, tables: Mapping[str, Any], overrides: Mapping[str, Sequence[Value]]) -> SessionSpec:
        """Return the spec that the tables write, with the overridden values. Raises ``SpecError``."""
        self._known_keys(tables, ("data", "grid", "fixed", "session", "trials"), "the spec")
        for name in ("data", "grid", "fixed", "session", "trials"):
            if name in tables and not isinstance(tables[name], dict):
                raise self._fail(f"{name} must be a table, written [{name}].")
        if "data" not in tables:
            raise self._fail("the table [data] is missing; it says where the images come from.")
        data = self._data(tables["data"])
        imported = data.source == IMPORTED
        grid_table = dict(tables.get("grid", {}))
        fixed_table = dict(tables.get("fixed", {}))
        for name, values in overrides.items():
            fixed_table.pop(name, None)
            if len(values) == 1 and name not in grid_table:
                fixed_table[name] = values[0]
            else:
                grid_table[name] = list(values)
        for name in grid_table:
            if name in fixed_table:
                raise self._fail(f"{clean(name, 60)} stands in both [grid] and [fixed]; keep one.")
        factors = tuple(self._hyperparameter(name, values, imported) for name, values in grid_table.items())
        if not factors:
            raise self._fail("[grid] is empty; name at least one hyperparameter and its values.")
        fixed = {
            name: self._value(name, value, f"[fixed] {clean(name, 60)}", imported)
            for name, value in fixed_table.items()
        }
        grid = Grid(factors, self._listed(tables.get("trials"), factors, imported))
        return self._session(tables.get("session", {}), data, grid, fixed)

    def _data(self, table: Mapping[str, Any]) -> DataSpec:
        self._known_keys(table, DataSpec.__dataclass_fields__, "[data]")
        source = table.get("source")
        if source not in (*SOURCES, IMPORTED):
            raise self._fail(f"[data] source must be one of {', '.join(SOURCES)}; it is {clean(source, 60)!r}.")
        path = table.get("path")
        if path is not None and not isinstance(path, str):
            raise self._fail("[data] path must be a text.")
        if source in ("folder", "npz"):
            if not path:
                raise self._fail(f"[data] path is missing; source {source!r} needs one.")
            full = Path(path).expanduser()
            path = str(full if full.is_absolute() else ((self.base or Path.cwd()) / full).resolve())
        size = table.get("image_size")
        if size is not None:
            good = isinstance(size, list) and len(size) == 2 and all(_whole(n) and 1 <= n <= 4096 for n in size)
            if not good:
                raise self._fail("[data] image_size must be two whole numbers from 1 to 4096, [height, width].")
            size = (int(size[0]), int(size[1]))
        on_corrupt = table.get("on_corrupt", "stop")
        if on_corrupt not in ("stop", "skip"):
            raise self._fail(f'[data] on_corrupt must be "stop" or "skip", not {toml_word(on_corrupt)}.')
        split = table.get("validation_split", 0.2)
        if isinstance(split, bool) or not isinstance(split, (int, float)) or not 0 < split < 1:
            raise self._fail("[data] validation_split must be a number between 0 and 1.")
        counts = {}
        for name, default, low in (
            ("classes", 10, 2),
            ("train_per_class", 48, 1),
            ("validation_per_class", 16, 1),
            ("seed", 0, 0),
        ):
            count = table.get(name, default)
            if not _whole(count) or not low <= count <= 1_000_000:
                raise self._fail(
                    f"[data] {name} must be a whole number of at least {low}, not {toml_word(count)}."
                )
            counts[name] = int(count)
        return DataSpec(
            source=cast(str, source),
            path=path,
            image_size=size,
            on_corrupt=on_corrupt,
            validation_split=float(split),
            **counts,
        )

    def _hyperparameter(self, name: str, values: object, imported: bool) -> Hyperparameter:
        where = f"[grid] {clean(name, 60)}"
        if not isinstance(values, list):
            raise self._fail(f"{where} must be a list of values, such as [{clean(values, 40)}].")
        if not values:
            raise self._fail(f"{where} has no values; give at least one, or move it to [fixed].")
        checked = tuple(self._value(name, value, where, imported) for value in values)
        seen: set[Value] = set()
        for value in checked:
            if value in seen:
                raise self._fail(f"{where} names {format_value(value)} twice; every value once.")
            seen.add(value)
        return Hyperparameter(name, checked)

    def _value(self, name: str, value: object, where: str, imported: bool) -> Value:
        if imported:
            if not name:
                raise self._fail(f"{where}: a hyperparameter needs a name.")
            if not isinstance(value, (str, int, float)) or value in (math.inf, -math.inf) or value != value:
                raise self._fail(f"{where}: {clean(value, 60)} is not a value.")
            return value
        if name not in KNOWN:
            near = difflib.get_close_matches(name, KNOWN, 1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(KNOWN)}."
            raise self._fail(f"{where}: unknown hyperparameter; {hint}")
        return KNOWN[name].check(value, f"{self.where}: {where}")

    def _listed(
        self, table: Mapping[str, Any] | None, factors: tuple[Hyperparameter, ...], imported: bool
    ) -> tuple[tuple[Value, ...], ...] | None:
        if table is None:
            return None
        self._known_keys(table, ("listed",), "[trials]")
        rows = table.get("listed")
        if not isinstance(rows, list) or not rows:
            raise self._fail("[trials] listed must be a list of combinations of values.")
        combinations = []
        known = [frozenset(factor.values) for factor in factors]
        for number, row in enumerate(rows, 1):
            if not isinstance(row, list) or len(row) != len(factors):
                raise self._fail(f"[trials] listed, combination {number}: give {len(factors)} values.")
            combination = tuple(
                self._value(factor.name, value, f"[trials] listed, combination {number}", imported)
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

    def _session(
        self, table: Mapping[str, Any], data: DataSpec, grid: Grid, fixed: Mapping[str, Value]
    ) -> SessionSpec:
        keys = ("replicates", "objective", "direction", "seed", "precision", "jit")
        self._known_keys(table, keys, "[session]")
        replicates = table.get("replicates", 1)
        if not _whole(replicates) or not 1 <= replicates <= 10_000:
            raise self._fail(
                f"[session] replicates must be a whole number from 1 to 10000, not {toml_word(replicates)}."
            )
        metric = table.get("objective", "val_accuracy")
        if not isinstance(metric, str) or not metric:
            raise self._fail('[session] objective must be a metric\'s name, such as "val_accuracy".')
        if data.source != IMPORTED and metric not in TRAINING_METRICS:
            raise self._fail(
                f"[session] objective must be one of {', '.join(TRAINING_METRICS)}, not {toml_word(metric)}."
            )
        direction = table.get("direction", direction_of(metric))
        if direction not in ("max", "min"):
            raise self._fail(f'[session] direction must be "max" or "min", not {toml_word(direction)}.')
        seed = table.get("seed", 0)
        if not _whole(seed) or not 0 <= seed < 2**63:
            raise self._fail(f"[session] seed must be a whole number of at least 0, not {toml_word(seed)}.")
        precision = table.get("precision", "float32")
        if precision not in PRECISIONS:
            raise self._fail(
                f"[session] precision must be one of {', '.join(PRECISIONS)}, not {toml_word(precision)}."
            )
        jit = table.get("jit", False)
        if not isinstance(jit, bool):
            raise self._fail(f"[session] jit must be true or false, not {toml_word(jit)}.")
        trainings = math.prod(len(factor.values) for factor in grid.hyperparameters) * replicates
        if grid.listed is None and trainings > MAX_TRAININGS:
            counts = " × ".join(str(len(factor.values)) for factor in grid.hyperparameters)
            raise self._fail(
                f"the grid has {counts} = {len_of(grid):,} trials, {trainings:,} trainings with replicates; "
                f"{MAX_TRAININGS:,} is the most. Take values out, or split the grid."
            )
        return SessionSpec(
            data=data,
            grid=grid,
            fixed=dict(fixed),
            replicates=int(replicates),
            objective=Objective(metric, direction),
            seed=int(seed),
            precision=precision,
            jit=jit,
        )


def len_of(grid: Grid) -> int:
    """Return the number of trials, also where it is past what ``len`` can hold."""
    return math.prod(len(factor.values) for factor in grid.hyperparameters)


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
