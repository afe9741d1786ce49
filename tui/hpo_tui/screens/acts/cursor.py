"""Where the cursor goes: through the values, through the trials of a view, through the queue; and which pane."""

from __future__ import annotations

from msgspec.structs import replace

from hpo_tui.panes import PANES
from hpo_tui.screens.desk_screen import FRAMED, DeskScreen


def move(screen: DeskScreen, step: int) -> None:
    """Move the cursor of the focused pane."""
    move_in(screen, screen.focused_pane, step)


def move_in(screen: DeskScreen, pane: str | None, step: int) -> None:
    """Move the cursor of a pane, that of the values where there is none: to a value, a trial, a line, a job."""
    name = pane or "values"
    if (desk := screen.desk()) is not None:
        screen.look(PANES[name].moved(desk, step, screen.pane(name).content_size))


def page(screen: DeskScreen, step: int) -> None:
    """Move the cursor to another hyperparameter; in the view and the queue, by a page."""
    name = screen.focused_pane or "values"
    if (desk := screen.desk()) is not None:
        screen.look(PANES[name].paged(desk, step, screen.pane(name).content_size))


def pane(screen: DeskScreen, step: int) -> None:
    """Focus the next or the previous pane; in a zoomed one, zoom that."""
    shown = [name for name in FRAMED if screen.pane(name).can_focus]
    at = shown.index(screen.focused_pane) if screen.focused_pane in shown else 0
    name = shown[(at + step) % len(shown)]
    if screen.zoomed is not None:
        screen.zoom(name)
    screen.pane(name).focus()


def follow_focus(screen: DeskScreen) -> None:
    """Show the queue's cursor only while the queue has the focus."""
    in_queue = screen.focused_pane == "queue"
    if in_queue != (screen.state.job is not None):
        screen.look(replace(screen.state, job=0 if in_queue else None))
