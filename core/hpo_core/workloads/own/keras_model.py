"""A compiled Keras model of the user's: build_model(hp), trained by Keras' own ``fit``.

The data are what ``data()`` returns, or the images of the spec's ``[data]``: uint8 pixels and class numbers. What
a target is (classes, one-hot, floats) is for the model's loss to say; nothing is converted here.
"""

from __future__ import annotations

import inspect
import logging
import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from hpo_core.errors import HpoError
from hpo_core.journal.events import DataPrepared, Job, Probe
from hpo_core.plan.data_source import OWN
from hpo_core.plan.probes import Answer
from hpo_core.plan.setting import Value
from hpo_core.text import clean
from hpo_core.workloads.keras_process import prepare_environment, quick_imports
from hpo_core.workloads.own.code import check_read, load, told_where
from hpo_core.workloads.own.contracts import OwnFile
from hpo_core.workloads.own.function import own_data
from hpo_core.workloads.own.values import Values
from hpo_core.workloads.probing import take_prints
from hpo_core.workloads.workload import Outcome, Reporter, Setting, StopSignal, not_finite

RESERVED = frozenset({"epochs", "batch_size"})
"""Names that ``fit`` is given by the spec, so that the model need not read them."""

USUAL = {"epochs": 1, "batch_size": 32}
"""What they are where the spec does not say: as Keras has them."""

log = logging.getLogger(__name__)

Pair = tuple[Any, Any]


class KerasWorkload:
    """See ``Workload``. The file is run and its data made once, when the first job comes."""

    def __init__(self, own: OwnFile, folder: Path, device: str) -> None:
        self.device = device
        self._own, self._folder = own, folder
        self._module: Any = None
        self._data: tuple[Pair, Pair] | None = None

    def train(self, job: Job, report: Reporter, stop: StopSignal) -> Outcome:
        """Build the model with the job's seed and values, and fit it."""
        (x, y), validation = self._open(job, report)
        model, callbacks = self._build(job)
        epochs, batch = _lengths(job)
        teller = _teller(report, stop, epochs, batch, _rows(x))
        report.started()
        with told_where(self._own):
            model.fit(
                x,
                y,
                validation_data=validation,
                epochs=epochs,
                batch_size=None if _is_dataset(x) else batch,
                verbose=0,
                callbacks=[*callbacks, teller],
            )
        parameters = int(model.count_params())
        return replace(teller.ended or Outcome("complete"), parameters=parameters)

    def probe(self, probe: Probe, report: Reporter, stop: StopSignal) -> Answer:
        """Train a few batches, in the data's order; a dataset is declined, for it has no place to begin at."""
        (x, y), _ = self._open(probe.job, report)
        batch = _lengths(probe.job)[1]
        return take_prints(
            probe, -(-_rows(x) // batch), report, stop, lambda: _Batches(*self._build(probe.job), x, y, batch)
        )

    def _build(self, job: Job) -> tuple[Any, Sequence[Any]]:
        """Return the user's model for a job, compiled, and their callbacks. Raises ``HpoError``."""
        import keras

        keras.backend.clear_session()
        keras.utils.set_random_seed(job.seed)
        values = Values(job.values)
        with told_where(self._own):
            model = self._module.build_model(values)
            callbacks = self._callbacks(values)
        check_read(self._own, values, dict[str, Value](job.values), RESERVED)
        if not isinstance(model, keras.Model) or not getattr(model, "compiled", False):
            raise HpoError(f"build_model in {self._own.path.name} must return a compiled Keras model.")
        return model, callbacks

    def _open(self, job: Job, report: Reporter) -> tuple[Pair, Pair]:
        if self._module is None:
            self._module = load(self._own, self._folder)
        if self._data is None:
            if hasattr(self._module, "data"):
                with told_where(self._own):
                    made = self._module.data()
                self._data = _pairs(made, self._own)
                report.data(_described(self._data))
            elif job.data["source"] != OWN:
                self._data = self._images(job, report)
            else:
                raise HpoError(
                    f"{self._own.path.name} has no data(), and the spec no [data]: nothing to train on."
                )
        return self._data

    def _images(self, job: Job, report: Reporter) -> tuple[Pair, Pair]:
        from hpo_core.workloads.images.dataset import prepare

        table = {name: value for name, value in job.data.items() if name != "model"}
        data = prepare(table, lambda done, total: report.progress(1, done, total, phase="prepare"))
        log.info("data: %s, fingerprint %s", data.summary(), data.fingerprint)
        report.data(data.prepared())
        return (data.x_train, data.y_train), (data.x_val, data.y_val)

    def _callbacks(self, values: Values) -> Sequence[Any]:
        function = getattr(self._module, "callbacks", None)
        if function is None:
            return ()
        found: Sequence[Any] = function(values) if inspect.signature(function).parameters else function()
        return found


class _Batches:
    """The steps of a probe, see ``probing.Steps``: the user's model on one batch after the other."""

    def __init__(self, model: Any, callbacks: Sequence[Any], x: Any, y: Any, batch: int) -> None:
        import keras

        self._model, self._x, self._y, self._batch = model, x, y, batch
        self._callbacks = keras.callbacks.CallbackList(list(callbacks), model=model, epochs=2)
        self._callbacks.on_train_begin()
        self._callbacks.on_epoch_begin(0)
        self._loss = math.nan

    def step(self, epoch: int, place: int) -> float:
        """Train one batch; Keras' loss is the mean since the epoch began."""
        from keras import tree

        rows = slice(place * self._batch, (place + 1) * self._batch)
        x, y = (tree.map_structure(lambda part: part[rows], whole) for whole in (self._x, self._y))
        self._loss = float(self._model.train_on_batch(x, y, return_dict=True)["loss"])
        return self._loss

    def weights(self) -> Iterable[bytes]:
        """Return the bits of the weights."""
        return (np.asarray(weight).tobytes() for weight in self._model.get_weights())

    def end_epoch(self) -> None:
        """Let callbacks do what they do between two epochs, such as another learning rate."""
        self._callbacks.on_epoch_end(0, {"loss": self._loss, "val_loss": self._loss})
        self._model.reset_metrics()
        self._callbacks.on_epoch_begin(1)


def _lengths(job: Job) -> tuple[int, int]:
    """Return epochs and batch size."""
    epochs, batch = (int(job.values.get(name, usual)) for name, usual in USUAL.items())
    return epochs, batch


def _teller(report: Reporter, stop: StopSignal, epochs: int, batch: int, rows: int) -> Any:
    """Return the callback that reports each epoch, and ends the training where it is told to or has diverged."""
    import keras

    batches = -(-rows // batch) if rows else 0

    class Teller(keras.callbacks.Callback):  # type: ignore[misc]
        ended: Outcome | None = None

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self._epoch, self._began = epoch + 1, time.monotonic()

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            report.progress(self._epoch, batch + 1, batches or int(self.params.get("steps") or 0), {})
            if stop.now:
                self._end(Outcome("stopped", f"Stopped in epoch {self._epoch}.", "stopped"))

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            if self.ended is not None:
                return
            metrics = {name: float(value) for name, value in (logs or {}).items()}
            report.epoch(epoch + 1, metrics, time.monotonic() - self._began)
            diverged = not_finite(metrics, epoch + 1)
            if diverged is not None:
                self._end(diverged)
            elif stop.at_epoch_end and epoch + 1 < epochs:
                self._end(Outcome("stopped", f"Stopped after epoch {epoch + 1}.", "stopped"))

        def _end(self, outcome: Outcome) -> None:
            self.ended = outcome
            self.model.stop_training = True

    return Teller()


def _pairs(made: Any, own: OwnFile) -> tuple[Pair, Pair]:
    if isinstance(made, (tuple, list)) and len(made) == 2 and all(map(_is_dataset, made)):
        return (made[0], None), (made[1], None)
    try:
        (x, y), (x_validation, y_validation) = made
    except (TypeError, ValueError):
        raise HpoError(
            f"data() in {own.path.name} must return (x, y), (x_validation, y_validation), or two datasets."
        ) from None
    return (x, y), (x_validation, y_validation)


def _is_dataset(x: Any) -> bool:
    return hasattr(x, "element_spec") or hasattr(x, "cardinality")


def _rows(x: Any) -> int:
    from keras import tree

    leaves = [] if _is_dataset(x) else tree.flatten(x)
    return len(leaves[0]) if leaves else 0


def _described(data: tuple[Pair, Pair]) -> DataPrepared:
    (x, _), (x_validation, _) = data
    return msgspec.structs.replace(own_data(), train=_rows(x), validation=_rows(x_validation))


def start(own: OwnFile, folder: Path, setting: Setting) -> KerasWorkload:
    """Import TensorFlow, and return the workload."""
    prepare_environment(setting.device, setting.threads)
    with quick_imports():
        import tensorflow as tf
    tf.config.threading.set_intra_op_parallelism_threads(setting.threads)
    tf.config.threading.set_inter_op_parallelism_threads(setting.threads)
    found = tf.config.list_physical_devices("GPU")
    for gpu in found:
        tf.config.experimental.set_memory_growth(gpu, True)
    log.info("%s: %s", clean(own.path.name), own.contract.meaning)
    return KerasWorkload(own, folder, setting.device if found else "cpu")
