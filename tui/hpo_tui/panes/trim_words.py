"""What the trim changed, in words: the ends of the scores before and after it, and the best trial's values."""

from __future__ import annotations

import math

import numpy as np

from hpo_core.plan.metrics import WITHIN
from hpo_core.results.loss_groups import losses_apart
from hpo_core.text import format_value
from hpo_tui.desk.table_in_view import Table
from hpo_tui.look.numbers import decimals_for, metric_text


def trim_words(table: Table) -> list[str]:
    """Return what the trim changed: "worst 0.7522 → 0.9114", "best 0.9661 unchanged".

    A "worst" is the worst mean of a trial, in the direction of the metric shown. There is none, nor a best, where
    the trials in view are not compared.
    """
    if table.apart:
        return [WITHIN]
    lines = []
    whole, seen = _ends(table.scores, table.better), _ends(table.scores[table.in_view], table.better)
    decimals = decimals_for(table.scores)
    # What is left of several losses is not set against all of them.
    alone = table.in_view.all() or losses_apart(table.grid, table.measure) is not None
    for name, before, after in (("worst", whole[0], seen[0]), ("best", whole[1], seen[1])):
        if not math.isfinite(before):
            continue
        was, now = metric_text(before, decimals), metric_text(after, decimals)
        lines.append(
            f"{name} {now}" if alone else f"{name} {was} unchanged" if was == now else f"{name} {was} → {now}"
        )
    return lines


def best_at(table: Table) -> str:
    """Return the values of the best trial in view, "at 0.001 · poisson · 36"; nothing while none is known."""
    if table.apart or not np.isfinite(table.stands).any():
        return ""
    return "at " + " · ".join(map(format_value, table.grid[int(table.stands.argmin()) + 1].values.values()))


def _ends(scores: np.ndarray, better: str) -> tuple[float, float]:
    finite = scores[np.isfinite(scores)]
    if not len(finite):
        return math.nan, math.nan
    low, high = float(finite.min()), float(finite.max())
    return (low, high) if better == "max" else (high, low)
