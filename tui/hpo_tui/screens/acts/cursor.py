"""Where the cursor goes: through the values, through the trials of a view, through the queue; and which pane."""

from __future__ import annotations

from dataclasses import replace

from hpo_tui.desk import view_changes as moves
from hpo_tui.panes.queue_pane import QueueList
from hpo_tui.screens.desk_screen import FRAMED, DeskScreen


def move(screen: DeskScreen, step: int) -> None:
    """Move the cursor of the focused pane."""
    move_in(screen, screen.focused_pane, step)


def move_in(screen: DeskScreen, pane: str | None, step: int) -> None:
    """Move the cursor of a pane: values, trials in the order of the ranking, or jobs; the effects scroll."""
    state, desk = screen.state, screen.desk()
    if pane == "queue" and desk is not None:
        last = max(len(QueueList(desk.snapshot)) - 1, 0)
        screen.look(replace(state, job=min(max((state.job or 0) + step, 0), last)))
    elif pane == "view" and desk is not None and state.view == "effects":
        last = desk.last_scroll(*screen.pane("view").content_size)
        screen.look(replace(state, scroll=min(max(min(state.scroll, last) + step, 0), last)))
    elif pane == "view" and desk is not None:
        screen.look(moves.move_trial(state, desk.order, step))
    else:
        screen.look(moves.move_cursor(state, screen.factors, step))


def page(screen: DeskScreen, step: int) -> None:
    """Move the cursor to another hyperparameter; in the view and the queue, by ten lines."""
    if screen.focused_pane in ("view", "queue"):
        move(screen, 10 * step)
    else:
        screen.look(moves.move_factor(screen.state, screen.factors, step))


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
