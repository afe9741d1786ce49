"""A person has a script or a function, and no spec yet: ``new`` writes one that runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

SCRIPT = """
import argparse
import numpy as np

parser = argparse.ArgumentParser()
parser.add_argument("-r", "--learning_rate", type=float, default=0.01)
parser.add_argument("-e", "--epochs", type=int, default=3)
parser.add_argument("-b", "--batch_size", type=int, default=50)
parser.add_argument("-f", "--filters", type=int, default=12, choices=[12, 24])
parser.add_argument("--quiet", action="store_true")
given = parser.parse_args()
random = np.random.default_rng(0)
x = random.normal(size=(200, 4))
y = x @ [1.0, -1.0, 0.5, 0.0]
w = np.zeros(4)
for epoch in range(given.epochs):
    for first in range(0, 200, given.batch_size):
        rows = slice(first, first + given.batch_size)
        w -= given.learning_rate * x[rows].T @ (x[rows] @ w - y[rows]) / given.batch_size
    print("epoch", epoch + 1, "of", given.epochs)
loss = float(((x @ w - y) ** 2).mean())
accuracy = 1 / (1 + loss) - 1 / given.filters
print("final_output_line:", given.learning_rate, given.filters, loss, round(accuracy, 4))
"""

OBJECTIVE = """
import optuna

def objective(trial):
    x = trial.suggest_float("x", 1e-4, 1e-2, log=True)
    for n in range(trial.suggest_int("n", 1, 5)):
        x += trial.suggest_categorical("kind", ["a", "b"]) == "a"
    return x

if __name__ == "__main__":
    optuna.create_study(direction="maximize").optimize(objective, n_trials=10)
"""
OPTUNA_LINES = [
    "x = [0.0001, 0.001, 0.01]",
    "n = [1, 3, 5]",
    'kind = ["a", "b"]',
    'objective = "value"',
    'direction = "max"',
]

FUNCTION = """
def train(hp, report):
    report(loss=hp["lr"], val_mae=hp["lr"] + 1)
"""


def test_a_script_with_flags_and_a_last_line_runs_unchanged_from_the_spec_that_is_written_for_it(
    hpo_tui: Any, ask: Any, tmp_path: Path
) -> None:
    (tmp_path / "run.py").write_text(SCRIPT)
    made = hpo_tui("new", "run.py", "--to", "mine.toml")
    assert (made.returncode, made.stderr) == (0, "")
    assert "2 trials" in made.stdout
    written = (tmp_path / "mine.toml").read_text()
    assert "run.py -r {learning_rate} -e {epochs} -b {batch_size} -f {filters}" in written
    options = ("--set", "learning_rate=0.01,0.5", "--workers", "1")
    done = hpo_tui("run", "mine.toml", *options, "--headless")
    assert (done.returncode, done.stderr) == (0, "")
    found = ask("show", "mine")
    assert (found["objective"], found["direction"], found["counts"]["complete"]) == ("accuracy", "max", 4)
    best = max(found["trials"], key=lambda trial: trial["mean"]["accuracy"])
    assert best["values"] == {"learning_rate": 0.5, "filters": 24}
    assert best["mean"]["loss"] < 0.01

    again = hpo_tui("new", "run.py", "--to", "mine.toml")
    assert again.returncode == 2
    assert "mine.toml exists" in again.stderr
    assert (tmp_path / "mine.toml").read_text() == written


@pytest.mark.parametrize(
    ("code", "lines"),
    [(OBJECTIVE, OPTUNA_LINES), (FUNCTION, ["# lr = [ ]", 'objective = "val_mae"', 'direction = "min"'])],
)
def test_what_a_function_asks_for_is_read_from_its_text(
    hpo_tui: Any, tmp_path: Path, code: str, lines: list[str]
) -> None:
    (tmp_path / "model.py").write_text("open('ran', 'w')\n" + code)
    made = hpo_tui("new", "model.py")
    assert (made.returncode, made.stderr) == (0, "")
    assert [line for line in lines if line not in made.stdout] == []
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("none.py", None, "There is no file"),
        ("broken.py", "def (", "is not Python"),
        ("empty.py", "x = 1", "has nothing to train"),
    ],
)
def test_what_no_spec_can_be_made_of_is_said_in_a_sentence(
    hpo_tui: Any, tmp_path: Path, name: str, code: str | None, said: str
) -> None:
    if code is not None:
        (tmp_path / name).write_text(code)
    made = hpo_tui("new", name)
    assert made.returncode == 2
    assert said in made.stderr
    assert made.stderr.count("\n") == 1
