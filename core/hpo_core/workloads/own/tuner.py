"""A stand-in for the package ``keras_tuner`` while a user's file is run: it notes what is searched, and no more.

It stands in also where KerasTuner is installed, for a real tuner builds models as it is made, and with
``overwrite`` deletes the folder of the search before.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any, NoReturn

from hpo_core.workloads.own.values import Values

NAMES = ("keras_tuner", "kerastuner")
_PARTS = (
    *("", ".tuners", ".oracles", ".engine", ".engine.hypermodel", ".engine.hyperparameters", ".engine.objective"),
    *(".engine.tuner", ".engine.oracle"),
)


class HyperModel:
    """A builder of models, as KerasTuner has it: ``build(hp)``, and ``fit(hp, model, ...)``."""

    def __init__(self, name: str | None = None, tunable: bool = True) -> None:
        self.name, self.tunable = name, tunable

    def build(self, hp: Values) -> Any:
        """Return a compiled model."""
        raise NotImplementedError("a HyperModel needs build(self, hp)")

    def fit(self, hp: Values, model: Any, *args: Any, **kwargs: Any) -> Any:
        """Train the model."""
        return model.fit(*args, **kwargs)


class HyperParameters(Values):
    """A space that a file makes by itself; what it says are defaults of the training."""

    def __init__(self) -> None:
        super().__init__({})


class Objective:
    """A metric and its direction."""

    def __init__(self, name: str, direction: str = "") -> None:
        self.name, self.direction = name, direction


class Oracle:
    """What chooses trials: here only what it is told of the objective and the space."""

    def __init__(self, *_: Any, **told: Any) -> None:
        self.told = told


class Searched(BaseException):
    """Ends the user's file where it searches; no ``except Exception`` holds it."""

    def __init__(self, tuner: Tuner, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        super().__init__("tuner.search")
        self.tuner, self.args_given, self.kwargs_given = tuner, args, kwargs


class Tuner:
    """Any of KerasTuner's tuners."""

    def __init__(self, *args: Any, **told: Any) -> None:
        oracle = next((one for one in (*args, told.get("oracle")) if isinstance(one, Oracle)), None)
        rest = [one for one in args if not isinstance(one, Oracle)]
        told = {**({} if oracle is None else oracle.told), **told}
        told |= dict(zip(("hypermodel", "objective"), rest, strict=False))
        self.hypermodel: Any = told.get("hypermodel")
        self.objective: Any = told.get("objective")
        self.executions_per_trial = int(told.get("executions_per_trial") or 1)
        given = told.get("hyperparameters")
        self.defaults: Mapping[str, Any] = given.values if isinstance(given, Values) else {}

    def search(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Give the call to who runs the file."""
        raise Searched(self, args, kwargs)

    def search_space_summary(self, extended: bool = False) -> None:
        """Say nothing: the session shows its space."""


class _Package(ModuleType):
    HyperModel = HyperModel
    HyperParameters = HyperParameters
    Objective = Objective
    Tuner = Tuner
    Oracle = Oracle
    RandomSearch = GridSearch = BayesianOptimization = Hyperband = Tuner
    RandomSearchOracle = GridSearchOracle = BayesianOptimizationOracle = HyperbandOracle = Oracle
    __path__: list[str] = []  # noqa: RUF012 - what makes a module a package

    def __getattr__(self, name: str) -> Any:
        if any(part.endswith(f".{name}") for part in _PARTS):
            return self
        raise AttributeError(f"keras_tuner.{name} is not known here")


@contextmanager
def stand_in() -> Iterator[None]:
    """Let ``import keras_tuner`` find the stand-in within this."""
    package = _Package(NAMES[0])
    names = [name + part for name in NAMES for part in _PARTS]
    before = {name: sys.modules.get(name) for name in names}
    sys.modules.update(dict.fromkeys(names, package))
    try:
        yield
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module
