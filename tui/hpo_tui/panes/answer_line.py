"""The answer, in one line below the header: what decides, what is noise, which trial is best, what to do next."""

from __future__ import annotations

from collections.abc import Sequence

from hpo_core.effects.answer import BETWEEN, Kind, Part, SoFar, Step, answer, fitted
from hpo_core.session.snapshot import Snapshot
from hpo_tui.desk.desk import Desk
from hpo_tui.look.inks import ACCENT, DEFAULT, DIM, STRONG, WARNING
from hpo_tui.panes.header import state_word
from hpo_tui.panes.pane import Pane
from hpo_tui.plots.canvas import shorten
from hpo_tui.plots.rows import Row, padded, run

KEYS: dict[Step, str] = {"drop": "D", "tell": "n", "refine": "r", "export": "e"}
"""The key that does what is next."""
_INKS: dict[Kind, int] = {"fault": WARNING, "missing": DIM, "decides": STRONG, "best": STRONG}


class AnswerLine(Pane):
    """The analyst's newest answer; an earlier one stays until the next is worked out, a moment later."""

    name = "answer"
    framed = focusable = False

    def rows(self, desk: Desk, width: int, height: int) -> Sequence[Row]:
        """Return the line."""
        return [answer_row(answer_parts(desk), width)]

    def basis(self, desk: Desk) -> tuple[object, ...]:
        """Return the answer."""
        return (answer_parts(desk),)


def answer_parts(desk: Desk) -> tuple[Part, ...]:
    """Return the parts of the answer; none before the first analysis."""
    found = desk.findings
    effects = found.effects if found is not None else None
    goes_on = state_word(desk.update) in ("training", "starting")
    return answer(effects, so_far(desk.snapshot, goes_on))


def so_far(snapshot: Snapshot, goes_on: bool) -> SoFar:
    """Return how far the session is."""
    return SoFar(snapshot.ended, snapshot.trainings, goes_on, snapshot.spec.trainable)


def answer_row(parts: Sequence[Part], width: int) -> Row:
    """Return the parts in a row, what is next with its key."""
    keys = sum(len(_key(part)) for part in parts)
    row: Row = (run(" "),)
    for part, text in fitted(parts, width - 1 - keys):
        row += (run(BETWEEN, DIM),) if len(row) > 1 else ()
        row += (run(_key(part), ACCENT),) if part.step else ()
        row += (run(shorten(text, width - 2), _INKS.get(part.kind, DEFAULT)),)
    return padded(row, width)


def _key(part: Part) -> str:
    return f"{KEYS[part.step]}: " if part.step else ""
