"""The session and what is in view, in words."""

from __future__ import annotations

import numpy as np

from hpo_core.text import clean, plural
from hpo_tui.desk.desk import Desk
from hpo_tui.desk.order import places
from hpo_tui.look.numbers import metric_text, trial_words
from hpo_tui.panes.header import state_word
from hpo_tui.panes.trim_words import trim_words
from hpo_tui.panes.value_stats import value_stats
from hpo_tui.views import open_view
from hpo_tui.views.trials import score_words


def summary(desk: Desk) -> list[str]:
    """Return the open view, then the session and what is in view, as sentences for reading aloud."""
    snapshot, table = desk.snapshot, desk.table
    told = open_view(desk.state).told(desk)
    counts = ", ".join(f"{count} {status}" for status, count in snapshot.counts.items() if count)
    lines = [
        *told,
        *([""] if told else []),
        f"Session {clean(desk.name)}: {state_word(desk.update)}. "
        f"{plural(snapshot.trainings, 'training')}: {counts}.",
        f"Objective: {clean(table.measure.words)}; {'more' if table.better == 'max' else 'less'} is better, "
        "mean over replicates.",
        f"{int(table.in_view.sum())} of {plural(len(table.in_view), 'trial')} in view.",
        f"{'; '.join(trim_words(table))}.",
        "",
    ]
    best = table.ranked[np.isfinite(table.scores[table.ranked])][:5]
    for place, trial in zip(places(table, best), (best + 1).tolist(), strict=True):
        words = trial_words(table.grid[trial].values)
        lines.append(f"{place}. {score_words(table, trial)}: trial {trial}, {words}.")
    lines.append("")
    for factor, levels in enumerate(table.levels):
        parts = []
        stats, lines_out = value_stats(table, factor), table.lines_out(factor)
        for label, stat, hidden in zip(levels.labels, stats, lines_out, strict=True):
            out = ", out of view" if hidden else ""
            parts.append(f"{label} {metric_text(stat.mean)} over {plural(stat.count, 'training')}{out}")
        lines.append(f"{clean(levels.name)}: {'; '.join(parts)}.")
    return lines
