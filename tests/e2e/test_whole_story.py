"""The best half hour: open, trim twice, undo, slice, heat map, refine, launch, watch, export, by keys alone."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder

SPEC = """
[data]
source = "fruit"

[grid]
learning_rate = [1e-4, 1e-3, 1e-2]
loss = ["poisson", "mean_squared_error"]
filters = [12, 24]

[fixed]
epochs = 2

[session]
replicates = 2
"""
DOWN, PAGE_DOWN, TAB = "\x1b[B", "\x1b[6~", "\t"


@pytest.mark.pty
def test_from_a_whole_grid_to_a_finer_one_without_leaving_the_terminal(
    in_terminal: Any, hpo_tui: Any, tmp_path: Path
) -> None:
    (tmp_path / "first.toml").write_text(SPEC)
    ran = hpo_tui("run", "first.toml", "--headless", "--workload", "synthetic", "--workers", "1")
    assert ran.returncode == 0, ran.stderr
    terminal = in_terminal("open", "first")
    terminal.wait_for("finished 24 of 24")
    terminal.wait_for("12 of 12")

    terminal.type("3")  # trim: learning rate 0.01
    terminal.wait_for("8 of 12")
    terminal.type("1")  # trim: learning rate 0.0001
    terminal.wait_for("4 of 12")
    terminal.type("u")
    terminal.wait_for("8 of 12")
    terminal.type(PAGE_DOWN + "o")  # slice: poisson alone
    terminal.wait_for("4 of 12")
    terminal.wait_for("○ mean_squa")
    terminal.type(">")  # the next slice
    terminal.wait_for("○ poisson")
    terminal.type("u")
    terminal.type("u")
    terminal.wait_for("8 of 12")
    terminal.type("]")
    terminal.wait_for("[heat")

    terminal.type("r")
    terminal.wait_for("Next grid, from first")
    terminal.wait_for("re-used")
    terminal.type("\x0c")  # ctrl+l: launch
    terminal.wait_for("first-finer")
    terminal.wait_for("100 %", limit=60)
    terminal.wait_for("finished")
    terminal.type("e")
    terminal.wait_for("in 3 files")
    terminal.type("q")
    assert terminal.wait_for_exit() == 0

    finer = SessionFolder(tmp_path / "sessions" / "first-finer")
    snapshot = read_session(finer)
    assert snapshot.finished
    adopted = [entry for entry in snapshot.replicates.values() if entry.origin]
    assert len(adopted) == 2, "the best trial is in the finer grid, and neither of its replicates is trained again"
    assert len(snapshot.spec.grid) < 12, "no larger than the grid it was made from"
    assert all(entry.origin.startswith("first ") for entry in adopted)
    with (finer.exports / "trials.csv").open(newline="", encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == len(snapshot.spec.grid)
