"""The rows of the values pane: a heading for each hyperparameter, and for each value a row with its trainings.

A value's colour is its own, whatever is trimmed: that of its place among all values of its hyperparameter.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from functools import partial

from msgspec import Struct

from hpo_core.text import clean
from hpo_tui.desk.table_in_view import Table
from hpo_tui.look.inks import ACCENT, DEFAULT, DIM, STRONG, WARNING, category, category_dim
from hpo_tui.look.numbers import decimals_for, metric_text
from hpo_tui.panes.value_marks import NO_MARKS, ValueMarks
from hpo_tui.panes.value_stats import ValueStats
from hpo_tui.plots.canvas import width_of
from hpo_tui.plots.picture import Run
from hpo_tui.plots.rows import Row, fit, padded, row_width, run
from hpo_tui.plots.strips import Strip, strip_rows
from hpo_tui.views.effects.paragraphs import NOISE
from hpo_tui.views.effects.value_lines import SIGNS, Mark

KEYS = "1234567890"
_LEAD = 5  # cursor, key, mark
_LONGEST_NAME = 10
_STRIP, _LONGEST_STRIP = 8, 48
_WORD = max(map(len, SIGNS)) + 1


class ValueLine(Struct, frozen=True):
    """One line of the pane; ``value`` is None for the hyperparameter's own line.

    It is drawn when its row is asked for: of hundreds of values few are seen.
    """

    factor: int
    value: int | None
    draw: Callable[[], Row]

    @property
    def row(self) -> Row:
        """The line's cells."""
        return self.draw()


class Look(Struct, frozen=True):
    """How the lines are drawn: their room, the ends of the strips' axis, verdicts in words or in ASCII."""

    width: int
    height: int
    ends: tuple[float, float] | None = None
    words: bool = False
    plain: bool = False


def value_lines(
    table: Table,
    cursor: tuple[int, int],
    stats: Sequence[Sequence[ValueStats]],
    look: Look,
    marks: ValueMarks = NO_MARKS,
    once: Callable[[Hashable, Callable[[], list[Row]]], list[Row]] = lambda _, make: make(),
) -> list[ValueLine]:
    """Return every line of the pane: a heading for each hyperparameter, then its values.

    Hyperparameters stand apart by a blank line where all of them fit into the height so. ``once`` keeps what does
    not depend on cursor and marks.
    """
    columns = _Columns.of(table, stats, look)
    strips = iter(once(("strips", columns.strip, look), lambda: _strips(table, stats, columns.strip, look)))

    def drawn(factor: int, level: int, label: str, stat: ValueStats, hidden: bool, strip: Row) -> Row:
        place = (factor, level)
        mark = None if hidden else marks.values.get(place)
        half = math.nan if hidden else marks.halves.get(place, math.nan)
        lead = columns.lead(level, label, hidden, place == cursor)
        return padded((*lead, *strip, *columns.figures(stat, half, mark, hidden)), look.width)

    lines: list[ValueLine] = []
    spaced = sum(len(rows) + 2 for rows in stats) - 1 <= look.height
    for factor, (hyperparameter, rows) in enumerate(zip(table.levels, stats, strict=True)):
        if factor and spaced:
            lines.append(ValueLine(factor, None, partial(padded, (), look.width)))
        said = (hyperparameter.name, factor == cursor[0], marks.verdicts.get(factor, ""), marks.sure)
        lines.append(ValueLine(factor, None, partial(columns.heading, *said)))
        out = table.lines_out(factor).tolist()
        for level, (label, stat) in enumerate(zip(hyperparameter.labels, rows, strict=True)):
            line = partial(drawn, factor, level, label, stat, out[level], next(strips))
            lines.append(ValueLine(factor, level, line))
    return lines


def _strips(table: Table, stats: Sequence[Sequence[ValueStats]], width: int, look: Look) -> list[Row]:
    """Return the strip of every value, in order; blank where there is no room, or nothing to show yet."""
    every = [
        (stat, (category_dim if out else category)(level))
        for factor, rows in enumerate(stats)
        for level, (stat, out) in enumerate(zip(rows, table.lines_out(factor), strict=True))
    ]
    if not width or look.ends is None:
        return [(run(" " * width),)] * len(every)
    strips = [Strip(stat.scores, stat.collapsed, ink) for stat, ink in every]
    return [tuple(row) for row in strip_rows(strips, look.ends, width, look.plain)]


class _Numbers(Struct, frozen=True):
    """How a mean and its interval are written: decimals, with the zero before the point or not, with blanks."""

    decimals: int
    zero: bool = True
    apart: bool = True

    def text(self, number: float) -> str:
        said = metric_text(number, self.decimals)
        return said if self.zero else said.replace("0.", ".", 1) if said.lstrip("-").startswith("0.") else said

    def half(self, number: float) -> str:
        """An interval is never said to be smaller than it is: what would round to 0 is the least that is shown."""
        if not math.isfinite(number):
            return ""
        return self.text(max(number, 10.0**-self.decimals) if number else 0.0)

    @property
    def sign(self) -> str:
        return " ± " if self.apart else " ±"


class _Columns(Struct, frozen=True):
    """The columns' widths: name, strip, how many trainings, mean, ± interval, verdict, failures."""

    width: int
    name: int
    strip: int
    count: int
    mean: int
    half: int
    verdict: int
    failed: int
    numbers: _Numbers

    @classmethod
    def of(cls, table: Table, stats: Sequence[Sequence[ValueStats]], look: Look) -> _Columns:
        """Fit the columns: decimals go first, then blanks and zeros, so that names and strips can be read.

        For a long name the zeros before the point go, but no decimal, and it has whatever a short strip leaves.
        """
        every = [stat for rows in stats for stat in rows]
        longest = max(width_of(label) for levels in table.levels for label in levels.labels) + 1
        name = min(longest, _LONGEST_NAME + 1)
        failed = 5 if any(stat.failed for stat in every) else 0
        count = max(4, *(len(f"{stat.count:,}") + 1 for stat in every))
        most = decimals_for(stat.mean for stat in every)
        less, least = max(most - 1, 0), max(most - 2, 0)
        formats = (
            _Numbers(most),
            *([_Numbers(most, zero=False)] if longest > name else []),
            _Numbers(less),
            _Numbers(less, zero=False),
            _Numbers(less, zero=False, apart=False),
            _Numbers(least, zero=False, apart=False),
        )
        for place, numbers in enumerate(formats):
            mean = max(4, *(len(numbers.text(stat.mean)) for stat in every))
            half = len(numbers.sign) + mean
            rest = look.width - _LEAD - name - count - 1 - mean - half - failed
            words = look.words or rest - _WORD >= 2 * _STRIP
            strip = rest - (_WORD if words else 2)
            whole = strip - _STRIP >= longest - name or place > 0
            if strip >= (_STRIP // 2 if look.words else _STRIP) and whole:
                break
        more = max(min(longest - name, strip - _STRIP), 0)
        name, strip = name + more, strip - more
        strip = min(strip, _LONGEST_STRIP) if strip >= _STRIP // 2 else 0
        verdict = _WORD if words else 2
        name = (
            max(look.width - _LEAD - strip - count - 1 - mean - half - failed - verdict, 4) if not strip else name
        )
        return cls(look.width, name, strip, count, mean, half, verdict, failed, numbers)

    def heading(self, name: str, here: bool, verdict: str, sure: bool) -> Row:
        """The hyperparameter's own line: its name, how it does where there is room, and what the columns are."""
        room = self.name + _LEAD + self.strip + self.count - 4  # up to a blank before the n over the counts
        label = fit(name, min(width_of(clean(name)), room))
        left = room - width_of(label) - 1
        beside = next((said for said in (verdict, verdict.removesuffix(" noise")) if 0 < len(said) <= left), "")
        if verdict == NOISE and not beside:
            label, beside = fit(name, room - 2), NOISE[0]
        shown = (run(" "), run(label, ACCENT if here else STRONG), run(f" {beside}" if beside else "", DIM))
        figures = f"n {'mean':>{self.mean}}"
        figures += (f"{self.numbers.sign}95 %" if sure else "").ljust(self.half)
        figures += " " * self.verdict + (f"{'fail':>{self.failed}}" if self.failed else "")
        gap = max(_LEAD + self.name + self.strip + self.count - 1 - row_width(shown), 0)
        return padded((*shown, run(" " * gap), run(figures, DIM)), self.width)

    def lead(self, level: int, name: str, hidden: bool, here: bool) -> Row:
        """Cursor, key, mark and name."""
        key = KEYS[level] if level < len(KEYS) else " "
        ink = DIM if hidden else STRONG if here else DEFAULT
        return (
            run(">" if here else " ", ACCENT),
            run(f"{key} ", DIM),
            run("○ " if hidden else "● ", (category_dim if hidden else category)(level)),
            run(fit(name, self.name - 1) + " ", ink),
        )

    def figures(self, stat: ValueStats, half: float, mark: Mark | None, hidden: bool) -> Row:
        """How many trainings, their mean and how sure it is, the verdict, and how many failed."""
        ink = DIM if hidden else DEFAULT
        sure = self.numbers.half(half)
        said = f"{stat.count:>{self.count},} {self.numbers.text(stat.mean):>{self.mean}}"
        said += (self.numbers.sign + sure if sure else "").ljust(self.half)
        word = "" if mark is None else SIGNS[mark] if self.verdict == 2 else mark
        row: list[Run] = [run(said, ink), run(f" {word}".ljust(self.verdict), ACCENT if mark == "best" else ink)]
        if self.failed:
            row.append(run(f"{stat.failed or '':>{self.failed}}", WARNING))
        return tuple(row)
