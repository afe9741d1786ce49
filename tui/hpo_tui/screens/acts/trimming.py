"""What takes values and trials out of view and back: pick, drop, undo, the filter line."""

from __future__ import annotations

from msgspec.structs import replace

from hpo_core.errors import FilterError
from hpo_core.results.filter import compile_filter
from hpo_core.results.trim import Trim
from hpo_core.text import plural
from hpo_tui.desk import view_changes as moves
from hpo_tui.desk.filter_example import filter_example
from hpo_tui.screens.acts import queue
from hpo_tui.screens.desk_screen import DeskScreen
from hpo_tui.views import open_view
from hpo_tui.views.view import NO_TRIAL
from hpo_tui.widgets.filter_line import FilterLine


def toggle_or_pick(screen: DeskScreen) -> None:
    """Toggle the value under the cursor; in the queue, pick the job or put it back."""
    if screen.focused_pane == "queue":
        queue.pick(screen)
    else:
        screen.look(moves.toggle_at(screen.state, screen.factors, screen.state.cursor))


def undo(screen: DeskScreen) -> None:
    """Undo the last change of the trim."""
    _go_back(screen, screen.state.trim.undo(), "There is nothing to undo.")


def redo(screen: DeskScreen) -> None:
    """Take the undo back."""
    _go_back(screen, screen.state.trim.redo(), "Nothing was undone.")


def _go_back(screen: DeskScreen, trim: Trim, otherwise: str) -> None:
    if trim is screen.state.trim:
        screen.say(otherwise)
    screen.look(replace(screen.state, trim=trim))


# Single trials --------------------------------------------------------------------------------------------------


def drop(screen: DeskScreen) -> None:
    """Take out of view what is pointed at in the open view: the trial under its cursor; in the effects, losers."""
    if (desk := screen.desk()) is not None:
        screen.look_and_say(*open_view(desk.state).dropped(desk))


def drop_worse(screen: DeskScreen) -> None:
    """Take every trial that is worse than the one under the view's cursor out of view."""
    desk = screen.desk()
    if desk is None or (worse := desk.worse_trials()) is None:
        screen.say(NO_TRIAL)
        return
    screen.look(replace(screen.state, trim=screen.state.trim.drop(worse)))
    screen.say(f"{plural(len(worse), 'trial')} out of view; u brings them back.")


# The filter line ------------------------------------------------------------------------------------------------


def begin_filter(screen: DeskScreen) -> None:
    """Open the filter line."""
    screen.add_class("-filtering")
    example = filter_example(screen.latest.snapshot) if screen.latest is not None else ""
    screen.query_one(FilterLine).begin(screen.state.trim, example)


def filter_as_typed(screen: DeskScreen, line: str, before: Trim) -> None:
    """Look through the filter as it stands, if it can be read; say what is wrong with it otherwise."""
    if screen.latest is None:
        return
    try:
        compile_filter(line, screen.latest.snapshot)
    except FilterError as error:
        screen.query_one(FilterLine).say(str(error))
    else:
        screen.query_one(FilterLine).say("")
        # Every letter is one way to go on from the trim before: one step for undo, however long the line.
        screen.look(replace(screen.state, trim=before.filtered(line.strip())))


def end_filter(screen: DeskScreen, kept: bool, before: Trim) -> None:
    """Keep the filter, or go back to the one before."""
    screen.remove_class("-filtering")
    screen.pane("values").focus()
    if not kept:
        screen.look(replace(screen.state, trim=before))
