"""What the trim does, and what is in view, in words."""

from __future__ import annotations

import math

import numpy as np

from hpo_core.session.snapshot import Snapshot
from hpo_core.text import clean, format_value, plural
from hpo_tui.desk.follower import Update
from hpo_tui.desk.table import Table
from hpo_tui.look.numbers import decimals_for, metric_text, trial_words
from hpo_tui.panes.header import state_word
from hpo_tui.panes.values_pane import value_stats
from hpo_tui.plots.canvas import shorten, width_of
from hpo_tui.views.ranking import ranked_rows, score_words


def trial_line(snapshot: Snapshot, table: Table, trial: int) -> str:
    """Return "trial 36: 0.9661 ± 0.0023 over 2 · learning_rate 0.001 · ..." with what failed."""
    row = trial - 1
    failed = f", {table.failed[row]} failed" if table.failed[row] else ""
    done = f"{table.finished[row]} of {snapshot.replicate_count(trial)}{failed}"
    return f"trial {trial}: {score_words(table, trial)} ({done}) · {trial_words(table.grid[trial].values)}"


def short_trial_line(snapshot: Snapshot, table: Table, trial: int, room: int) -> str:
    """Return ``trial_line`` in at most ``room`` cells: the sd goes first, then names, then long values are cut."""
    values = table.grid[trial].values
    long, short = score_words(table, trial), metric_text(float(table.scores[trial - 1]))
    lines = [trial_line(snapshot, table, trial)]
    lines += [f"trial {trial}: {score} · {trial_words(values)}" for score in (long, short)]
    for score, most in ((long, 24), (long, 12), (short, 12), (short, 8), (short, 5)):
        cut = (shorten(format_value(value), most) for value in values.values())
        lines.append(" · ".join([f"trial {trial}: {score}", *cut]))
    return next((line for line in lines if width_of(line) <= room), shorten(lines[-1], room))


def trim_words(table: Table) -> list[str]:
    """Return what the trim changed: "worst 0.7522 → 0.9114", "best 0.9661 unchanged".

    A "worst" is the worst mean of a trial, in the direction of the metric shown.
    """
    lines = []
    whole, seen = _ends(table.scores, table.better), _ends(table.scores[table.in_view], table.better)
    decimals = decimals_for(table.scores)
    for name, before, after in (("worst", whole[0], seen[0]), ("best", whole[1], seen[1])):
        if not math.isfinite(before):
            continue
        was, now = metric_text(before, decimals), metric_text(after, decimals)
        lines.append(
            f"{name} {now}"
            if table.in_view.all()
            else f"{name} {was} unchanged"
            if was == now
            else f"{name} {was} → {now}"
        )
    return lines


def best_at(table: Table) -> str:
    """Return the values of the best trial in view, "at 0.001 · poisson · 36"; nothing while none has a score."""
    order = ranked_rows(table)
    if not order or not np.isfinite(table.scores[order[0]]):
        return ""
    return "at " + " · ".join(format_value(value) for value in table.grid[order[0] + 1].values.values())


def _ends(scores: np.ndarray, better: str) -> tuple[float, float]:
    finite = scores[np.isfinite(scores)]
    if not len(finite):
        return math.nan, math.nan
    low, high = float(finite.min()), float(finite.max())
    return (low, high) if better == "max" else (high, low)


def summary(name: str, update: Update, table: Table) -> list[str]:
    """Return the session and what is in view as sentences, for reading aloud."""
    snapshot = update.snapshot
    counts = ", ".join(f"{count} {status}" for status, count in snapshot.counts.items() if count)
    lines = [
        f"Session {clean(name)}: {state_word(update)}. {plural(snapshot.trainings, 'training')}: {counts}.",
        f"Metric: {clean(table.measure.words)}; {'more' if table.better == 'max' else 'less'} is better, "
        "mean over replicates.",
        f"{int(table.in_view.sum())} of {plural(len(table.in_view), 'trial')} in view.",
        f"{'; '.join(trim_words(table))}.",
        "",
    ]
    best = [row + 1 for row in ranked_rows(table) if np.isfinite(table.scores[row])][:5]
    for place, trial in enumerate(best, 1):
        words = trial_words(table.grid[trial].values)
        lines.append(f"{place}. {score_words(table, trial)}: trial {trial}, {words}.")
    lines.append("")
    for factor, hyperparameter in enumerate(table.factors):
        parts = []
        for level, (value, stat) in enumerate(zip(hyperparameter.values, value_stats(table, factor), strict=True)):
            out = ", out of view" if table.hidden[factor][level] else ""
            parts.append(f"{format_value(value)} {metric_text(stat.mean)} over {plural(stat.count, 'trial')}{out}")
        lines.append(f"{clean(hyperparameter.name)}: {'; '.join(parts)}.")
    return lines
