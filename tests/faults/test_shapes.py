"""What is cheap stays cheap, whatever the shape of a table: many values, many columns, few rows."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from hpo_core.effects import Factor, Results, analyse
from hpo_core.plan.metrics import Objective
from hpo_tui.cli import cli
from hpo_tui.plots.canvas import shorten
from hpo_tui.plots.data import Axis, Trials, trials
from hpo_tui.plots.heatmap_numbers import gathered, heat_numbers
from hpo_tui.plots.heatmap_plot import heatmap
from hpo_tui.plots.scatter_plot import scatter

SCORE = Objective("val_accuracy", "max")


def random_search(count: int) -> Trials:
    """As many values of each of three hyperparameters as there are trials."""
    draw = np.random.default_rng(1)
    found = [np.sort(10 ** draw.uniform(-6, 0, count)) for _ in range(3)]
    axes = tuple(Axis(f"x{at}", tuple(f"{x:.12g}" for x in found[at]), tuple(found[at])) for at in range(3))
    return trials(axes, np.stack([draw.permutation(count) for _ in range(3)], axis=1), draw.random(count))


@pytest.mark.fault(60)
@pytest.mark.parametrize("draw", [scatter, heatmap])
def test_memory_grows_with_the_trials_and_not_with_the_values_squared(draw: Callable[..., object]) -> None:
    found = random_search(1500)
    tracemalloc.start()
    try:
        draw(found, SCORE, 120, 36)
        assert tracemalloc.get_traced_memory()[1] < 20e6, "all pairs of values would take 18 MB for each number"
    finally:
        tracemalloc.stop()


@pytest.mark.fault(60)
def test_a_heat_map_of_more_values_than_fit_is_one_of_their_ranges() -> None:
    found = random_search(3000)
    numbers = heat_numbers(gathered(gathered(found, 0, 100, 11), 1, 14, 7), SCORE)
    assert numbers.across.name == "x0, 3,000 values in 11 ranges from"
    assert numbers.up.labels[0] == "1e-6"
    assert numbers.results.shape == (7, 11)
    assert numbers.results.sum() == 3000
    assert set(numbers.results.sum(axis=0).tolist()) == {272, 273}
    text = heatmap(found, SCORE, 100, 14).text()
    assert "x1, 3,000 values in 7 ranges from" in text
    assert "x0, 3,000 values in 11 ranges from" in text


@pytest.mark.fault(60)
@pytest.mark.parametrize(
    ("text", "room", "shown"),
    [
        ("9.87240990989e-05", 8, "9.872e-5"),
        ("0.000302347556", 7, "0.0003"),
        ("model-1.5e3-long", 8, "model-1…"),
        ("1234567890123", 8, "1234567…"),
    ],
)
def test_a_number_that_is_too_long_loses_digits_and_never_its_size(text: str, room: int, shown: str) -> None:
    assert shorten(text, room) == shown


@pytest.mark.fault(61)
@pytest.mark.parametrize("values", [3, 12])
def test_the_work_for_300_columns_of_12_rows_grows_with_the_rows_alone(
    values: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where half of the columns say the same as the other half. All beside all would be 300 times as much."""
    work = 0

    def counted(solve: Callable[..., Any]) -> Callable[..., Any]:
        def solved(matrix: np.ndarray[Any, Any], *rest: Any, **options: Any) -> Any:
            nonlocal work
            work += matrix.size * min(matrix.shape)
            return solve(matrix, *rest, **options)

        return solved

    for name in ("lstsq", "svd"):
        monkeypatch.setattr(np.linalg, name, counted(getattr(np.linalg, name)))
    draw = np.random.default_rng(2)
    codes = np.stack([draw.permutation(12) % values for _ in range(150)] * 2, axis=1)
    factors = tuple(Factor(f"x{at}", tuple(range(values))) for at in range(300))
    rows = Results(factors, codes, draw.random(12), np.ones(12, dtype=int), np.arange(1, 13))
    found = analyse(rows, metric="val_loss")
    assert 0 < work < 300 * 12 * 12
    assert len(found.effects) == 300
    assert sum(line.real for line in found.effects) <= 2, "of noise"
    twins = [str((line.p, line.df, line.f)) for line in (found.effects[0], found.effects[150])]
    assert twins[0] == twins[1], "a column and its twin"


@pytest.mark.fault(60)
@pytest.mark.parametrize("verb", ["show", "effects"])
def test_a_random_search_is_one_page_and_its_numbers_are_not_cut(verb: str, tmp_path: Path) -> None:
    draw = np.random.default_rng(3)
    rates = (10 ** draw.uniform(-5, -2, 400)).tolist()
    rows = [f"{rate},{at},{draw.random():.4f}" for at, rate in enumerate(rates)]
    (tmp_path / "found.csv").write_text("\n".join(["lr,units,val_accuracy", *rows]))
    sessions = ("--sessions", str(tmp_path / "sessions"))
    made = CliRunner().invoke(cli, ["import", str(tmp_path / "found.csv"), "--params", "lr,units", *sessions])
    assert made.exit_code == 0, made.stderr
    page = CliRunner().invoke(cli, [verb, "found", *sessions]).stdout.splitlines()
    assert len(page) < 40
    assert any(line.startswith("  1e-5..3e-5 ") for line in page) or verb == "effects"
    assert not [line for line in page if line.endswith("…")]
