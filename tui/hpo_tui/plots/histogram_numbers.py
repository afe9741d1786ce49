"""The numbers of the histograms: for each value of each hyperparameter, percent of its results in shared bins."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from msgspec import Struct

from hpo_tui.plots.data import Floats, Trials
from hpo_tui.plots.scale import between, fraction, limits, sections


class Panel(Struct, frozen=True, eq=False):
    """One hyperparameter: ``percent`` (values, bins) sums to 100 for every value that has results.

    ``counts``: results of each value; ``inks``: the colour of each. Cumulative percents rise to 100 instead.
    """

    name: str
    labels: tuple[str, ...]
    counts: tuple[int, ...]
    percent: Floats
    inks: tuple[int, ...]


class HistogramNumbers(Struct, frozen=True, eq=False):
    """``edges`` (bins + 1): the bins that all panels share, from the least to the greatest score in view."""

    edges: tuple[float, ...]
    panels: tuple[Panel, ...]
    cumulative: bool = False

    @property
    def results(self) -> int:
        """How many results the panel with the most has."""
        return max((sum(panel.counts) for panel in self.panels), default=0)

    @property
    def peak(self) -> float:
        """The highest bar of all panels, in percent: the scale that they share; 0 where there is none."""
        return max((float(panel.percent.max(initial=0.0)) for panel in self.panels), default=0.0)

    @property
    def bins(self) -> int:
        """How many bins there are."""
        return len(self.edges) - 1


@lru_cache(maxsize=2)
def histogram_numbers(trials: Trials, bins: int, cumulative: bool = False) -> HistogramNumbers | None:
    """Return the histograms' numbers over the rows that have a score; None where none has one.

    Every bin takes its lower edge, the last one both. Scores that are all the same stand in the middle bin.
    Those of the same trials are kept: the pane's title and its picture ask for the same.
    """
    bins = max(int(bins), 1)
    scored = trials.scored
    ends = limits(trials.scores[scored])
    if ends is None:
        return None
    low, high = ends if ends[0] < ends[1] else _around(ends[0])
    rows = np.flatnonzero(scored)
    places = sections(fraction(trials.scores[rows], low, high), bins)
    panels = []
    for index, axis in enumerate(trials.axes):
        column = trials.codes[rows, index]
        known = (column >= 0) & (column < len(axis.labels))
        cells = column * bins + places if known.all() else column[known] * bins + places[known]
        flat = np.bincount(cells, minlength=len(axis.labels) * bins)
        counts = flat.reshape(len(axis.labels), bins)
        results = counts.sum(axis=1)
        percent = 100.0 * counts / np.maximum(results, 1)[:, None]
        if cumulative:
            percent = 100.0 * counts.cumsum(axis=1) / np.maximum(results, 1)[:, None]
        panels.append(Panel(axis.name, axis.labels, tuple(int(n) for n in results), percent, axis.inks))
    edges = tuple(between(low, high, index / bins) for index in range(bins + 1))
    return HistogramNumbers(edges, tuple(panels), cumulative)


def _around(value: float) -> tuple[float, float]:
    pad = abs(value) * 0.05 or 0.5
    largest = float(np.finfo(np.float64).max)
    return max(value - pad, -largest), min(value + pad, largest)
