"""Any compiled Keras model in one compiled loop: an epoch in few calls, each many of the model's own train steps.

What a step computes is the model's; how steps follow one another is decided here. ``fit`` does the same with a
call from Python, and a batch handed over, for each step.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import tree
from numpy.typing import NDArray

from hpo_core.workloads.pace import Pace

Order = NDArray[np.int64]
"""Row numbers, in the order that they are trained in."""

AfterChunk = Callable[[int], bool]
"""Told how many rows of the pass are done; answers whether to go on."""


class Program:
    """A compiled model with its train and its test step traced once; ``take`` makes it another fresh model.

    ``train`` and ``validation`` are what a step is given, whole: tensors in any structure, rows first.
    ``identity`` is the same in every process for models alike, "" where there are none.
    """

    def __init__(self, model: keras.Model, train: Any, validation: Any, identity: str = "") -> None:
        self.model, self.identity = model, identity
        self._train_data, self._test_data = train, validation
        build_whole(model, train)
        optimizer = model.optimizer
        if optimizer is not None:
            if not optimizer.built:
                optimizer.build(model.trainable_variables)
            one = getattr(optimizer, "inner_optimizer", optimizer)
            # Keras' sum over replicas, of which there is one, keeps each traced graph for good: 10 MB a program.
            one._all_reduce_sum_gradients = lambda grads_and_vars: grads_and_vars
        self._fresh = [(variable, variable.numpy()) for variable in getattr(optimizer, "variables", ())]
        self._train = _Pass(model.train_step, train, model.jit_compile)
        self._test = None if validation is None else _Pass(model.test_step, validation, model.jit_compile)

    @property
    def is_reusable(self) -> bool:
        """Whether ``take`` makes all of it fresh: its steps touch no variable that Keras does not know of."""
        known = {id(variable.value) for variable in _variables(self.model)}
        steps = [step for step in (self._train, self._test) if step is not None]
        return all(id(variable) in known for step in steps for variable in step.variables)

    def take(self, fresh: keras.Model) -> None:
        """Become ``fresh``, a model that was built alike: its weights, random streams and learning rate."""
        model = self.model
        if len(fresh.variables) != len(model.variables):  # its weights wait for their shapes
            build_whole(fresh, self._train_data)
        for mine, other in zip(model.variables, fresh.variables, strict=True):
            mine.assign(other.value)
        for variable, value in self._fresh:
            variable.assign(value)
        if model.optimizer is not None and not _has_schedule(fresh.optimizer):
            model.optimizer.learning_rate = float(fresh.optimizer.learning_rate)

    def train(self, order: Order, batch: int, after: AfterChunk) -> dict[str, float]:
        """Train the rows in ``order``, once; return what ``fit`` would have logged."""
        return self._run(self._train, order, batch, after)

    def test(self, order: Order, batch: int, after: AfterChunk) -> dict[str, float]:
        """Evaluate the rows of the validation data; return what ``evaluate`` would have."""
        assert self._test is not None
        return self._run(self._test, order, batch, after)

    def _run(self, step: _Pass, order: Order, batch: int, after: AfterChunk) -> dict[str, float]:
        self.model.reset_metrics()
        logs = step.run(order, batch, after)
        metrics = self.model.get_metrics_result()
        if isinstance(logs, dict) and set(logs) == set(metrics):
            logs = metrics
        return {str(name): float(value) for name, value in logs.items()}


class _Pass:
    """A step of a model, compiled, and repeated over all rows of its data."""

    def __init__(self, step: Callable[[Any], Any], data: Any, jit: bool) -> None:
        one = tf.function(step, autograph=False, jit_compile=jit or None)
        rows = tree.map_structure(lambda whole: tf.TensorSpec((None, *whole.shape[1:]), whole.dtype), data)
        traced = one.get_concrete_function(rows)
        self.variables = traced.graph.variables
        self._logs = traced.structured_outputs
        empty = [tf.zeros(_shape(log), log.dtype) for log in tree.flatten(self._logs)]

        def chunk(order: tf.Tensor, first: tf.Tensor, count: tf.Tensor, batch: tf.Tensor) -> list[tf.Tensor]:
            def body(done: tf.Tensor, *_: tf.Tensor) -> tuple[tf.Tensor, ...]:
                taken = tf.slice(order, [first + done * batch], [batch])
                logs = one(tree.map_structure(lambda whole: tf.gather(whole, taken), data))
                return done + 1, *tree.flatten(logs)

            start = (tf.constant(0), *empty)
            done = tf.while_loop(lambda done, *_: done < count, body, start, parallel_iterations=1)
            return list(done[1:])

        number, orders = tf.TensorSpec((), tf.int32), tf.TensorSpec((None,), tf.int64)
        self._chunk = tf.function(chunk, autograph=False, input_signature=(orders, number, number, number))
        self._pace = Pace()

    def run(self, order: Order, batch: int, after: AfterChunk) -> Any:
        """Return the logs of the last step; whole batches first, what is left last."""
        rows, first = tf.constant(order), 0
        logs: Any = {}
        while first < len(order):
            left = len(order) - first
            size, count = (batch, min(self._pace.steps(batch), left // batch)) if left >= batch else (left, 1)
            began = time.perf_counter()
            flat = self._chunk(rows, tf.constant(first), tf.constant(count), tf.constant(size))
            logs = tree.pack_sequence_as(self._logs, [value.numpy() for value in flat])
            if size == batch:  # a lone smaller batch says little
                self._pace.learn(size * count, time.perf_counter() - began)
            first += size * count
            if not after(first):
                break
        return logs


def build_whole(model: keras.Model, data: Any) -> None:
    """Let all of the model's variables be made, as ``fit`` does before its first step."""
    model._symbolic_build(data_batch=tree.map_structure(lambda whole: whole[:2], data))


def _variables(model: keras.Model) -> list[Any]:
    optimizer = getattr(model.optimizer, "variables", ())
    return [*model.variables, *model.metrics_variables, *optimizer]


def _has_schedule(optimizer: Any) -> bool:
    """Whether the learning rate is a function of the step; then no variable holds it."""
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    return not isinstance(inner._learning_rate, keras.Variable)


def _shape(log: Any) -> tuple[int, ...]:
    return tuple(size or 0 for size in log.shape)
