"""Which models one compiled program serves: those of which all that a traced step depends on is known equal.

A program that served a model it was not traced for would give one trial's curve as another's, in silence. So only
Keras' own classes are compared, by their configurations; whatever is the user's is compared by the trial's values,
and only where their file draws nothing at random.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import keras

from hpo_core.plan.setting import Value
from hpo_core.workloads.own.contracts import OwnFile

NOT_IN_CONFIG = ("adapt", "function")
"""A layer that has one of these computes with what its configuration does not say: learnt tables, a lambda."""


def alike(model: keras.Model, own: OwnFile, values: Mapping[str, Value]) -> str | None:
    """Return a text that is equal for two models only where one's program serves both; None where none may.

    The numeric learning rate is left out of it, which a program takes as an argument.
    """
    config = _config(model)
    if config is not None:
        return "config " + config
    if own.draws:
        return None
    return "values " + json.dumps(dict(values), sort_keys=True)


def _config(model: keras.Model) -> str | None:
    """Return all that a model of Keras' own classes is made of; None where its configuration may not tell all."""
    if type(model) not in (keras.Sequential, keras.Model, keras.src.models.Functional):
        return None
    layers = list(model._flatten_layers())
    if not all(_is_keras(type(layer).__module__) for layer in layers):
        return None
    if any(hasattr(layer, name) for layer in layers for name in NOT_IN_CONFIG):
        return None
    inner = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    if any(getattr(inner, f"_exclude_from_weight_decay{kind}", None) for kind in ("", "_pattern")):
        return None
    try:
        made = [model.get_config(), model.get_compile_config(), bool(model.jit_compile), keras.config.floatx()]
        text = json.dumps(_without_rate(made), sort_keys=True)
    except (TypeError, ValueError, NotImplementedError):
        return None
    return text if all(_is_keras(module) for module in _modules(made)) else None


def _is_keras(module: Any) -> bool:
    return module in (None, "keras", "builtins") or str(module).startswith("keras.")


def _modules(config: Any) -> Iterator[Any]:
    """Yield the module of everything in a configuration; of a user's function, its kind, which is no module."""
    if isinstance(config, Mapping):
        if "class_name" in config:
            named = config.get("registered_name")
            yield "a function" if config["class_name"] == "function" else config.get("module")
            if named and ">" in str(named) and not str(named).startswith("keras"):
                yield "registered by the user"
        for value in config.values():
            yield from _modules(value)
    elif isinstance(config, (list, tuple)):
        for value in config:
            yield from _modules(value)


def _without_rate(config: Any, optimizer: bool = False) -> Any:
    """Return the configuration without what may differ: an optimizer's numeric learning rate and its name."""
    if isinstance(config, Mapping):
        return {
            name: _without_rate(value, optimizer or name == "optimizer")
            for name, value in config.items()
            if not (
                optimizer and (name == "name" or (name == "learning_rate" and isinstance(value, (int, float))))
            )
        }
    if isinstance(config, (list, tuple)):
        return [_without_rate(value, optimizer) for value in config]
    return config
