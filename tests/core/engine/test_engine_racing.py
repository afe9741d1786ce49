"""Racing through the engine: the paper's table, replayed, and a grid that is trained here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from places import ROOT
from search import PLANS, SPEC, replay

from hpo_core.engine.engine import Engine
from hpo_core.executors.local import LocalExecutor
from hpo_core.executors.replay import ReplayExecutor
from hpo_core.journal.events import EngineOptions
from hpo_core.plan.spec import SessionSpec
from hpo_core.results.analysis import analyse_session
from hpo_core.results.measure import measure_of
from hpo_core.results.table import best_first, table_of
from hpo_core.session.opening import read_session
from hpo_core.session.snapshot import Snapshot
from hpo_core.session.store import create, find


def raced(tmp_path: Path, seed: int, paper: Snapshot) -> Snapshot:
    """Race for the paper's grid; each training has the score of one of its trial's two, in either order."""
    spec = SessionSpec.parse(SPEC.replace("SEED", str(seed)) + PLANS["full grid, racing"])
    folder = create(tmp_path, f"race-{seed}", spec)
    executor = ReplayExecutor(replay(paper, seed)(folder))
    assert Engine(folder, executor, EngineOptions(workers=2), tick=0.001).run() == "finished"
    return read_session(folder)


def best_of(snapshot: Snapshot) -> int:
    means = table_of(snapshot).scores(measure_of(snapshot)).mean
    return int(best_first(means, snapshot.spec.objective.direction)[0]) + 1


def test_on_the_paper_s_table_a_race_finds_the_same_best_trial_with_less_than_half_the_trainings(
    tmp_path: Path,
) -> None:
    paper = read_session(find(ROOT / "sessions", "paper"))
    for seed in range(3):
        snapshot = raced(tmp_path, seed, paper)
        counts = snapshot.counts
        assert (snapshot.finished, counts["complete"] + counts["pruned"]) == (True, 120)
        assert counts["complete"] <= 60, "trainings, of 120"
        assert best_of(snapshot) == best_of(paper) == 36
        out = [entry for entry in snapshot.replicates.values() if entry.status == "pruned"]
        assert all("with a chance of less than 2 %" in entry.reason and not entry.epochs for entry in out)


NETWORK = '''
import numpy as np

def train(hp, report):
    """A perceptron on four numbers, by stochastic gradients."""
    rng = np.random.default_rng(hp.seed)
    x = rng.normal(size=(400, 4))
    y = np.tanh(x @ [1.0, -1.0, 0.5, 0.0]) + rng.normal(0, 0.3, 400)
    w = np.zeros(4)
    for place in range(0, 300, hp["batch"]):
        rows = slice(place, place + hp["batch"])
        w -= hp["lr"] * x[rows].T @ (np.tanh(x[rows] @ w) - y[rows]) / hp["batch"]
    report(val_mse=float(np.mean((np.tanh(x[300:] @ w) - y[300:]) ** 2)))
'''


def test_a_race_on_a_grid_trained_here_finds_what_the_whole_grid_finds(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text(NETWORK)
    spec = """
    [model]
    file = "model.py"
    [grid]
    lr = [0.001, 0.01, 0.1, 0.3, 1.0, 3.0]
    batch = [4, 10, 30]
    [session]
    replicates = 3
    objective = "val_mse"
    """
    sessions = []
    for search in ("", '[search]\npruner = "racing"'):
        asked = SessionSpec.parse(spec + search, base=tmp_path)
        folder = create(tmp_path / "sessions", "race" if search else "grid", asked)
        executor = LocalExecutor(folder.logs, workload=asked.workload, data=folder.load_spec().material)
        assert Engine(folder, executor, EngineOptions(workers=2), tick=0.01).run() == "finished"
        sessions.append(read_session(folder))
    whole, race = sessions
    assert whole.counts["complete"] == 54
    assert race.counts["complete"] <= 40
    effects = analyse_session(whole, measure_of(whole))
    means = table_of(whole).scores(measure_of(whole)).mean
    assert effects.best is not None
    near = np.argsort(means)[: effects.best.within_noise + 1] + 1
    assert best_of(race) in near, "the same best trial, or one not told from it"
