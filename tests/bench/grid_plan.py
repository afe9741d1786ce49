"""What every way has to train: a grid, the images, and how. It is handed over as JSON, and so are the results."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path

LOSSES = ("poisson", "categorical_crossentropy", "mean_squared_error")


@dataclass(frozen=True)
class Training:
    """One replicate of one combination of values; both numbers are 1-based."""

    trial: int
    replicate: int
    learning_rate: float
    loss: str
    filters: int


@dataclass(frozen=True)
class Result:
    """The validation accuracy after a training's last epoch."""

    trial: int
    replicate: int
    val_accuracy: float


@dataclass(frozen=True)
class Plan:
    """A grid over the images in ``data``, a folder with Training/ and Validation/, one folder for each class.

    ``image_size`` is (height, width); ``workers`` is how many processes train at a time where a way can say so.
    """

    learning_rates: Sequence[float]
    losses: Sequence[str]
    filters: Sequence[int]
    replicates: int
    epochs: int
    batch_size: int = 64
    image_size: Sequence[int] = (100, 100)
    data: str = ""
    workers: int = 1

    def combinations(self) -> list[tuple[float, str, int]]:
        """(learning rate, loss, filters) of every trial, in the order of their numbers."""
        return list(product(self.learning_rates, self.losses, self.filters))

    def trainings(self) -> Iterator[Training]:
        """Every training, replicate-major."""
        for replicate in range(1, self.replicates + 1):
            for trial, combination in enumerate(self.combinations(), 1):
                yield Training(trial, replicate, *combination)

    def trial_of(self, learning_rate: float, loss: str, filters: int) -> int:
        """Return the number of the trial with these values."""
        return self.combinations().index((learning_rate, loss, filters)) + 1

    def at(self, data: Path, workers: int) -> Plan:
        """Return the plan for these images and so many processes."""
        return replace(self, data=str(data), workers=workers)


GRIDS: Mapping[str, Plan] = {
    "tiny": Plan((1e-3, 5e-4), LOSSES[1:2], (12,), replicates=2, epochs=3),
    "small": Plan((1e-3, 5e-4), LOSSES, (12, 24), replicates=2, epochs=3),
    "paper": Plan((1e-4, 5e-4, 1e-3, 5e-3, 1e-2), LOSSES, (12, 24, 36, 48), replicates=2, epochs=3),
}
"""By name: 4 trainings for a quick look, 24 to compare by, and the paper's 60 trials × 2."""


def save_plan(plan: Plan, path: Path) -> None:
    """Write a plan for another process."""
    path.write_text(json.dumps(asdict(plan)), encoding="utf-8")


def load_plan(path: Path) -> Plan:
    """Read what ``save_plan`` wrote."""
    return Plan(**json.loads(path.read_text(encoding="utf-8")))


def save_results(results: Sequence[Result], path: Path) -> None:
    """Write results for another process."""
    path.write_text(json.dumps([asdict(result) for result in results]), encoding="utf-8")


def load_results(path: Path) -> list[Result]:
    """Read what ``save_results`` wrote."""
    return [Result(**row) for row in json.loads(path.read_text(encoding="utf-8"))]
