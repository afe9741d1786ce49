"""A spec from a person's own file, as ``hpo-tui new`` writes it: read from the text, nothing is run."""

from __future__ import annotations

import textwrap
import tomllib
from pathlib import Path
from typing import Any

import pytest

from hpo_core.plan.model_source import without_values
from hpo_core.workloads.own.draft import draft

FILES: dict[str, tuple[str, dict[str, Any], dict[str, Any], tuple[str, str], list[str]]] = {
    "a function that asks as KerasTuner's do": (
        """
        def train(hp):
            rate = hp.Float("lr", min_value=1e-4, max_value=1e-2, sampling="log")
            act, norm = hp.Choice("act", ["relu", "tanh"]), hp.Boolean("norm")
            for epoch in range(hp.Fixed("epochs", 3)):
                yield {"epoch": epoch, "loss": 1.0, "val_auc": rate}
        """,
        {"lr": [0.0001, 0.001, 0.01], "act": ["relu", "tanh"], "norm": [False, True]},
        {"epochs": 3},
        ("val_auc", "max"),
        [],
    ),
    "a function that takes values by name": (
        """
        def train(hp, report):
            for epoch in range(hp.get("epochs", 4)):
                report({"val_mae": hp["lr"] * hp.get("scale", 0.5)})
        """,
        {"scale": [0.25, 0.5, 1.0]},
        {"epochs": 4},
        ("val_mae", "min"),
        ["lr"],
    ),
    "an objective of Optuna's": (
        """
        import optuna

        def objective(trial):
            return trial.suggest_int("units", 8, 32, step=8) + len(trial.suggest_categorical("act", ["a", "bb"]))

        if __name__ == "__main__":
            optuna.create_study(direction="maximize").optimize(objective)
        """,
        {"units": [8, 24, 32], "act": ["a", "bb"]},
        {},
        ("value", "max"),
        [],
    ),
    "a script with flags": (
        """
        import argparse

        parser = argparse.ArgumentParser()
        parser.add_argument("--lr", type=float, default=1)
        parser.add_argument("-o", "--optimizer", choices=("sgd", "adam"), default="sgd")
        parser.add_argument("--data")
        parser.add_argument("--quiet", action="store_true")
        flags = parser.parse_args()
        print(f"loss: {flags.lr:.2f} val_acc: {flags.lr}")
        """,
        {"optimizer": ["sgd", "adam"]},
        {"lr": 1.0},
        ("val_acc", "max"),
        ["data"],
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_a_draft_has_what_the_file_says_and_names_what_it_does_not(name: str, tmp_path: Path) -> None:
    text, grid, fixed, objective, lacking = FILES[name]
    file = tmp_path / "own.py"
    file.write_text(textwrap.dedent(text) + "\nraise SystemExit('nobody may run this')\n")
    written = draft(file, tmp_path)
    spec = tomllib.loads(written)
    assert (spec["grid"], spec["fixed"]) == (grid, fixed)
    assert (spec["session"]["objective"], spec["session"]["direction"]) == objective
    assert without_values(written) == lacking


def test_a_scripts_seed_flag_gets_each_trainings_own_seed_not_one_for_all_replicates(tmp_path: Path) -> None:
    file = tmp_path / "own.py"
    lines = [f"parser.add_argument('--{flag}', default={value})" for flag, value in (("lr", 0.1), ("seed", 0))]
    file.write_text("\n".join(["import argparse", "parser = argparse.ArgumentParser()", *lines]))
    spec = tomllib.loads(draft(file, tmp_path))
    assert spec["model"]["command"].endswith("--lr {lr} --seed {seed}")
    assert "seed" not in {**spec["grid"], **spec["fixed"]}
