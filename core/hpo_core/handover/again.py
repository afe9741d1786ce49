"""Trains one training of a session once more, with its seed, for its model: the session itself is not touched."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from hpo_core.errors import HpoError
from hpo_core.executors.executor import WorkerDied
from hpo_core.executors.local import LocalExecutor
from hpo_core.journal.events import EpochEnded, Job, JobEnded, Keep, Noted, Progress, WorkerReady
from hpo_core.session.code import check_trusted
from hpo_core.session.epochs import Epoch
from hpo_core.session.paths import SessionFolder
from hpo_core.session.snapshot import Replicate, Snapshot

POLL_SECONDS = 0.2

Tell = Callable[[str], None]


def workload_of(snapshot: Snapshot) -> str:
    """Return what trained the session, which is not always what its spec names."""
    return snapshot.engine.options.workload if snapshot.engine is not None else snapshot.spec.workload


def train_again(folder: SessionFolder, snapshot: Snapshot, entry: Replicate, model: Path, tell: Tell) -> Replicate:
    """Train, write the best epoch's model, and return the training as it went this time.

    ``tell`` is told where it is. Raises ``HpoError`` where it cannot be trained, or ends without a model.
    """
    spec, objective = snapshot.spec, snapshot.spec.objective
    check_trusted(folder)
    keep = Keep(path=str(model.absolute()), metric=objective.metric, direction=objective.direction)
    with tempfile.TemporaryDirectory() as logs:
        executor = LocalExecutor(Path(logs), workload=workload_of(snapshot), data=spec.material)
        try:
            executor.start_worker(1)
            job = Job(
                trial=entry.key.trial,
                replicate=entry.key.replicate,
                attempt=1,
                seed=spec.seed_of(entry.key) if entry.seed is None else entry.seed,
                values=spec.values_of(entry.key.trial),
                data=spec.material,
                settings=spec.settings,
                log=str(Path(logs) / "training.log"),
                keep=keep,
            )
            return _trained(executor, job, entry, tell)
        finally:
            executor.close()


def _trained(executor: LocalExecutor, job: Job, entry: Replicate, tell: Tell) -> Replicate:
    epochs: list[Epoch] = []
    why = ""
    while True:
        for _, event in executor.poll(POLL_SECONDS):
            match event:
                case WorkerReady():
                    executor.submit(1, job)
                case Progress() if event.phase == "prepare":
                    tell("preparing the data")
                case Progress():
                    tell(f"epoch {event.epoch} of {event.epochs}")
                case EpochEnded():
                    epochs.append(Epoch(event.epoch, event.metrics, event.seconds))
                case Noted():
                    why = event.text
                case JobEnded(status="complete"):
                    if not Path(job.keep.path if job.keep is not None else "").is_file():
                        raise HpoError(
                            why or "It trained to its end, but reported nothing that a model is kept by."
                        )
                    return Replicate(entry.key, "complete", epochs=tuple(epochs), seed=job.seed)
                case JobEnded():
                    raise HpoError(f"The training ended without a model: {event.reason or event.status}")
                case WorkerDied():
                    lines = (
                        event.log.read_text(errors="replace").strip().splitlines() if event.log.is_file() else []
                    )
                    raise HpoError(f"The training's process died: {lines[-1] if lines else 'it said nothing'}")
                case _:
                    pass
