"""The paper's figures on its own table: what is drawn are the numbers that the table says."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from places import TABLE

from hpo_core.plan.metrics import Objective
from hpo_tui.plots.data import Axis, Trials, trials
from hpo_tui.plots.heatmap_numbers import heat_numbers
from hpo_tui.plots.histogram_numbers import histogram_numbers
from hpo_tui.plots.scatter_numbers import scatter_numbers
from hpo_tui.plots.scatter_plot import scatter

NAMES = ("learning_rate", "optimizer", "filter_size")
ACCURACY, LOSS = Objective("accuracy"), Objective("loss", "min")
Row = dict[str, str]


def table(metric: str, hide: dict[str, set[str]] | None = None, replicates: bool = False) -> Trials:
    """The paper's table without the hidden values: a row for each training, or the mean of each trial's."""
    with TABLE.open(newline="") as file:
        rows: list[Row] = list(csv.DictReader(file, skipinitialspace=True))
    rows = [row for row in rows if not any(row[name] in values for name, values in (hide or {}).items())]
    axes = []
    for name in NAMES:
        labels = tuple(dict.fromkeys(row[name] for row in rows))
        axes.append(Axis(name, labels, tuple(map(float, labels)) if name != "optimizer" else None))
    codes = [[axis.labels.index(row[axis.name]) for axis in axes] for row in rows]
    scores = [float(row[metric] or "nan") for row in rows]
    if not replicates:
        codes, scores = (
            codes[::2],
            [(one + other) / 2 for one, other in zip(scores[::2], scores[1::2], strict=True)],
        )
    return trials(tuple(axes), codes, scores, ~np.isfinite(scores))


FIGURE_3 = {"learning_rate": {"1e-2"}}
FIGURE_4 = {"learning_rate": {"1e-2", "1e-4", "5e-3"}, "filter_size": {"12"}}


@pytest.mark.parametrize(
    ("hide", "points", "low", "high"),
    [({}, 60, "0.0159", "0.9661"), (FIGURE_3, 48, "0.7522", "0.9661"), (FIGURE_4, 18, "0.9114", "0.9661")],
    ids=["figure 1", "figure 3", "figure 4"],
)
def test_the_legend_rescales_to_the_trials_in_view(
    hide: dict[str, set[str]], points: int, low: str, high: str
) -> None:
    view = table("accuracy", hide)
    numbers = scatter_numbers(view, ACCURACY)
    assert len(numbers) == points
    legend = numbers.legend
    assert legend is not None
    assert legend.low == pytest.approx(float(low), abs=6e-5)
    assert legend.high == pytest.approx(float(high), abs=6e-5)
    picture = scatter(view, ACCURACY, 78, 22).text()
    assert low in picture
    assert high in picture


def test_every_point_of_figure_1_stands_at_its_values_and_has_its_step_of_the_ramp() -> None:
    view = table("accuracy")
    numbers = scatter_numbers(view, ACCURACY)
    sizes = np.array([len(axis.labels) - 1 for axis in view.axes])
    assert np.allclose(numbers.positions, view.codes[numbers.rows] / sizes)
    low, high = np.nanmin(view.scores), np.nanmax(view.scores)
    steps = np.minimum((view.scores[numbers.rows] - low) / (high - low) * 12, 11).astype(int)
    assert (numbers.steps == np.where(numbers.failed, -1, steps)).all()
    assert numbers.steps.max() == 11
    assert numbers.steps.min() in {-1, 0}


def test_on_the_loss_of_figure_2_the_ramp_is_reversed() -> None:
    view = table("loss")
    numbers = scatter_numbers(view, LOSS)
    assert numbers.legend is not None
    assert numbers.legend.best == np.nanmin(view.scores)
    assert numbers.steps[np.nanargmin(numbers.scores)] == 11
    assert numbers.steps[np.nanargmax(numbers.scores)] == 0


@pytest.mark.parametrize("metric", ["accuracy", "loss"])
def test_the_histograms_of_figures_5_to_7_sum_to_a_hundred_percent_for_every_value(metric: str) -> None:
    view = table(metric, FIGURE_3, replicates=True)
    numbers = histogram_numbers(view, 10)
    assert numbers is not None
    assert [panel.name for panel in numbers.panels] == list(NAMES)
    for index, panel in enumerate(numbers.panels):
        assert np.allclose(panel.percent.sum(axis=1), 100)
        for value in range(len(panel.labels)):
            scores = view.scores[view.codes[:, index] == value]
            expected, _ = np.histogram(scores[np.isfinite(scores)], bins=numbers.edges)
            assert panel.counts[value] == expected.sum()
            assert np.allclose(panel.percent[value], 100 * expected / expected.sum())


def test_the_heat_map_shows_the_mean_and_sd_of_each_pair_of_values() -> None:
    view = table("accuracy", FIGURE_3, replicates=True)
    numbers = heat_numbers(view, ACCURACY, 0, 2)
    cell = view.scores[(view.codes[:, 0] == 1) & (view.codes[:, 2] == 3)]
    assert numbers.results[3, 1] == len(cell) == 6
    assert numbers.mean[3, 1] == pytest.approx(cell.mean())
    assert numbers.sd[3, 1] == pytest.approx(cell.std(ddof=1))
