"""The scatter: points stand where their values are, the best is seen, the cursor is found, nothing is cut."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from hpo_core.plan.metrics import Objective
from hpo_tui.look.inks import ACCENT, CURSOR, RAMP, WARNING
from hpo_tui.plots.data import Axis, Trials, trials
from hpo_tui.plots.picture import Picture
from hpo_tui.plots.projection import View, default_view, edges, half_extent, project
from hpo_tui.plots.scatter_box import stand_box
from hpo_tui.plots.scatter_numbers import (
    ScatterLook,
    axis_positions,
    is_continuous,
    scatter_numbers,
    shown_in_cells,
    true_spacing,
)
from hpo_tui.plots.scatter_plot import TOO_SMALL, point_at, scatter

RATE = Axis("learning_rate", ("0.0001", "0.001", "0.1"), (1e-4, 1e-3, 1e-1))
LOSS = Axis("loss", ("poisson", "mse"))
FILTERS = Axis("filters", ("12", "24", "36", "48"), (12, 24, 36, 48))
ACCURACY = Objective("accuracy")


def grid(*axes: Axis, highlight: int | None = None) -> Trials:
    """A full grid with scores that rise with every code; the last trial is the best."""
    codes = np.array(list(itertools.product(*(range(len(axis.labels)) for axis in axes))))
    return trials(axes, codes, 0.5 + codes.sum(axis=1) / 20, highlight=highlight)


def inked(picture: Picture, ink: int) -> list[str]:
    return [text.strip() for row in picture.rows for text, run_ink in row if run_ink == ink]


def test_values_stand_in_even_steps_whatever_they_are() -> None:
    assert axis_positions(RATE).tolist() == [0.0, 0.5, 1.0]
    assert axis_positions(Axis("only", ("1",))).tolist() == [0.5]


def test_a_random_search_lies_on_true_axes_with_round_ticks() -> None:
    rates = tuple(10.0**-power for power in np.linspace(5, 1, 40))
    drops = tuple(np.linspace(0.01, 0.59, 40).tolist())
    axes = tuple(
        Axis(name, tuple(f"{n:.6g}" for n in found), found) for name, found in (("lr", rates), ("drop", drops))
    )
    codes = np.stack([np.arange(40), np.arange(40)[::-1]], axis=1)
    drawn = trials(axes, codes, np.linspace(0, 1, 40))
    assert all(is_continuous(axis, 40) for axis in axes)
    assert not is_continuous(FILTERS, 4)
    look = ScatterLook((0, 1), tuple(map(true_spacing, axes)))
    assert look.spacing == ("log", "linear")
    numbers = scatter_numbers(drawn, ACCURACY, look)
    assert [label for _, label in numbers.ticks[0]] == ["1e-5", "1e-4", "1e-3", "1e-2", "1e-1"]
    assert [label for _, label in numbers.ticks[1]] == ["0.1", "0.2", "0.3", "0.4", "0.5"]
    assert numbers.rounded(0)
    assert numbers.positions[:, 0] == pytest.approx(np.linspace(0, 1, 40))


def test_log_and_linear_axes_space_values_by_their_numbers() -> None:
    assert axis_positions(RATE, "log") == pytest.approx([0.0, 1 / 3, 1.0])
    assert axis_positions(FILTERS, "linear") == pytest.approx([0, 1 / 3, 2 / 3, 1])


@pytest.mark.parametrize(
    "positions", [None, (0.0, 1.0, 2.0), (-1.0, 1.0, 2.0), (1.0, 1.0, 1.0), (np.nan, 1.0, 2.0)]
)
def test_values_without_logarithms_fall_back_to_even_steps(positions: tuple[float, ...] | None) -> None:
    assert axis_positions(Axis("a", ("x", "y", "z"), positions), "log").tolist() == [0.0, 0.5, 1.0]


def test_the_box_is_seen_from_the_front_and_above() -> None:
    corners = np.array(list(itertools.product((0.0, 1.0), repeat=3)))
    view = View(35, 24)
    x, y, near = project(corners, view)
    wide, high = half_extent(view)
    assert (x.min(), x.max()) == pytest.approx((-wide, wide))
    assert (y.min(), y.max()) == pytest.approx((-high, high))
    assert corners[near.argmax()].tolist() == [0.0, 0.0, 1.0]
    assert corners[y.argmax()].tolist() == [1.0, 1.0, 1.0], "from above, what is far away stands higher"


@pytest.mark.parametrize("azimuth", range(0, 360, 15))
def test_the_nearest_top_corner_is_left_open_from_every_side(azimuth: int) -> None:
    view = View(float(azimuth), 24)
    drawn = edges(view)
    corners = np.array(list(itertools.product((0.0, 1.0), repeat=3)))
    nearest = tuple(int(part) for part in corners[project(corners, view)[2].argmax()])
    assert len(drawn.quiet) >= 6
    assert all(nearest not in edge for edge in drawn.quiet)
    assert [sum(a != b for a, b in zip(*edge, strict=True)) for edge in drawn.axes] == [1, 1, 1]


def test_turning_all_the_way_round_comes_back_and_never_looks_from_below() -> None:
    assert View(350, 24).turned(20) == View(10, 24)
    assert View(0, 80).turned(0, 20).elevation == 85


def test_by_default_no_two_uprights_hide_each_other() -> None:
    for first, second in [(5, 3), (3, 4), (4, 4), (2, 2)]:
        floor = np.array([(x / (first - 1), y / (second - 1), 0) for x in range(first) for y in range(second)])
        across = np.sort(project(floor, default_view(first, second))[0])
        assert np.diff(across).min() > 0.3 / (first * second)


def test_every_trial_of_a_small_grid_is_seen() -> None:
    picture = scatter(grid(RATE, LOSS, FILTERS), ACCURACY, 78, 22)
    plot = "\n".join(line[:62] for line in picture.text().splitlines())
    assert sum(plot.count(glyph) for glyph in "◦•●") == 24


@pytest.mark.parametrize("size", [(78, 22), (77, 18), (120, 40), (200, 60)])
def test_all_values_and_names_are_labelled_where_there_is_room(size: tuple[int, int]) -> None:
    text = scatter(grid(RATE, LOSS, FILTERS), ACCURACY, *size).text()
    for label in (*RATE.labels, *LOSS.labels, *FILTERS.labels, "learning_rate", "loss", "filters", "accuracy ↑"):
        assert label in text, label


def test_labels_that_do_not_fit_are_thinned_out_never_run_together() -> None:
    many = Axis("h", tuple(f"value{index}" for index in range(40)))
    words = scatter(grid(many, LOSS, FILTERS), ACCURACY, 60, 16).text().split()
    shown = [word for word in words if word.startswith("value")]
    assert 2 <= len(shown) < 40
    assert set(shown) <= set(many.labels)


def test_better_is_always_the_high_end_of_the_ramp() -> None:
    table = grid(RATE, LOSS, FILTERS)
    best_last = scatter_numbers(table, ACCURACY)
    best_first = scatter_numbers(table, Objective("loss", "min"))
    assert best_last.steps[-1] == best_first.steps[0] == len(RAMP) - 1
    assert best_last.steps[0] == best_first.steps[-1] == 0
    assert "loss ↓" in scatter(table, Objective("loss", "min"), 78, 22).text()


def test_failed_trials_are_crosses_and_counted_and_waiting_ones_are_not_drawn() -> None:
    table = grid(RATE, LOSS, FILTERS)
    scores, failed = table.scores.copy(), table.failed.copy()
    scores[:5] = np.nan
    failed[:3] = True
    view = trials(table.axes, table.codes, scores, failed)
    numbers = scatter_numbers(view, ACCURACY)
    assert len(numbers) == 22
    assert numbers.failed.sum() == 3
    picture = scatter(view, ACCURACY, 78, 22)
    assert "× 3 failed" in picture.text()
    assert len(inked(picture, WARNING)) == 4


def test_collapsed_trials_have_a_marker_of_their_own_and_are_counted() -> None:
    table = grid(RATE, LOSS, FILTERS)
    collapsed = np.zeros(len(table), dtype=bool)
    collapsed[[0, 7]] = True
    marked = trials(table.axes, table.codes, table.scores, collapsed=collapsed)
    picture = scatter(marked, ACCURACY, 78, 22)
    assert "⊘ 2 collapsed" in picture.text()
    assert picture.text().count("⊘") == 3
    plain = scatter(marked, ACCURACY, 78, 22, ascii=True)
    assert "c 2 collapsed" in plain.text()


def test_it_is_said_what_became_of_the_hyperparameters_without_an_axis() -> None:
    table = grid(RATE, LOSS, FILTERS, Axis("batch_size", ("32", "64")))
    assert "best over batch_size" in scatter(table, ACCURACY, 78, 22).text()
    assert "mean over filters, batch_size" in scatter(table, ACCURACY, 78, 22, ScatterLook((0, 1))).text()
    assert "over" not in scatter(grid(RATE, LOSS, FILTERS), ACCURACY, 78, 22).text()


def test_no_axis_is_without_a_name_in_a_narrow_pane() -> None:
    rate = Axis("learning_rate", ("0.0001", "0.0005", "0.001", "0.005", "0.01"))
    loss = Axis("loss", ("poisson", "categorical_crossentropy", "mean_squared_error"))
    text = scatter(grid(rate, loss, FILTERS), ACCURACY, 41, 15).text()
    assert all(name in text for name in ("learning", "loss", "filters"))


def test_a_failed_trial_does_not_stretch_the_legend() -> None:
    table = grid(RATE, LOSS, FILTERS)
    failed = table.failed.copy()
    failed[0] = True
    numbers = scatter_numbers(trials(table.axes, table.codes, table.scores, failed), ACCURACY)
    assert numbers.legend is not None
    assert numbers.legend.low > table.scores[0]


def test_the_trial_under_the_cursor_stands_out_and_its_values_are_marked_on_the_axes() -> None:
    picture = scatter(grid(RATE, LOSS, FILTERS, highlight=13), ACCURACY, 78, 22)
    assert inked(picture, CURSOR) == ["•"]
    marked = set(inked(picture, ACCENT))
    assert marked == {"0.001", "mse", "24"}


def test_of_trials_in_one_cell_the_best_is_shown_unless_the_cursor_is_on_another() -> None:
    axes = (Axis("a", ("1", "2")),)
    table = trials(axes, [[0], [0], [0], [1]], [0.2, 0.9, np.nan, 0.5], [False, False, True, False])
    zeros = np.zeros(4, dtype=np.int64)
    numbers = scatter_numbers(table, ACCURACY)
    assert shown_in_cells(numbers, zeros, zeros, 10, np.zeros(4)).points.tolist() == [1]
    worst = scatter_numbers(table, Objective("loss", "min"))
    assert shown_in_cells(worst, zeros, zeros, 10, np.zeros(4)).points.tolist() == [0]
    marked = scatter_numbers(trials(axes, table.codes, table.scores, table.failed, 2), ACCURACY)
    assert shown_in_cells(marked, zeros, zeros, 10, np.zeros(4)).points.tolist() == [2]


def test_two_axes_show_the_mean_over_the_others() -> None:
    table = grid(RATE, LOSS, FILTERS, highlight=0)
    numbers = scatter_numbers(table, ACCURACY, ScatterLook(shown=(0, 2)))
    assert len(numbers) == 12
    assert (numbers.members == 2).all()
    assert numbers.scores[0] == pytest.approx((0.5 + 0.55) / 2)
    assert numbers.rows[0] == 4, "the better of the two stands for the place"
    assert numbers.highlighted.tolist() == [True] + [False] * 11
    assert "0.5250" in scatter(table, ACCURACY, 78, 22, ScatterLook(shown=(0, 2))).text()


def test_one_axis_shows_the_metric_upright() -> None:
    numbers = scatter_numbers(grid(RATE), ACCURACY, ScatterLook(shown=(0,)))
    assert numbers.positions[:, 0].tolist() == [0.0, 0.5, 1.0]
    lines = scatter(grid(RATE), ACCURACY, 60, 14, ScatterLook(shown=(0,))).text().splitlines()
    rows = [next(row for row, line in enumerate(lines) if glyph in line[10:45]) for glyph in "●•◦"]
    assert rows == sorted(rows)
    assert "0.5" in "\n".join(lines)


def test_axes_that_are_not_there_are_left_out() -> None:
    assert len(scatter_numbers(grid(RATE, LOSS), ACCURACY).axes) == 2
    picture = scatter(grid(RATE, LOSS), ACCURACY, 60, 14, ScatterLook(shown=(7,)), empty="Nothing.")
    assert picture.text().strip() == "Nothing."


def test_a_pane_that_is_too_small_says_so() -> None:
    words = " ".join(scatter(grid(RATE, LOSS, FILTERS), ACCURACY, 18, 6).text().split())
    assert words == TOO_SMALL


def test_a_point_is_drawn_where_its_value_projects_to() -> None:
    numbers = scatter_numbers(grid(RATE, LOSS, FILTERS), ACCURACY)
    box = stand_box(numbers, 78 - 2 - len("⊘ 9 collapsed"), 22)
    assert box is not None
    cols, rows, _ = box.cells()
    lines = scatter(grid(RATE, LOSS, FILTERS), ACCURACY, 78, 22).text().splitlines()
    assert all(lines[row][col] in "◦•●" for col, row in zip(cols, rows, strict=True))


def test_a_hundred_thousand_trials_become_at_most_one_point_for_each_cell() -> None:
    axes = tuple(Axis(name, tuple(map(str, range(50)))) for name in "abc")
    random = np.random.default_rng(7)
    table = trials(axes, random.integers(0, 50, (100_000, 3)), random.random(100_000))
    numbers = scatter_numbers(table, ACCURACY)
    box = stand_box(numbers, 66, 22)
    assert box is not None
    cols, rows, near = box.cells()
    kept = shown_in_cells(numbers, cols, rows, 66, near).points
    cells = list(zip(cols[kept].tolist(), rows[kept].tolist(), strict=True))
    assert len(cells) == len(set(cells)) <= 66 * 22
    assert len(set(zip(cols.tolist(), rows.tolist(), strict=True))) == len(cells)


def test_the_legend_counts_the_points_that_others_hide() -> None:
    table = grid(RATE, LOSS, FILTERS)
    doubled = trials(table.axes, np.repeat(table.codes, 2, axis=0), np.repeat(table.scores, 2))
    assert "hidden" not in scatter(table, ACCURACY, 78, 22).text()
    assert "+ 24 hidden" in scatter(doubled, ACCURACY, 78, 22).text()


@pytest.mark.parametrize("axes", [(RATE, LOSS, FILTERS), (RATE, FILTERS), (FILTERS,)])
@pytest.mark.parametrize("size", [(78, 22), (40, 12)])
def test_a_click_on_a_point_finds_its_trial(axes: tuple[Axis, ...], size: tuple[int, int]) -> None:
    look = ScatterLook(tuple(range(len(axes))))
    plain = scatter(grid(*axes), ACCURACY, *size, look)
    found = 0
    for row in range(len(grid(*axes))):
        marked = scatter(grid(*axes, highlight=row), ACCURACY, *size, look)
        for line, (before, after) in enumerate(zip(plain.rows, marked.rows, strict=True)):
            col = 0
            for text, ink in after:
                if ink == CURSOR and before != after:
                    at = col + len(text) - len(text.lstrip())
                    assert point_at(grid(*axes, highlight=row), ACCURACY, *size, look, (at, line)) == row
                    found += 1
                col += len(text)
    assert found == len(grid(*axes))


def test_a_click_beside_all_points_or_on_an_empty_scatter_finds_nothing() -> None:
    assert point_at(grid(RATE, LOSS, FILTERS), ACCURACY, 78, 22, None, (77, 0)) is None
    assert point_at(grid(RATE, LOSS, FILTERS), ACCURACY, 8, 3, None, (2, 1)) is None
    assert point_at(trials((RATE,), np.zeros((0, 1), np.int64), []), ACCURACY, 78, 22, None, (5, 5)) is None
