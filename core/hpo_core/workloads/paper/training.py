"""The paper's network at work: holds the images and the compiled programs, and takes each job through its epochs.

Progress, stop and the watch for NaN act between two chunks of an epoch, about a quarter of a second apart.
"""

from __future__ import annotations

import json
import logging
import math
import time
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
from msgspec import Struct

from hpo_core.journal.events import Job, Probe
from hpo_core.plan.hyperparameters import built_in
from hpo_core.plan.probes import Answer
from hpo_core.text import plural
from hpo_core.workloads.images.changes import Watch
from hpo_core.workloads.images.dataset import Dataset, Opening, prepare
from hpo_core.workloads.keeping import Keeper
from hpo_core.workloads.paper.plain_model import save_plain
from hpo_core.workloads.paper.program import (
    AfterChunk,
    OutOfMemory,
    Program,
    Totals,
    forget_dropped_programs,
)
from hpo_core.workloads.paper.schedules import LearningRate, Plateau
from hpo_core.workloads.paper.tensors import Feed, feeds
from hpo_core.workloads.probing import take_prints
from hpo_core.workloads.workload import Outcome, Reporter, StopSignal

PROGRAMS = 32
"""So many programs are kept; the one unused for longest goes first, so that memory stays flat."""

EVALUATION_BATCH = 64
"""Images at a time in validation; the metrics do not depend on it."""

log = logging.getLogger(__name__)


class Images(Struct, frozen=True):
    """The data set in use: what the job's table was, what came of it, the feeds, and the watch over its files."""

    table: str
    watch: Watch
    data: Dataset
    train: Feed
    validation: Feed


class PaperWorkload:
    """See ``Workload``. ``opening`` is the data set that start-up began to open."""

    def __init__(self, device: str, threads: int, opening: Opening | None = None) -> None:
        self.device = device
        self._threads = threads
        self._opening = opening
        self._images: Images | None = None
        self._programs: OrderedDict[str, Program] = OrderedDict()

    def train(self, job: Job, report: Reporter, stop: StopSignal) -> Outcome:
        """Train one replicate; see ``Training`` for how it can end."""
        try:
            images = self._open(job, report)
            program = self._program(job, images)
            return Training(job, images, program, report, stop).run()
        except OutOfMemory:
            self._programs.clear()  # so that the next job finds the memory free
            raise

    def probe(self, probe: Probe, report: Reporter, stop: StopSignal) -> Answer:
        """Train a few steps with the program that the trainings of the same network will use."""
        job = probe.job

        def begin() -> ProbeSteps:
            program = self._program(job, images)
            program.reset(job.seed, job.values)
            return ProbeSteps(job, images.train, program, LearningRate(job.values, 2, epoch_steps))

        try:
            images = self._open(job, report)
            epoch_steps = -(-images.train.count // int(job.values["batch_size"]))
            return take_prints(probe, epoch_steps, report, stop, begin)
        except OutOfMemory:
            self._programs.clear()
            raise

    def _open(self, job: Job, report: Reporter) -> Images:
        """Return the job's images; those of the last job, if it had the same and their files have not changed."""

        def progress(done: int, total: int) -> None:
            report.progress(1, done, total, phase="prepare")

        table, images = table_key(job.data), self._images
        if images is not None and images.table == table:
            changed = images.watch.changed(images.data.fingerprint, progress)
            if changed is None:
                return images
            data = changed
        elif self._opening is not None and table_key(self._opening.table) == table:
            # As it was at the start, be it an error: whoever comes back to this table looks again.
            opening, self._opening = self._opening, None
            data = opening.result(progress)
        else:
            data = prepare(job.data, progress)
        self._programs.clear()
        self._images = Images(table, Watch(job.data), data, *feeds(data, self.device, self._threads))
        log.info("data: %s, fingerprint %s", data.summary(), data.fingerprint)
        report.data(data.prepared())
        return self._images

    def _program(self, job: Job, images: Images) -> Program:
        jit = bool(job.settings.get("jit", False))
        key = json.dumps([built_in(job.values, jit), job.settings], sort_keys=True)
        if key in self._programs:
            self._programs.move_to_end(key)
        else:
            while len(self._programs) >= PROGRAMS:
                self._programs.popitem(last=False)
                forget_dropped_programs()
            self._programs[key] = Program(
                job.values,
                images.data.image_size,
                len(images.data.classes),
                precision=str(job.settings.get("precision", "float32")),
                jit=jit,
                balanced=balanced_weights(images.data),
            )
        return self._programs[key]


def table_key(table: dict[str, Any]) -> str:
    """Return what tells one ``[data]`` table from another."""
    return json.dumps(table, sort_keys=True)


def balanced_weights(data: Dataset) -> list[float]:
    """Return each class's weight in the loss: inversely as many as its images, 1 on average (King & Zeng 2001)."""
    counts = np.bincount(data.y_train, minlength=len(data.classes))
    return list(len(data.y_train) / (len(data.classes) * np.maximum(counts, 1)))


def epoch_order(count: int, seed: int, epoch: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return the order in which an epoch takes the images: a permutation from numpy's stream of (seed, epoch).

    It depends on nothing else, so that trainings of one seed and batch size see the same batches.
    """
    return np.random.default_rng([seed, epoch]).permutation(count).astype(np.int64)


class ProbeSteps(Struct, frozen=True):
    """The steps of a probe; see ``probing.Steps``.

    The whole schedule passes in a probe's two epochs, with a plateau between them, so that each one shows.
    """

    job: Job
    feed: Feed
    program: Program
    rate: LearningRate

    def step(self, epoch: int, place: int) -> float:
        """Train on one batch, and return its mean loss."""
        batch = int(self.job.values["batch_size"])
        rows = epoch_order(self.feed.count, self.job.seed, epoch)[place * batch : (place + 1) * batch]
        rates = self.rate.rates(epoch)[place : place + 1]
        return self.program.train(self.feed, rows, batch, lambda totals, count: None, rates).loss

    def weights(self) -> Iterator[bytes]:
        """Return the network's weights, and not the optimizer's state, which holds the learning rate."""
        return (weight.numpy().tobytes() for weight in self.program.model.trainable_variables)

    def end_epoch(self) -> None:
        """Reach a plateau."""
        self.rate.plateau_reached()


def stopped_early(epoch: int, epochs: int, patience: int) -> str:
    """Return the sentence on a training that stopped early, with the rule of its score."""
    return (
        f"stopped early after epoch {epoch} of {epochs}, val_loss was no better for {plural(patience, 'epoch')}; "
        "its scores are those of its last epoch"
    )


class Ended(Exception):  # noqa: N818 - not an error: how a training comes to its end before its last epoch
    """Carries how a training ended early, and the sentence that says so."""

    def __init__(self, status: Literal["stopped", "diverged"], reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


class Training:
    """One replicate's training, from its first weights to its outcome."""

    def __init__(self, job: Job, images: Images, program: Program, report: Reporter, stop: StopSignal) -> None:
        self._job, self._images, self._program = job, images, program
        self._report, self._stop = report, stop
        self._epochs, self._batch = int(job.values["epochs"]), int(job.values["batch_size"])
        self._rate = LearningRate(job.values, self._epochs, -(-images.train.count // self._batch))
        self._keeper: Keeper[list[Any]] = Keeper(job, report)
        self._patience, self._plateau = int(job.values["early_stopping"]), Plateau()

    def run(self) -> Outcome:
        """Train; return "complete", "diverged" (NaN or infinity in a loss or the weights) or "stopped".

        One that stopped early, as asked, is complete; its reason says so.
        """
        self._program.reset(self._job.seed, self._job.values)
        self._report.started()
        try:
            for epoch in range(1, self._epochs + 1):
                self._epoch(epoch)
                if 0 < self._patience <= self._plateau.epochs and epoch < self._epochs:
                    reason = stopped_early(epoch, self._epochs, self._patience)
                    self._keeper.write(self._save)
                    return Outcome("complete", reason, parameters=self._program.parameters)
        except Ended as early:
            return Outcome(early.status, early.reason, early.status, self._program.parameters)
        self._keeper.write(self._save)
        return Outcome("complete", parameters=self._program.parameters)

    def _save(self, weights: list[Any], path: Path) -> None:
        """Write the network with these weights as Keras alone can read it."""
        data, precision = self._images.data, str(self._job.settings.get("precision", "float32"))
        save_plain(self._job.values, data.image_size, len(data.classes), precision, weights, path)

    def _epoch(self, epoch: int) -> None:
        began = time.monotonic()
        train, validation = self._images.train, self._images.validation
        order = epoch_order(train.count, self._job.seed, epoch)
        after_chunk = self._after_chunk(epoch, "train", self._batch)
        learnt = self._program.train(train, order, self._batch, after_chunk, self._rate.rates(epoch))
        metrics = learnt.metrics()
        after_chunk = self._after_chunk(epoch, "validate", EVALUATION_BATCH, metrics)
        seen = self._program.evaluate(validation, np.arange(validation.count), EVALUATION_BATCH, after_chunk)
        metrics |= {f"val_{name}": value for name, value in seen.metrics().items()}
        self._report.epoch(epoch, metrics, time.monotonic() - began)
        self._end_where_diverged("val_loss", seen.loss, epoch)
        if not self._program.weights_are_finite():
            raise Ended("diverged", f"weights are NaN or infinite at epoch {epoch}")
        self._keeper.saw(metrics, self._program.model.get_weights)
        self._rate.epoch_ended(seen.loss)
        self._plateau.saw(seen.loss)
        if self._stop.at_epoch_end and epoch < self._epochs:
            raise Ended("stopped", f"Stopped after epoch {epoch}.")

    def _after_chunk(
        self, epoch: int, phase: Literal["train", "validate"], batch: int, metrics: dict[str, float] | None = None
    ) -> AfterChunk:
        """Return what happens between two chunks: the watch for NaN, the stop, the progress."""

        def act(totals: Totals, rows: int) -> None:
            if phase == "train":
                self._end_where_diverged("loss", totals.loss, epoch)
            if self._stop.now:
                raise Ended("stopped", f"Stopped in epoch {epoch}.")
            shown = totals.metrics() if metrics is None else metrics
            self._report.progress(epoch, -(-totals.rows // batch), -(-rows // batch), shown, phase)

        return act

    def _end_where_diverged(self, name: str, value: float, epoch: int) -> None:
        if not math.isfinite(value):
            what = "NaN" if math.isnan(value) else "infinite"
            raise Ended("diverged", f"{name} is {what} at epoch {epoch}")
