"""What is read off each training: a metric at its last or its best epoch, or what the training cost.

Tables, plots and analysis all read through one ``Measure``, so that they cannot disagree on what they show.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from hpo_core.plan.grid import JobKey
from hpo_core.plan.metrics import COSTS, IMAGES, PARAMETERS, SECONDS, Direction, direction_of
from hpo_core.plan.workloads import facts_of
from hpo_core.session.epochs import Epoch
from hpo_core.session.snapshot import Replicate, Snapshot

Which = Literal["last", "best"]
"""The epoch at which a metric is read: each training's last, or the one at which that metric was best."""


class Measure(Struct, frozen=True):
    """One metric, which way it improves, and at which epoch it is read.

    ``cost`` says that it is one of the costs; ``images`` is how many training images an epoch has. ``left_out``
    are trainings that count for nothing, such as collapsed ones that were taken out.
    """

    metric: str
    better: Direction
    epoch: Which = "last"
    cost: bool = False
    images: int | None = None
    left_out: frozenset[JobKey] = frozenset()

    @property
    def arrow(self) -> str:
        """ "↑" where more of it is better, "↓" where less is."""
        return "↑" if self.better == "max" else "↓"

    @property
    def words(self) -> str:
        """The metric and the epoch it is taken at: "val_accuracy, last epoch"."""
        return self.metric if self.cost else f"{self.metric}, {self.epoch} epoch"

    def without(self, trainings: Iterable[JobKey]) -> Measure:
        """Return the measure with some trainings left out."""
        return replace(self, left_out=frozenset(trainings))

    def value(self, entry: Replicate) -> float | None:
        """Return the measure of a training as far as it has come; None where it has none."""
        if self.cost:
            return self._cost(entry)
        if self.epoch == "last":
            return entry.metric(self.metric)
        return entry.best(self.metric, self.better)

    def at(self, epoch: Epoch) -> float | None:
        """Return what one epoch adds to a curve: the metric, or the epoch's own time and speed."""
        if not self.cost:
            return epoch.metrics.get(self.metric)
        if self.metric == SECONDS:
            return epoch.seconds or None
        return self.images / epoch.seconds if self.metric == IMAGES and self.images and epoch.seconds else None

    def _cost(self, entry: Replicate) -> float | None:
        if self.metric == PARAMETERS:
            return entry.parameters
        if self.metric == SECONDS or not entry.seconds:
            return entry.seconds or None
        whole = entry.epochs and not entry.missing
        return self.images * len(entry.epochs) / entry.seconds if self.images and whole else None


def metrics_of(snapshot: Snapshot) -> tuple[str, ...]:
    """Return everything that can be measured: the session's metrics, then the costs that are known.

    Found once for each snapshot and kept with it, as its cached properties are.
    """
    kept = vars(snapshot)
    found: tuple[str, ...] | None = kept.get("_measurable")
    if found is None:
        found = kept["_measurable"] = _metrics_of(snapshot)
    return found


def _metrics_of(snapshot: Snapshot) -> tuple[str, ...]:
    seen = snapshot.metrics
    timed = any(entry.seconds and entry.status == "complete" for entry in snapshot.replicates.values())
    sized = any(entry.parameters for entry in snapshot.replicates.values())
    known = {SECONDS: timed, IMAGES: timed and _images(snapshot) is not None, PARAMETERS: sized}
    return (*seen, *(name for name in COSTS if known[name] and name not in seen))


def measure_of(snapshot: Snapshot, metric: str | None = None, epoch: Which = "last") -> Measure:
    """Return the measure of that name, or the objective's where the session has none of that name."""
    objective = snapshot.spec.objective
    if metric is None or metric == objective.metric or metric not in metrics_of(snapshot):
        return Measure(objective.metric, objective.direction, epoch)
    cost = metric in COSTS and metric not in snapshot.metrics
    return Measure(metric, direction_of(metric), epoch, cost, _images(snapshot) if cost else None)


def can_collapse(snapshot: Snapshot) -> bool:
    """Return whether there is an accuracy to tell a collapse by; a regression has none."""
    spec = snapshot.spec
    named = {*snapshot.metrics, *(facts_of(spec.workload).metrics if spec.trainable else ())}
    return not named.isdisjoint(("accuracy", "val_accuracy"))


def at_last(metric: str) -> Measure:
    """Return the measure of a metric of that name at the last epoch, whether a session has it or not."""
    return Measure(metric, direction_of(metric))


def cost_of(name: str) -> Measure:
    """Return the measure of what a training costs, for which nothing of the data need be known: not images/s."""
    return Measure(name, direction_of(name), cost=True)


def _images(snapshot: Snapshot) -> int | None:
    """Return how many training images an epoch has; None where the data are none, or not known."""
    return snapshot.data.train if snapshot.data is not None and any(snapshot.data.image_size) else None
