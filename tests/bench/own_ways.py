"""The table "your own Keras model": three models, each by hpo-tui, by KerasTuner and by a loop of ``fit``.

The paper's network is also trained by the loop that was written for it, which is what hpo-tui trains without a
``[model]``.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import tomli_w
from own_peer import BATCH, load
from stopwatch import Took
from stopwatch import run as timed
from ways import environment

HERE = Path(__file__).parent
MODELS = ("numbers", "series", "paper_network")
OURS, HAND_MADE = "hpo-tui run --headless", "the loop made for this network by hand"
LABELS = {
    "kerastuner": "KerasTuner GridSearch, the grid split over as many processes",
    "fit": "a loop of build and fit, split likewise",
}


def measure_all(names: Sequence[str], workers: int, replicates: int, rounds: int, limit: float) -> bool:
    """Print the table, and each run as it ends on stderr; return whether every way trained all."""
    print("| model | way | seconds | to hpo-tui | CPU seconds | objective |\n|---|---|---:|---:|---:|---:|")
    whole = True
    for name in names:
        found: dict[str, tuple[Took, list[float]]] = {}
        for way in (*LABELS, OURS, *([HAND_MADE] if name == "paper_network" else [])) * rounds:
            took, scores = _measure(way, name, workers, replicates, limit)
            ran = f"{took.wall:.1f} s, {took.cpu:.0f} s of CPU time, load before {took.load:.1f}"
            print(f"{name}, {way}: {len(scores)} trainings, {ran}", file=sys.stderr, flush=True)
            if way not in found or took.wall < found[way][0].wall:
                found[way] = took, scores
        expected = {len(scores) for _, scores in found.values()}
        whole &= len(expected) == 1 and expected != {0}
        for way, (took, scores) in found.items():
            ratio = took.wall / found[OURS][0].wall
            score = f"{fmean(scores):.3f}" if scores else "failed"
            label = LABELS.get(way, way)
            print(f"| {name} | {label} | {took.wall:.1f} | {ratio:.2f} × | {took.cpu:.0f} | {score} |", flush=True)
    return whole


def _measure(way: str, name: str, workers: int, replicates: int, limit: float) -> tuple[Took, list[float]]:
    with tempfile.TemporaryDirectory(prefix=f"own-{name}-") as made:
        folder, model = Path(made), HERE / "own_models" / f"{name}.py"
        results: Callable[[], list[float]]
        if way in LABELS:
            place = folder / "results.json"
            numbers = [str(workers), str(replicates)]
            command = [sys.executable, str(HERE / "own_peer.py"), way, str(model), *numbers, str(place)]

            def results() -> list[float]:
                return list(json.loads(place.read_text(encoding="utf-8")))
        else:
            spec, own = folder / "grid.toml", load(model)
            spec.write_text(_spec(own, replicates, None if way == HAND_MADE else model), encoding="utf-8")
            command = [sys.executable, "-m", "hpo_tui", "run", str(spec), "--headless", "--name", "grid"]
            command += ["--workers", str(workers), "--sessions", str(folder / "sessions")]

            def results() -> list[float]:
                asked = [sys.executable, "-m", "hpo_tui", "show", str(folder / "sessions" / "grid"), "--json"]
                shown = json.loads(subprocess.run(asked, check=True, capture_output=True).stdout)
                trainings = [one for trial in shown["trials"] for one in trial["replicates"]]
                return [one["metrics"][own.OBJECTIVE] for one in trainings]

        took = timed(command, environment(folder), folder / "log", limit)
        if took.status:
            print((folder / "log").read_text(encoding="utf-8", errors="replace")[-2000:], file=sys.stderr)
            return took, []
        return took, results()


def _spec(own: Any, replicates: int, model: Path | None) -> str:
    tables = {
        **({"model": {"file": str(model)}} if model else {"data": own.DATA}),
        "grid": own.GRID,
        "fixed": {"epochs": own.EPOCHS, "batch_size": BATCH},
        "session": {"replicates": replicates, "objective": own.OBJECTIVE},
    }
    return str(tomli_w.dumps(tables))
