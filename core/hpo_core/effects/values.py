"""Each value of a hyperparameter: its mean, its distance from the best value, and whether it can go.

Differences are estimated in an additive model of all hyperparameters (and blocks), so that an incomplete grid
does not credit a value with its neighbours' merit; in a balanced grid they are plain differences of means. Their
intervals hold for all pairs of values of a hyperparameter together, by Šidák's inequality, and are only read as
differences where the hyperparameter's main effect is real.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from hpo_core.effects.anova import Anova
from hpo_core.effects.cells import Cells
from hpo_core.effects.failing_values import Unscored, with_lost
from hpo_core.effects.inputs import Bools, Factor, Floats, Ints
from hpo_core.effects.model import ALPHA, Effect, FactorValues, ValueSummary
from hpo_core.effects.out_of_race import behind_where_it_counts
from hpo_core.effects.spread import OwnSeeds, Spread
from hpo_core.effects.squares import Levels, Term, contrast, normal_equations, parts_of

NAN = float("nan")


class Judging(Struct, frozen=True):
    """What the values are judged by: the analysis, the noise, what was lost, the direction, the metric's range.

    ``offer`` says that values may be offered for dropping: not by what a training costs.
    """

    anova: Anova
    spread: Spread
    unscored: Unscored
    maximise: bool
    bounds: tuple[float, float]
    offer: bool


def summarise_values(cells: Cells, factors: Sequence[Factor], judging: Judging) -> tuple[FactorValues, ...]:
    """Return a summary for each hyperparameter; one with a single value has that value's mean only."""
    terms: list[Term] = [(place,) for place in range(len(cells.sizes))]
    normal = normal_equations(cells, terms) if terms else None
    parts = None
    if normal is not None and isinstance(judging.spread, OwnSeeds) and judging.spread.local is not None:
        parts = parts_of(cells, terms, judging.spread.group, normal)
    summaries = []
    for place, factor in enumerate(factors):
        if normal is None or place not in cells.used:
            summary = _without_comparison(cells, factor, place, judging)
        else:
            index = cells.used.index(place)
            levels = normal.levels(terms, (index,), contrast(cells.sizes[index]), parts)
            summary = _compared(cells, factors, index, levels, judging)
        summaries.append(with_lost(summary, factor, place, judging.unscored, judging.offer))
    return tuple(summaries)


def only_with(name: str, effects: Sequence[Effect]) -> tuple[str, ...]:
    """Return the hyperparameters together with which ``name`` matters, while it does not on its own."""
    alone = next((line for line in effects if line.factors == (name,)), None)
    if alone is None or alone.real:
        return ()
    partners = [line.factors for line in effects if line.real and len(line.factors) > 1 and name in line.factors]
    return tuple(dict.fromkeys(other for pair in partners for other in pair if other != name))


class _Comparison(Struct, frozen=True):
    """All pairs of values: differences (row minus column), half-widths of their intervals, and what is alike."""

    differences: Floats
    margins: Floats
    alike: Bools


def _compare(index: int, levels: Levels, spread: Spread, real: bool) -> _Comparison:
    differences = levels.effects[:, np.newaxis] - levels.effects
    gap = np.stack([np.abs(levels.unknown - row).max(axis=1) for row in levels.unknown])
    differences = np.where(gap > 1e-6, np.nan, differences)
    count = len(differences)
    if not spread.known:
        unknown = np.full((count, count), np.nan)
        return _Comparison(differences, unknown, np.zeros((count, count), dtype=bool))
    pairs = count * (count - 1) // 2
    margins = spread.margin((1 + (1 - ALPHA) ** (1 / pairs)) / 2, spread.of_levels(index, levels))
    differ = np.abs(differences) > margins
    return _Comparison(differences, margins, ~(differ & real))


def _compared(
    cells: Cells, factors: Sequence[Factor], index: int, levels: Levels, judging: Judging
) -> FactorValues:
    place, factor = cells.used[index], factors[cells.used[index]]
    effects, spread, unscored = judging.anova.effects, judging.spread, judging.unscored
    main = next(line for line in effects if line.factors == (factor.name,))
    comparison = _compare(index, levels, spread, main.real)
    best = int(np.argmax(levels.effects) if judging.maximise else np.argmin(levels.effects))
    names = [factors[place].name for place in cells.used]
    interactions = [
        tuple(names.index(name) for name in line.factors)
        for line in effects
        if line.real and len(line.factors) > 1 and factor.name in line.factors
    ]
    behind = behind_where_it_counts(cells, index, interactions, spread, 1.0 if judging.maximise else -1.0)
    top = int(cells.levels[int(np.argmax(cells.means if judging.maximise else -cells.means)), index])
    groups = _groups(levels.effects, comparison.alike)
    codes = [int(code) for code in cells.occurring[index]]
    shown, spared = [], []
    for level, code in enumerate(codes):
        difference = float(comparison.differences[level, best])
        margin = float(comparison.margins[level, best])
        worse = bool(judging.offer and main.real and not comparison.alike[level, best])
        fails = unscored.fails_too_often(place, code, codes[best]) if worse and not behind[level] else ""
        lost = worse and bool(behind[level] or (fails and level != top))
        if lost and unscored.fails_more(place, codes[best], code):
            spared.append(factor.values[code])
            lost = False
        n, mean, low, high = _mean(cells, (index,), int(np.argmax(cells.levels[:, index] == level)), judging)
        shown.append(
            ValueSummary(
                value=factor.values[code],
                n=n,
                mean=mean,
                low=low,
                high=high,
                difference=difference,
                difference_low=difference - margin,
                difference_high=difference + margin,
                is_best=level == best,
                can_drop=lost,
                alike=tuple(number for number, group in enumerate(groups) if level in group),
                adjusted=NAN if cells.balanced else float(levels.means[level]) + cells.centre,
                fails=fails if lost else "",
            )
        )
    alike = tuple(tuple(shown[level].value for level in sorted(group)) for group in groups)
    return FactorValues(
        factor.name,
        tuple(shown),
        alike,
        only_with(factor.name, effects),
        telling=main.real,
        spared=tuple(spared),
        best_lost=unscored.of_value(place, codes[best]) if spared else (0, 0),
    )


def _without_comparison(cells: Cells, factor: Factor, place: int, judging: Judging) -> FactorValues:
    shown = []
    if place not in cells.too_many:
        value = factor.values[int(cells.codes[0, place])]
        n, mean, low, high = _mean(cells, (), 0, judging)
        shown.append(ValueSummary(value, n, mean, low, high, 0.0, NAN, NAN, True, False, ()))
    return FactorValues(factor.name, tuple(shown), (), ())


def _mean(cells: Cells, term: Term, cell: int, judging: Judging) -> tuple[int, float, float, float]:
    """Return count, mean and 95 % interval of the trainings that have the levels of ``cell`` for ``term``.

    The interval stays in the metric's range.
    """
    spread, (least, most) = judging.spread, judging.bounds
    labels = spread.labels(term)
    chosen = labels == labels[cell]
    n = int(cells.counts[chosen].sum())
    mean = float(cells.sums[chosen].sum()) / n + cells.centre
    half = spread.half_width(spread.of_mean(term, cell), ALPHA) if spread.known else NAN
    low, high = mean - half, mean + half  # NaN stays NaN: comparisons with it are false
    return n, mean, least if low < least else low, most if high > most else high


def _groups(effects: Floats, alike: Bools) -> list[frozenset[int]]:
    """Return the largest runs of values, in order of their effects, in which no two can be told apart."""
    order: Ints = np.argsort(effects, kind="stable")
    runs: list[frozenset[int]] = []
    for start, first in enumerate(order):
        run = [int(first)]
        for level in order[start + 1 :]:
            if not all(alike[level, member] for member in run):
                break
            run.append(int(level))
        group = frozenset(run)
        if len(group) > 1 and not any(group <= earlier for earlier in runs):
            runs.append(group)
    return runs
