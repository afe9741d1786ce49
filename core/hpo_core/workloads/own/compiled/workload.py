"""Trains a user's Keras model: in the compiled loop where that can do what ``fit`` does, else by ``fit`` itself.

The data are what the file has, or what the spec's ``[data]`` names: arrays as they stand in an npz file, or images
as uint8 pixels and class numbers. What a target is (classes, one-hot, floats) is for the model's loss to say;
nothing is converted here.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import keras
import msgspec
import numpy as np
from keras import tree
from msgspec.structs import replace

from hpo_core.errors import HpoError
from hpo_core.journal.events import DataPrepared, Job, Probe
from hpo_core.plan.data_source import OWN
from hpo_core.plan.probes import Answer
from hpo_core.plan.setting import Value
from hpo_core.text import clean
from hpo_core.workloads.own.adopted import KerasTask, task_of
from hpo_core.workloads.own.arrays import are_arrays, read_arrays
from hpo_core.workloads.own.code import check_read, told_where
from hpo_core.workloads.own.compiled.fit import Fit, fit_on, is_dataset, parts, rows_of, why_not
from hpo_core.workloads.own.compiled.program import Program
from hpo_core.workloads.own.compiled.programs import Programs
from hpo_core.workloads.own.compiled.seeds import begin_anew
from hpo_core.workloads.own.compiled.teller import Teller
from hpo_core.workloads.own.contracts import SEARCH, OwnFile
from hpo_core.workloads.own.function import SCORE, own_data
from hpo_core.workloads.own.values import Values
from hpo_core.workloads.probing import take_prints
from hpo_core.workloads.workload import Outcome, Reporter, StopSignal

RESERVED = frozenset({"epochs", "batch_size"})
"""Names that ``fit`` is given by the spec, so that the model need not read them."""

USUAL = {"epochs": 1, "batch_size": 32}
"""What they are where neither spec nor file says: as Keras has them."""

log = logging.getLogger(__name__)

Sets = tuple[Any, Any]
"""What is trained on, and what is validated on; see ``Fit``."""


class KerasWorkload:
    """See ``Workload``. The file is run and its data made once, when the first job comes."""

    def __init__(self, own: OwnFile, folder: Path, device: str) -> None:
        self.device = device
        self._own, self._folder = own, folder
        self._task_made: KerasTask | None = None
        self._data: Sets | None = None
        self._programs = Programs(own)

    @property
    def _task(self) -> KerasTask:
        """What is trained; the user's file is run when it is asked for first."""
        if self._task_made is None:
            self._task_made = task_of(self._own, self._folder)
        return self._task_made

    def train(self, job: Job, report: Reporter, stop: StopSignal) -> Outcome:
        """Build the model with the job's seed and values, and train it."""
        self._open(job, report)
        if self._task.fit is not None:
            return self._train_their_way(job, report, stop)
        program, model, fit, why = self._ready(job)
        if why:
            report.note(f"{self._own.path.name} is trained by Keras' own fit: {why}.")
        teller = Teller(job, report, stop, fit)
        report.started()
        with told_where(self._own):
            if program is None:
                fit.run(model, teller)
            else:
                fit_on(program, fit, teller, teller.go_on)
        return replace(_ended(teller, model), program=program.identity if program else "")

    def _ready(self, job: Job) -> tuple[Program | None, keras.Model, Fit, str]:
        """Return what trains a job, fresh: a program, its model, the call of ``fit``; or None, and why not."""
        model, fit, _ = self._build(job)
        why = why_not(model, fit)
        if not why:
            try:
                program = self._programs.take(model, fit, job.values)
                return program, program.model, fit, ""
            except Exception as error:  # noqa: BLE001 - where it is the user's fault, fit meets it again and says where
                log.warning("no compiled loop: %s: %s", type(error).__name__, clean(error, 500))
            why = "its step cannot be repeated in a compiled loop"
            model, fit, _ = self._build(job)
        return None, model, fit, why

    def _train_their_way(self, job: Job, report: Reporter, stop: StopSignal) -> Outcome:
        """Call the ``fit`` of the user's HyperModel."""
        model, fit, values = self._build(job)
        task, teller = self._task, Teller(job, report, stop, fit)
        assert task.fit is not None
        callbacks = [*fit.callbacks, teller]
        asked: dict[str, Any] = {name: int(job.values[name]) for name in USUAL if name in job.values}
        named: dict[str, Any]
        report.started()
        with told_where(self._own):
            if self._own.contract.name == SEARCH:
                known = {name: value for name, value in asked.items() if name == "epochs" or name in task.kwargs}
                named = {**task.kwargs, **known, "callbacks": callbacks}
                returned = task.fit(values, model, *task.args, **named)
            else:
                named = {"validation_data": fit.validation_data, "callbacks": callbacks, "verbose": 0, **asked}
                x = (fit.data,) if is_dataset(fit.data) else fit.data
                returned = task.fit(values, model, *x, **named)
        if not teller.told:
            report.epoch(1, self._scored(returned), 0.0)
        return _ended(teller, model)

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
        """Train a few batches, in the data's order, by what trains the jobs: they find its program compiled.

        A dataset is declined, for it has no place to begin at, and so is a ``fit`` of the user's own.
        """
        rows = rows_of(self._open(probe.job, report)[0])
        steps = 0 if self._task.fit is not None else -(-rows // _lengths(probe.job, self._task)[1])
        programs: list[Program | None] = []

        def begin() -> _Batches:
            program, model, fit, _ = self._ready(probe.job)
            programs.append(program)
            return _Batches(program, model, fit)

        answer = take_prints(probe, steps, report, stop, begin)
        identity = programs[0].identity if programs and programs[0] else ""
        return msgspec.structs.replace(answer, program=identity)

    def _build(self, job: Job) -> tuple[keras.Model, Fit, Values]:
        """Return the user's compiled model for a job, the call of ``fit``, the values. Raises ``HpoError``."""
        task = self._task
        begin_anew(job.seed, forget_kernels=self._own.draws)
        values = Values(job.values, task.defaults)
        with told_where(self._own):
            model = task.build(values)
            callbacks = task.callbacks(values)
        check_read(self._own, values, dict[str, Value](job.values), RESERVED)
        compiled = getattr(model, "compiled", False) or task.fit is not None
        if not isinstance(model, keras.Model) or not compiled:
            raise HpoError(f"What builds the model in {self._own.path.name} must return a compiled Keras model.")
        assert self._data is not None
        return model, Fit(*self._data, *_lengths(job, task), callbacks, task.options), values

    def _open(self, job: Job, report: Reporter) -> Sets:
        if self._data is None:
            if self._task.data is not None:
                with told_where(self._own):
                    made = self._task.data()
                self._data = _sets(made, self._own)
                report.data(_described(self._data))
            elif job.data["source"] != OWN:
                self._data = self._named(job, report)
            else:
                raise HpoError(
                    f"{self._own.path.name} has no data(), and the spec no [data]: nothing to train on."
                )
        return self._data

    def _named(self, job: Job, report: Reporter) -> Sets:
        """Return the data that the spec names."""
        from hpo_core.workloads.images.dataset import prepare

        table = {name: value for name, value in job.data.items() if name != "model"}
        if are_arrays(table):
            *pairs, prepared = read_arrays(table)
            report.data(prepared)
            return pairs[0], pairs[1]
        data = prepare(table, lambda done, total: report.progress(1, done, total, phase="prepare"))
        log.info("data: %s, fingerprint %s", data.summary(), data.fingerprint)
        report.data(data.prepared())
        return (data.x_train, data.y_train), (data.x_val, data.y_val)


class _Batches:
    """The steps of a probe, see ``probing.Steps``: the user's model on one batch after the other."""

    def __init__(self, program: Program | None, model: keras.Model, fit: Fit) -> None:
        self._program, self._model, self._fit = program, model, fit
        self._data, self._rows = parts(fit.data), rows_of(fit.data)
        self._callbacks = keras.callbacks.CallbackList(list(fit.callbacks), model=model, epochs=2)
        self._callbacks.on_train_begin()
        self._callbacks.on_epoch_begin(0)
        self._loss = math.nan

    def step(self, epoch: int, place: int) -> float:
        """Train one batch, and return its loss; where Keras trains it, the mean since the epoch began."""
        first = place * self._fit.batch_size
        rows = slice(first, min(first + self._fit.batch_size, self._rows))
        if self._program is not None:
            order = np.arange(rows.start, rows.stop)
            logs = self._program.train(order, self._fit.batch_size, lambda done: True)
        else:
            batch = (
                tree.map_structure(lambda whole: None if whole is None else whole[rows], part)
                for part in self._data
            )
            logs = self._model.train_on_batch(*batch, return_dict=True)
        self._loss = float(logs["loss"])
        return self._loss

    def weights(self) -> Iterable[bytes]:
        """Return the bits of the weights."""
        return (np.asarray(weight).tobytes() for weight in self._model.get_weights())

    def end_epoch(self) -> None:
        """Let callbacks do what they do between two epochs, such as another learning rate."""
        self._callbacks.on_epoch_end(0, {"loss": self._loss, "val_loss": self._loss})
        self._model.reset_metrics()
        self._callbacks.on_epoch_begin(1)


def _ended(teller: Teller, model: keras.Model) -> Outcome:
    """Return how a training ended, its best weights kept where it is complete and they are wanted."""

    def save(weights: list[Any], path: Path) -> None:
        model.set_weights(weights)
        model.save(path)

    if teller.ended is None:
        teller.keeper.write(save)
    return replace(teller.ended or Outcome("complete"), parameters=int(model.count_params()))


def _lengths(job: Job, task: KerasTask) -> tuple[int, int]:
    """Return epochs and batch size: the spec's, else the file's own, else Keras'."""
    epochs, batch = (int(job.values.get(name, task.usual.get(name, usual))) for name, usual in USUAL.items())
    return epochs, batch


def _sets(made: Any, own: OwnFile) -> Sets:
    """Return training and validation data: two datasets, or ``(x, y)`` or ``(x, y, sample_weight)`` twice."""
    try:
        train, validation = made
        nothing = validation is None and own.contract.name == SEARCH
        return _set(train), None if nothing else _set(validation)
    except (TypeError, ValueError):
        raise HpoError(
            f"data() in {own.path.name} must return (x, y), (x_validation, y_validation), or two datasets."
        ) from None


def _set(data: Any) -> Any:
    """Return one of the two. Raises ``ValueError``."""
    if isinstance(data, (tuple, list)) and len(data) in (2, 3):
        x, y = data[:2]
        return x if is_dataset(x) and y is None else tuple(data)
    if not is_dataset(data):
        raise ValueError
    return data


def _described(data: Sets) -> DataPrepared:
    return msgspec.structs.replace(own_data(), train=rows_of(data[0]), validation=rows_of(data[1]))
