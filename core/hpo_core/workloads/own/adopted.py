"""What of a user's Keras file is trained: functions, a ``HyperModel``, or what it hands to ``tuner.search``."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
from keras.src.trainers.data_adapters.array_slicing import train_validation_split
from msgspec import Struct, field

from hpo_core.errors import HpoError
from hpo_core.workloads.own.code import load, told_where
from hpo_core.workloads.own.contracts import HYPERMODEL, INSTEAD, RUN_TRIAL, SEARCH, OwnFile, own_run_trial
from hpo_core.workloads.own.tuner import HyperModel, Searched, Tuner, stand_in
from hpo_core.workloads.own.values import Values


class KerasTask(Struct, frozen=True):
    """One way to train: ``build`` a model, on ``data`` (None: the spec's), with ``callbacks``.

    ``options`` is what else ``fit`` is called with, ``usual`` its ``epochs`` and ``batch_size`` where the spec
    does not say, ``defaults`` the values of hyperparameters where it does not. ``fit`` is the user's own way to
    train, where they wrote one: ``fit(hp, model, ...)``, called with ``args`` and ``kwargs``.
    """

    build: Callable[[Values], Any]
    data: Callable[[], Any] | None = None
    callbacks: Callable[[Values], Sequence[Any]] = lambda hp: ()
    options: Mapping[str, Any] = field(default_factory=dict)
    usual: Mapping[str, int] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    fit: Callable[..., Any] | None = None
    args: Sequence[Any] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    objective: tuple[str, str] | None = None
    executions: int = 1


def task_of(own: OwnFile, folder: Path) -> KerasTask:
    """Run the user's file, and return what it trains. Raises ``HpoError``."""
    with stand_in():
        if own.contract.name == SEARCH:
            try:
                load(own, folder, "__main__")
            except Searched as searched:
                with told_where(own):
                    return _searched(searched, own)
            raise HpoError(f"{own.path.name} ended without a call of tuner.search(...): nothing to train.")
        module = load(own, folder)
        data: Callable[[], Any] | None = getattr(module, "data", None)
        function = getattr(module, "callbacks", None)

        def callbacks(hp: Values) -> Sequence[Any]:
            if function is None:
                return ()
            found: Sequence[Any] = function(hp) if inspect.signature(function).parameters else function()
            return found

        if own.contract.name == HYPERMODEL:
            with told_where(own):
                hypermodel = getattr(module, own.hypermodel)()
            return KerasTask(hypermodel.build, data, callbacks, fit=_own_fit(hypermodel))
        return KerasTask(module.build_model, data, callbacks)


def _searched(searched: Searched, own: OwnFile) -> KerasTask:
    tuner, args, kwargs = searched.tuner, searched.args_given, dict(searched.kwargs_given)
    if hasattr(tuner, "run_trial"):
        raise HpoError(f"{own.path.name}: {own_run_trial(type(tuner).__name__)}; {INSTEAD[RUN_TRIAL]}.")
    hypermodel = tuner.hypermodel
    build = getattr(hypermodel, "build", hypermodel)
    if not callable(build):
        raise HpoError(f"{own.path.name} gives its tuner no model builder; write RandomSearch(build_model, ...).")
    kwargs.pop("verbose", None)
    callbacks = kwargs.pop("callbacks", None) or ()
    named = dict(inspect.signature(keras.Model.fit).bind_partial(None, *args, **kwargs).arguments)
    del named["self"]
    given = {name: named.pop(name, None) for name in ("x", "y", "sample_weight", "validation_data")}
    split = named.pop("validation_split", 0.0)
    usual = {name: int(found) for name in ("epochs", "batch_size") if (found := named.pop(name, None)) is not None}
    named.pop("verbose", None)

    def data() -> Any:
        whole = given["x"], given["y"], given["sample_weight"]
        if given["validation_data"] is None and split:
            return train_validation_split(whole, validation_split=split)
        return whole, given["validation_data"]

    return KerasTask(
        build,
        data,
        lambda hp: copy.deepcopy(list(callbacks)),  # each training has its own, as in KerasTuner
        named,
        usual,
        tuner.defaults,
        _own_fit(hypermodel),
        args,
        kwargs,
        _objective(tuner),
        tuner.executions_per_trial,
    )


def _own_fit(hypermodel: Any) -> Callable[..., Any] | None:
    """Return the ``fit`` that the user wrote, None where it is only the one that every HyperModel has."""
    fit: Callable[..., Any] | None = getattr(hypermodel, "fit", None)
    return None if getattr(fit, "__func__", None) is HyperModel.fit else fit


def _objective(tuner: Tuner) -> tuple[str, str] | None:
    found = tuner.objective[0] if isinstance(tuner.objective, (list, tuple)) else tuner.objective
    if found is None:
        return None
    return str(getattr(found, "name", found)), str(getattr(found, "direction", "") or "")
