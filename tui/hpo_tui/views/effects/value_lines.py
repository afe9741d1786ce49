"""What each value does: its mean, and how far it lies from the best value, with the interval of that."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Literal

from hpo_core.effects import Effect, Effects, FactorValues, ValueSummary
from hpo_core.effects.judgement import judgements
from hpo_core.effects.rivals import drop_words
from hpo_core.effects.words import alone
from hpo_core.text import clean, format_value, joined
from hpo_tui.look.inks import ACCENT, DEFAULT, DIM, STRONG, WARNING
from hpo_tui.look.numbers import decimals_for, metric_text
from hpo_tui.plots.bars import Bar, bars
from hpo_tui.plots.canvas import width_of
from hpo_tui.plots.rows import Row, fit, padded, run
from hpo_tui.views.effects.paragraphs import heading, paragraph
from hpo_tui.views.effects.shares import verdict_word

Mark = Literal["best", "alike", "out"]
SIGNS: dict[Mark, str] = {"best": "✓", "alike": "≈", "out": "✗"}
_COUNTED = 60
_BARS = 60


def value_rows(effects: Effects, width: int) -> list[Row]:
    """Return a heading, a legend, and for each hyperparameter its values with their bars, all on one scale."""
    factors = [factor for factor in effects.values if factor.values]
    if not factors:
        return []
    columns = _Columns(effects, factors, width)
    pictures = columns.pictures([value for factor in factors for value in factor.values])
    mean = "adjusted mean" if columns.adjusted else "mean"
    rows = [heading(f"Values: {mean}, distance from the best", width)]
    rows += paragraph(" · ".join(f"{sign} {mark}" for mark, sign in SIGNS.items()), width, DIM)
    judged = judgements(effects)
    for factor in factors:
        line = effects.effect(factor.name)
        rows.append(_factor_row(factor, verdict_word(line, judged) if line is not None else "", width))
        for value in factor.values:
            rows.append(columns.row(factor, value, line, next(pictures)))
        for sentence in drop_words(factor, alone(effects)):
            rows += paragraph(sentence, width)
    return rows


def mark_of(factor: FactorValues, value: ValueSummary, line: Effect | None) -> Mark | None:
    """Return the value's mark; none where the hyperparameter as a whole shows no effect, or nothing is known."""
    if value.can_drop:
        return "out"
    if line is None or not factor.telling:
        return None
    if value.is_best:
        return "best"
    best = next((other for other in factor.values if other.is_best), value)
    return "alike" if set(best.alike) & set(value.alike) else None


def _factor_row(factor: FactorValues, verdict: str, width: int) -> Row:
    if factor.only_with:
        verdict = f"only with {joined([clean(name) for name in factor.only_with])}"
    name = clean(factor.name)
    return padded((run(f" {fit(name, min(width_of(name), width // 2))}", STRONG), run(f"  {verdict}", DIM)), width)


class _Columns:
    """Column widths for one drawing, and its rows."""

    def __init__(self, effects: Effects, factors: Sequence[FactorValues], width: int) -> None:
        values = [value for factor in factors for value in factor.values]
        self.width = width
        self.adjusted = any(value.adjusted == value.adjusted for value in values)
        self.decimals = decimals_for(value.mean for value in values)
        self.name = min(max(width_of(format_value(value.value)) for value in values), 18 if width >= 60 else 10)
        self.mean = max(len(metric_text(shown_mean(value), self.decimals)) for value in values)
        self.count = max(len(f"{value.n:,}") for value in values) + 3 if width >= _COUNTED else 0
        self.bars = min(width - self.name - self.mean - self.count - 7, _BARS)

    def pictures(self, values: Sequence[ValueSummary]) -> Iterator[Row]:
        """Return the row of each value's bar; blank where no difference is known."""
        entries = [
            Bar("", value.difference, _finite(value.difference_low), _finite(value.difference_high))
            for value in values
        ]
        if not any(math.isfinite(entry.value) for entry in entries):
            return iter([padded((), self.bars)] * len(values))
        return iter(bars(entries, self.bars, len(entries)).rows)

    def row(self, factor: FactorValues, value: ValueSummary, line: Effect | None, picture: Row) -> Row:
        mark = mark_of(factor, value, line)
        ink = DIM if mark == "out" else DEFAULT
        count = f"  {f'n {value.n:,}':>{self.count}}" if self.count else ""
        drawn = (run(f" {fit(value.no_score, self.bars - 1)}", WARNING),) if value.no_score else picture
        return padded(
            (
                run(f"  {SIGNS[mark] if mark else ' '} ", DIM if mark == "out" else ACCENT),
                run(fit(format_value(value.value), self.name), ink),
                run(f" {metric_text(shown_mean(value), self.decimals):>{self.mean}}{count} ", ink),
                *drawn,
            ),
            self.width,
        )


def shown_mean(value: ValueSummary) -> float:
    """Return the mean that goes with the differences: adjusted for the rest where the grid is not balanced."""
    return value.adjusted if value.adjusted == value.adjusted else value.mean


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None
