"""What a plan costs against the whole grid: trainings until a trial is found that is not told from the best.

    python tests/bench/search.py [--seeds 20]

The paper's table, replayed through the engine: each plan trains the table's own grid, each training having the
score of one of its trial's two. Counted are the trainings that had ended when the best so far first was, and
stayed, one of those that the whole table does not tell from its best; and how often it ended with the very best.
Nothing is trained, so that it takes a minute and no TensorFlow. Prints a table to paste.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from hpo_core.engine.engine import Engine
from hpo_core.executors.replay import ReplayExecutor
from hpo_core.journal.events import AttemptEnded, EngineOptions, EpochEnded, Job, JobEnded, JobStarted, WorkerEvent
from hpo_core.journal.reader import JournalReader
from hpo_core.plan.spec import SessionSpec
from hpo_core.results.analysis import analyse_session
from hpo_core.results.measure import measure_of
from hpo_core.results.table import best_first, table_of
from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder
from hpo_core.session.snapshot import Snapshot
from hpo_core.session.store import create

PAPER = Path(__file__).parents[2] / "sessions" / "paper"
SPEC = """
[model]
command = "train {learning_rate} {optimizer} {filter_size}"
[grid]
learning_rate = [1e-4, 5e-4, 1e-3, 5e-3, 1e-2]
optimizer = ["p", "c", "m"]
filter_size = [12, 24, 36, 48]
[session]
replicates = 2
objective = "accuracy"
seed = SEED
"""
PLANS = {
    "full grid": "",
    "random, 30 trials": '[search]\nplan = "random"\ntrials = 30\n',
    "qmc, 30 trials": '[search]\nplan = "qmc"\ntrials = 30\n',
    "tpe, 30 trials": '[search]\nplan = "tpe"\ntrials = 30\n',
    "full grid, racing": '[search]\npruner = "racing"\n',
    "random, 30 trials, racing": '[search]\nplan = "random"\ntrials = 30\npruner = "racing"\n',
}
Values = tuple[object, ...]


def replay(paper: Snapshot, seed: int) -> Callable[[SessionFolder], Callable[[Job], Iterator[WorkerEvent]]]:
    """Return what trains a session's jobs: by their values, each trial's two scores in an order by ``seed``."""
    luck = random.Random(seed)
    scores = {}
    for trial in paper.spec.grid.trials():
        found = [entry.metric("accuracy") for entry in paper.replicates_of(trial.number)]
        scores[tuple(trial.values.values())] = luck.sample(found, len(found))

    def of_session(folder: SessionFolder) -> Callable[[Job], Iterator[WorkerEvent]]:
        names = folder.load_spec().grid.names

        def script(job: Job) -> Iterator[WorkerEvent]:
            score = scores[tuple(job.values[name] for name in names)][job.replicate - 1]
            ids = {"trial": job.trial, "replicate": job.replicate, "attempt": job.attempt}
            yield JobStarted(**ids)
            yield EpochEnded(**ids, epoch=1, metrics={"accuracy": score})
            yield JobEnded(**ids, status="complete", seconds=1.0)

        return script

    return of_session


def not_told(paper: Snapshot) -> frozenset[Values]:
    """Return the values of the trials that the whole table does not tell from its best, and of the best."""
    best = analyse_session(paper, measure_of(paper)).best
    assert best is not None
    order = best_first(table_of(paper).scores(measure_of(paper)).mean, "max")
    return frozenset(
        tuple(paper.spec.grid[int(place) + 1].values.values()) for place in order[: best.within_noise + 1]
    )


def trained(
    folder: Path, search: str, seed: int, paper: Snapshot, good: frozenset[Values]
) -> tuple[int, int, bool, float]:
    """Return how many trainings a plan took and after how many it had found a good trial; how it ended.

    That is whether it ended with the whole table's best, and how far below it that table has what it ended with.
    """
    made = create(
        folder,
        f"seed-{seed}",
        SessionSpec.parse(SPEC.replace("SEED", str(seed)) + search),
    )
    executor = ReplayExecutor(replay(paper, seed)(made))
    Engine(made, executor, EngineOptions(workers=2), tick=0.001).run()
    snapshot = read_session(made)
    ended = [record.event for record in JournalReader(made.path).poll() if isinstance(record.event, AttemptEnded)]
    scores: dict[int, list[float]] = {}
    taken, found = 0, 0
    for event in ended:
        if event.status != "complete":
            continue
        taken += 1
        (entry,) = [e for e in snapshot.replicates_of(event.trial) if e.key.replicate == event.replicate]
        scores.setdefault(event.trial, []).append(entry.metric("accuracy") or 0.0)
        best = max(scores, key=lambda trial: float(np.mean(scores[trial])))
        is_good = tuple(snapshot.spec.grid[best].values.values()) in good
        found = (found or taken) if is_good else 0
    numbers = {tuple(trial.values.values()): trial.number for trial in paper.spec.grid.trials()}
    whole = table_of(paper).scores(measure_of(paper)).mean
    lost = float(whole.max() - whole[numbers[tuple(snapshot.spec.grid[best].values.values())] - 1])
    return taken, found or taken, lost == 0.0, lost


def main(argv: Sequence[str] | None = None) -> int:
    """Replay each plan with each seed, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--plans", choices=list(PLANS), nargs="+", default=list(PLANS))
    arguments = parser.parse_args(argv)
    paper = read_session(SessionFolder(PAPER))
    good = not_told(paper)
    print(f"{len(good)} of {len(paper.spec.grid)} trials are not told from the best; {arguments.seeds} seeds.\n")
    print("| plan | trainings | until one not told from the best | ended with the very best | accuracy below it |")
    print("|---|---:|---:|---:|---:|")
    for name in arguments.plans:
        with tempfile.TemporaryDirectory() as folder:
            runs = [trained(Path(folder), PLANS[name], seed, paper, good) for seed in range(arguments.seeds)]
        taken, found, very_best, lost = zip(*runs, strict=True)
        print(
            f"| {name} | {statistics.mean(taken):.0f} "
            f"| {statistics.mean(found):.0f} ({min(found)} to {max(found)}) "
            f"| {sum(very_best)} of {len(runs)} | {statistics.mean(lost):.3f} |",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
