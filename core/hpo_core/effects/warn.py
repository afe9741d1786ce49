"""What to beware of when reading the findings: failures, collapsed trainings, holes in the grid, missing noise."""

from __future__ import annotations

import math

from hpo_core.effects.anova import Anova
from hpo_core.effects.cells import MOST_VALUES, Cells
from hpo_core.effects.classes import FAILURE_CLASSES, Failures
from hpo_core.effects.inputs import Results
from hpo_core.effects.model import MIN_NOISE_DF, Effect
from hpo_core.text import clean, format_value, joined, p_words, plural

HIGHER_ALPHA = 0.01
"""Interactions that nobody asked for are only mentioned when they are this clear."""


def nothing_counted(results: Results, failures: Failures, metric: str) -> str:
    """Say why there is nothing to analyse."""
    if not len(results):
        return "There is no training in view yet."
    said = f"None of {plural(len(results), 'training')} in view has a score for {clean(metric)}"
    if failures.counts:
        counts = [f"{failures.counts[name]:,} {name}" for name in FAILURE_CLASSES if name in failures.counts]
        said += f" ({joined(counts)})"
    return said + "."


def failure_warnings(failures: Failures) -> list[str]:
    """Name every kind of failure but collapse, how often it came, and the value that has most of them."""
    return [
        f"{plural(failures.counts[name], 'training')} without a score ({name}{_worst(failures, name)})."
        for name in FAILURE_CLASSES
        if name != "collapsed" and name in failures.counts
    ]


def collapsed_left_out(failures: Failures, count: int) -> str:
    """Say that collapsed trainings are not counted."""
    return f"{plural(count, 'collapsed training')} left out{_worst(failures, 'collapsed', ' (', ')')}."


def collapsed_counted(
    failures: Failures, count: int, here: tuple[Effect, ...], without: tuple[Effect, ...], left: int
) -> str:
    """Say that collapsed trainings are counted, and what changes without them (``left`` trainings)."""
    said = f"{plural(count, 'collapsed training')} counted{_worst(failures, 'collapsed', ' (', ')')}"
    if not left:
        return f"{said}; there are no others."
    other = {line.factors: line for line in without}
    changed = [
        f"{' × '.join(clean(name) for name in line.factors)}: {_judged(other[line.factors])} "
        f"instead of {_judged(line)}"
        for line in here
        if line.factors in other and other[line.factors].verdict != line.verdict
    ]
    if not changed:
        return f"{said}; without them every verdict is the same."
    return f"{said}: they make a difference. Without them, {'; '.join(changed)}."


def grid_warnings(cells: Cells, results: Results) -> list[str]:
    """Say what the shape of the grid keeps from being known."""
    names = [factor.name for factor in results.factors]
    said = [
        f"{clean(names[place])} has more than {MOST_VALUES} values and is left out of the analysis."
        for place in cells.too_many
    ]
    if not cells.used and not cells.too_many:
        return ["There is one trial in view: nothing to compare."]
    possible = math.prod(cells.sizes)
    if not cells.too_many and len(cells.codes) < possible:
        said.append(
            f"The grid is incomplete ({len(cells.codes):,} of {possible:,} combinations have a score): each "
            "effect is adjusted for the others, and where they cannot be told apart the verdict is unknown."
        )
    return said


def order_warning(cells: Cells, anova: Anova, asked: int) -> list[str]:
    """Say which interactions were left out although they were asked for."""
    if anova.order >= min(asked, len(cells.sizes)) or anova.noise.source == "interactions":
        return []
    size = anova.order + 1
    return [f"Interactions of {size} hyperparameters are left out: there are too many for an incomplete grid."]


def noise_warnings(cells: Cells, anova: Anova, asked: int, same: bool = False) -> list[str]:
    """Say what is wrong with the noise, or with what it is taken from.

    ``same``: the metric is by nature the same for all replicates of a trial.
    """
    noise = anova.noise
    if noise.source == "none" and len(cells.codes) < 2:
        return []
    if noise.source == "none":
        return [
            "Every trial has one replicate: what is effect and what is noise cannot be known. Train a second "
            "replicate, or have the highest interactions taken as the noise (--one-replicate-noise; key V)."
            if cells.n == len(cells.codes)
            else "There are too few replicates to know the noise. Train a further replicate."
        ]
    said = []
    if noise.source == "interactions":
        said.append(
            "Every trial has one replicate: the interactions above those tested are taken as the noise, so "
            "whatever these do counts as noise too."
        )
    if noise.sd == 0 and same:
        pass
    elif noise.sd == 0:
        said.append("Replicates of a trial are exactly alike: there is no noise, or the seed changes nothing.")
    elif noise.df < MIN_NOISE_DF:
        said.append(
            f"The noise rests on {plural(int(noise.df), 'degree')} of freedom: only very large effects show."
        )
    if anova.higher is not None and anova.higher.p < HIGHER_ALPHA:
        size = anova.order + 1
        advice = f": ask for interactions of {size} (--interactions {size}; key I)" if anova.order == asked else ""
        said.append(f"Interactions above those tested are there too ({p_words(anova.higher.p)}){advice}.")
    return said


def _judged(line: Effect) -> str:
    return f"{line.verdict} ({p_words(line.p)})" if line.p == line.p else str(line.verdict)


def _worst(failures: Failures, name: str, before: str = "; ", after: str = "") -> str:
    worst = failures.worst_value(name)
    if worst is None:
        return ""
    factor, value = worst
    return f"{before}{clean(factor)} {format_value(value.value)}: {value.counts[name]} of {value.n}{after}"
