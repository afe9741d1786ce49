"""What was measured: a CSV line for each run, and small Markdown tables.

Of several rounds the best counts: what else a machine does only ever adds to a time.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, variance

from grid_plan import Result
from stopwatch import Took

COLUMNS = (
    *("grid", "data", "images", "trainings", "workers", "way", "round", "seconds", "cpu_seconds", "load_before"),
    *("val_accuracy", "replicate_sd", "machine"),
)


@dataclass(frozen=True)
class Run:
    """One way's run over one data set of so many training ``images``; ``number`` is the round, 1-based."""

    way: str
    data: str
    images: int
    number: int
    took: Took
    results: Sequence[Result]
    working: float = math.nan
    """Seconds without the start, where the way says so."""


@dataclass(frozen=True)
class Accuracy:
    """A way's mean validation accuracy; ``sd`` is that of a replicate within its trial, pooled over the trials."""

    mean: float
    sd: float
    replicates: int

    @property
    def noise(self) -> float:
        """Standard error of the mean; replicates average out, trials do not, since all may share their seeds."""
        return self.sd / math.sqrt(self.replicates)


def accuracy(runs: Sequence[Run]) -> Accuracy:
    """Return what one way's runs came to; rounds repeat what came before, and are no further replicates."""
    trials: dict[tuple[int, int], list[float]] = {}
    for run in runs:
        for result in run.results:
            trials.setdefault((run.number, result.trial), []).append(result.val_accuracy)
    repeated = [scores for scores in trials.values() if len(scores) > 1]
    sd = math.sqrt(fmean(variance(scores) for scores in repeated)) if repeated else math.nan
    mean = fmean(score for scores in trials.values() for score in scores)
    return Accuracy(mean, sd, max(map(len, trials.values())))


def by_way(runs: Sequence[Run]) -> dict[str, list[Run]]:
    """Return each way's runs, in the order in which the ways ran."""
    found: dict[str, list[Run]] = {}
    for run in runs:
        found.setdefault(run.way, []).append(run)
    return found


def best_wall(runs: Sequence[Run]) -> float:
    """Return the seconds of the quickest run."""
    return min(run.took.wall for run in runs)


def table(runs: Sequence[Run], labels: Mapping[str, str], to: str) -> str:
    """Return the ways as a Markdown table: seconds, ratio to the way ``to``, CPU seconds, accuracy."""
    ways = by_way(runs)
    lines = [
        f"| way | seconds | to {to} | CPU seconds | val_accuracy ± replicate sd |",
        "|---|---:|---:|---:|---:|",
    ]
    for way, mine in ways.items():
        reached = accuracy(mine)
        wall, cpu = best_wall(mine), min(run.took.cpu for run in mine)
        ratio = f"{wall / best_wall(ways[to]):.2f} ×" if to in ways else ""
        cells = (f"{wall:.1f}", ratio, "" if math.isnan(cpu) else f"{cpu:.0f}")
        lines.append(f"| {labels[way]} | {' | '.join(cells)} | {reached.mean:.3f} ± {reached.sd:.3f} |")
    return "\n".join(lines)


def growth_table(runs: Sequence[Run], labels: Mapping[str, str]) -> str:
    """Return how the seconds grow with the images, a column for each way."""
    ways = by_way(runs)
    lines = ["| images | " + " | ".join(labels[way] for way in ways) + " |", "|---:|" + "---:|" * len(ways)]
    smallest: dict[str, float] = {}
    for size in sorted({run.images for run in runs}):
        cells = []
        for way, mine in ways.items():
            of_size = [run for run in mine if run.images == size]
            wall = best_wall(of_size) if of_size else math.nan
            cells.append(f"{wall:.1f} s ({wall / smallest.setdefault(way, wall):.1f} ×)" if of_size else "")
        lines.append(f"| {size:,} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def agreement(runs: Sequence[Run], to: str) -> list[str]:
    """Say of each way whether its mean accuracy is that of the way ``to``, within twice the replicates' noise."""
    reached = {way: accuracy(mine) for way, mine in by_way(runs).items()}
    if to not in reached:
        return []
    ours, words = reached.pop(to), []
    for way, theirs in reached.items():
        apart, noise = theirs.mean - ours.mean, math.hypot(theirs.noise, ours.noise)
        verdict = "agrees" if abs(apart) <= 2 * noise else "DIFFERS"
        words.append(f"{way}: {apart:+.3f} from {to}, noise ± {noise:.3f}: {verdict}")
    return words


def write_csv(path: Path, runs: Sequence[Run], grid: str, workers: int, machine: str) -> None:
    """Write a line for each run; accuracies to four places, seconds to two."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for run in runs:
            reached, took = accuracy([run]), run.took
            facts = (grid, run.data, run.images, len(run.results), workers, run.way, run.number)
            times = (
                "" if math.isnan(seconds) else f"{seconds:.2f}" for seconds in (took.wall, took.cpu, took.load)
            )
            writer.writerow([*facts, *times, f"{reached.mean:.4f}", f"{reached.sd:.4f}", machine])
