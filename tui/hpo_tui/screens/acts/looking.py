"""How the open view is turned, zoomed, binned, told in words and copied."""

from __future__ import annotations

import shlex

import tomli_w
from msgspec.structs import replace

from hpo_core.results.measure import metrics_of
from hpo_core.text import clean
from hpo_tui.desk import view_changes as moves
from hpo_tui.desk.desk import Desk
from hpo_tui.panes import PANES
from hpo_tui.panes.summary import summary
from hpo_tui.screens.desk_screen import DeskScreen
from hpo_tui.screens.dialogs import Words
from hpo_tui.views import VIEWS, next_view, open_view
from hpo_tui.views.trials import trial_line

TURN_SECONDS = 0.1
"""Each picture of a view that is turned is new in nearly all of its cells: while the key is held, ten a second."""


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


def other(screen: DeskScreen, step: int) -> None:
    """Open the next or the previous view."""
    screen.look(next_view(screen.state, step))


def go(screen: DeskScreen) -> None:
    """Offer the views by their letters; the next key chooses one."""
    screen.offer_views(True)


def turn(screen: DeskScreen, step: int) -> None:
    """Turn the scatter, or sort the ranking by another column."""
    _turn(screen, step, 0, "turns")


def tilt(screen: DeskScreen, step: int) -> None:
    """Tilt the scatter."""
    _turn(screen, 0, step, "tilts")


def _turn(screen: DeskScreen, across: int, up: int, does: str) -> None:
    """Turn the open view; where it cannot be turned, say which can: what is not seen is not changed."""
    if (desk := screen.desk()) is None:
        return
    if (state := open_view(desk.state).turned(desk, across, up)) is not None:
        screen.look(state, TURN_SECONDS)
        return
    able = next(view for view in VIEWS if view.turned(desk, across, up) is not None)
    screen.say(f"The {able.title} {does}; [ and ] go to it.")


def other_form(screen: DeskScreen) -> None:
    """Draw what the open view shows another way."""
    desk = screen.desk()
    if desk is not None and (state := open_view(desk.state).other_form(desk)) is not None:
        screen.look(state)


def bins(screen: DeskScreen, step: int) -> None:
    """More or fewer bins, in the first pane that shows any."""
    if (desk := screen.desk()) is None:
        return
    for name, pane in PANES.items():
        widget = screen.pane(name)
        state = pane.rebinned(desk, step, widget.content_size.width) if widget.display else None
        if state is not None:
            screen.look_and_say(state, f"{state.bins} bins.")
            return
    screen.say("The histograms have bins; [ and ] go to them.")


def copy(screen: DeskScreen) -> None:
    """Copy the trial under the cursor, or what is in view in words, through the terminal (OSC 52)."""
    desk = screen.desk()
    if desk is not None:
        said = "\n".join(summary(desk)) if desk.trial is None else trial_as_toml(desk, desk.trial)
        screen.app.copy_to_clipboard(said)
        what = "The summary" if desk.trial is None else f"Trial {desk.trial}, as TOML and as --set,"
        screen.say(f"{what} was copied, if the terminal allows it (OSC 52; in tmux: set -g set-clipboard on).")


def trial_as_toml(desk: Desk, trial: int) -> str:
    """Return a trial's values as a spec's [fixed] table, under a comment with them as ``--set`` words."""
    values = desk.snapshot.spec.grid[trial].values
    words = " ".join(f"--set {shlex.quote(f'{name}={value}')}" for name, value in values.items())
    return f"# {clean(trial_line(desk, trial))}\n# {clean(words, 4000)}\n{tomli_w.dumps({'fixed': dict(values)})}"


def say(screen: DeskScreen) -> None:
    """Say in words what is in view."""
    desk = screen.desk()
    if desk is not None:
        screen.app.push_screen(Words("In words", summary(desk)))
