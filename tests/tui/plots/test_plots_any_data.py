"""Whatever the numbers and however small the pane: a plot is exactly as large as asked, and never fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from hpo_core.plan.metrics import Objective
from hpo_tui.plots.bars import Bar, bars, sparkline
from hpo_tui.plots.curve_plot import Curve, curves
from hpo_tui.plots.data import Axis, Trials, trials
from hpo_tui.plots.heatmap_plot import heatmap
from hpo_tui.plots.histogram_plot import histogram
from hpo_tui.plots.parallel_plot import parallel
from hpo_tui.plots.picture import Picture
from hpo_tui.plots.scatter_numbers import ScatterLook, Spacing
from hpo_tui.plots.scatter_plot import scatter

EMPTY = "Nothing is here yet."
SPECIAL = [0.0, -0.0, 1.0, float("nan"), float("inf"), float("-inf"), 1.7e308, -1.7e308, 5e-324, 1e-12, 0.75215]
numbers = st.one_of(st.sampled_from(SPECIAL), st.floats(-1e6, 1e6), st.floats(0, 1))
labels = st.sampled_from(
    ["0.0001", "poisson", "categorical_crossentropy", "梨と林檎", "a\x1b[31mb", "e\u0301", "12", ""]
)


@dataclass(frozen=True)
class Case:
    table: Trials
    metric: Objective
    width: int
    height: int
    ascii: bool
    spacing: tuple[Spacing, ...]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    axes = tuple(
        Axis(draw(labels), tuple(names), tuple(draw(numbers) for _ in names) if draw(st.booleans()) else None)
        for names in draw(st.lists(st.lists(labels, min_size=1, max_size=6), min_size=1, max_size=4))
    )
    count = draw(st.integers(0, 12))
    codes = [[draw(st.integers(-1, len(axis.labels))) for axis in axes] for _ in range(count)]
    scores = [draw(numbers) for _ in range(count)]
    failed = [draw(st.booleans()) for _ in range(count)]
    marked = draw(st.one_of(st.none(), st.integers(-1, 13)))
    return Case(
        trials(axes, codes, scores, failed, marked),
        Objective(draw(labels), draw(st.sampled_from(["max", "min"]))),
        draw(st.one_of(st.integers(12, 130), st.sampled_from([12, 40, 78, 400]))),
        draw(st.one_of(st.integers(4, 40), st.sampled_from([4, 14, 22, 100]))),
        draw(st.booleans()),
        tuple(draw(st.lists(st.sampled_from(["ordinal", "linear", "log"]), max_size=3))),
    )


def check(picture: Picture, case: Case) -> None:
    assert (picture.width, picture.height) == (case.width, case.height)
    assert len(picture.rows) == case.height
    for row in range(case.height):
        text = picture.row_text(row)
        assert cell_len(text) == case.width, text
        assert "\x1b" not in text
        assert not case.ascii or text.isascii()


def scatter_of(case: Case) -> Picture:
    shown = tuple(range(min(len(case.table.axes), 3)))
    return scatter(
        case.table,
        case.metric,
        case.width,
        case.height,
        ScatterLook(shown, case.spacing),
        ascii=case.ascii,
        empty=EMPTY,
    )


def rows_of(case: Case) -> Picture:
    return histogram(case.table, case.metric, case.width, case.height, ascii=case.ascii, empty=EMPTY)


def overlay_of(case: Case) -> Picture:
    return histogram(
        case.table, case.metric, case.width, case.height, "overlay", bins=7, cumulative=True, ascii=case.ascii
    )


def heatmap_of(case: Case) -> Picture:
    return heatmap(case.table, case.metric, case.width, case.height, 0, 1, ascii=case.ascii, empty=EMPTY)


def parallel_of(case: Case) -> Picture:
    hidden = [frozenset({0}), *(frozenset[int](),) * (len(case.table.axes) - 1)]
    return parallel(case.table, case.metric, case.width, case.height, hidden=hidden, ascii=case.ascii, empty=EMPTY)


def curves_of(case: Case) -> Picture:
    half = case.table.scores[: len(case.table) // 2]
    drawn = [Curve(axis.name, (case.table.scores, half)) for axis in case.table.axes]
    return curves(drawn, case.metric.metric, case.width, case.height, ascii=case.ascii, empty=EMPTY)


def bars_of(case: Case) -> Picture:
    entries = [
        Bar(case.metric.metric, score, score - 1, score + 1, "note") for score in case.table.scores.tolist()
    ]
    return bars(entries, case.width, case.height, title=case.metric.metric, ascii=case.ascii, empty=EMPTY)


PLOTS: list[Callable[[Case], Picture]] = [
    scatter_of,
    rows_of,
    overlay_of,
    heatmap_of,
    parallel_of,
    curves_of,
    bars_of,
]
HUGE = Case(
    trials((Axis("a", ("1", "2")), Axis("b", ("1",))), [[0, 0], [1, 0], [0, 0]], [1.7e308, -1.7e308, 1.0]),
    Objective("loss", "min"),
    60,
    16,
    False,
    (),
)


@pytest.mark.parametrize("plot", PLOTS)
def test_every_plot_has_exactly_the_size_asked_for_whatever_the_numbers(plot: Callable[[Case], Picture]) -> None:
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @example(HUGE)
    @given(cases())
    def holds(case: Case) -> None:
        check(plot(case), case)

    holds()


@pytest.mark.parametrize("plot", PLOTS)
def test_every_size_from_the_smallest_to_a_wall_is_filled(plot: Callable[[Case], Picture]) -> None:
    axes = (
        Axis("learning_rate", ("0.0001", "0.001", "0.01")),
        Axis("loss", ("mse", "mae")),
        Axis("f", ("1", "2")),
    )
    codes = [[a, b, c] for a in range(3) for b in range(2) for c in range(2)]
    table = trials(axes, codes, np.linspace(0.2, 0.9, 12), highlight=4)
    sizes = [(w, h) for w in (12, 13, 16, 20, 24, 33, 40, 44, 78, 400) for h in (4, 5, 6, 7, 8, 12, 22, 100)]
    for width, height in sizes:
        case = Case(table, Objective("val_accuracy"), width, height, False, ())
        check(plot(case), case)


@pytest.mark.parametrize("plot", [scatter_of, rows_of, heatmap_of, parallel_of, curves_of, bars_of])
def test_a_pane_without_data_says_what_will_come(plot: Callable[[Case], Picture]) -> None:
    axes = (Axis("a", ("1", "2")), Axis("b", ("1", "2")))
    case = Case(trials(axes, np.zeros((0, 2)), []), Objective("loss", "min"), 60, 12, False, ())
    assert EMPTY in plot(case).text()


@given(st.lists(numbers, max_size=40), st.integers(-1, 30), st.booleans())
def test_a_sparkline_is_as_long_as_asked(values: list[float], width: int, ascii_only: bool) -> None:
    line = sparkline(values, width, ascii=ascii_only)
    assert len(line) == max(width, 0)
    assert not ascii_only or line.isascii()


def test_a_sparkline_rises_with_its_numbers() -> None:
    assert sparkline([0, 1, 2, 3, float("nan"), 7], 7) == "▁▂▃▄ █ "
