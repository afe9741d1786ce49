"""Whether workers stay as big as they are: many small trainings in one session, their memory watched.

    python tests/bench/leak.py                       500 trainings of 4 networks
    python tests/bench/leak.py --networks 20         more than a worker keeps compiled

Prints each worker's resident memory after the first trainings, the most it had later, and the growth. Exit
status: 0 flat within 10 %, 1 not.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from hpo_core.engine.launch import start_engine
from hpo_core.journal.events import EngineOptions
from hpo_core.plan.spec import SessionSpec
from hpo_core.session.opening import SessionReader, read_session
from hpo_core.session.paths import SessionFolder
from hpo_core.session.store import create

SETTLED = 50
"""The first so many trainings may fill the caches; with more networks, twice as many as there are trials."""

ALLOWED = 0.10
SAMPLE_SECONDS = 0.5

SPEC = """
[data]
source = "fruit"
image_size = [24, 24]
classes = 4
train_per_class = 32
validation_per_class = 8

[grid]
filters = {filters}
loss = ["poisson", "categorical_crossentropy", "mean_squared_error"]
learning_rate = [1e-4, 1e-3]

[fixed]
epochs = 1
batch_size = 32
conv_layers = 2

[session]
replicates = {replicates}
"""


@dataclass(frozen=True)
class Sample:
    """A worker's resident bytes when so many trainings had ended."""

    ended: int
    worker: int
    resident: int


def main(argv: Sequence[str] | None = None) -> int:
    """Train and watch."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trainings", type=int, default=500, help="at least so many")
    parser.add_argument("--networks", type=int, default=4, help="how many networks to compile")
    parser.add_argument("--workers", type=int, help="default: one for each core")
    arguments = parser.parse_args(argv)
    trials = 6 * arguments.networks
    filters = list(range(2, 2 + arguments.networks))
    spec = SessionSpec.parse(SPEC.format(filters=filters, replicates=-(-arguments.trainings // trials)))
    with tempfile.TemporaryDirectory(prefix="hpo-tui-leak-") as folder:
        began = time.monotonic()
        session = create(Path(folder), "leak", spec)
        samples = watch(session, start_engine(session, EngineOptions(workers=arguments.workers)))
        complete = read_session(session).counts["complete"]
    print(f"{complete} of {spec.trainings} trainings complete in {time.monotonic() - began:.0f} s")
    worst = report(samples, max(SETTLED, 2 * trials))
    return 0 if complete == spec.trainings and worst <= ALLOWED else 1


def watch(session: SessionFolder, engine: int) -> list[Sample]:
    """Sample the workers' memory until the engine has left."""
    reader, samples = SessionReader(session), []
    while session.engine_runs():
        reader.poll()
        ended = reader.snapshot().ended
        for worker, resident in residents(engine):
            samples.append(Sample(ended, worker, resident))
        time.sleep(SAMPLE_SECONDS)
    return samples


def residents(engine: int) -> list[tuple[int, int]]:
    """Return (process id, resident bytes) of each worker."""
    try:
        found = [(child.pid, child.memory_info().rss) for child in psutil.Process(engine).children()]
    except psutil.NoSuchProcess:  # the engine, or a worker, has just left
        return []
    return [(worker, resident) for worker, resident in found if resident]  # none is left of one that has ended


def report(samples: Sequence[Sample], settled: int) -> float:
    """Print a line for each worker; return the greatest growth past ``settled`` trainings, as a share."""
    worst = 0.0
    for worker in dict.fromkeys(sample.worker for sample in samples):
        later = [sample for sample in samples if sample.worker == worker and sample.ended >= settled]
        if not later:
            continue
        first, most, last = later[0], max(later, key=lambda one: one.resident), later[-1]
        growth = most.resident / first.resident - 1
        worst = max(worst, growth)
        print(
            f"worker {worker}: {first.resident / 1e6:.0f} MB after {first.ended} trainings, at most "
            f"{most.resident / 1e6:.0f} MB (after {most.ended}), {last.resident / 1e6:.0f} MB at the end: "
            f"{100 * growth:+.1f} %"
        )
    return worst


if __name__ == "__main__":
    sys.exit(main())
