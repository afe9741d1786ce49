"""The paper's Figures 1 to 7 by keys alone, on the session that ships with the program.

What is drawn is compared with the paper's own table, read here by other means: points, colours, legend ends and
bar heights. Figures 1 to 4 are scatter projections (accuracy, loss, accuracy trimmed, trimmed further), 5 to 7
histograms (accuracy by learning rate, loss, accuracy once more).
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest
from places import PAPER

from hpo_core.session.paths import SessionFolder
from hpo_tui.desk.view_changes import shown_axes
from hpo_tui.look.inks import RAMP_STEPS
from hpo_tui.plots.histogram_numbers import histogram_numbers
from hpo_tui.plots.scatter_numbers import ScatterLook, ScatterNumbers, scatter_numbers
from hpo_tui.views.scatter import angles_of
from hpo_tui.views.trials import metric_of, trainings_in_view, trials_in_view

Row = dict[str, str]


@pytest.fixture
def paper(sessions: Path) -> SessionFolder:
    shutil.copytree(PAPER, sessions / "paper")
    return SessionFolder(sessions / "paper")


def table(keep: Callable[[Row], bool] = lambda row: True) -> list[Row]:
    with (PAPER / "project_cumulative.csv").open(newline="", encoding="utf-8") as file:
        return [row for row in csv.DictReader(file, skipinitialspace=True) if keep(row)]


def trial_means(rows: list[Row], metric: str) -> dict[tuple[float, str, int], float]:
    """The mean of each combination's trainings."""
    found: dict[tuple[float, str, int], list[float]] = {}
    for row in rows:
        key = (float(row["learning_rate"]), row["optimizer"], int(row["filter_size"]))
        found.setdefault(key, []).append(float(row[metric]))
    return {key: fmean(values) for key, values in found.items()}


def drawn_scatter(see: object) -> ScatterNumbers:
    """The numbers of the scatter that the screen shows now."""
    screen = see.app.screen
    desk = screen.desk()
    shown = shown_axes(desk.state, len(screen.factors))
    look = ScatterLook(shown, (), angles_of(desk.state, desk.table.factors))
    return scatter_numbers(trials_in_view(desk), metric_of(desk.table), look)


def check_scatter(numbers: ScatterNumbers, expected: dict[tuple[float, str, int], float], better: str) -> None:
    """Every point stands at its values, has its mean, and the step of the ramp that belongs to it."""
    assert len(numbers) == len(expected)
    low, high = min(expected.values()), max(expected.values())
    assert numbers.legend is not None
    assert (numbers.legend.low, numbers.legend.high) == (pytest.approx(low), pytest.approx(high))
    names = [axis.name for axis in numbers.axes]
    labels = [axis.labels for axis in numbers.axes]
    for position, score, step in zip(numbers.positions, numbers.scores, numbers.steps, strict=True):
        values = {
            name: label[round(place * (len(label) - 1))]
            for name, label, place in zip(names, labels, position, strict=True)
        }
        key = (float(values["learning_rate"]), values["optimizer"], int(values["filter_size"]))
        assert score == pytest.approx(expected[key])
        share = (expected[key] - low) / (high - low)
        share = share if better == "max" else 1 - share
        assert abs(step - share * (RAMP_STEPS - 1)) <= 1


TRIMMED = {
    "figure 1": ("", lambda row: True, "0.0159", "0.9661"),
    "figure 3": ("5", lambda row: float(row["learning_rate"]) != 0.01, "0.7522", "0.9661"),
    "figure 4": (
        "DD",
        lambda row: float(row["learning_rate"]) in (0.0005, 0.001) and row["filter_size"] != "12",
        "0.9114",
        "0.9661",
    ),
}


@pytest.mark.parametrize("figure", TRIMMED)
async def test_the_scatters_of_accuracy(paper: SessionFolder, open_app, figure: str) -> None:
    keys, keep, low, high = TRIMMED[figure]
    async with open_app(paper) as see:
        for number, key in enumerate(keys):
            if key == "D":  # as the answer offers: the losing learning rates, then what loses among the rest
                await see.shows("answer", f"D: drop {(3, 1)[number]} los")
            await see.press(key)
        await see.press("f")  # the paper's projection: at most three keys for each figure
        assert see.app.screen.state.box
        await see.shows("view", high)
        await see.shows("view", low)
        check_scatter(drawn_scatter(see), trial_means(table(keep), "accuracy"), "max")


async def test_figure_2_is_the_loss_with_the_ramp_reversed(paper: SessionFolder, open_app) -> None:
    async with open_app(paper) as see:
        await see.press("m")
        await see.shows("header", "↓ loss")
        numbers = drawn_scatter(see)
        check_scatter(numbers, trial_means(table(), "loss"), "min")
        assert numbers.steps[int(np.argmin(numbers.scores))] == RAMP_STEPS - 1


@pytest.mark.parametrize(
    ("figure", "keys", "metric"), [(5, "", "accuracy"), (6, "m", "loss"), (7, "5", "accuracy")]
)
async def test_the_histograms_by_value(
    paper: SessionFolder, open_app, figure: int, keys: str, metric: str
) -> None:
    async with open_app(paper) as see:
        await see.press(*keys, "right_square_bracket", "right_square_bracket", "plus")
        await see.shows("view", "[hist]")
        screen = see.app.screen
        desk = screen.desk()
        numbers = histogram_numbers(trainings_in_view(desk), desk.state.bins)
        assert numbers is not None
        rows = table(lambda row: figure != 7 or float(row["learning_rate"]) != 0.01)
        every = [float(row[metric]) for row in rows]
        assert numbers.edges[0] == pytest.approx(min(every))
        assert numbers.edges[-1] == pytest.approx(max(every))
        for panel in numbers.panels:
            for label, count, percent in zip(panel.labels, panel.counts, panel.percent, strict=True):
                mine = [float(row[metric]) for row in rows if _same(row[panel.name], label)]
                assert count == len(mine)
                heights, _ = np.histogram(mine, np.array(numbers.edges))
                assert percent == pytest.approx(100 * heights / len(mine))
                assert percent.sum() == pytest.approx(100)


def _same(cell: str, label: str) -> bool:
    try:
        return float(cell) == float(label)
    except ValueError:
        return cell == label
