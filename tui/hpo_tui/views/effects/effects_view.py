"""The effects view: the answer in sentences, the statistics behind it, shares, values, interactions, more."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from hpo_core.effects import Effects
from hpo_core.effects.verdicts import effect_words
from hpo_core.effects.words import basis, caution_words, fault_words
from hpo_tui.desk.analyst import Findings
from hpo_tui.desk.desk import Desk
from hpo_tui.desk.view_state import ViewState
from hpo_tui.look.inks import DIM, STRONG, WARNING
from hpo_tui.plots.canvas import sentence
from hpo_tui.plots.rows import Row, padded, run
from hpo_tui.views.effects.advice import WORKING, drop_losers
from hpo_tui.views.effects.more import epoch_rows, failure_rows, front_rows, interaction_rows, winner_rows
from hpo_tui.views.effects.paragraphs import blank, heading, paragraph, paragraphs
from hpo_tui.views.effects.shares import share_rows
from hpo_tui.views.effects.value_lines import value_rows
from hpo_tui.views.view import Cells, View

_OWN_WORDS = ("missing", "best", "next")
"""The parts of the answer that begin with a word of ours: a name is as it is."""
SPOKEN_WIDTH = 100
"""Cells of a line where the findings are told in words."""


class EffectsView(View):
    """The findings, in lines that scroll."""

    name = "effects"
    title = "effects"
    letter = "e"
    shows = "what decides, what is noise, and how sure that is"

    def rows(self, desk: Desk, width: int, height: int) -> Sequence[Row]:
        """Return the lines from the one scrolled to, and below them where in the view this is."""
        found = desk.findings
        if found is None:
            return sentence(WORKING, width, height, ink=DIM).rows
        lines, room = _lines(desk, found, width), max(height - 1, 1)
        first = min(desk.state.scroll, _last(lines, height))
        shown = lines[first : first + room]
        said = f" lines {first + 1}–{first + len(shown)} of {len(lines)}"
        said += " · working…" if found.look != desk.look else " · tab, then ↑ ↓" if len(lines) > room else ""
        rows = [*shown, *[blank(width)] * (room - len(shown)), padded((run(said, DIM),), width)]
        return rows[:height]

    def basis(self, desk: Desk) -> tuple[object, ...]:
        """Return the findings as well, what they are wanted of, and the trial that its maps mark."""
        return (*super().basis(desk), desk.findings, desk.look, desk.trial)

    def told(self, desk: Desk) -> list[str]:
        """Say what was found, whether or not a trial is in view."""
        rows = _lines(desk, desk.findings, SPOKEN_WIDTH) if desk.findings is not None else []
        return ["".join(text for text, _ in row).strip(" ─") for row in rows]

    def edge(self, desk: Desk, room: int) -> str:
        """Return nothing: no trial is pointed at."""
        return ""

    def moved(self, desk: Desk, step: int, size: Cells) -> ViewState:
        """Scroll by some lines."""
        found = desk.findings
        last = _last(_lines(desk, found, size[0]), size[1]) if found is not None else 0
        return replace(desk.state, scroll=min(max(min(desk.state.scroll, last) + step, 0), last))

    def dropped(self, desk: Desk) -> tuple[ViewState, str]:
        """Take every value that loses out of view."""
        return drop_losers(desk)


def _lines(desk: Desk, found: Findings, width: int) -> list[Row]:
    return desk.once(("effects", width), lambda: effects_lines(found, desk, width))


def _last(lines: list[Row], height: int) -> int:
    """The line to which the view can be scrolled."""
    return max(len(lines) - max(height - 1, 1), 0)


def effects_lines(found: Findings, desk: Desk, width: int) -> list[Row]:
    """Return every line of the view, sections apart by a blank one."""
    if found.effects is None:
        return paragraph(f"This could not be analysed: {found.failure}", width, WARNING)
    effects = found.effects
    sections = [
        answer_rows(effects, desk, width),
        statistics_rows(effects, width),
        share_rows(effects, width),
        value_rows(effects, width),
        interaction_rows(effects, desk, width),
        winner_rows(effects, desk.snapshot.spec.trainable, width),
        failure_rows(effects, width),
    ]
    if not desk.measure.cost:
        sections += [epoch_rows(found, effects, width), front_rows(effects, width)]
    lines: list[Row] = []
    for section in sections:
        if section:
            lines += [*([blank(width)] if lines else []), *section]
    return lines


def answer_rows(effects: Effects, desk: Desk, width: int) -> list[Row]:
    """Return the findings as a person would say them: what reaches no training first, for that alone is wrong."""
    rows = paragraphs(fault_words(effects), width, WARNING)
    for part in desk.answer if effects.n else ():
        said = f"next: {part.texts[0]}" if part.kind == "next" else part.texts[0]
        rows += paragraph(f"{said[0].upper() if part.kind in _OWN_WORDS else said[0]}{said[1:]}.", width, STRONG)
    return rows


def statistics_rows(effects: Effects, width: int) -> list[Row]:
    """Return what the sentences rest on: the test of each effect, warnings, the noise."""
    faults, cautions = fault_words(effects), caution_words(effects)
    rows = paragraphs(effect_words(effects.effects), width) if effects.n else []
    rows += paragraphs(cautions, width)
    rows += paragraphs((warning for warning in effects.warnings if warning not in (*faults, *cautions)), width)
    if effects.incomparable:
        rows += paragraph("o on a value of loss shows what matters within that loss.", width, DIM)
    rows += paragraph(basis(effects), width, DIM) if effects.n else []
    return [heading("Statistics", width), *rows] if rows else []
