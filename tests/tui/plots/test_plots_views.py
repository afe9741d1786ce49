"""Histograms, heat map, curves, parallel coordinates and bars: the numbers they draw, and what they say."""

from __future__ import annotations

import numpy as np
import pytest

from hpo_core.plan.metrics import Objective
from hpo_tui.look.inks import CATEGORY, CURSOR, FRAME, HEAT, WARNING
from hpo_tui.plots.bars import Bar, bar_numbers, bars
from hpo_tui.plots.curve_plot import Curve, curve_numbers, curves
from hpo_tui.plots.data import Axis, trials
from hpo_tui.plots.heatmap_numbers import heat_numbers
from hpo_tui.plots.heatmap_plot import heatmap
from hpo_tui.plots.histogram_numbers import histogram_numbers
from hpo_tui.plots.histogram_plot import histogram
from hpo_tui.plots.parallel_numbers import METRIC, parallel_numbers
from hpo_tui.plots.parallel_plot import parallel, segments
from hpo_tui.plots.picture import Picture

AXES = (Axis("rate", ("0.1", "0.01")), Axis("loss", ("mse", "mae", "poisson")))
ACCURACY = Objective("accuracy")
CODES = [[0, 0], [0, 0], [0, 1], [1, 0], [1, 1], [1, 2]]
SCORES = [0.5, 0.7, 0.9, 0.8, np.nan, 0.6]
FAILED = [False, False, False, False, True, False]
TABLE = trials(AXES, CODES, SCORES, FAILED, highlight=3)


def inks_of(picture: Picture) -> set[int]:
    return {ink for row in picture.rows for text, ink in row}


def test_bins_are_shared_and_take_their_lower_edge() -> None:
    numbers = histogram_numbers(TABLE, 4)
    assert numbers is not None
    assert numbers.edges == pytest.approx((0.5, 0.6, 0.7, 0.8, 0.9))
    rate = numbers.panels[0]
    assert rate.counts == (3, 2)
    assert rate.percent[0] == pytest.approx([100 / 3, 0, 100 / 3, 100 / 3])
    assert rate.percent.sum(axis=1) == pytest.approx([100, 100])


def test_cumulative_percents_rise_to_a_hundred() -> None:
    numbers = histogram_numbers(TABLE, 4, cumulative=True)
    assert numbers is not None
    for panel in numbers.panels:
        assert (np.diff(panel.percent, axis=1) >= 0).all()
        assert panel.percent[:, -1] == pytest.approx([100] * len(panel.labels))
    assert "cumulative" in histogram(TABLE, ACCURACY, 78, 16, cumulative=True).text()


def test_scores_that_are_all_the_same_stand_in_the_middle() -> None:
    numbers = histogram_numbers(trials(AXES, CODES, [0.7] * 6), 5)
    assert numbers is not None
    assert numbers.panels[0].percent[0].tolist() == [0, 0, 100, 0, 0]


def test_rows_name_every_value_with_its_count_and_the_ends_of_the_bins() -> None:
    picture = histogram(TABLE, ACCURACY, 100, 12)
    text = picture.text()
    for word in (
        "rate",
        "loss",
        "0.1",
        "0.01",
        "mse",
        "mae",
        "poisson",
        "0.5000",
        "0.9000",
        "n",
        "peak",
        "accuracy",
    ):
        assert word in text, word
    assert {CATEGORY[0], CATEGORY[1], CATEGORY[2]} <= inks_of(picture)


def test_values_that_do_not_fit_are_counted() -> None:
    many = Axis("h", tuple(map(str, range(30))))
    table = trials((many,), np.arange(30).reshape(-1, 1), np.arange(30))
    assert "+25 more values" in histogram(table, ACCURACY, 40, 8).text()


def test_where_every_line_is_a_values_the_range_stands_beside_the_name() -> None:
    rows = histogram(TABLE, ACCURACY, 40, 8).text().splitlines()
    assert [row.split()[0] for row in rows] == ["accuracy", "rate", "0.1", "0.01", "loss", "mse", "mae", "poisson"]
    tight = histogram(TABLE, ACCURACY, 40, 7).text().splitlines()
    assert [row.split()[0] for row in tight] == ["rate", "0.1", "0.01", "loss", "mse", "mae", "poisson"]
    assert all("0.5000 to 0.9000" in tight[line] for line in (0, 3))


def test_an_overlay_numbers_its_outlines_so_that_colour_is_not_needed() -> None:
    picture = histogram(TABLE, ACCURACY, 90, 20, "overlay", bins=4)
    for entry in ("1 0.1 n 3", "2 0.01 n 2", "1 mse n 3", "2 mae n 1", "3 poisson n 1"):
        assert entry in picture.text(), entry


def test_a_heat_map_has_mean_sd_and_failures_of_each_pair() -> None:
    numbers = heat_numbers(TABLE, ACCURACY, 0, 1)
    assert numbers.mean[0, 0] == pytest.approx(0.6)
    assert numbers.sd[0, 0] == pytest.approx(np.std([0.5, 0.7], ddof=1))
    assert np.isnan(numbers.mean[1, 1])
    assert numbers.failed.tolist() == [[0, 0], [0, 1], [0, 0]]
    assert numbers.legend is not None
    assert (numbers.legend.low, numbers.legend.high) == pytest.approx((0.6, 0.9))
    assert numbers.steps[1, 0] == len(HEAT) - 1
    assert numbers.highlighted[0, 1]


def test_a_heat_map_writes_means_under_each_other_and_marks_what_is_missing() -> None:
    picture = heatmap(TABLE, ACCURACY, 78, 20)
    text = picture.text()
    assert "0.6000 ±0.1414" in text
    assert "×1" in text
    assert "–" in text
    assert {WARNING, CURSOR, HEAT[0], HEAT[11]} <= inks_of(picture)
    mse, mae = (
        next(line for line in text.splitlines() if line.strip().startswith(name)) for name in ("mse", "mae")
    )
    assert mse.index("0.6000") == mae.index("0.9000")


def test_a_narrow_heat_map_gives_up_the_sd_then_decimals_then_digits() -> None:
    texts = [heatmap(TABLE, ACCURACY, width, 12).text() for width in (60, 34, 22, 12)]
    assert ["±" in text for text in texts] == [True, True, False, False]
    assert ".9" in texts[2]


def test_curves_have_the_mean_of_the_replicates_that_are_there() -> None:
    curve = Curve("a", (np.array([0.1, 0.3, 0.5]), np.array([0.3, np.nan])))
    numbers = curve_numbers([curve, Curve("waiting", ())])
    assert numbers is not None
    assert numbers.means[0] == pytest.approx([0.2, 0.3, 0.5])
    assert (numbers.low, numbers.high, numbers.epochs) == (0.1, 0.5, 3)
    assert len(numbers.means[1]) == 0


def test_epochs_are_whole_and_every_curve_is_named() -> None:
    drawn = [Curve(f"0.00{n} · mse", (np.linspace(0.1 * n, 0.2 * n, 20),)) for n in (1, 2, 3)]
    picture = curves(drawn, "val_accuracy", 80, 18)
    text = picture.text()
    for word in ("val_accuracy", "epoch", "0.001 · mse", "0.003 · mse", "0.6000"):
        assert word in text, word
    ticks = text.splitlines()[-2].split()
    assert ticks[0] == "1"
    assert "20" in ticks
    assert all(tick.isdigit() for tick in ticks)
    assert set(CATEGORY[:3]) <= inks_of(picture)


def test_one_epoch_is_a_point() -> None:
    assert "●" in curves([Curve("a", (np.array([0.5]),))], "loss", 60, 12).text()


def test_parallel_lines_meet_each_axis_at_their_value() -> None:
    numbers = parallel_numbers(TABLE, ACCURACY)
    assert numbers.order == (0, 1, METRIC)
    assert numbers.names == ("rate", "loss", "accuracy")
    assert numbers.places[2].tolist() == pytest.approx([0.0, 0.5, 1.0])
    assert numbers.reach.tolist() == [3] * 6
    turned = parallel_numbers(TABLE, ACCURACY, order=(METRIC, 1, 0))
    assert turned.places[2].tolist() == pytest.approx([1.0, 0.5, 0.0])


def test_a_trimmed_value_cuts_its_lines_and_leaves_the_ramp_to_the_others() -> None:
    hidden = [frozenset[int](), frozenset({1})]
    numbers = parallel_numbers(TABLE, ACCURACY, hidden=hidden)
    assert numbers.in_view.tolist() == [True, True, False, True, False, True]
    assert numbers.reach.tolist() == [3, 3, 2, 3, 2, 3]
    assert numbers.legend is not None
    assert numbers.legend.high == 0.8
    _, cut = segments(numbers)
    assert {at for at, _, _ in cut} == {0, 1}
    assert all(part < 1 for (at, _, _), part in cut.items() if at == 1)
    picture = parallel(TABLE, ACCURACY, 70, 16, hidden=hidden)
    assert "×mae" in picture.text()
    assert FRAME in inks_of(picture)


def test_lines_that_run_together_have_the_colour_of_the_best() -> None:
    numbers = parallel_numbers(TABLE, ACCURACY)
    shown, _ = segments(numbers)
    assert numbers.steps[:2].tolist() == [0, 6]
    assert shown[0, 0.0, 0.0] == 6


def test_bars_begin_at_zero_and_say_their_numbers() -> None:
    entries = [Bar("rate", 0.3, 0.2, 0.4, "signal"), Bar("loss", -0.1, None, None, "noise", quiet=True)]
    numbers = bar_numbers(entries)
    assert numbers is not None
    assert (numbers.low, numbers.high) == (-0.1, 0.4)
    assert numbers.zero == pytest.approx(0.2)
    assert numbers.places[0] == pytest.approx((0.8, 0.6, 1.0))
    above = bar_numbers([Bar("rate", 0.3), Bar("loss", 0.2)])
    assert above is not None
    assert (above.low, above.zero) == (0.0, 0.0)
    lines = bars(entries, 70, 5, title="share of variance").text().splitlines()
    assert lines[0].startswith("share of variance")
    assert lines[1].startswith("rate")
    assert "0.3000" in lines[1]
    assert "signal" in lines[1]
    assert lines[1].index("├") < lines[1].index("●") < lines[1].index("┤")
    assert lines[2].index("●") < lines[1].index("●")
    assert lines[1].index(".3000") == lines[2].index(".1000")


def test_bars_that_do_not_fit_are_counted() -> None:
    assert "+7 more" in bars([Bar(str(index), index) for index in range(10)], 40, 4).text()
