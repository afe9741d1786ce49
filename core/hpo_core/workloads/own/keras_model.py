"""A compiled Keras model of the user's: build_model(hp), trained by Keras' own ``fit``.

The data are what ``data()`` returns, or the images of the spec's ``[data]``: uint8 pixels and class numbers. What
a target is (classes, one-hot, floats) is for the model's loss to say; nothing is converted here.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from hpo_core.errors import HpoError
from hpo_core.journal.events import DataPrepared, Job, Probe
from hpo_core.plan.data_source import OWN
from hpo_core.plan.probes import Answer
from hpo_core.plan.setting import Value
from hpo_core.text import clean
from hpo_core.workloads.keras_process import prepare_environment, quick_imports
from hpo_core.workloads.own.code import check_read, told_where
from hpo_core.workloads.own.contracts import SEARCH, OwnFile
from hpo_core.workloads.own.function import SCORE, own_data
from hpo_core.workloads.own.values import Values
from hpo_core.workloads.probing import take_prints
from hpo_core.workloads.workload import Outcome, Reporter, Setting, StopSignal, not_finite

if TYPE_CHECKING:
    from hpo_core.workloads.own.adopted import KerasTask

RESERVED = frozenset({"epochs", "batch_size"})
"""Names that ``fit`` is given by the spec, so that the model need not read them."""

USUAL = {"epochs": 1, "batch_size": 32}
"""What they are where the spec does not say: as Keras has them."""

log = logging.getLogger(__name__)

Parts = tuple[Any, ...]
"""x and y, and weights of the examples where there are some."""


class KerasWorkload:
    """See ``Workload``. The file is run and its data made once, when the first job comes."""

    def __init__(self, own: OwnFile, folder: Path, device: str) -> None:
        self.device = device
        self._own, self._folder = own, folder
        self._task_made: KerasTask | None = None
        self._data: tuple[Parts, Parts | None] | None = None

    @property
    def _task(self) -> KerasTask:
        """What is trained; the user's file is run when it is asked for first."""
        if self._task_made is None:
            from hpo_core.workloads.own.adopted import task_of

            self._task_made = task_of(self._own, self._folder)
        return self._task_made

    def train(self, job: Job, report: Reporter, stop: StopSignal) -> Outcome:
        """Build the model with the job's seed and values, and fit it."""
        (x, *rest), validation = self._open(job, report)
        model, callbacks, values = self._build(job)
        epochs, batch = _lengths(job, self._task)
        teller = _teller(report, stop, epochs, batch, _rows(x))
        report.started()
        with told_where(self._own):
            if self._task.fit is not None:
                returned = self._fit_their_way(job, model, values, [*callbacks, teller])
                if not teller.told:
                    report.epoch(1, self._scored(returned), 0.0)
            else:
                model.fit(
                    x,
                    *rest[:1],
                    sample_weight=rest[1] if len(rest) > 1 else None,
                    validation_data=validation,
                    epochs=epochs,
                    batch_size=None if _is_dataset(x) else batch,
                    verbose=0,
                    callbacks=[*callbacks, teller],
                    **self._task.options,
                )
        parameters = int(model.count_params())
        return replace(teller.ended or Outcome("complete"), parameters=parameters)

    def _fit_their_way(self, job: Job, model: Any, values: Values, callbacks: Sequence[Any]) -> Any:
        """Call the ``fit`` of the user's HyperModel, and return what it returns."""
        task = self._task
        assert task.fit is not None
        assert self._data is not None
        asked: dict[str, Any] = {name: int(job.values[name]) for name in USUAL if name in job.values}
        named: dict[str, Any]
        if self._own.contract.name == SEARCH:
            known = {name: value for name, value in asked.items() if name == "epochs" or name in task.kwargs}
            named = {**task.kwargs, **known, "callbacks": callbacks}
            return task.fit(values, model, *task.args, **named)
        (x, *rest), validation = self._data
        named = {"validation_data": validation, "callbacks": callbacks, "verbose": 0, **asked}
        return task.fit(values, model, x, *rest, **named)

    def _scored(self, returned: Any) -> dict[str, float]:
        """Return the score that the user's ``fit`` returned, where no epoch was reported. Raises ``HpoError``."""
        try:
            found = returned if isinstance(returned, dict) else {SCORE: returned}
            return {str(name): float(value) for name, value in found.items()}
        except (TypeError, ValueError):
            raise HpoError(
                f"fit in {self._own.path.name} must hand its callbacks to model.fit, or return a score."
            ) from None

    def probe(self, probe: Probe, report: Reporter, stop: StopSignal) -> Answer:
        """Train a few batches, in the data's order.

        A dataset is declined, for it has no place to begin at, and so is a ``fit`` of the user's own.
        """
        (x, y, *_), _ = self._open(probe.job, report)
        batch = _lengths(probe.job, self._task)[1]
        steps = 0 if self._task.fit is not None else -(-_rows(x) // batch)
        return take_prints(probe, steps, report, stop, lambda: _Batches(*self._build(probe.job)[:2], x, y, batch))

    def _build(self, job: Job) -> tuple[Any, Sequence[Any], Values]:
        """Return the user's model for a job, compiled, their callbacks, and the values. Raises ``HpoError``."""
        import keras

        task = self._task
        keras.backend.clear_session()
        keras.utils.set_random_seed(job.seed)
        values = Values(job.values, task.defaults)
        with told_where(self._own):
            model = task.build(values)
            callbacks = task.callbacks(values)
        check_read(self._own, values, dict[str, Value](job.values), RESERVED)
        compiled = getattr(model, "compiled", False) or task.fit is not None
        if not isinstance(model, keras.Model) or not compiled:
            raise HpoError(f"What builds the model in {self._own.path.name} must return a compiled Keras model.")
        return model, callbacks, values

    def _open(self, job: Job, report: Reporter) -> tuple[Parts, Parts | None]:
        if self._data is None:
            if self._task.data is not None:
                with told_where(self._own):
                    made = self._task.data()
                self._data = _pairs(made, self._own)
                report.data(_described(self._data))
            elif job.data["source"] != OWN:
                self._data = self._images(job, report)
            else:
                raise HpoError(
                    f"{self._own.path.name} has no data(), and the spec no [data]: nothing to train on."
                )
        return self._data

    def _images(self, job: Job, report: Reporter) -> tuple[Parts, Parts]:
        from hpo_core.workloads.images.dataset import prepare

        table = {name: value for name, value in job.data.items() if name != "model"}
        data = prepare(table, lambda done, total: report.progress(1, done, total, phase="prepare"))
        log.info("data: %s, fingerprint %s", data.summary(), data.fingerprint)
        report.data(data.prepared())
        return (data.x_train, data.y_train), (data.x_val, data.y_val)


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


def _lengths(job: Job, task: KerasTask) -> tuple[int, int]:
    """Return epochs and batch size: the spec's, else the file's own, else Keras'."""
    epochs, batch = (int(job.values.get(name, task.usual.get(name, usual))) for name, usual in USUAL.items())
    return epochs, batch


def _teller(report: Reporter, stop: StopSignal, epochs: int, batch: int, rows: int) -> Any:
    """Return the callback that reports each epoch, and ends the training where it is told to or has diverged."""
    import keras

    batches = -(-rows // batch) if rows else 0

    class Teller(keras.callbacks.Callback):  # type: ignore[misc]
        ended: Outcome | None = None
        told = False

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
            self.told = True
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


def _pairs(made: Any, own: OwnFile) -> tuple[Parts, Parts | None]:
    try:
        train, validation = made
        return _parts(train), None if validation is None and own.contract.name == SEARCH else _parts(validation)
    except (TypeError, ValueError):
        raise HpoError(
            f"data() in {own.path.name} must return (x, y), (x_validation, y_validation), or two datasets."
        ) from None


def _parts(data: Any) -> Parts:
    """Return (x, y), with the weights of the examples where there are some. Raises ``ValueError``."""
    if _is_dataset(data):
        return data, None
    if not isinstance(data, (tuple, list)) or len(data) not in (2, 3):
        raise ValueError
    return tuple(data)


def _is_dataset(x: Any) -> bool:
    return hasattr(x, "element_spec") or hasattr(x, "cardinality")


def _rows(x: Any) -> int:
    from keras import tree

    leaves = [] if _is_dataset(x) else tree.flatten(x)
    return len(leaves[0]) if leaves else 0


def _described(data: tuple[Parts, Parts | None]) -> DataPrepared:
    train, validation = (0 if part is None else _rows(part[0]) for part in data)
    return msgspec.structs.replace(own_data(), train=train, validation=validation)


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
