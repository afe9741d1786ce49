"""What tells the session of a Keras training: each epoch, and the progress within; and ends it where it must."""

from __future__ import annotations

import time
from typing import Any

import keras

from hpo_core.journal.events import Job
from hpo_core.workloads.keeping import Keeper
from hpo_core.workloads.own.compiled.fit import Fit, rows_of
from hpo_core.workloads.workload import Outcome, Reporter, StopSignal, not_finite


class Teller(keras.callbacks.Callback):  # type: ignore[misc]  # Keras tells no types
    """The last of the callbacks: ``ended`` is how it ended, if not by itself; ``told``, if it had an epoch."""

    def __init__(self, job: Job, report: Reporter, stop: StopSignal, fit: Fit) -> None:
        super().__init__()
        self.keeper: Keeper[list[Any]] = Keeper(job, report)
        self.ended: Outcome | None = None
        self.told = False
        self._report, self._stop, self._fit = report, stop, fit
        self._epoch, self._began = 1, time.monotonic()
        self._batches = -(-rows_of(fit.data) // fit.batch_size)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Take the time."""
        self._epoch, self._began = epoch + 1, time.monotonic()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Tell where ``fit`` is."""
        self.go_on(batch + 1)

    def go_on(self, batches: int) -> bool:
        """Tell that so many batches of the epoch are done; return whether to go on."""
        of = self._batches or int(self.params.get("steps") or 0)
        self._report.progress(self._epoch, batches, of)
        if self._stop.now and self.ended is None:
            self._end(Outcome("stopped", f"Stopped in epoch {self._epoch}.", "stopped"))
        return self.ended is None

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Report the epoch, unless it was cut short."""
        if self.ended is not None:
            return
        metrics = {name: float(value) for name, value in (logs or {}).items()}
        self.told = True
        self._report.epoch(epoch + 1, metrics, time.monotonic() - self._began)
        diverged = not_finite(metrics, epoch + 1)
        if diverged is not None:
            self._end(diverged)
            return
        self.keeper.saw(metrics, self.model.get_weights)
        if self._stop.at_epoch_end and epoch + 1 < self._fit.epochs:
            self._end(Outcome("stopped", f"Stopped after epoch {epoch + 1}.", "stopped"))

    def _end(self, outcome: Outcome) -> None:
        self.ended = outcome
        self.model.stop_training = True
