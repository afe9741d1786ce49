"""The effects view: the words first, then shares of the variance, values, interactions, the best trial, more."""

from __future__ import annotations

from hpo_core.effects import Effects
from hpo_core.effects.verdicts import effect_words
from hpo_core.effects.words import basis, caution_words, fault_words
from hpo_tui.desk.analyst import Findings
from hpo_tui.desk.table import Table
from hpo_tui.desk.view_state import ViewState
from hpo_tui.look.inks import DIM, STRONG, WARNING
from hpo_tui.plots.canvas import sentence
from hpo_tui.plots.rows import Row, padded, run
from hpo_tui.views.effects_more import epoch_rows, failure_rows, front_rows, interaction_rows, winner_rows
from hpo_tui.views.effects_shares import share_rows
from hpo_tui.views.effects_text import blank, paragraph, paragraphs
from hpo_tui.views.effects_values import value_rows

WORKING = "Working out what matters…"


def effects_lines(found: Findings, table: Table, state: ViewState, width: int) -> list[Row]:
    """Return every line of the view, sections apart by a blank one."""
    if found.effects is None:
        return paragraph(f"This could not be analysed: {found.failure}", width, WARNING)
    effects = found.effects
    sections = [
        words_rows(effects, width),
        share_rows(effects, width),
        value_rows(effects, width),
        interaction_rows(effects, table, state, width),
        winner_rows(effects, width),
        failure_rows(effects, width),
    ]
    if not table.measure.cost:
        sections += [epoch_rows(found, effects, width), front_rows(effects, width)]
    lines: list[Row] = []
    for section in sections:
        if section:
            lines += [*([blank(width)] if lines else []), *section]
    return lines


def words_rows(effects: Effects, width: int) -> list[Row]:
    """Return the findings in sentences: wiring faults, verdicts, warnings, and what all of it rests on."""
    faults, cautions = fault_words(effects), caution_words(effects)
    rows = paragraphs(faults, width, WARNING)
    if effects.n:
        rows += paragraphs(effect_words(effects.effects), width, STRONG)
    rows += paragraphs(cautions, width, WARNING)
    rows += paragraphs((warning for warning in effects.warnings if warning not in (*faults, *cautions)), width)
    return [*rows, *(paragraph(basis(effects), width, DIM) if effects.n else [])]


def effects_rows(lines: list[Row] | None, scroll: int, working: bool, width: int, height: int) -> list[Row]:
    """Return exactly ``height`` rows: the lines from ``scroll`` on, and below them where in the view this is.

    ``lines`` is None before there is any answer; ``working`` says that a newer one is under way.
    """
    if lines is None:
        return list(sentence(WORKING, width, height, ink=DIM).rows)
    room = max(height - 1, 1)
    first = min(scroll, last_line(lines, height))
    shown = lines[first : first + room]
    said = f" lines {first + 1}–{first + len(shown)} of {len(lines)}"
    said += " · working…" if working else " · tab, then ↑ ↓" if len(lines) > room else ""
    rows = [*shown, *[blank(width)] * (room - len(shown)), padded((run(said, DIM),), width)]
    return rows[:height]


def last_line(lines: list[Row] | None, height: int) -> int:
    """Return how far the view can be scrolled."""
    return max(len(lines or ()) - max(height - 1, 1), 0)
