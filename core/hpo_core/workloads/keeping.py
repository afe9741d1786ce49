"""What a workload keeps of a training that may be among the best: the weights of its best epoch, as a Keras model.

The weights are held in memory until the training is complete, and written only where its score asks for it, which
is rare: of n trials, about ln(n) are the best of those before them.
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Generic, TypeVar

from hpo_core.journal.events import Job
from hpo_core.journal.files import FILE_MODE, make_own_folder
from hpo_core.text import clean
from hpo_core.workloads.workload import Reporter

Weights = TypeVar("Weights")

log = logging.getLogger(__name__)


class Keeper(Generic[Weights]):
    """Holds the best epoch's weights of one training."""

    def __init__(self, job: Job, report: Reporter) -> None:
        self._keep, self._report = job.keep, report
        self._best = self._last = -math.inf
        self._weights: Weights | None = None

    def saw(self, metrics: Mapping[str, float], weights: Callable[[], Weights]) -> None:
        """An epoch has ended; its weights are asked for where none before was better."""
        if self._keep is None:
            return
        value = metrics.get(self._keep.metric, math.nan)
        self._last = value if self._keep.direction == "max" else -value
        if self._last > self._best:
            self._best, self._weights = self._last, weights()

    def write(self, save: Callable[[Weights, Path], None]) -> None:
        """The training is complete: ``save`` its best weights as a file, which then is renamed into its place.

        What goes wrong is noted, and costs the training nothing.
        """
        if self._keep is None or self._weights is None:
            return
        least = self._keep.least
        if least is not None and self._last < (least if self._keep.direction == "max" else -least):
            return
        path = Path(self._keep.path)
        beside = path.with_name(f".{os.getpid()}.part.keras")
        try:
            make_own_folder(path.parent)
            save(self._weights, beside)
            beside.chmod(FILE_MODE)
            beside.replace(path)
        except Exception as error:
            log.warning("the model is not kept", exc_info=True)
            why = error.strerror if isinstance(error, OSError) and error.strerror else error
            self._report.note(
                f"A trained model could not be kept ({clean(path.parent.name, 60)}: {clean(why, 160)})."
            )
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)
