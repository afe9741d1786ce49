"""The values pane: every hyperparameter, its values in or out of view, each with its trainings in a strip."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from hpo_core.plan.spec import SessionSpec
from hpo_core.text import clean, format_value, plural
from hpo_tui.desk import view_changes as moves
from hpo_tui.desk.desk import Desk
from hpo_tui.desk.view_state import ViewState
from hpo_tui.look.inks import DIM
from hpo_tui.panes.pane import Pane
from hpo_tui.panes.trim_words import best_at, trim_words
from hpo_tui.panes.value_marks import ValueMarks, marks_of
from hpo_tui.panes.value_rows import Look, ValueLine, value_lines
from hpo_tui.panes.value_stats import value_stats
from hpo_tui.plots.canvas import shorten
from hpo_tui.plots.rows import Row, padded, run
from hpo_tui.plots.scale import format_numbers, limits
from hpo_tui.views.effects.value_lines import SIGNS
from hpo_tui.views.view import Cells


class ValuesPane(Pane):
    """The hyperparameters and their values, and what the trim changed."""

    name = "values"

    def rows(self, desk: Desk, width: int, height: int) -> Sequence[Row]:
        """Return the lines that fit, and the words below them."""
        lines, below = _laid(desk, width, height)
        return [*(line.row for line in lines), *[padded((), width)] * (height - len(lines) - len(below)), *below]

    def basis(self, desk: Desk) -> tuple[object, ...]:
        """Return the table, the cursor, and what the findings say of the values."""
        return desk.table, desk.state.cursor, desk.whole.collapsed, _marks(desk)

    def title(self, desk: Desk, width: int) -> str:
        """Return the metric and the ends of the axis that all strips share."""
        ends = _ends(desk)
        if ends is None:
            return "Values"
        axis = "{} to {}".format(*format_numbers(ends, gap=0.0))
        longest_first = (f"Values · {clean(desk.measure.metric)} from {axis}", f"Values · {axis}")
        return next((text for text in longest_first if len(text) <= width), shorten(longest_first[-1], width))

    def edge(self, desk: Desk, width: int, height: int) -> str:
        """Return how many trials are in view, the filter line, what the trim changed, and what has collapsed."""
        seen, room = desk.table.in_view, width - 2
        count = f"{int(seen.sum())} of {plural(len(seen), 'trial')}"
        where = f"/ {desk.state.where}" if desk.state.where else ""
        said = [] if seen.all() or _laid(desk, width, height)[1] else trim_words(desk.table)
        counted = "left out" if desk.state.without_collapsed else "counted"
        collapsed = f"{plural(desk.collapsed, 'training')} collapsed, {counted}"
        parts = [f"{count} in view", *([where] if where else said), *([collapsed] if desk.collapsed else [])]
        short = f"{int(seen.sum())} of {len(seen)}"
        shorter = [[count, *parts[1:]], [short, *parts[1:]], [count, *parts[1:2]], [where or count], [count]]
        return next((text for some in (parts, *shorter) if len(text := " · ".join(some)) <= room), "")

    def clicked(self, desk: Desk, place: Cells, size: Cells) -> ViewState:
        """Toggle the value that was clicked."""
        lines, _ = _laid(desk, *size)
        line = lines[place[1]] if 0 <= place[1] < len(lines) else None
        if line is None or line.value is None:
            return desk.state
        return moves.toggle_at(desk.state, desk.table.levels, (line.factor, line.value))


Laid = tuple[list[ValueLine], list[Row]]


def _laid(desk: Desk, width: int, height: int) -> Laid:
    """The lines that fit, with the cursor's among them, and the words below them, if there is room for all.

    Laid out once for each size: the pane's rows, its lower edge and a click on it ask for the same.
    """

    def lay() -> Laid:
        table, plain = desk.table, desk.ascii_only
        gone = desk.whole.collapsed
        stats = desk.once_for_table(
            ("stats", gone), lambda: [value_stats(table, factor, gone) for factor in range(len(table.factors))]
        )
        look = Look(width, height, _ends(desk), plain, plain)
        lines = value_lines(table, desk.state.cursor, stats, look, _marks(desk), desk.once_for_table)
        below = _below(desk, width)
        room = max(height - len(below), min(height, len(lines)))
        at = next((n for n, line in enumerate(lines) if (line.factor, line.value) == desk.state.cursor), 0)
        first = min(max(at - room + 2, 0), max(len(lines) - room, 0))
        shown = lines[first : first + room]
        return shown, below if len(shown) + len(below) <= height else []

    return desk.once(("values", width, height), lay)


def _ends(desk: Desk) -> tuple[float, float] | None:
    """The least and the greatest score of a training in view."""

    def find() -> tuple[float, float] | None:
        table = desk.table
        rows = table.trainings
        return limits(table.results.values(table.measure)[rows]) if not table.apart else None

    return desk.once_for_table("values' axis", find)


def _marks(desk: Desk) -> ValueMarks:
    """What the newest findings say, as the answer does; but no interval is shown beside another view's mean."""

    def find() -> ValueMarks:
        found = desk.findings
        marks = marks_of(found.effects if found is not None else None, desk.table.levels)
        return marks if desk.effects is not None else replace(marks, halves={})

    return desk.once("marks", find)


def _below(desk: Desk, width: int) -> list[Row]:
    table = desk.table
    lines = desk.once_for_table("trim", lambda: [line for line in (*trim_words(table), best_at(table)) if line])
    said = [padded((run(f" {shorten(line, width - 2)}"),), width) for line in lines]
    return [*_legend_rows(desk, width), *fixed_rows(desk.snapshot.spec, width), *said]


def _legend_rows(desk: Desk, width: int) -> list[Row]:
    """Say what stands in the columns, once something stands there."""
    if desk.findings is None or not _marks(desk).sure:
        return []
    signs = " · ".join(f"{sign} {mark}" for mark, sign in SIGNS.items())
    interval = "± 95 % confidence interval of the mean"
    return [padded((run(f" {text}", DIM),), width) for text in (signs, interval) if len(text) < width - 1]


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
