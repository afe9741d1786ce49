"""The ways to train a grid that are compared: how each is started, and where its results are found."""

from __future__ import annotations

import importlib.util
import json
import math
import os
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import tomli_w
from grid_plan import Plan, Result, load_results, save_plan

from hpo_core.journal.events import AttemptEnded, AttemptStarted
from hpo_core.journal.reader import JournalReader
from hpo_core.plan.spec import SessionSpec
from hpo_core.session.paths import SessionFolder

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Way(ABC):
    """One way; ``modules`` are what it needs to have installed.

    ``reaps``: its processes wait for their children, without which the kernel does not add up the CPU time.
    """

    name: str
    label: str
    modules: tuple[str, ...] = ()
    reaps: bool = True

    def missing(self) -> str:
        """Why this way cannot be gone here; empty where it can."""
        lacking = [module for module in self.modules if importlib.util.find_spec(module) is None]
        return f"{' and '.join(lacking)} not installed: pip install -e '.[bench]'" if lacking else ""

    @abstractmethod
    def command(self, plan: Plan, folder: Path) -> Sequence[str]:
        """Write what the command needs into ``folder``; return it."""

    def working(self, folder: Path) -> float:
        """Return the seconds apart from its start, of what it has left; NaN where that does not say."""
        del folder
        return math.nan

    @abstractmethod
    def results(self, plan: Plan, folder: Path) -> list[Result]:
        """Return what the command has left in ``folder``."""


@dataclass(frozen=True)
class Script(Way):
    """A script beside this file: ``script PLAN.json RESULTS.json``.

    ``split``: in as many processes as there are workers, each with its share of the grid.
    """

    script: str = ""
    split: bool = False

    def command(self, plan: Plan, folder: Path) -> Sequence[str]:
        """Hand the plan over as JSON."""
        save_plan(plan, folder / "plan.json")
        script = [str(HERE / "side_by_side.py"), self.script] if self.split else [str(HERE / self.script)]
        return [sys.executable, *script, str(folder / "plan.json"), str(folder / "results.json")]

    def results(self, plan: Plan, folder: Path) -> list[Result]:
        """Read the JSON that came back."""
        return load_results(folder / "results.json")


@dataclass(frozen=True)
class HpoTui(Way):
    """The command that users call, with a spec; ``options`` go into its [session] table, ``words`` to it."""

    options: tuple[tuple[str, str | bool], ...] = ()
    words: tuple[str, ...] = ()

    def command(self, plan: Plan, folder: Path) -> Sequence[str]:
        """Write the spec."""
        spec = folder / "grid.toml"
        spec.write_text(spec_text(plan, dict(self.options)), encoding="utf-8")
        command = [sys.executable, "-m", "hpo_tui", "run", str(spec), "--headless", "--name", "grid"]
        return [*command, *self.words, "--workers", str(plan.workers), "--sessions", str(folder / "sessions")]

    def working(self, folder: Path) -> float:
        """Return what the journal says."""
        return working_seconds(SessionFolder(folder / "sessions" / "grid"))

    def results(self, plan: Plan, folder: Path) -> list[Result]:
        """Ask ``hpo-tui show`` for the accuracies."""
        command = [sys.executable, "-m", "hpo_tui", "show", str(folder / "sessions" / "grid"), "--json"]
        shown = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        return [
            Result(
                plan.trial_of(**{name: trial["values"][name] for name in ("learning_rate", "loss", "filters")}),
                replicate["replicate"],
                replicate["metrics"]["val_accuracy"],
            )
            for trial in shown["trials"]
            for replicate in trial["replicates"]
        ]


def working_seconds(folder: SessionFolder) -> float:
    """Return the seconds from each worker's first training, on the mean, to the end of the session's last.

    The mean, since a worker that is ready a second after the other has started later, and works no slower.
    """
    records = JournalReader(folder.path).poll()
    first: dict[int, float] = {}
    for record in records:
        if isinstance(record.event, AttemptStarted):
            first.setdefault(record.event.worker, record.time)
    ended = max(record.time for record in records if isinstance(record.event, AttemptEnded))
    return ended - fmean(first.values())


def spec_text(plan: Plan, session: dict[str, str | bool]) -> str:
    """Return the plan as a spec."""
    tables = {
        "data": {"source": "folder", "path": plan.data, "image_size": list(plan.image_size)},
        "grid": {
            "learning_rate": list(plan.learning_rates),
            "loss": list(plan.losses),
            "filters": list(plan.filters),
        },
        "fixed": {"epochs": plan.epochs, "batch_size": plan.batch_size},
        "session": {"replicates": plan.replicates, **session},
    }
    text = str(tomli_w.dumps(tables))
    SessionSpec.parse(text)  # a plan that is no spec is an error here, not in the middle of a measurement
    return text


def environment(folder: Path) -> dict[str, str]:
    """Return what is set for every way: nothing decoded before, quiet logs, the bench's modules at hand."""
    return {
        "HPO_TUI_CACHE": str(folder / "cache"),
        "KERAS_BACKEND": "tensorflow",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONPATH": os.pathsep.join([str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])]),
    }


OURS = "hpo-tui"
OVER_RAY = "hpo-tui-ray"
LIMIT = "bare"

WAYS: dict[str, Way] = {
    way.name: way
    for way in (
        Script("paper", "the paper's way: a process for each training", script="paper_way.py"),
        Script(
            "kerastuner",
            "KerasTuner GridSearch",
            ("keras_tuner", "tensorboard"),
            script="keras_tuner_grid.py",
        ),
        Script(
            "kerastuner-split",
            "KerasTuner, the grid split over as many processes",
            ("keras_tuner", "tensorboard"),
            script="keras_tuner_grid.py",
            split=True,
        ),
        Script(
            "fit-split", "a fit loop that re-uses its models, split likewise", script="reused_fit.py", split=True
        ),
        Script("optuna", "Optuna GridSampler", ("optuna",), script="optuna_grid.py"),
        Script("ray", "Ray Tune", ("ray",), reaps=False, script="ray_grid.py"),
        Script(LIMIT, "bare loop over the compiled step (the limit)", script="bare_loop.py"),
        HpoTui(
            OVER_RAY,
            "hpo-tui run --headless --executor ray",
            ("ray",),
            reaps=False,
            words=("--executor", "ray"),
        ),
        HpoTui(OURS, "hpo-tui run --headless"),
    )
}
"""By name, hpo-tui last."""
