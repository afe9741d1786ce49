"""The rest of the effects view: interactions, the best trial, failures, epochs, score against time."""

from __future__ import annotations

from hpo_core.effects import Effects
from hpo_core.effects.classes import FAILURE_CLASSES
from hpo_core.effects.rivals import cheaper_words, winner_words
from hpo_core.effects.verdicts import effect_words
from hpo_core.text import clean, format_seconds, format_value, percent
from hpo_tui.desk.analyst import ByValue, Findings
from hpo_tui.desk.desk import Desk
from hpo_tui.look.inks import ACCENT, DEFAULT, DIM, STRONG, WARNING
from hpo_tui.look.numbers import decimals_for, metric_text
from hpo_tui.plots.canvas import width_of
from hpo_tui.plots.heatmap_plot import heatmap
from hpo_tui.plots.rows import Row, fit, padded, run
from hpo_tui.views.effects.paragraphs import heading, name_of, paragraph, paragraphs
from hpo_tui.views.trials import metric_of, trials_in_view

MAPS = 2


def interaction_rows(effects: Effects, desk: Desk, width: int) -> list[Row]:
    """Return a heat map of each pair that matters together, the strongest ones first, with the sentence on it."""
    pairs = [line for line in effects.effects if line.real and len(line.factors) == 2]
    pairs.sort(key=lambda line: -line.omega_sq)
    rows: list[Row] = []
    names = [factor.name for factor in desk.table.factors]
    trials = trials_in_view(desk)
    for line in pairs[:MAPS]:
        places = (names.index(name) for name in line.factors)
        up, across = sorted(places, key=lambda at: len(trials.axes[at].labels))
        height = max(len(trials.axes[up].labels) + 3, 7)
        rows += [heading(f"Together: {name_of(line)}", width), *paragraphs(effect_words([line]), width)]
        rows += heatmap(trials, metric_of(desk.table), width, height, across, up).rows
    return rows


def winner_rows(effects: Effects, trainable: bool, width: int) -> list[Row]:
    """Return how sure it is that the best trial is the best, and the key that makes it surer where that trains."""
    if effects.best is None:
        return []
    rows = [heading("The best trial", width), *paragraph(winner_words(effects.best, effects.metric), width)]
    if effects.best.more_replicates and trainable:
        rows += paragraph("n puts these replicates into the queue.", width, DIM)
    return rows


def failure_rows(effects: Effects, width: int) -> list[Row]:
    """Return the failures of each value that has any: how many of its trainings, and in which way."""
    counts = effects.failures.counts
    if not counts:
        return []
    said = ", ".join(f"{counts[name]:,} {name}" for name in FAILURE_CLASSES if name in counts)
    rows = [heading(f"Failures: {said} of {effects.failures.ended:,} trainings", width)]
    for name, values in effects.failures.by_value.items():
        failing = [value for value in values if any(value.counts.values())]
        if len(values) < 2 or not failing:
            continue
        rows.append(padded((run(f" {clean(name)}", STRONG),), width))
        room = min(max(width_of(format_value(value.value)) for value in failing), 14)
        for value in failing:
            parts = [
                f"{value.counts[kind]:,} {kind} ({percent(value.rate(kind))})"
                for kind in FAILURE_CLASSES
                if value.counts.get(kind)
            ]
            row = (
                run(f"    {fit(format_value(value.value), room)} "),
                run(f"{', '.join(parts)}", WARNING),
                run(f" of {value.n:,}", DIM),
            )
            rows.append(padded(row, width))
    return rows


def epoch_rows(found: Findings, effects: Effects, width: int) -> list[Row]:
    """Return what the epochs say, and for each value how far it overfits and what a further epoch would bring."""
    gaps, slopes = _telling(found.gaps), _telling(found.slopes)
    if not effects.notes and not gaps and not slopes:
        return []
    rows = [heading("Epochs", width), *paragraphs(effects.notes, width)]
    names = list(dict.fromkeys((*gaps, *slopes)))
    if not names:
        return rows
    gap_of = {(name, value.value): value.mean for name in gaps for value in gaps[name]}
    slope_of = {(name, value.value): value.mean for name in slopes for value in slopes[name]}
    room = min(max(width - 32, 6), 20)
    rows.append(padded((run(f"{'':<{room + 4}}{'overfits by':>13}{'gain/epoch':>13}", DIM),), width))
    for name in names:
        rows.append(padded((run(f" {clean(name)}", STRONG),), width))
        for value in dict.fromkeys(entry.value for entry in (*gaps.get(name, ()), *slopes.get(name, ()))):
            figures = [_signed(gap_of.get((name, value))), _signed(slope_of.get((name, value)))]
            text = f"    {fit(format_value(value), room)}{figures[0]:>13}{figures[1]:>13}"
            rows.append(padded((run(text),), width))
    return rows


def _telling(values: ByValue) -> ByValue:
    """Return the hyperparameters of which two values or more can be compared."""
    return {name: entries for name, entries in values.items() if len(entries) > 1}


def _signed(number: float | None) -> str:
    return "–" if number is None or number != number else f"{number:+.3g}"


def front_rows(effects: Effects, width: int) -> list[Row]:
    """Return the trials that no other beats in score and time together, cheapest first."""
    front = effects.frontier
    if front is None:
        return []
    rows = [heading("Score against time: none is both better and faster than these", width)]
    decimals = decimals_for(point.score for point in front.points)
    for point in front.points:
        values = " · ".join(format_value(value) for value in point.values.values())
        cheap = front.cheaper is not None and point.trial == front.cheaper.point.trial
        row = (
            run(f" {metric_text(point.score, decimals)}", ACCENT if point is front.points[-1] else DEFAULT),
            run(f" in {_seconds(point.cost):>7}", STRONG if cheap else DEFAULT),
            run(f"  trial {point.trial}  {values}", DIM),
        )
        rows.append(padded(row, width))
    if front.cheaper is not None:
        rows += paragraph(cheaper_words(front.cheaper, front.best), width)
    return rows


def _seconds(seconds: float) -> str:
    return f"{seconds:.3g} s" if seconds < 100 else format_seconds(seconds)
