"""The answer, in one line below the header: what decides, what is noise, which trial is best, what to do next."""

from __future__ import annotations

from collections.abc import Sequence

from hpo_core.effects.answer import BETWEEN, Kind, Part, Step, fitted
from hpo_tui.desk.desk import Desk
from hpo_tui.look.inks import ACCENT, DEFAULT, DIM, STRONG, WARNING
from hpo_tui.panes.pane import Pane
from hpo_tui.plots.canvas import shorten
from hpo_tui.plots.rows import Row, padded, run

KEYS: dict[Step, str] = {"drop": "D", "use": "W", "tell": "n", "refine": "r", "export": "e"}
"""The key that does what is next."""
_INKS: dict[Kind, int] = {"fault": WARNING, "missing": DIM, "decides": STRONG, "best": STRONG}


class AnswerLine(Pane):
    """The analyst's newest answer; an earlier one stays until the next is worked out, a moment later."""

    name = "answer"
    framed = focusable = False

    def rows(self, desk: Desk, width: int, height: int) -> Sequence[Row]:
        """Return the line."""
        return [answer_row(desk.answer, width)]

    def basis(self, desk: Desk) -> tuple[object, ...]:
        """Return the answer."""
        return (desk.answer,)


def answer_row(parts: Sequence[Part], width: int) -> Row:
    """Return the parts in a row, what is next with its key."""
    keys = sum(len(_key(part)) for part in parts)
    row: Row = (run(" "),)
    for part, text in fitted(parts, width - 2 - keys):
        row += (run(BETWEEN, DIM),) if len(row) > 1 else ()
        row += (run(_key(part), ACCENT),) if part.step else ()
        row += (run(shorten(text, width - 2), _INKS.get(part.kind, DEFAULT)),)
    return padded(row, width)


def _key(part: Part) -> str:
    return f"{KEYS[part.step]}: " if part.step else ""
