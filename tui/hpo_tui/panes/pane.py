"""What a pane is: a part of the session's screen, as rows; what stands on its frame, and what is done in it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from hpo_tui.desk import view_changes as moves
from hpo_tui.desk.desk import Desk
from hpo_tui.desk.view_state import ViewState
from hpo_tui.plots.canvas import sentence
from hpo_tui.plots.rows import Row
from hpo_tui.views.view import Cells

PAGE = 10
"""So many lines are gone through at once."""


class Pane(ABC):
    """One pane. It holds nothing: everything is a function of the desk.

    ``framed`` panes have a title; ``lively`` ones follow every update, for they cost little to draw and to send;
    the others as often as can be read.
    """

    name: ClassVar[str]
    framed: ClassVar[bool] = True
    lively: ClassVar[bool] = False
    focusable: ClassVar[bool] = True

    def drawn(self, desk: Desk, width: int, height: int) -> Sequence[Row]:
        """Return the rows; where they cannot be made, the pane says so itself, and the rest goes on."""
        try:
            return self.rows(desk, width, height)
        except Exception as error:  # noqa: BLE001 - as above
            return sentence(f"This could not be drawn: {type(error).__name__}: {error}", width, height).rows

    @abstractmethod
    def rows(self, desk: Desk, width: int, height: int) -> Sequence[Row]:
        """Return the pane's content in ``height`` rows of ``width`` cells."""

    @abstractmethod
    def basis(self, desk: Desk) -> tuple[object, ...]:
        """Return what the rows are made of: they are the same as long as all of this is."""

    def title(self, desk: Desk, width: int) -> str:
        """Return what stands on the upper edge, in at most ``width`` cells."""
        return ""

    def letters(self, desk: Desk, width: int) -> Sequence[int]:
        """Return the places (0-based) of the letters in the title that are keys: they are underlined."""
        return ()

    def edge(self, desk: Desk, width: int, height: int) -> str:
        """Return what stands on the lower edge of a content of ``width`` × ``height``; often nothing.

        The edge has two cells less for words.
        """
        return ""

    # What a person does in it, each the view state that comes of it ---------------------------------------------

    def clicked(self, desk: Desk, place: Cells, size: Cells) -> ViewState:
        """Act on what stands at ``place`` in a content of ``size``; the line above it is the title."""
        return desk.state

    def moved(self, desk: Desk, step: int, size: Cells) -> ViewState:
        """Move the cursor: that of the values, where the pane has none of its own."""
        return moves.move_cursor(desk.state, desk.table.levels, step)

    def paged(self, desk: Desk, step: int, size: Cells) -> ViewState:
        """Move the cursor far: to another hyperparameter, where the pane has no cursor of its own."""
        return moves.move_factor(desk.state, desk.table.levels, step)

    def rebinned(self, desk: Desk, step: int, width: int) -> ViewState | None:
        """Take more or fewer bins in a content of that width; None where there are no bins."""
        return None
