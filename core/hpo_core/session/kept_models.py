"""The trained models in a session's ``models`` folder: how one is named, found and chosen."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from hpo_core.plan.grid import JobKey
from hpo_core.session.epochs import Epoch
from hpo_core.session.paths import SessionFolder
from hpo_core.session.snapshot import Replicate, Snapshot

_NAME = re.compile(r"trial-(\d+)-r(\d+)-a(\d+)\.keras")


def model_path(folder: SessionFolder, key: JobKey, attempt: int) -> Path:
    """Return where the model of one attempt at a training is kept."""
    return folder.models / f"trial-{key.trial:05d}-r{key.replicate:02d}-a{attempt:02d}.keras"


def kept_models(folder: SessionFolder, attempt_of: Callable[[JobKey], int]) -> dict[JobKey, Path]:
    """Return the models of trainings whose last attempt they are of; ``attempt_of`` tells which that is."""
    found = {}
    for path in sorted(folder.models.glob("*.keras")) if folder.models.is_dir() else ():
        named = _NAME.fullmatch(path.name)
        if named and path.is_file() and not path.is_symlink():
            trial, replicate, attempt = map(int, named.groups())
            if attempt == attempt_of(JobKey(trial, replicate)):
                found[JobKey(trial, replicate)] = path
    return found


def model_of(folder: SessionFolder, snapshot: Snapshot, trial: int) -> tuple[Replicate, Path] | None:
    """Return a trial's kept training, of several the one with the best epoch, and its model; None without one."""
    objective = snapshot.spec.objective
    kept = kept_models(folder, lambda key: snapshot.replicate(key).attempt)
    of_trial = [
        (entry, kept[entry.key])
        for entry in snapshot.replicates_of(trial)
        if entry.key in kept and entry.status == "complete" and best_epoch(entry, objective.metric, objective.sign)
    ]

    def score(pair: tuple[Replicate, Path]) -> float:
        best = pair[0].best(objective.metric, objective.direction)
        return float("-inf") if best is None else objective.sign * best

    return max(of_trial, key=score, default=None)


def best_epoch(entry: Replicate, metric: str, sign: int) -> Epoch | None:
    """Return the first of a training's epochs with the best value of the metric; None where it has none."""
    epochs = [epoch for epoch in entry.epochs if epoch.metrics.get(metric) is not None]
    return max(epochs, key=lambda epoch: sign * float(epoch.metrics[metric] or 0.0), default=None)
