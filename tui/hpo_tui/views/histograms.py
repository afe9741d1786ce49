"""The histograms: how the results of each value are spread, a panel for each hyperparameter."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from hpo_core.text import clean, plural
from hpo_tui.desk.desk import Desk
from hpo_tui.desk.view_state import ViewState
from hpo_tui.plots.histogram_numbers import histogram_numbers
from hpo_tui.plots.histogram_plot import bins_drawn, histogram
from hpo_tui.plots.rows import Row
from hpo_tui.plots.scale import format_numbers
from hpo_tui.views.trials import empty_words, metric_of, trainings_in_view
from hpo_tui.views.view import View

MIN_BINS, DEFAULT_BINS, MAX_BINS = 4, 12, 40


class Histograms(View):
    """The spread of the results."""

    name = "histograms"
    title = "histograms"
    tab = "hist"
    letter = "i"
    shows = "how the scores of each value lie"
    kind = "histogram"

    def rows(self, desk: Desk, width: int, height: int) -> Sequence[Row]:
        """Return the histograms of every finished training in view."""
        return histogram_rows(desk, width, height)

    def sentences(self, desk: Desk) -> list[str]:
        """Say how many results each value has, and where most of them lie."""
        numbers = histogram_numbers(trainings_in_view(desk), desk.state.bins or DEFAULT_BINS)
        if numbers is None:
            return []
        edges = format_numbers(numbers.edges)
        metric = clean(desk.table.metric)
        lines = [f"Histograms of {metric}, {numbers.bins} bins from {edges[0]} to {edges[-1]}."]
        for panel in numbers.panels:
            for label, count, percent in zip(panel.labels, panel.counts, panel.percent, strict=True):
                if count:
                    most = int(percent.argmax())
                    lines.append(
                        f"{panel.name} {label}: {plural(count, 'result')}, most of them, {percent[most]:.0f} %, "
                        f"from {edges[most]} to {edges[most + 1]}."
                    )
        return lines

    def rebinned(self, desk: Desk, step: int, width: int) -> ViewState:
        """Take more or fewer bins, from as many as are drawn now and no more than there is room for."""
        results = trainings_in_view(desk)
        wanted = (bins_drawn(desk.state.bins, results, width) or DEFAULT_BINS) + 2 * step
        return replace(desk.state, bins=bins_drawn(min(max(wanted, MIN_BINS), MAX_BINS), results, width))


def highest_bar(desk: Desk, width: int) -> float:
    """Return the percent of the highest bar that is drawn in ``width`` cells: the scale of all bars."""

    def find() -> float:
        results = trainings_in_view(desk)
        numbers = histogram_numbers(results, bins_drawn(desk.state.bins, results, width))
        return numbers.peak if numbers is not None else 0.0

    return desk.once_for_table(("highest bar", width, desk.state.bins), find)


def histogram_rows(desk: Desk, width: int, height: int, headed: bool = True) -> Sequence[Row]:
    """Return the histograms, with the metric's name above them or without."""
    return histogram(
        trainings_in_view(desk),
        metric_of(desk.table),
        width,
        height,
        "overlay" if desk.state.overlay else "rows",
        bins=desk.state.bins,
        cumulative=desk.state.cumulative,
        headed=headed,
        ascii=desk.ascii_only,
        empty=empty_words(desk.table),
    ).rows
