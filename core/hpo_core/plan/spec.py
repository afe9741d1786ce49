"""What a session was asked to do: the spec, frozen, validated, TOML in and out.

``SessionSpec.parse`` reads a spec as a user wrote it and raises one ``SpecError`` that names the field;
``SessionSpec.to_toml`` writes it back in full. See README.md for the file's layout.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

import tomli_w
from msgspec import Struct, field
from msgspec.structs import replace

from hpo_core.errors import SpecError
from hpo_core.plan.data_source import IMPORTED, OWN, DataSpec
from hpo_core.plan.grid import Grid, JobKey
from hpo_core.plan.grid_reader import GridReader
from hpo_core.plan.hyperparameters import in_loss
from hpo_core.plan.metrics import Objective, compares_losses, direction_of, known_metric
from hpo_core.plan.model_source import ModelSpec
from hpo_core.plan.plans import DEFAULT_PLAN, NO_PRUNER, PLANS, PRUNERS
from hpo_core.plan.seeds import OWN as OWN_SEEDS
from hpo_core.plan.seeds import SEEDINGS, SHARED, replicate_seed, training_seed
from hpo_core.plan.setting import Setting, Value, key, read_keys, refuse_unknown, settings, toml_word, written
from hpo_core.plan.workloads import DEFAULT_WORKLOAD, OWN_WORKLOAD, WORKLOADS, misfit
from hpo_core.text import clean, joined

MAX_TRAININGS = 1_000_000
"""More trainings than this are taken for a slip of the pen."""

PRECISIONS = ("float32", "mixed_float16", "mixed_bfloat16")

TRAINED, IMPORT = "trained", "imported"
"""The two cases of a session: with something to train on, and with results alone."""

BEFORE_THERE_WAS_A_KEY: Mapping[str, Value] = {"seeds": SHARED}
"""What a recorded session was trained with where its [session] does not say: it is older than the key."""

DEFAULT_OBJECTIVE = Objective("val_accuracy", "max")


MOST_BYTES = 1 << 26
"""A longer spec is none, but a file of something else."""


class SearchSpec(Struct, frozen=True):
    """The ``[search]`` table: which plan says what is trained, how many trials it has in all, and what is pruned.

    The full grid has its own number of trials.
    """

    plan: Annotated[str, key("choice", choices=tuple(PLANS))] = DEFAULT_PLAN
    trials: Annotated[int | None, key("int", ends=(1, MAX_TRAININGS))] = None
    pruner: Annotated[str, key("choice", choices=tuple(PRUNERS))] = NO_PRUNER


class SessionSpec(Struct, frozen=True):
    """A whole spec. ``grid`` is what is varied, ``fixed`` what is not; ``replicates`` trainings for each trial.

    Of a plan that adds trials, ``grid`` lists those there are so far: none in what a person wrote.
    """

    data: DataSpec
    grid: Grid
    fixed: Mapping[str, Value] = field(default_factory=dict)
    objective: Objective = DEFAULT_OBJECTIVE
    search: SearchSpec = SearchSpec()
    model: ModelSpec | None = None
    replicates: Annotated[int, key("int", ends=(1, 10_000))] = 1
    workload: Annotated[str, key("choice", stands=(TRAINED,), choices=tuple(WORKLOADS))] = DEFAULT_WORKLOAD
    seed: Annotated[int, key("int", stands=(TRAINED,), ends=(0, 2**63 - 1))] = 0
    seeds: Annotated[str, key("choice", stands=(TRAINED,), choices=SEEDINGS)] = OWN_SEEDS
    precision: Annotated[str, key("choice", stands=(TRAINED,), choices=PRECISIONS)] = PRECISIONS[0]
    jit: Annotated[bool, key("flag", stands=(TRAINED,))] = False
    keep: Annotated[int, key("int", stands=(TRAINED,), ends=(0, 10_000))] = 1
    """Of how many of the best trials a trained model is kept."""
    tensorboard: Annotated[bool, key("flag", stands=(TRAINED,))] = False
    """Whether TensorBoard's event files are written while it trains."""

    @property
    def trainings(self) -> int:
        """How many trainings the trials there are ask for."""
        return len(self.grid) * self.replicates

    @property
    def trials_asked(self) -> int:
        """How many trials there are to be in the end, also where that is past what ``len`` can hold."""
        if self.grid.listed is None:
            return math.prod(len(factor.values) for factor in self.grid.hyperparameters)
        return len(self.grid) if self.search.trials is None else int(min(self.search.trials, self.grid.size))

    @property
    def trainings_asked(self) -> int:
        """How many trainings there are to be in the end."""
        return self.trials_asked * self.replicates

    @property
    def settings(self) -> dict[str, Value]:
        """What every training is told beside its values: how its workload is to compute."""
        return {"precision": self.precision, "jit": self.jit}

    @property
    def material(self) -> dict[str, Any]:
        """What every training is of: the ``[data]`` table, and under "model" what is the user's own."""
        own = {} if self.model is None else {"model": self.model.table()}
        return {**self.data.table(), **own}

    def with_code(self, folder: Path) -> SessionSpec:
        """Return the spec with the copy in ``folder`` in place of the user's file, where it has one."""
        if self.model is None or self.model.file is None:
            return self
        return replace(self, model=replace(self.model, file=str(folder / Path(self.model.file).name)))

    @property
    def trainable(self) -> bool:
        """Whether there is anything to train on (an imported session has only results)."""
        return self.data.source != IMPORTED

    @property
    def losses_apart(self) -> bool:
        """Whether the objective compares trials within one loss only, and there are to be several losses."""
        return bool(self.loss_holds) and not compares_losses(self.objective.metric)

    @property
    def loss_holds(self) -> list[str]:
        """The varied hyperparameters that say what the loss is: ``loss``, and what else it holds."""
        return [factor.name for factor in self.grid.hyperparameters if factor.size > 1 and in_loss(factor.name)]

    def values_of(self, trial: int) -> dict[str, Value]:
        """Every hyperparameter of a training of ``trial``: its own, the fixed ones, and the defaults."""
        return {**self._defaults, **self.fixed, **self.grid[trial].values}

    @property
    def _defaults(self) -> Mapping[str, Value]:
        return _defaults_of(self.workload)

    def seed_of(self, key: JobKey) -> int:
        """The seed of a training, the same in every session of this seed: re-use rests on it.

        Only values that differ from the defaults decide it, so that it is all the same whether a default is named,
        and a hyperparameter that a later version knows changes no seed.
        """
        if self.seeds == SHARED:
            return replicate_seed(self.seed, key.replicate)
        defaults, named = self._defaults, {**self.fixed, **self.grid[key.trial].values}
        own = {name: value for name, value in named.items() if value != defaults.get(name)}
        return training_seed(self.seed, own, key.replicate)

    def epochs_of(self, trial: int) -> int:
        """How many epochs a training of ``trial`` has; 0 where the spec does not say (an import)."""
        values = self.values_of(trial) if self.trainable else {**self.fixed, **self.grid[trial].values}
        epochs = values.get("epochs", 0)
        return int(epochs) if isinstance(epochs, (int, float)) else 0

    @property
    def epochs_asked(self) -> tuple[float, ...]:
        """How many epochs trainings may have: each value, or a range's ends; 0 where the spec says none."""
        fixed: tuple[Value, ...] = ({**self._defaults, **self.fixed}.get("epochs", 0),)
        asked = next((factor.ends for factor in self.grid.hyperparameters if factor.name == "epochs"), fixed)
        return tuple(float(value) for value in asked if isinstance(value, (int, float))) or (0.0,)

    # Reading -------------------------------------------------------------------------------------------------

    @classmethod
    def load(
        cls,
        path: Path,
        overrides: Mapping[str, Sequence[Value]] | None = None,
        unsaid: Mapping[str, Value] | None = None,
    ) -> SessionSpec:
        """Read a spec file; relative data paths are taken from the file's folder.

        ``overrides`` replaces the values of hyperparameters (``--set``); ``unsaid`` is what keys of ``[session]``
        mean where they are not there, if not their defaults. Raises ``SpecError``.
        """
        try:
            with path.open("rb") as file:
                data = file.read(MOST_BYTES + 1)
            if len(data) > MOST_BYTES:
                raise SpecError(f"{clean(path)} is too long for a spec: it has more than 64 MB.")
            text = data.decode("utf-8")
        except FileNotFoundError:
            raise SpecError(f"There is no spec file {clean(path)}.") from None
        except IsADirectoryError:
            raise SpecError(f"{clean(path)} is a folder; give a spec file (TOML).") from None
        except UnicodeDecodeError as error:
            raise SpecError(f"{clean(path)} is not UTF-8 text (byte {error.start}).") from None
        except OSError as error:
            raise SpecError(f"{clean(path)} cannot be read: {error.strerror}.") from None
        where = f"{clean(path)} with --set" if overrides else clean(path)
        return cls.parse(text, where, path.parent, overrides, unsaid)

    @classmethod
    def parse(
        cls,
        text: str,
        where: str = "spec",
        base: Path | None = None,
        overrides: Mapping[str, Sequence[Value]] | None = None,
        unsaid: Mapping[str, Value] | None = None,
    ) -> SessionSpec:
        """Parse a spec's TOML text; ``where`` names it in errors, ``base`` anchors relative paths; see ``load``.

        Raises ``SpecError``.
        """
        try:
            tables = tomllib.loads(text)
        except (ValueError, RecursionError) as error:  # ValueError: also a number of more than 4,300 digits
            raise SpecError(f"{where} is not valid TOML: {clean(error, 200)}.") from None
        return _read(tables, where, base, overrides or {}, unsaid or {})

    def with_values(self, overrides: Mapping[str, Sequence[Value]]) -> SessionSpec:
        """Return the spec with other values for some hyperparameters: one value fixes it, several vary it."""
        tables = tomllib.loads(replace(self, grid=Grid(self.grid.hyperparameters)).to_toml())
        return _read(tables, "--set", None, overrides, {})

    # Writing -------------------------------------------------------------------------------------------------

    def to_toml(self) -> str:
        """Return the spec as TOML that ``parse`` reads back to an equal spec."""
        ranked = {"objective": self.objective.metric, "direction": self.objective.direction}
        of = {
            **({} if self.model is None else {"model": self.model.table()}),
            **({} if self.data.source == OWN else {"data": self.data.table()}),
        }
        after: dict[str, Any] = {
            "fixed": dict(self.fixed),
            "session": ranked | written(self, TRAINED if self.trainable else IMPORT),
        }
        if self.search != SearchSpec():
            after["search"] = written(self.search)
        if self.search.plan == DEFAULT_PLAN and self.grid.listed is not None:
            after["trials"] = {"listed": [list(combination) for combination in self.grid.listed]}
        grid = "".join(["[grid]\n", *(factor.to_toml() for factor in self.grid.hyperparameters)])
        return "\n".join(part for part in (tomli_w.dumps(of), grid, tomli_w.dumps(after)) if part)


@cache
def _defaults_of(workload: str) -> Mapping[str, Value]:
    known = WORKLOADS[workload].hyperparameters or {}
    return MappingProxyType({name: entry.default for name, entry in known.items() if entry.default is not None})


_OBJECTIVE = {
    "objective": Setting(name="objective", kind="text"),
    "direction": Setting(name="direction", kind="choice", choices=("max", "min")),
}
_TABLES = ("model", "data", "grid", "fixed", "session", "search", "trials")


def _read(
    tables: Mapping[str, Any],
    where: str,
    base: Path | None,
    overrides: Mapping[str, Sequence[Value]],
    unsaid: Mapping[str, Value],
) -> SessionSpec:
    """Return the spec that the tables write, with the overridden values. Raises ``SpecError``."""
    refuse_unknown(tables, _TABLES, f"{where}: the spec")
    for name in _TABLES:
        if not isinstance(tables.get(name, {}), dict):
            raise SpecError(f"{where}: {name} must be a table, written [{name}].")
    model = ModelSpec.read(tables["model"], f"{where}: [model]", base) if "model" in tables else None
    if "data" in tables:
        data = DataSpec.read(tables["data"], f"{where}: [data]", base)
    elif model is not None:
        data = DataSpec(OWN)
    else:
        raise SpecError(f"{where}: the table [data] is missing; it says where the images come from.")
    session = read_keys(tables.get("session", {}), {**settings(SessionSpec), **_OBJECTIVE}, f"{where}: [session]")
    search = SearchSpec(**read_keys(tables.get("search", {}), settings(SearchSpec), f"{where}: [search]"))
    if model is not None:
        session.setdefault("workload", OWN_WORKLOAD)
    facts = WORKLOADS[session.get("workload", DEFAULT_WORKLOAD)]
    if why := misfit(facts.name, model is not None):
        raise SpecError(f"{where}: {why}")
    imported = data.source == IMPORTED
    if not imported:
        session = {**unsaid, **session}
    if model is not None:
        _check_own_objective(session, where)
        _check_own_settings(session, where)
    metric = session.pop("objective", DEFAULT_OBJECTIVE.metric)
    if not imported and facts.metrics and metric not in facts.metrics:
        raise SpecError(
            f"{where}: [session] objective must be one of {', '.join(facts.metrics)}, not {toml_word(metric)}."
        )
    objective = Objective(metric, session.pop("direction", direction_of(metric)))
    reader = GridReader(where, None if imported else facts.hyperparameters)
    grid, fixed = reader.read(tables, overrides)
    if model is not None:
        model.check_names([*(factor.name for factor in grid.hyperparameters), *fixed], f"{where}: [model]")
    ranges = [factor.name for factor in grid.hyperparameters if factor.range is not None]
    if PLANS[search.plan].module:
        if search.trials is None:
            raise SpecError(f"{where}: [search] trials is missing; the plan {search.plan!r} must know how many.")
        grid = Grid(grid.hyperparameters, ())
    elif ranges:
        drawing = '", "'.join(plan.name for plan in PLANS.values() if plan.module)
        raise SpecError(
            f"{where}: [grid] {clean(ranges[0], 60)} is a range, which has too many values to train each; name a "
            f'plan that draws from it ([search] plan = "{drawing}"), or give a list.'
        )
    elif search.trials is not None:
        raise SpecError(
            f'{where}: [search] trials is for a plan that draws them, such as plan = "random"; the plan '
            f"{search.plan!r} trains every combination. Name a plan, or leave trials out."
        )
    spec = SessionSpec(data, grid, fixed, objective, search, model, **session)
    compares = search.plan if PLANS[search.plan].compares else search.pruner
    if spec.losses_apart and compares != NO_PRUNER:
        raise SpecError(
            f"{where}: [search] {compares} compares trials, and {objective.metric} cannot be compared across "
            f"losses; take crossentropy or accuracy as the objective, or one value of {joined(spec.loss_holds)}."
        )
    if spec.trainings_asked > MAX_TRAININGS and not grid.listed:
        raise SpecError(
            f"{where}: the grid has {_counted(spec)} trials, {spec.trainings_asked:,} trainings with replicates; "
            f"{MAX_TRAININGS:,} is the most. Take values out, or split the grid."
        )
    return spec


def _check_own_objective(session: Mapping[str, Any], where: str) -> None:
    """Raise ``SpecError`` where nobody can know what ranks the trials: a model of one's own reports anything."""
    metric = session.get("objective")
    if metric is None:
        raise SpecError(f"{where}: [session] objective is missing; name the metric that ranks the trials.")
    if "direction" not in session and known_metric(metric) is None:
        raise SpecError(
            f"{where}: [session] direction is missing; say whether {toml_word(metric)} is better the larger "
            '(direction = "max") or the smaller ("min").'
        )


def _check_own_settings(session: Mapping[str, Any], where: str) -> None:
    """Raise ``SpecError`` for what a model of one's own would never be told."""
    known, ways = settings(SessionSpec), (("precision", "set_dtype_policy(...)"), ("jit", "jit_compile=True"))
    for name, way in ways:
        if session.get(name, known[name].default) != known[name].default:
            raise SpecError(f"{where}: [session] {name} is for the paper's network; write {way} in your own file.")


def _counted(spec: SessionSpec) -> str:
    counts = " × ".join(str(len(factor.values)) for factor in spec.grid.hyperparameters)
    return f"{spec.search.trials:,}" if spec.search.trials else f"{counts} = {spec.trials_asked:,}"


def parse_value(text: str) -> Value:
    """Return a value as the command line means it: a whole number, a number, true/false, or else the text."""
    stripped = text.strip()
    for kind in (int, float):
        try:
            number = kind(stripped)
            finite = math.isfinite(number)
        except (ValueError, OverflowError):
            continue
        if finite:
            return number
    return {"true": True, "false": False}.get(stripped, stripped)
