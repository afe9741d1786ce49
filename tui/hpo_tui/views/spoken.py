"""What a view shows, in sentences that a screen reader can speak: the same numbers as the picture's."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from hpo_core.text import clean, format_value, plural
from hpo_tui.desk.follower import Update
from hpo_tui.desk.table import Table
from hpo_tui.desk.view_changes import DEFAULT_BINS, all_axes, shown_axes
from hpo_tui.desk.view_state import ViewState
from hpo_tui.look.numbers import metric_text
from hpo_tui.plots.heatmap_numbers import heat_numbers
from hpo_tui.plots.histogram_numbers import histogram_numbers
from hpo_tui.plots.scale import format_numbers
from hpo_tui.views.curve_pictures import ONE_POINT, curve_trials, has_curves
from hpo_tui.views.machine import machine_rows
from hpo_tui.views.pictures import metric_of, trainings_in_view, trials_in_view
from hpo_tui.views.ranking import ranked_trials, score_words

MOST = 10
"""So many trials are told one by one."""


def spoken_view(update: Update, table: Table, state: ViewState) -> list[str]:
    """Return the view that is open, in sentences; the effects say themselves what they have to say."""
    speaker = _SPEAKERS.get(state.view)
    return speaker(update, table, state) if speaker is not None and table.in_view.any() else []


def _scatter(update: Update, table: Table, state: ViewState) -> list[str]:
    names = _names(table, shown_axes(state, len(table.factors)))
    rows = table.in_view & np.isfinite(table.scores)
    lines = [f"Scatter of {' and '.join(names)}: {plural(int(rows.sum()), 'point')}, one for each trial."]
    if rows.any():
        low, high = float(table.scores[rows].min()), float(table.scores[rows].max())
        worst, best = (low, high) if table.better == "max" else (high, low)
        lines.append(
            f"Colour and size say {clean(table.metric)}, from {metric_text(worst)}, the worst, to "
            f"{metric_text(best)}, the best."
        )
    failed = int((table.in_view & (table.failed > 0)).sum())
    collapsed = sum(bool(table.in_view[trial - 1]) for trial in table.collapsed)
    lines += [
        f"{plural(count, 'trial')} {word}."
        for count, word in ((failed, "failed"), (collapsed, "collapsed"))
        if count
    ]
    return lines


def _heatmap(update: Update, table: Table, state: ViewState) -> list[str]:
    shown = shown_axes(state, len(table.factors))
    up = shown[1] if len(shown) > 1 else None
    numbers = heat_numbers(trials_in_view(table, state), metric_of(table), shown[0], up)
    others = [name for at, name in enumerate(_names(table, range(len(table.factors)))) if at not in shown[:2]]
    over = f", mean over {' and '.join(others)}" if others else ""
    across = numbers.across
    lines = [f"Heat map of {across.name} and {numbers.up.name or 'nothing else'}{over}."]
    for row, label in enumerate(numbers.up.labels):
        cells = [
            f"{numbers.across.labels[col]} {metric_text(float(mean))}"
            + (f", {plural(int(numbers.failed[row, col]), 'failure')}" if numbers.failed[row, col] else "")
            for col, mean in enumerate(numbers.mean[row])
        ]
        lines.append(f"{f'{numbers.up.name} {label}' if label else across.name}: {'; '.join(cells)}.")
    return lines


def _histograms(update: Update, table: Table, state: ViewState) -> list[str]:
    numbers = histogram_numbers(trainings_in_view(update.snapshot, table), state.bins or DEFAULT_BINS)
    if numbers is None:
        return []
    edges = format_numbers(numbers.edges)
    lines = [f"Histograms of {clean(table.metric)}, {numbers.bins} bins from {edges[0]} to {edges[-1]}."]
    for panel in numbers.panels:
        for label, count, percent in zip(panel.labels, panel.counts, panel.percent, strict=True):
            if count:
                most = int(percent.argmax())
                lines.append(
                    f"{panel.name} {label}: {plural(count, 'result')}, most of them, {percent[most]:.0f} %, from "
                    f"{edges[most]} to {edges[most + 1]}."
                )
    return lines


def _curves(update: Update, table: Table, state: ViewState) -> list[str]:
    if not has_curves(update.snapshot):
        return [ONE_POINT]
    lines = [f"Curves of {clean(table.metric)} by epoch, mean over replicates."]
    for trial in curve_trials(table, state):
        runs = [
            [table.measure.at(epoch) for epoch in entry.epochs] for entry in update.snapshot.replicates_of(trial)
        ]
        ends = [(run[0], run[-1], len(run)) for run in runs if run and run[0] is not None and run[-1] is not None]
        if ends:
            first, last = (float(np.mean([end[place] for end in ends])) for place in (0, 1))
            epochs = max(end[2] for end in ends)
            lines.append(
                f"{_trial(table, trial)}: {metric_text(first)} after epoch 1, "
                f"{metric_text(last)} after epoch {epochs}."
            )
    return lines


def _parallel(update: Update, table: Table, state: ViewState) -> list[str]:
    names = _names(table, all_axes(state, len(table.factors)))
    lines = [f"Parallel coordinates through {', '.join(names)}, to {clean(table.metric)}."]
    for factor, hidden in zip(table.factors, table.hidden, strict=True):
        cut = [format_value(value) for value, out in zip(factor.values, hidden, strict=True) if out]
        if cut:
            lines.append(f"Cut at {clean(factor.name)} {', '.join(cut)}.")
    return [*lines, f"{plural(int(table.in_view.sum()), 'line')} go through."]


def _ranking(update: Update, table: Table, state: ViewState) -> list[str]:
    order = ranked_trials(table, state)
    lines = [f"Ranking, the first {min(MOST, len(order))} of {plural(len(order), 'trial')}."]
    for place, trial in enumerate(order[:MOST], 1):
        lines.append(f"{place}. {score_words(table, trial)}: {_trial(table, trial)}.")
    return lines


def _machine(update: Update, table: Table, state: ViewState) -> list[str]:
    rows = ("".join(text for text, _ in row).split() for row in machine_rows(update, 120, 40))
    return [" ".join(word for word in row if word.strip("━╸─")) for row in rows if row]


def _names(table: Table, factors: range | tuple[int, ...]) -> list[str]:
    return [clean(table.factors[at].name) for at in factors]


def _trial(table: Table, trial: int) -> str:
    values = (f"{clean(name)} {format_value(value)}" for name, value in table.grid[trial].values.items())
    return f"trial {trial}, {', '.join(values)}"


_SPEAKERS: Mapping[str, Callable[[Update, Table, ViewState], list[str]]] = {
    "scatter": _scatter,
    "heatmap": _heatmap,
    "histograms": _histograms,
    "curves": _curves,
    "parallel": _parallel,
    "ranking": _ranking,
    "machine": _machine,
}
