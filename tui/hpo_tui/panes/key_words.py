"""What is said of the keys: the line at the bottom, where the help begins, and what the signs mean."""

from __future__ import annotations

from collections.abc import Iterable

from hpo_tui.desk.view_state import VIEW_TITLES
from hpo_tui.look.inks import ACCENT, DIM
from hpo_tui.look.keys import Key, footer_items
from hpo_tui.plots.rows import Row, padded, run

Places = tuple[tuple[str, str], ...]
"""Panes and views, each with the heading over its keys, those that matter most first."""

_PANES = {"values": "Here: values", "queue": "Here: queue"}

SIGNS: tuple[tuple[str, str], ...] = (
    ("● ○", "a value in view, and out of view"),
    ("n", "how many trials have a score"),
    ("± sd", "how far the scores of these trials lie apart (sample standard deviation)"),
    ("≈", "noise cannot tell it from the best"),
    ("⊘ ×", "in the scatter: a trial that collapsed, and one that failed"),
    ("(2 of 2)", "replicates of the trial that are finished, of those asked for"),
    ("fail", "trainings that failed or diverged"),
    ("10 collapsed in", "ten trainings learned nothing, and count; x takes them out"),
    ("↑ ↓", "more of the metric is better, or less"),
)
"""Each sign of the screen, and what it means."""


def help_places(pane: str | None, view: str) -> Places:
    """Return where a person is: the pane that has the focus, then the view that is shown."""
    focused = ((pane, _PANES[pane]),) if pane in _PANES else ()
    here = "" if focused else "Here: "
    return (*focused, (view, f"{here}{VIEW_TITLES.get(view, view)}".capitalize()))


def footer_row(keys: Iterable[Key], width: int) -> Row:
    """Return the footer from the table of keys."""
    pieces = [run(" ")]
    for shown, label in footer_items(keys, width):
        pieces += [run(shown, ACCENT), run(f" {label}  ", DIM)]
    return padded(tuple(pieces), width)
