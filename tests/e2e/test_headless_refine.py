"""From one grid to the next, and the demo, without a screen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

TRAIN = ("--headless", "--workload", "synthetic", "--workers", "1")


def trials_of(ask: Any, session: str) -> list[Any]:
    trials = ask("show", session)["trials"]
    assert isinstance(trials, list)
    return trials


def test_refining_trains_only_what_is_new(hpo_tui: Any, ask: Any, spec: Path) -> None:
    assert hpo_tui("run", spec, *TRAIN).returncode == 0
    before = trials_of(ask, "small")

    planned = hpo_tui(
        "refine", "small", "--name", "next", "--hide", "filters=2", "--set", "filters=4,6", "--dry-run"
    )
    assert "filters: 4, 6*" in planned.stdout
    assert not (spec.parent / "sessions" / "next").exists()

    options = ("--hide", "filters=2", "--set", "filters=4,6", "--set", "learning_rate=1e-4,1e-3")
    done = hpo_tui("refine", "small", "--name", "next", *options, "--headless", "--workers", "1")
    assert done.returncode == 0, done.stderr
    assert "4 trials: 2 new, 2 re-used; 4 trainings to run" in done.stderr
    assert "next: 4 trials × 2 replicates = 8 trainings, 4 results there already;" in done.stdout

    after = {tuple(trial["values"].values()): trial for trial in trials_of(ask, "next")}
    kept = [trial for trial in before if trial["values"]["filters"] == 4]
    for trial in kept:
        again = after[tuple(trial["values"].values())]
        assert again["mean"]["val_accuracy"] == trial["mean"]["val_accuracy"]
    assert trials_of(ask, "small") == before


def test_a_refinement_that_makes_no_sense_is_refused(hpo_tui: Any, spec: Path) -> None:
    assert hpo_tui("run", spec, *TRAIN, "--replicates", "1").returncode == 0
    for options, words in (
        (("--name", "small"), "There is a session 'small' already"),
        (("--name", "next", "--hide", "filters=2,4"), "No trial is in view"),
        (("--name", "next", "--set", "colour=red"), "colour is no hyperparameter"),
    ):
        refused = hpo_tui("refine", "small", *options, "--headless")
        assert refused.returncode == 2
        assert words in refused.stderr
    assert [folder.name for folder in (spec.parent / "sessions").iterdir()] == ["small"]


def test_the_demo_trains_the_papers_grid_in_small(hpo_tui: Any, ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HPO_SYNTHETIC_SECONDS_PER_EPOCH", "0")
    done = hpo_tui("demo", *TRAIN)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("demo: 60 trials × 2 replicates = 120 trainings;")
    assert "120 trainings: " in done.stdout
    again = hpo_tui("demo", "--workload", "synthetic")
    assert again.returncode == 2
    assert len(ask("list")["sessions"]) == 1
