"""What the help says beside the keys: where it begins, and what the signs mean."""

from __future__ import annotations

from hpo_core.text import joined
from hpo_tui.desk.view_state import ViewState
from hpo_tui.look.keys import Key
from hpo_tui.views import VIEWS, open_view

Places = tuple[tuple[tuple[str, ...], str], ...]
"""Places of the key tables, each with the heading over its keys, those that matter most first."""

_PANES = {"values": "Here: values", "queue": "Here: queue"}

SIGNS: tuple[tuple[str, str], ...] = (
    ("● ○", "a value in view, and out of view"),
    ("n", "how many trials have a score"),
    ("± sd", "how far the scores of these trials lie apart (sample standard deviation)"),
    ("≈", "noise cannot tell it from the best"),
    ("⊘", "in the scatter: a trial that collapsed"),
    ("×", "in the scatter: a trial that failed"),
    ("(2 of 2)", "replicates of the trial that are finished, of those asked for"),
    ("fail", "trainings that failed or diverged"),
    ("collapsed, counted", "trainings that learned nothing, and count; x leaves them out"),
    ("↑ ↓", "more of the metric is better, or less"),
)
"""Each sign of the screen, and what it means."""


def off_here(key: Key, state: ViewState) -> str:
    """Return which views a key is for, where it does nothing in the open one; nothing where it does something."""
    able = [view for view in VIEWS if {view.name, *view.places} & set(key.at)]
    if not key.only or open_view(state) in able:
        return ""
    return f"{key.pressed} is for {joined([f'{view.title} (g {view.letter})' for view in able])}."


COLLAPSE = "collapsed"
"""What is said of this is said only where trainings can collapse."""


def help_places(pane: str | None, state: ViewState) -> Places:
    """Return where a person is: the pane that has the focus, then the view that is open."""
    focused = (((pane,), _PANES[pane]),) if pane in _PANES else ()
    here, view = "" if focused else "Here: ", open_view(state)
    return (*focused, ((view.name, *view.places), f"{here}{view.title}".capitalize()))
