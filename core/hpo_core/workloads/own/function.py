"""A Python function of the user's: train(hp, report), a generator of metrics, or objective(trial)."""

from __future__ import annotations

import inspect
import logging
import random
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hpo_core.errors import HpoError
from hpo_core.journal.events import DataPrepared, Job
from hpo_core.plan.setting import Value
from hpo_core.text import clean
from hpo_core.workloads.keras_process import show_one_device
from hpo_core.workloads.own.code import check_read, load, told_where
from hpo_core.workloads.own.contracts import OwnFile
from hpo_core.workloads.own.values import Values
from hpo_core.workloads.workload import Outcome, Reporter, Setting, StopSignal, not_finite

log = logging.getLogger(__name__)

SCORE = "value"
"""What a score is called that a function returns without a name."""

RESERVED = frozenset({"epochs"})
"""Names that mean something to the session itself, so that the code need not read them."""


class Stopped(BaseException):
    """Ends the user's function where it reports, as was asked for; no ``except Exception`` holds it."""


class Trial(Values):
    """What a function is given: the values, the seed, and ``report``."""

    def __init__(self, job: Job, report: Reporter, stop: StopSignal) -> None:
        super().__init__(job.values)
        self.seed = job.seed
        self.number = job.trial
        self.epoch = 0
        self.last: dict[str, float] = {}
        self._report, self._stop = report, stop
        self._began = time.monotonic()

    def report(
        self, value: float | Mapping[str, float] | None = None, step: int | None = None, **metrics: float
    ) -> None:
        """End an epoch with these metrics: report(val_mae=0.1), report({"val_mae": 0.1}), report(0.1, step)."""
        del step  # Optuna's; epochs are counted here
        found = dict(value) if isinstance(value, Mapping) else {} if value is None else {SCORE: value}
        found.update(metrics)
        if not found:
            raise HpoError("report() was called without a metric; write report(val_loss=...).")
        numbers = {name: _number(name, metric) for name, metric in found.items()}
        self.epoch += 1
        self.last = numbers
        now = time.monotonic()
        self._report.epoch(self.epoch, numbers, now - self._began)
        self._began = now
        if self._stop.at_epoch_end:
            raise Stopped

    __call__ = report

    def should_prune(self) -> bool:
        """Whether the training is to end, as Optuna asks it."""
        return self._stop.at_epoch_end

    def set_user_attr(self, key: str, value: Any) -> None:
        """Print what Optuna would keep; it stands in the log."""
        log.info("%s: %s", key, value)


class FunctionWorkload:
    """See ``Workload``. The file is run once, when the first job comes, so that its errors are a job's."""

    def __init__(self, own: OwnFile, folder: Path, device: str) -> None:
        self.device = device
        self._own, self._folder = own, folder
        self._module: Any = None

    def train(self, job: Job, report: Reporter, stop: StopSignal) -> Outcome:
        """Call the function; its metrics are epochs."""
        if self._module is None:
            self._module = load(self._own, self._folder)
            report.data(own_data())
        _seed(job.seed)
        trial = Trial(job, report, stop)
        report.started()
        try:
            with told_where(self._own):
                self._call(trial)
        except Stopped:
            return Outcome("stopped", f"Stopped after epoch {trial.epoch}.", "stopped")
        check_read(self._own, trial, dict[str, Value](job.values), RESERVED)
        if not trial.epoch:
            raise HpoError(
                f"{clean(self._own.path.name)} reported no metric; call report(...), or return a score."
            )
        return not_finite(trial.last, trial.epoch) or Outcome("complete")

    def _call(self, trial: Trial) -> None:
        function = getattr(self._module, self._own.contract.name)
        wanted = len(inspect.signature(function).parameters)
        returned = function(trial, trial.report) if wanted > 1 else function(trial)
        if isinstance(returned, Iterator):
            for metrics in returned:
                trial.report(metrics)
        elif isinstance(returned, Mapping) or (returned is not None and not trial.epoch):
            trial.report(returned)


def _seed(seed: int) -> None:
    """Seed what everybody draws from without thinking; what else draws has ``hp.seed``."""
    random.seed(seed)
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed(seed)


def _number(name: str, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise HpoError(f"report() was given {clean(name)}={clean(repr(value), 60)}, which is no number.") from None


def own_data() -> DataPrepared:
    """Return what is said of data that only the user's code knows."""
    return DataPrepared(fingerprint="own", train=0, validation=0, classes=(), image_size=(0, 0), seconds=0.0)


def start(own: OwnFile, folder: Path, setting: Setting) -> FunctionWorkload:
    """Return the workload."""
    show_one_device(setting.device)
    return FunctionWorkload(own, folder, setting.device)
