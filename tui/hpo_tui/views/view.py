"""What a view is: one way to look at the results, drawn, told in words, moved in, clicked, and plotted."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from msgspec.structs import replace

from hpo_core.plan.metrics import WITHIN
from hpo_tui.desk import view_changes as moves
from hpo_tui.desk.desk import Desk
from hpo_tui.desk.view_state import ViewState
from hpo_tui.plots.canvas import shorten
from hpo_tui.plots.picture import Picture
from hpo_tui.plots.rows import Row
from hpo_tui.views.trials import short_trial_line

Cells = tuple[int, int]
"""Columns and lines: a place in a pane (0-based), or the pane's size."""

NO_TRIAL = "Choose a trial first: tab to the view, then up and down."


class View(ABC):
    """One view. It holds nothing: everything is a function of the desk.

    ``name`` is kept in ``view.json`` and stands in the key tables, ``title`` on the tab; ``tab`` is a shorter one,
    if need be, for where not all titles fit. ``letter``, one of both, opens the view after "g". ``shows`` says
    what is seen in it. ``places`` are the other places of the key tables that the view is: "trials" where trials
    are pointed at, "axes" where hyperparameters stand on axes. ``kind`` is what ``hpo-tui plot`` calls the
    picture; empty where it draws none.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    tab: ClassVar[str] = ""
    letter: ClassVar[str]
    shows: ClassVar[str]
    places: ClassVar[tuple[str, ...]] = ()
    kind: ClassVar[str] = ""

    @abstractmethod
    def rows(self, desk: Desk, width: int, height: int) -> Sequence[Row]:
        """Return the view in ``height`` rows of ``width`` cells."""

    def basis(self, desk: Desk) -> tuple[object, ...]:
        """Return what the rows are made of: they are the same as long as all of this is.

        The cursors of the values and the queue are of no account to a view, nor is what was picked there; the
        trial under its own is seen in those where trials are pointed at.
        """
        trial = desk.trial if "trials" in self.places else None
        return desk.table, replace(desk.state, cursor=(0, 0), job=None, chosen=frozenset(), trial=trial)

    def told(self, desk: Desk) -> list[str]:
        """Return the view in sentences that a screen reader can speak: the numbers of the picture."""
        said = self.sentences(desk) if desk.table.in_view.any() else []
        return [desk.table.apart, *said] if said and desk.table.apart else said

    def sentences(self, desk: Desk) -> list[str]:
        """Return the sentences of trials; some are in view."""
        return []

    def edge(self, desk: Desk, room: int) -> str:
        """Return what stands on the pane's lower edge, in at most ``room`` cells: the trial under the cursor.

        While there is none, that trials are not compared across losses, where it is so.
        """
        if desk.trial is None:
            apart = desk.table.apart
            short = apart[apart.find(WITHIN) :].rstrip(".") if apart else ""
            return next((said for said in (apart, short) if len(said) <= room), shorten(WITHIN, room))
        return short_trial_line(desk, desk.trial, room)

    def plotted(self, desk: Desk, width: int, height: int) -> Picture:
        """Return the picture for the command line, where no key can be pressed."""
        return Picture(width, height, tuple(self.rows(desk, width, height)))

    # What a person does in it, each the view state that comes of it ---------------------------------------------

    def moved(self, desk: Desk, step: int, size: Cells) -> ViewState:
        """Move the cursor by ``step`` trials of the ranking, in a pane of ``size``."""
        return moves.move_trial(desk.state, desk.order, step)

    def clicked(self, desk: Desk, place: Cells, size: Cells) -> ViewState:
        """Move the cursor to the trial that was clicked at ``place`` in a pane of ``size``, if there is one."""
        trial = self.trial_at(desk, place, size)
        return desk.state if trial is None else replace(desk.state, trial=trial)

    def trial_at(self, desk: Desk, place: Cells, size: Cells) -> int | None:
        """Return the trial that stands at ``place`` in a pane of ``size``."""
        return None

    def turned(self, desk: Desk, across: int, up: int) -> ViewState | None:
        """Turn the view by steps to the right or upwards; None where it cannot be turned so."""
        return None

    def other_form(self, desk: Desk) -> ViewState | None:
        """Draw the same another way; None where there is but one."""
        return None

    def rebinned(self, desk: Desk, step: int, width: int) -> ViewState | None:
        """Take more or fewer bins in a pane of that width; None where there are no bins."""
        return None

    def dropped(self, desk: Desk) -> tuple[ViewState, str]:
        """Take out of view what is pointed at; also return what is to be said of it, which can be nothing."""
        if desk.trial is None:
            return desk.state, NO_TRIAL
        following = moves.beside(desk.order, desk.trial)
        return replace(desk.state, trim=desk.state.trim.drop([desk.trial]), trial=following), ""
