"""Each value of a hyperparameter: its mean, its distance from the best value, and whether it can go.

Differences are estimated in an additive model of all hyperparameters (and blocks), so that an incomplete grid
does not credit a value with its neighbours' merit; in a balanced grid they are plain differences of means. Their
intervals hold for all pairs of values of a hyperparameter together, by Šidák's inequality, and are only read as
differences where the hyperparameter's main effect is real.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hpo_core.effects.anova import Anova
from hpo_core.effects.cells import Cells
from hpo_core.effects.data import Bools, Factor, Floats, Ints, number_together
from hpo_core.effects.model import ALPHA, Effect, FactorValues, Noise, ValueSummary
from hpo_core.effects.probability import t_point
from hpo_core.effects.squares import Levels, Term, contrast, normal_equations

NAN = float("nan")


def summarise_values(
    cells: Cells, factors: Sequence[Factor], anova: Anova, maximise: bool
) -> tuple[FactorValues, ...]:
    """Return a summary for each hyperparameter; one with a single value has that value's mean only."""
    terms: list[Term] = [(place,) for place in range(len(cells.sizes))]
    normal = normal_equations(cells, terms) if terms else None
    summaries = []
    for place, factor in enumerate(factors):
        if normal is None or place not in cells.used:
            summaries.append(_without_comparison(cells, factor, place, anova.noise))
            continue
        index = cells.used.index(place)
        levels = normal.levels(terms, (index,), contrast(cells.sizes[index]))
        summaries.append(_compared(cells, factors, index, levels, anova, maximise))
    return tuple(summaries)


def only_with(name: str, effects: Sequence[Effect]) -> tuple[str, ...]:
    """Return the hyperparameters together with which ``name`` matters, while it does not on its own."""
    alone = next((line for line in effects if line.factors == (name,)), None)
    if alone is None or alone.real:
        return ()
    partners = [line.factors for line in effects if line.real and len(line.factors) > 1 and name in line.factors]
    return tuple(dict.fromkeys(other for pair in partners for other in pair if other != name))


@dataclass(frozen=True, slots=True)
class _Comparison:
    """All pairs of values: differences (row minus column), half-widths of their intervals, and what is alike."""

    differences: Floats
    margins: Floats
    alike: Bools


def _compare(levels: Levels, noise: Noise, real: bool) -> _Comparison:
    differences = levels.effects[:, np.newaxis] - levels.effects
    spread = np.diag(levels.covariance)
    variance = np.maximum(spread[:, np.newaxis] + spread - 2 * levels.covariance, 0.0)
    gap = np.stack([np.abs(levels.unknown - row).max(axis=1) for row in levels.unknown])
    differences = np.where(gap > 1e-6, np.nan, differences)
    count = len(differences)
    if not noise.known:
        return _Comparison(differences, np.full((count, count), np.nan), np.zeros((count, count), dtype=bool))
    pairs = count * (count - 1) // 2
    point = t_point((1 + (1 - ALPHA) ** (1 / pairs)) / 2, noise.df)
    margins = point * noise.sd * np.sqrt(variance)
    alike = np.ones((count, count), dtype=bool) if not real else ~(np.abs(differences) > margins)
    return _Comparison(differences, margins, alike)


def _compared(
    cells: Cells, factors: Sequence[Factor], index: int, levels: Levels, anova: Anova, maximise: bool
) -> FactorValues:
    factor = factors[cells.used[index]]
    main = next(line for line in anova.effects if line.factors == (factor.name,))
    comparison = _compare(levels, anova.noise, main.real)
    best = int(np.argmax(levels.effects) if maximise else np.argmin(levels.effects))
    names = [factors[place].name for place in cells.used]
    interactions = [
        tuple(names.index(name) for name in line.factors)
        for line in anova.effects
        if line.real and len(line.factors) > 1 and factor.name in line.factors
    ]
    behind = _behind_where_it_counts(cells, index, interactions, anova.noise, 1.0 if maximise else -1.0)
    groups = _groups(levels.effects, comparison.alike)
    shown = []
    for level, code in enumerate(cells.occurring[index]):
        n, mean, half = _mean(cells, cells.levels[:, index] == level, anova.noise)
        difference = float(comparison.differences[level, best])
        margin = float(comparison.margins[level, best])
        worse = main.real and not comparison.alike[level, best]
        shown.append(
            ValueSummary(
                value=factor.values[int(code)],
                n=n,
                mean=mean,
                low=mean - half,
                high=mean + half,
                difference=difference,
                difference_low=difference - margin,
                difference_high=difference + margin,
                is_best=level == best,
                can_drop=bool(worse and behind[level]),
                alike=tuple(number for number, group in enumerate(groups) if level in group),
            )
        )
    alike = tuple(tuple(shown[level].value for level in sorted(group)) for group in groups)
    return FactorValues(factor.name, tuple(shown), alike, only_with(factor.name, anova.effects))


def _without_comparison(cells: Cells, factor: Factor, place: int, noise: Noise) -> FactorValues:
    shown = []
    if place not in cells.too_many:
        n, mean, half = _mean(cells, np.ones(len(cells.codes), dtype=bool), noise)
        value = factor.values[int(cells.codes[0, place])]
        only = ValueSummary(value, n, mean, mean - half, mean + half, 0.0, NAN, NAN, True, False, ())
        shown.append(only)
    return FactorValues(factor.name, tuple(shown), (), ())


def _mean(cells: Cells, chosen: Bools, noise: Noise) -> tuple[int, float, float]:
    """Return count, mean and half-width of the mean's 95 % interval of the chosen cells' trainings."""
    n = int(cells.counts[chosen].sum())
    mean = float(cells.sums[chosen].sum()) / n + cells.centre
    half = t_point(1 - ALPHA / 2, noise.df) * noise.sd / n**0.5 if noise.known else NAN
    return n, mean, half


def _behind_where_it_counts(
    cells: Cells, index: int, interactions: list[Term], noise: Noise, sign: float
) -> Bools:
    """Say for each value whether it is out of the race also where it combines with others.

    In each real interaction, the value's best combination must be worse than the best combination of all beyond
    noise: one-sided t test of two means, at 5 % divided by the number of other values. And a value of the best
    trial never is out.
    """
    size = cells.sizes[index]
    behind = np.full(size, noise.known)
    behind[cells.levels[int(np.argmax(sign * cells.means)), index]] = False
    if not noise.known:
        return behind
    point = t_point(1 - ALPHA / (size - 1), noise.df)
    replicates = cells.counts.sum(axis=1)
    for term in interactions:
        combination = np.zeros(len(cells.levels), dtype=np.int64)
        for place in term:
            combination = number_together(combination, cells.levels[:, place])
        n = np.bincount(combination, weights=replicates)
        score = sign * np.bincount(combination, weights=replicates * cells.means) / n
        level_of = np.zeros(len(n), dtype=np.int64)
        level_of[combination] = cells.levels[:, index]
        top = int(np.argmax(score))
        for level in range(size):
            mine = np.flatnonzero(level_of == level)
            rival = mine[np.argmax(score[mine])]
            error = noise.sd * (1 / n[top] + 1 / n[rival]) ** 0.5
            behind[level] &= score[top] - score[rival] > point * error
    return behind


def _groups(effects: Floats, alike: Bools) -> list[frozenset[int]]:
    """Return the largest runs of values, in order of their effects, in which no two can be told apart."""
    order: Ints = np.argsort(effects, kind="stable")
    runs: list[frozenset[int]] = []
    for start in range(len(order)):
        run = [int(order[start])]
        for level in order[start + 1 :]:
            if not all(alike[level, member] for member in run):
                break
            run.append(int(level))
        group = frozenset(run)
        if len(group) > 1 and not any(group <= earlier for earlier in runs):
            runs.append(group)
    return runs
