"""From the screen to a training: checks before anything is made, and the engine that outlives the screen."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

from hpo_core.engine.logout import WARNING, logout_kills
from hpo_core.engine.takeover import check_held_here
from hpo_core.errors import DataError, HpoError, SessionError
from hpo_core.journal.events import ResumeQueue
from hpo_core.plan.spec import SessionSpec
from hpo_core.session.control import send_order
from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder
from hpo_core.session.snapshot import Snapshot
from hpo_core.text import clean, plural

Progress = Callable[[int, int], None]
"""Told how many images are decoded, of how many."""

SYNTHETIC, TENSORFLOW = "synthetic", "tensorflow"


def trainer_of(snapshot: Snapshot, otherwise: str = TENSORFLOW) -> str:
    """Return what trained a session: what it made up must go on being made up, never mixed with real results."""
    return snapshot.engine.trainer if snapshot.engine is not None else otherwise


def check_can_train(spec: SessionSpec, trainer: str, progress: Progress | None = None) -> str:
    """Return the data in one line. Raises an ``HpoError`` for whatever would stop the training.

    Looks at every image, which takes a while where they are not decoded yet; ``progress`` is told how far it is.
    """
    if trainer == TENSORFLOW and importlib.util.find_spec("tensorflow") is None:
        raise HpoError(
            "TensorFlow is not installed here; install it with 'pip install tensorflow', or try things out with "
            "--trainer synthetic."
        )
    from hpo_core.engine.dispatch import data_table  # not needed to look at sessions
    from hpo_core.workloads.images.dataset import check

    try:
        data = check(data_table(spec), progress)
    except OSError as error:
        raise DataError(f"The data cannot be read: {error.strerror or error}.") from None
    return data.summary() if data is not None else f"{spec.data.source}, fetched by Keras"


def start(folder: SessionFolder, trainer: str, *, workers: int | None = None, take_over: bool = False) -> None:
    """Start the engine of a session; it outlives this process. Raises ``SessionError``."""
    from hpo_core.engine.launch import start_engine  # not needed to look at sessions

    start_engine(folder, trainer=trainer, workers=workers, take_over=take_over)


def resume(folder: SessionFolder) -> str:
    """Go on with what waits in a session, starting an engine where none runs; return what was done.

    Raises ``SessionError``.
    """
    snapshot = read_session(folder)
    name = clean(folder.name)
    if not snapshot.spec.trainable:
        raise SessionError(f"{name} was imported: it has results, and nothing to train on; n makes a new grid.")
    left = snapshot.counts["waiting"] + snapshot.counts["running"]
    if not left:
        raise SessionError(f"Nothing waits in {name}: every training has ended.")
    runs = folder.engine_runs()
    if runs and snapshot.paused is None:
        raise SessionError(f"{name} is being trained already.")
    if not runs:
        check_held_here(folder)
        start(folder, trainer_of(snapshot))
    if snapshot.paused is not None:
        try:
            send_order(folder.control, ResumeQueue())
        except OSError as error:
            raise SessionError(f"The order could not be written: {error.strerror}.") from None
    warning = f" {WARNING[0].upper()}{WARNING[1:]}" if not runs and logout_kills() else ""
    return f"{name} goes on: {plural(left, 'training')} to run, in the background.{warning}"


def write_spec(folder: Path, name: str, text: str) -> Path:
    """Write a spec file NAME.toml, or NAME-2.toml and so on where that exists; return its path.

    Raises ``SessionError``.
    """
    for number in range(1, 1000):
        path = folder / (f"{name}.toml" if number == 1 else f"{name}-{number}.toml")
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            continue
        except OSError as error:
            raise SessionError(f"{clean(path)} cannot be written: {error.strerror}.") from None
        return path
    raise SessionError(f"{clean(folder)} has a thousand specs of that name; give another name.")
