"""The values pane: every hyperparameter, its values in or out of view, each with its count and mean ± sd."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from hpo_core.plan.spec import SessionSpec
from hpo_core.text import clean, format_value
from hpo_tui.desk import view_changes as moves
from hpo_tui.desk.desk import Desk
from hpo_tui.desk.table_in_view import Table
from hpo_tui.desk.view_state import ViewState
from hpo_tui.look.inks import ACCENT, DEFAULT, DIM, STRONG, WARNING
from hpo_tui.look.numbers import decimals_for, metric_text
from hpo_tui.panes.pane import Pane
from hpo_tui.panes.trim_words import best_at, trim_words
from hpo_tui.panes.value_marks import ValueMarks, marks_of
from hpo_tui.panes.value_stats import ValueStats, value_stats
from hpo_tui.plots.canvas import shorten, width_of
from hpo_tui.plots.picture import Run
from hpo_tui.plots.rows import Row, fit, padded, run
from hpo_tui.views.effects.paragraphs import NOISE
from hpo_tui.views.effects.value_lines import ALIKE
from hpo_tui.views.view import Cells

NO_MARKS = ValueMarks()
_KEYS = "1234567890"
_LEAD = 5  # cursor, key, mark


@dataclass(frozen=True, slots=True)
class ValueLine:
    """One line of the pane; ``value`` is None for the hyperparameter's own line."""

    factor: int
    value: int | None
    row: Row


class ValuesPane(Pane):
    """The hyperparameters and their values, and what the trim changed."""

    name = "values"

    def rows(self, desk: Desk, width: int, height: int) -> Sequence[Row]:
        """Return the lines that fit, and the words below them."""
        lines, below = _laid(desk, width, height)
        return [*(line.row for line in lines), *[padded((), width)] * (height - len(lines) - len(below)), *below]

    def basis(self, desk: Desk) -> tuple[object, ...]:
        """Return the table, the cursor, and what the findings mark."""
        return desk.table, desk.state.cursor, _marks(desk)

    def title(self, desk: Desk, width: int) -> str:
        """Return how many trials are in view, and whether collapsed trainings count, if any."""
        in_view = desk.table.in_view
        seen = f"{int(in_view.sum())} of {len(in_view)}"
        count = f"{desk.collapsed:,} collapsed {'out' if desk.state.without_collapsed else 'in'}"
        longest_first = (
            (f"Values · {seen} trials in view · {count}", f"Values · {seen} · {count}", f"{seen} · {count}")
            if desk.collapsed
            else (f"Values · {seen} trials in view", f"Values · {seen} in view")
        )
        return next((text for text in longest_first if len(text) <= width), shorten(longest_first[-1], width))

    def edge(self, desk: Desk, width: int, height: int) -> str:
        """Return the filter line; without one, what the trim changed, if it does not stand below the values."""
        room = width - 2
        if desk.state.where:
            return shorten(f"/ {desk.state.where}", room)
        if desk.table.in_view.all() or _laid(desk, width, height)[1]:
            return ""
        said = trim_words(desk.table)
        return next((text for text in ("; ".join(said), *said[:1]) if len(text) <= room), "")

    def clicked(self, desk: Desk, place: Cells, size: Cells) -> ViewState:
        """Toggle the value that was clicked."""
        lines, _ = _laid(desk, *size)
        line = lines[place[1]] if 0 <= place[1] < len(lines) else None
        if line is None or line.value is None:
            return desk.state
        return moves.toggle_at(desk.state, desk.table.factors, (line.factor, line.value))


Laid = tuple[list[ValueLine], list[Row]]


def _laid(desk: Desk, width: int, height: int) -> Laid:
    """The lines that fit, with the cursor's among them, and the words below them, if there is room for all.

    Laid out once for each size: the pane's rows, its lower edge and a click on it ask for the same.
    """

    def lay() -> Laid:
        lines = value_lines(desk.table, desk.state.cursor, width, height, _marks(desk))
        below = _below(desk, width)
        room = max(height - len(below), min(height, len(lines)))
        at = next((n for n, line in enumerate(lines) if (line.factor, line.value) == desk.state.cursor), 0)
        first = min(max(at - room + 2, 0), max(len(lines) - room, 0))
        shown = lines[first : first + room]
        return shown, below if len(shown) + len(below) <= height else []

    return desk.once(("values", width, height), lay)


def _marks(desk: Desk) -> ValueMarks:
    found = desk.findings
    return marks_of(found.effects if found is not None else None, desk.table.factors)


def _below(desk: Desk, width: int) -> list[Row]:
    lines = [line for line in (*trim_words(desk.table), best_at(desk.table)) if line]
    said = [padded((run(f" {shorten(line, width - 2)}"),), width) for line in lines]
    return [*fixed_rows(desk.snapshot.spec, width), *said]


def value_lines(
    table: Table, cursor: tuple[int, int], width: int, height: int, marks: ValueMarks = NO_MARKS
) -> list[ValueLine]:
    """Return every line of the pane in ``width`` cells: a heading for each hyperparameter, then its values.

    Hyperparameters stand apart by a blank line where all of them fit into ``height`` rows so.
    """
    stats = [value_stats(table, factor) for factor in range(len(table.factors))]
    columns = _Columns.of(table, stats, width)
    lines: list[ValueLine] = []
    spaced = sum(len(rows) + 2 for rows in stats) - 1 <= height
    for factor, (hyperparameter, rows) in enumerate(zip(table.factors, stats, strict=True)):
        if factor and spaced:
            lines.append(ValueLine(factor, None, padded((), width)))
        noise = factor in marks.noise
        lines.append(ValueLine(factor, None, columns.heading(hyperparameter.name, factor == cursor[0], noise)))
        for level, (value, stat) in enumerate(zip(hyperparameter.values, rows, strict=True)):
            hidden = bool(table.hidden[factor][level])
            here = (factor, level) == cursor
            key = _KEYS[level] if level < len(_KEYS) else " "
            alike = (factor, level) in marks.alike
            row = columns.value(key, format_value(value), stat, hidden, here, alike)
            lines.append(ValueLine(factor, level, row))
    return lines


def fixed_rows(spec: SessionSpec, width: int) -> list[Row]:
    """Return what is not varied, in as many rows as it takes; none where nothing is fixed."""
    rows: list[Row] = []
    line = ""
    for name, value in spec.fixed.items():
        part = f"{clean(name)} {format_value(value)}"
        if line and len(line) + 3 + len(part) > width - 2:
            rows.append(padded((run(f" {line}", DIM),), width))
            line = ""
        line = f"{line} · {part}" if line else part
    if line:
        rows.append(padded((run(f" {line}", DIM),), width))
    return rows


@dataclass(frozen=True, slots=True)
class _Columns:
    """The columns' widths: the value's name, how many trials, mean ± sd, best, failures where there are any."""

    width: int
    name: int
    count: int
    number: int
    sd: bool
    best: bool
    failed: int
    decimals: int

    @classmethod
    def of(cls, table: Table, stats: list[list[ValueStats]], width: int) -> _Columns:
        """Fit the columns: the best goes first, then decimals, then the sd, so that names can be read."""
        every = [stat for rows in stats for stat in rows]
        longest = max(len(format_value(value)) for factor in table.factors for value in factor.values)
        wanted = min(longest, 10) + 1
        failed = 5 if any(stat.failed for stat in every) else 0
        count = max(4, *(len(str(stat.count)) + 1 for stat in every))
        most = decimals_for(stat.mean for stat in every)
        less, least = max(most - 1, 0), max(most - 2, 0)
        fits = [
            (True, True, most),
            (True, False, most),
            (True, False, less),
            (True, False, least),
            (False, False, most),
        ]
        for sd, best, decimals in fits:
            number = max(
                4, *(len(metric_text(value, decimals)) for stat in every for value in (stat.mean, stat.best))
            )
            name = width - _LEAD - count - 1 - number - (number + 3) * sd - (number + 1) * best - failed - 1
            if name >= wanted:
                break
        return cls(width, max(name, 4), count, number, sd, best, failed, decimals)

    def heading(self, name: str, here: bool, noise: bool) -> Row:
        """The hyperparameter's own line; where it is noise, that stands beside its name, in a word or a sign."""
        room = self.name + _LEAD + self.count - 3
        beside = noise and width_of(clean(name)) + width_of(NOISE) + 2 <= room
        numbers = f" n {'mean':>{self.number}}"
        numbers += " ± sd".ljust(self.number + 3) if self.sd else ""
        numbers += f" {'best':>{self.number}}" if self.best else ""
        numbers += " fail" if self.failed else ""
        label = fit(name, room)
        if noise:
            mark = NOISE if beside else ALIKE
            label = f"{fit(name, room - width_of(mark) - 2)} {mark} "
        return padded((run(" "), run(label, ACCENT if here else STRONG), run(numbers, DIM)), self.width)

    def value(self, key: str, name: str, stat: ValueStats, hidden: bool, here: bool, alike: bool) -> Row:
        ink = DIM if hidden else DEFAULT
        numbers = f"{stat.count:>{self.count}} {metric_text(stat.mean, self.decimals):>{self.number}}"
        if self.sd:
            spread = f" ± {metric_text(stat.sd, self.decimals)}" if math.isfinite(stat.sd) else ""
            numbers += spread.ljust(self.number + 3)
        if self.best:
            numbers += f" {metric_text(stat.best, self.decimals):>{self.number}}"
        text_ink = STRONG if here and not hidden else ink
        row: list[Run] = [
            run(">" if here else " ", ACCENT),
            run(f"{key} ", DIM),
            run("○ " if hidden else "● ", DIM if hidden else ACCENT),
            run(fit(name, self.name - 1) + ALIKE if alike else fit(name, self.name), text_ink),
            run(numbers, ink),
        ]
        if self.failed:
            row.append(run(f"{stat.failed or '':>5}", WARNING))
        return padded(tuple(row), self.width)
