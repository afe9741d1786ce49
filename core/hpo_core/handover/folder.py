"""Writes a trial's folder: model.keras, train.py, spec.toml and README.md; all of it, or nothing."""

from __future__ import annotations

import shutil
import tempfile
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from hpo_core.errors import SessionError
from hpo_core.handover.again import train_again, workload_of
from hpo_core.journal.files import FILE_MODE, FOLDER_MODE
from hpo_core.plan.grid import Grid, Hyperparameter, JobKey
from hpo_core.plan.plans import DEFAULT_PLAN
from hpo_core.plan.setting import Value
from hpo_core.plan.spec import SearchSpec, SessionSpec
from hpo_core.results.loss_groups import apart_words
from hpo_core.results.measure import measure_of
from hpo_core.results.table import best_first, table_of
from hpo_core.session.kept_models import best_epoch, model_of
from hpo_core.session.paths import SessionFolder
from hpo_core.session.snapshot import Replicate, Snapshot
from hpo_core.text import clean, format_value, plural
from hpo_core.workloads.winner import Winner
from hpo_core.workloads.workload import load_workload

MODEL, SPEC, README = "model.keras", "spec.toml", "README.md"
DIGITS = 4

Tell = Callable[[str], None]


class HandedOver(Struct, frozen=True):
    """Where a trial was written, and what there is to say of it."""

    folder: Path
    trial: int
    files: tuple[str, ...]
    sentences: tuple[str, ...]


def best_trial(snapshot: Snapshot, seen: NDArray[np.bool_] | None = None) -> int:
    """Return the number of the best trial in view. Raises ``SessionError`` where none has a score."""
    measure = measure_of(snapshot)
    scores = table_of(snapshot).scores(measure).mean
    if seen is not None:
        scores = np.where(seen, scores, np.nan)
    if apart := apart_words(snapshot, measure, seen):
        raise SessionError(f"No trial is the best of all: {apart} Name one with --trial.")
    order = best_first(scores, measure.better)
    if not len(order) or not np.isfinite(scores[order[0]]):
        raise SessionError("No trial in view has a result yet.")
    return int(order[0]) + 1


def default_folder(folder: SessionFolder, trial: int) -> Path:
    """Return where a trial is written if nobody says: in the session's exports."""
    return folder.exports / f"trial-{trial}"


def hand_over(folder: SessionFolder, snapshot: Snapshot, trial: int, to: Path, tell: Tell) -> HandedOver:
    """Write ``trial`` into ``to``, a folder that is not there yet, or is empty.

    A model that was not kept is trained again, with its seed, after ``tell`` was told so. Raises ``HpoError``.
    """
    if not 1 <= trial <= len(snapshot.spec.grid):
        raise SessionError(f"There is no trial {trial}; there are 1 to {len(snapshot.spec.grid):,}.")
    if not snapshot.spec.trainable:
        raise SessionError(
            f"The session {folder.name!r} was imported: it has results, and neither data nor a model. "
            "Its values are in 'hpo-tui export'."
        )
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise SessionError(f"{clean(to)} is there already; give another folder with --to.")
    to.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{to.name}.", dir=to.parent))
    try:
        made = _write(folder, snapshot, trial, beside, tell)
        for path in beside.rglob("*"):
            path.chmod(FOLDER_MODE if path.is_dir() else FILE_MODE)
        beside.replace(to)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    return replace(made, folder=to)


def _write(folder: SessionFolder, snapshot: Snapshot, trial: int, to: Path, tell: Tell) -> HandedOver:
    spec = snapshot.spec
    workload = workload_of(snapshot)
    scores = _scores(snapshot, trial)
    entry, sentences = _model(folder, snapshot, trial, to, tell)
    winner = Winner(
        session=_harmless(folder.name),
        trial=trial,
        values=spec.values_of(trial),
        material=spec.material,
        settings=spec.settings,
        seed=spec.seed_of(JobKey(trial, 1)) if entry is None or entry.seed is None else entry.seed,
        expected=_harmless(scores[0]),
    )
    script = load_workload(workload).write_script(winner, to)
    (to / SPEC).write_text(one_trial(spec, trial, workload).to_toml(), encoding="utf-8")
    (to / README).write_text(_readme(folder, snapshot, trial, to, scores, [*sentences, script]), encoding="utf-8")
    files = tuple(sorted(path.name for path in to.iterdir()))
    return HandedOver(to, trial, files, (*sentences, script))


def _model(
    folder: SessionFolder, snapshot: Snapshot, trial: int, to: Path, tell: Tell
) -> tuple[Replicate | None, list[str]]:
    """Copy the trial's model, or train it again; return the training that it is of, and sentences on it."""
    kept = model_of(folder, snapshot, trial)
    if kept is not None:
        shutil.copyfile(kept[1], to / MODEL)
        return kept[0], [_model_words(snapshot, kept[0], "")]
    if not load_workload(workload_of(snapshot)).has_model(snapshot.spec.material):
        return None, [f"There is no {MODEL}: what trained this trial keeps its model itself, if it has one."]
    objective = snapshot.spec.objective
    done = [one for one in snapshot.replicates_of(trial) if one.result(objective.metric) is not None]
    entry = max(done, key=lambda one: objective.sign * float(one.result(objective.metric) or 0.0), default=None)
    entry = entry or snapshot.replicate(JobKey(trial, 1))
    tell(f"No model of trial {trial} was kept: replicate {entry.key.replicate} is trained again, with its seed.")
    again = train_again(folder, snapshot, entry, to / MODEL, tell)
    return again, [_model_words(snapshot, again, "trained again with its seed; ")]


def _model_words(snapshot: Snapshot, entry: Replicate, how: str) -> str:
    objective = snapshot.spec.objective
    epoch = best_epoch(entry, objective.metric, objective.sign)
    assert epoch is not None
    value = epoch.metrics[objective.metric]
    return (
        f"{MODEL} is replicate {entry.key.replicate} ({how}epoch {epoch.number} of {entry.epochs[-1].number}, its "
        f"best): {clean(objective.metric)} {value:.{DIGITS}g}."
    )


def _scores(snapshot: Snapshot, trial: int) -> list[str]:
    """Return each metric of the trial in words, the objective first: its mean ± sd at the last epoch."""
    table, row = table_of(snapshot), trial - 1
    names = [snapshot.spec.objective.metric, *(m for m in snapshot.metrics if m != snapshot.spec.objective.metric)]
    said = []
    for name in names:
        scores = table.scores(measure_of(snapshot, name))
        if np.isfinite(scores.mean[row]):
            sd = f" ± {scores.sd[row]:.2g}" if np.isfinite(scores.sd[row]) else ""
            said.append(f"{clean(name)} {scores.mean[row]:.{DIGITS}g}{sd} (n = {int(scores.n[row])})")
    return said or ["no result yet"]


def one_trial(spec: SessionSpec, trial: int, workload: str) -> SessionSpec:
    """Return the spec of one trial alone: its values all given, one of them standing as the grid."""
    values = {**spec.values_of(trial)}
    name = spec.grid.names[0]
    alone = Grid((Hyperparameter(name, (values.pop(name),)),))
    model = spec.model
    if model is not None and model.file is not None:
        model = replace(model, file=Path(model.file).name, folder=None)
    return replace(
        spec,
        grid=alone,
        fixed=values,
        model=model,
        search=SearchSpec(plan=DEFAULT_PLAN),
        workload=workload,
    )


def _readme(
    folder: SessionFolder, snapshot: Snapshot, trial: int, to: Path, scores: list[str], sentences: list[str]
) -> str:
    spec, objective = snapshot.spec, snapshot.spec.objective
    varied: Mapping[str, Value] = spec.grid[trial].values
    lines = [
        f"# Trial {trial} of {folder.name}",
        "",
        *(f"- `{clean(name)} = {format_value(value)}`" for name, value in varied.items()),
        "",
        f"Mean ± standard deviation over its replicates, at the last epoch; {objective.arrow} "
        f"{clean(objective.metric)} ranks the session:",
        "",
        *(f"- {score}" for score in scores),
        "",
    ]
    each = [
        f"replicate {one.key.replicate} {value:.{DIGITS}g}"
        for one in snapshot.replicates_of(trial)
        if (value := one.result(objective.metric)) is not None
    ]
    if each:
        lines += [f"{clean(objective.metric)}: {', '.join(each)}.", ""]
    if len(each) < 2:
        lines += [f"{plural(len(each), 'replicate')} tell nothing of the noise.", ""]
    for sentence in sentences:
        lines += [textwrap.fill(sentence, 100, break_on_hyphens=False), ""]
    if (to / MODEL).exists() and spec.model is None:
        lines += [
            "```python",
            "import keras",
            "",
            f'model = keras.models.load_model("{MODEL}")  # pixels from 0 to 255 in, probabilities out',
            "model.evaluate(x_val, y_val)  # as train.py reads them: the score above",
            "```",
            "",
        ]
    lines += [f"`hpo-tui run {SPEC}` trains this trial as the session did.", ""]
    return "\n".join(lines)


def _harmless(text: str) -> str:
    """Return a text that may stand in a script's docstring."""
    return clean(text).replace("\\", "/").replace('"', "'")
