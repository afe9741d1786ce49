"""What Keras' ``fit`` does, epoch by epoch, on a ``Program``: the same order of rows, callbacks, validation, logs.

The metrics are ``fit``'s bit for bit. What the loop cannot do as ``fit`` does is named by ``why_not``, and
goes there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import tree
from keras.src.trainers.data_adapters.array_data_adapter import ArrayDataAdapter, can_convert_arrays
from msgspec import Struct, field

from hpo_core.workloads.own.compiled.program import Order, Program

BATCH_HOOKS = tuple(f"on_{which}batch_{when}" for which in ("", "train_", "test_") for when in ("begin", "end"))


class Fit(Struct, frozen=True):
    """A call of ``fit``: its data, lengths and callbacks, by Keras' names.

    ``data`` and ``validation_data`` are ``(x, y)`` or ``(x, y, sample_weight)``, or a dataset each; the last may
    be None. ``options`` is whatever else the call has.
    """

    data: Any
    validation_data: Any
    epochs: int
    batch_size: int
    callbacks: Sequence[Any] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def shuffle(self) -> Any:
        """Whether the rows are shuffled anew in each epoch."""
        return self.options.get("shuffle", True)

    @property
    def validation_batch_size(self) -> int:
        """Rows at a time in validation."""
        return int(self.options.get("validation_batch_size") or self.batch_size)

    def run(self, model: keras.Model, more: Any) -> None:
        """Let Keras' own ``fit`` do it, with one callback more."""
        x, y, weights = parts(self.data)
        model.fit(
            x,
            y,
            sample_weight=weights,
            validation_data=self.validation_data,
            epochs=self.epochs,
            batch_size=None if is_dataset(x) else self.batch_size,
            callbacks=[*self.callbacks, more],
            **{"verbose": 0, **self.options},
        )


LOOPED = frozenset({"shuffle", "validation_batch_size", "class_weight", "verbose"})
"""The options of ``fit`` that the loop knows."""


def why_not(model: keras.Model, fit: Fit) -> str:
    """Return why the compiled loop cannot train this as ``fit`` would; empty where it can."""
    if model.run_eagerly:
        return "the model runs eagerly"
    if model.steps_per_execution != 1:
        return "the model was compiled with steps_per_execution"
    for data in (fit.data, fit.validation_data):
        if data is not None and (is_dataset(data) or not can_convert_arrays(parts(data))):
            return "its data are no arrays"
    for callback in fit.callbacks:
        if _wants_batches(callback):
            return f"{type(callback).__name__} is called at every batch"
    other = sorted(name for name, value in fit.options.items() if name not in LOOPED and value)
    return f"fit is called with {other[0]}" if other else ""


def resident(data: Any, class_weight: Any = None) -> Any:
    """Return arrays as ``fit`` hands them to a step, whole: one batch of all rows, on the device."""
    x, y, weights = parts(data)
    whole = ArrayDataAdapter(x, y, weights, batch_size=rows_of(x), class_weight=class_weight)
    return next(iter(whole.get_tf_dataset()))


def fit_on(program: Program, fit: Fit, more: Any, after: Callable[[int], bool]) -> None:
    """Train ``program``'s model as ``fit`` says.

    ``after`` is told how many batches of an epoch are done, and says whether to go on. ``more`` is a callback of
    ours, called after the user's.
    """
    model = program.model
    rows, validation = rows_of(fit.data), rows_of(fit.validation_data)
    steps = -(-rows // fit.batch_size)
    calls = keras.callbacks.CallbackList(
        [*fit.callbacks, more], add_history=True, model=model, epochs=fit.epochs, steps=steps
    )
    order = _order(rows, fit.batch_size, fit.shuffle)
    in_order = np.arange(validation)
    logs: dict[str, float] = {}
    model.stop_training = False
    calls.on_train_begin()
    for epoch in range(fit.epochs):
        calls.on_epoch_begin(epoch)
        logs = program.train(order, fit.batch_size, lambda done: after(-(-done // fit.batch_size)))
        if validation and after(steps):
            calls.on_test_begin()
            seen = program.test(in_order, fit.validation_batch_size, lambda done: after(steps))
            calls.on_test_end(seen)
            logs |= {f"val_{name}": value for name, value in seen.items()}
        calls.on_epoch_end(epoch, logs)
        if model.stop_training:
            break
    if isinstance(model.optimizer, keras.optimizers.Optimizer):
        model.optimizer.finalize_variable_values(model.trainable_weights)
    calls.on_train_end(logs)


def _order(rows: int, batch: int, shuffle: Any) -> Order:
    """Return the rows of an epoch in the order that ``fit`` takes them.

    It is that of every epoch: where a seed is set, as it is before each training, the shuffle of a dataset begins
    anew with each pass. That dataset of Keras costs as much as 60 small steps to make; its shuffle alone, in a
    graph of its own as there, has the same seeds and a sixth of the cost.
    """
    if not shuffle:
        return np.arange(rows)
    if shuffle == "batch":
        numbers = ArrayDataAdapter(np.arange(rows), batch_size=batch, shuffle=shuffle).get_tf_dataset()
        return np.concatenate([np.asarray(tree.flatten(part)[0]) for part in numbers])
    shuffled = tf.function(lambda: tf.random.shuffle(tf.range(rows, dtype=tf.int64)), autograph=False)
    return np.asarray(shuffled.get_concrete_function()())


def _wants_batches(callback: Any) -> bool:
    """Whether a callback does something at batches; Keras' checkpoint does where it does not save at epochs."""
    if isinstance(callback, keras.callbacks.ModelCheckpoint) and type(callback).__module__.startswith("keras."):
        return bool(callback.save_freq != "epoch")
    return any(
        getattr(type(callback), hook) is not getattr(keras.callbacks.Callback, hook) for hook in BATCH_HOOKS
    )


def parts(data: Any) -> tuple[Any, Any, Any]:
    """Return ``(x, y, sample_weight)``, None for what is not there."""
    if is_dataset(data):
        return data, None, None
    return keras.utils.unpack_x_y_sample_weight(data)  # type: ignore[no-any-return]


def is_dataset(data: Any) -> bool:
    """Whether the data come in batches of their own."""
    return isinstance(data, (tf.data.Dataset, keras.utils.PyDataset)) or hasattr(data, "cardinality")


def rows_of(data: Any) -> int:
    """Return how many rows arrays have; 0 where nobody knows."""
    if data is None or is_dataset(data):
        return 0
    leaves = [leaf for leaf in tree.flatten(data) if leaf is not None]
    return len(leaves[0]) if leaves else 0
