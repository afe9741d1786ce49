"""The whole story by keys alone: declare, watch, trim, refine, use; and how many keys that takes."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder

MOST_KEYS = 25
OBJECTIVE = """
import random

def objective(trial):
    rate = trial.suggest_categorical("rate", [0.001, 0.01, 0.1, 1.0])
    trial.suggest_categorical("units", [8, 16, 32])
    return abs(rate - 0.01) + random.gauss(0, 0.01)
"""
STORY: tuple[tuple[str, list[str], str], ...] = (
    ("declare", ["n"], "your own file"),
    ("declare", list("tu\t"), "tune.py"),
    ("declare", ["\r"], "4 × 3 = 12 trials"),
    ("watch", ["\x0c"], "finished 24 of 24"),  # ctrl+l
    ("watch", [], "rate decides"),
    ("trim", ["D"], "6 of 12"),
    ("refine", ["r"], "Next grid, from tune"),
    ("refine", ["\x0c"], "finished 8 of 8"),
    ("use", ["W"], ""),
)
"""What is wanted, the keys that a person presses for it, and what is then seen."""


@pytest.mark.pty
def test_from_a_file_of_ones_own_to_the_winner_in_a_folder_takes_at_most_25_keys(
    in_terminal: Any, tmp_path: Path
) -> None:
    (tmp_path / "tune.py").write_text(OBJECTIVE)
    terminal = in_terminal()
    terminal.wait_for("new grid")
    terminal.wait_for("Demo")
    for _, keys, seen in STORY:
        for key in keys:
            terminal.type(key)
        terminal.wait_for(seen)
        assert "0 epochs" not in terminal.text, "nobody asked for epochs"
    folder = SessionFolder(tmp_path / "sessions" / "tune-finer")
    end = time.monotonic() + 60
    while not [*folder.exports.glob("trial-*/README.md")]:
        assert time.monotonic() < end, terminal.text
        terminal.read(0.1)
    [taken] = folder.exports.iterdir()
    assert {"README.md", "spec.toml", "train.py", "tune.py"} <= {file.name for file in taken.iterdir()}
    assert sum(entry.origin != "" for entry in read_session(folder).replicates.values()) >= 2, "re-used"
    terminal.type("q")
    assert terminal.wait_for_exit() == 0
    assert sum(len(keys) for _, keys, _ in STORY) + 1 <= MOST_KEYS
