"""How the open view is turned, zoomed, binned, told in words and copied."""

from __future__ import annotations

from dataclasses import replace

from hpo_core.results.measure import metrics_of
from hpo_tui.desk import view_changes as moves
from hpo_tui.screens.desk_screen import DeskScreen
from hpo_tui.screens.dialogs import Words


def zoom(screen: DeskScreen) -> None:
    """Give the focused pane the whole screen."""
    if screen.focused is not None and screen.zoomed is None:
        screen.zoom(screen.focused_pane)


def back(screen: DeskScreen) -> None:
    """Step out of exactly one layer: the zoom, then what was picked, then the view's cursor."""
    if screen.zoomed is not None:
        screen.zoom(None)
    elif screen.state.chosen:
        screen.look(replace(screen.state, chosen=frozenset()))
    elif screen.state.trial is not None:
        screen.look(replace(screen.state, trial=None))


def metric(screen: DeskScreen, step: int) -> None:
    """Show the next or the previous metric."""
    if screen.latest is not None:
        screen.look(moves.next_metric(screen.state, metrics_of(screen.latest.snapshot), step))


def turn(screen: DeskScreen, step: int) -> None:
    """Turn the scatter, or sort the ranking by another column."""
    if screen.state.view == "ranking":
        screen.look(moves.next_sort(screen.state, len(screen.factors), step))
    elif _is_open(screen, "scatter", "turns"):
        screen.look(moves.turn(screen.state, screen.factors, step, 0))


def tilt(screen: DeskScreen, step: int) -> None:
    """Tilt the scatter."""
    if _is_open(screen, "scatter", "tilts"):
        screen.look(moves.turn(screen.state, screen.factors, 0, step))


def _is_open(screen: DeskScreen, view: str, does: str) -> bool:
    """Whether that view is open; a word where it is not, for what is not seen is not changed."""
    if screen.state.view != view:
        screen.say(f"The {view} {does}; [ and ] go to it.")
    return screen.state.view == view


def bins(screen: DeskScreen, step: int) -> None:
    """More or fewer bins, from as many as are drawn now and no more than there is room for."""
    desk = screen.desk()
    if desk is None:
        return
    pane = screen.pane("view" if screen.state.view == "histograms" else "histograms")
    if not pane.display and screen.state.view != "histograms":
        screen.say("The histograms have bins; [ and ] go to them.")
        return
    width = pane.content_size.width
    state = moves.change_bins(replace(screen.state, bins=desk.bins_shown(width)), step)
    after = screen.desk(state)
    assert after is not None
    drawn = after.bins_shown(width)
    screen.look(replace(state, bins=drawn))
    screen.say(f"{drawn} bins.")


def copy(screen: DeskScreen) -> None:
    """Copy the trial under the cursor, or what is in view in words, through the terminal (OSC 52)."""
    desk = screen.desk()
    if desk is not None:
        screen.app.copy_to_clipboard("\n".join(desk.summary()) if desk.trial is None else desk.trial_words())
        screen.say("Copied, if the terminal allows it.")


def say(screen: DeskScreen) -> None:
    """Say in words what is in view."""
    desk = screen.desk()
    if desk is not None:
        screen.app.push_screen(Words("In words", desk.summary()))
