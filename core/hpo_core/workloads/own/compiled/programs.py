"""The programs that a worker keeps, each for all trainings whose models are alike."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import keras

from hpo_core.plan.setting import Value
from hpo_core.workloads.own.compiled.alike import alike
from hpo_core.workloads.own.compiled.fit import Fit, resident
from hpo_core.workloads.own.compiled.program import Program
from hpo_core.workloads.own.contracts import OwnFile

PROGRAMS = 16
"""So many are kept; the one unused for longest goes first, so that memory stays flat."""

log = logging.getLogger(__name__)


class Programs:
    """Gives each fresh model the program that trains it: one that served a model alike, or a new one."""

    def __init__(self, own: OwnFile) -> None:
        self._own = own
        self._kept: OrderedDict[tuple[str, int], Program] = OrderedDict()
        self._resident: dict[int, tuple[Any, Any]] = {}

    def take(self, model: keras.Model, fit: Fit, values: Mapping[str, Value]) -> Program:
        """Return a program that holds what ``model`` does: its weights, its random streams, its learning rate.

        Raises whatever the model's own step raises while it is traced.
        """
        text = alike(model, self._own, values)
        key = (text or "", id(fit.data))
        if text is not None and key in self._kept:
            self._kept.move_to_end(key)
            self._kept[key].take(model)
            return self._kept[key]
        train = self._on_device(fit.data, fit.options.get("class_weight"))
        validation = None if fit.validation_data is None else self._on_device(fit.validation_data)
        program = Program(model, train, validation, sha256(text.encode()).hexdigest()[:16] if text else "")
        log.info("a new program%s", "" if text else ", for this training alone")
        if text is not None and program.is_reusable:
            self._kept[key] = program
        self._forget_surplus()
        return program

    def _on_device(self, data: Any, class_weight: Any = None) -> Any:
        if id(data) not in self._resident:
            self._resident[id(data)] = (data, resident(data, class_weight))  # held: its id stays its own
        return self._resident[id(data)][1]

    def _forget_surplus(self) -> None:
        """Let the oldest go, and what Keras and TensorFlow keep of it: about 1 MB."""
        if len(self._kept) <= PROGRAMS:
            return
        self._kept.popitem(last=False)
        policy = keras.config.dtype_policy()
        keras.backend.clear_session()
        keras.config.set_dtype_policy(policy)
