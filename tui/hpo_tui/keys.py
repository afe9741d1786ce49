"""The one table of keys: it drives dispatch, the footer, the help screen and the command palette.

A key that is not in this table does nothing, and a key that is in it is shown; so help cannot drift from truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from textual.binding import Binding, BindingType

Where = Literal["session", "home"]


@dataclass(frozen=True, slots=True)
class Key:
    """One action: the keys that trigger it, how the footer and the help name it.

    ``shown`` is how the keys are written ("1-9"), ``label`` the footer's word (empty: not in the footer), ``help``
    the whole sentence, ``group`` the heading in the help. ``rank`` orders the footer where not all fits: lowest
    first.
    """

    keys: str
    action: str
    shown: str
    help: str
    group: str
    label: str = ""
    rank: int = 50


SESSION_KEYS: tuple[Key, ...] = (
    # Trim
    Key("up,k", "cursor(-1)", "↑ k", "cursor up in the pane that has the focus", "Move"),
    Key("down,j", "cursor(1)", "↓ j", "cursor down in the pane that has the focus", "Move"),
    Key("pageup", "factor(-1)", "pgup", "to the hyperparameter above", "Move"),
    Key("pagedown", "factor(1)", "pgdn", "to the hyperparameter below", "Move"),
    Key("tab", "pane(1)", "tab", "focus the next pane: values, view, queue", "Move", "pane", 40),
    Key("shift+tab", "pane(-1)", "shift+tab", "focus the pane before", "Move"),
    *(
        Key(
            str(digit % 10),
            f"toggle_value({digit})",
            "1-9 0",
            "value 1 to 10 of the hyperparameter under the cursor in or out of view",
            "Trim",
            "toggle" if digit == 1 else "",
            1,
        )
        for digit in range(1, 11)
    ),
    Key(
        "space",
        "toggle_cursor",
        "space",
        "the value under the cursor in or out; in the queue: pick",
        "Trim",
    ),
    Key("less_than_sign", "slice(-1)", "< >", "the previous or the next value alone", "Trim"),
    Key("greater_than_sign", "slice(1)", ">", "the next value alone of the hyperparameter", "Trim"),
    Key("slash", "filter", "/", "filter line: learning_rate<=1e-3 and val_accuracy>0.9", "Trim", "filter", 7),
    Key("o", "only", "o", "only the value under the cursor, of this hyperparameter", "Trim", "only", 3),
    Key("i", "invert", "i", "swap what is in and out of view for this hyperparameter", "Trim"),
    Key("a", "show_all", "a", "all values of this hyperparameter back into view", "Trim"),
    Key("A", "reset_trim", "A", "everything back into view", "Trim"),
    Key("d", "drop", "d", "the trial under the view's cursor out of view; in effects: losing values", "Trim"),
    Key("w", "drop_worse", "w", "every trial worse than the one under the view's cursor out of view", "Trim"),
    Key("D", "drop_values", "D", "every value that is worse than the best beyond noise out of view", "Trim"),
    Key("x", "collapsed", "x", "collapsed trainings out of everything that is shown, or in", "Trim"),
    Key("u", "undo", "u", "undo the last change of the trim", "Trim", "undo", 5),
    Key("ctrl+r", "redo", "ctrl+r", "take the undo back", "Trim"),
    # View
    Key("right_square_bracket", "view(1)", "]", "next view", "View", "", 2),
    Key("left_square_bracket", "view(-1)", "[ ]", "previous and next view", "View", "view", 2),
    Key("enter", "zoom", "enter", "the focused pane over the whole screen", "View", "zoom", 12),
    Key("escape", "back", "esc", "one layer back", "View"),
    Key(
        "m", "metric(1)", "m", "next metric: accuracy, loss, on validation or training data", "View", "metric", 14
    ),
    Key("M", "metric(-1)", "M", "previous metric", "View"),
    Key("B", "epoch", "B", "each training's best epoch, or its last", "View"),
    Key("c", "axes", "c", "next choice of hyperparameters for the axes", "View", "axes", 16),
    Key("f", "flat", "f", "flat projection on two axes, and back to the box", "View"),
    Key("l", "log_axes", "l", "axes by the size of the values (logarithmic), or by their order", "View"),
    Key("left", "turn(-1)", "← →", "turn the scatter; in the ranking, the sort column", "View"),
    Key("right", "turn(1)", "→", "turn the scatter; in the ranking, the sort column", "View"),
    Key("comma", "tilt(-1)", ", .", "tilt the scatter down or up", "View"),
    Key("full_stop", "tilt(1)", ".", "tilt the scatter up", "View"),
    Key("plus,equals_sign", "bins(1)", "+ -", "more or fewer bins in the histograms", "View"),
    Key("minus", "bins(-1)", "-", "fewer bins in the histograms", "View"),
    Key("b", "overlay", "b", "histograms as a strip for each value, or all values over each other", "View"),
    Key("g", "cumulative", "g", "histograms cumulative, and back", "View"),
    Key("C", "copy", "C", "copy the trial under the cursor, or the summary, to the clipboard", "View"),
    Key("t", "summary", "t", "what is in view, in words", "View"),
    # Queue
    Key("p", "pause", "p", "pause the queue (running trainings go on), or resume it", "Training", "pause", 8),
    Key("s", "stop_job(False)", "s", "stop the picked trainings now (waiting ones leave the queue)", "Training"),
    Key("S", "stop_job(True)", "S", "stop the picked trainings at the end of their epoch", "Training"),
    Key("f1", "move_jobs('front')", "f1", "the picked jobs to the front of the queue", "Training"),
    Key("f2", "move_jobs('back')", "f2", "the picked jobs to the back of the queue", "Training"),
    Key("y", "repeat(False)", "y", "queue again what failed", "Training"),
    Key("Y", "repeat(True)", "Y", "queue again all that has no result: failed, diverged, stopped", "Training"),
    Key(
        "N",
        "add_replicate",
        "N",
        "one more replicate: of picked jobs, else of all trials in view",
        "Training",
    ),
    Key("n", "tell_apart", "n", "the replicates that would tell the best trial from the second", "Training"),
    Key("L", "log", "L", "log of the job, or of the trial, under the cursor", "Training"),
    Key("R", "restart", "R", "start an engine where none is running", "Training"),
    Key("r", "refine", "r", "the next, finer grid from what is in view; re-uses results", "Session", "refine", 9),
    Key("e", "export", "e", "export the CSVs: trials, replicates, epochs", "Session", "export", 10),
    Key("h", "app.home", "h", "all sessions", "Session"),
    Key("T", "app.theme", "T", "next theme: dark, light, high contrast", "Session"),
    Key("question_mark", "help", "?", "these keys", "Session", "keys", 4),
    Key("ctrl+p", "app.command_palette", "^p", "every action by name", "Session", "actions", 42),
    Key("q,ctrl+q", "quit", "q", "leave; the training goes on unless you say otherwise", "Session", "quit", 6),
)
"""The keys of the session screen, in the order of the help."""

HOME_KEYS: tuple[Key, ...] = (
    Key("up,k", "cursor(-1)", "↑ k", "cursor up", "Move"),
    Key("down,j", "cursor(1)", "↓ j", "cursor down", "Move"),
    Key("pageup", "cursor(-10)", "pgup", "ten lines up", "Move"),
    Key("pagedown", "cursor(10)", "pgdn", "ten lines down", "Move"),
    Key("home", "cursor(-1000000)", "home", "to the first line", "Move"),
    Key("end", "cursor(1000000)", "end", "to the last line", "Move"),
    Key("enter", "open", "enter", "open the session, or do what the line says", "Session", "open", 1),
    Key("R", "resume", "R", "go on with what waits in the session, starting an engine", "Session", "resume", 12),
    Key("c", "copy", "c", "a new grid that begins as a copy of the session's", "Session", "copy as new", 14),
    Key("d,delete", "delete", "d", "delete the session (asks first)", "Session", "delete", 20),
    Key("n", "new_grid", "n", "a new grid: fill in a form", "New", "new grid", 2),
    Key("D", "demo", "D", "train the demo, a small real grid on generated fruit images", "New", "demo", 3),
    Key("T", "app.theme", "T", "next theme: dark, light, high contrast", "Session"),
    Key("question_mark", "help", "?", "these keys", "Session", "keys", 4),
    Key("ctrl+p", "app.command_palette", "^p", "every action by name", "Session", "actions", 42),
    Key("escape,q,ctrl+q", "quit", "q", "leave; trainings go on", "Session", "quit", 6),
)
"""The keys of the home screen."""

FORM_KEYS: tuple[Key, ...] = (
    Key("up", "field(-1)", "↑ ↓", "the field before, the field after", "Move", "field", 10),
    Key("down", "field(1)", "↓", "the field after", "Move"),
    Key("tab", "next(1)", "tab", "whatever can be changed or done next, also single new values", "Move"),
    Key("shift+tab", "next(-1)", "shift+tab", "whatever can be changed or done before", "Move"),
    Key("pageup", "field(-5)", "pgup", "five fields up", "Move"),
    Key("pagedown", "field(5)", "pgdn", "five fields down", "Move"),
    Key("ctrl+t", "suggest", "^t", "the values suggested for the field into it, or out", "Values", "suggested", 8),
    Key("ctrl+l", "launch", "^l", "what the first line below the fields says: launch", "Grid", "launch", 1),
    Key("ctrl+s", "keep", "^s", "what the second line says: keep the grid without training it", "Grid", "keep", 3),
    Key("escape", "back", "esc", "leave the form; nothing is made", "Grid", "back", 2),
    Key("f1,question_mark", "help", "f1", "these keys", "Grid", "keys", 4),
    Key("ctrl+p", "app.command_palette", "^p", "every action by name", "Grid", "actions", 42),
)
"""The keys of the forms: the next grid, and a new one. Letters are typed; so these are others."""


def bindings(keys: tuple[Key, ...]) -> list[BindingType]:
    """Return the table as Textual bindings; the footer and the help are drawn from the table itself."""
    return [Binding(key.keys, key.action, key.help, show=False) for key in keys]


def footer_items(keys: tuple[Key, ...], width: int) -> list[tuple[str, str]]:
    """Return the (keys, word) pairs that fit into ``width`` cells, the most wanted ones, in the table's order."""
    named = [key for key in keys if key.label]
    fitting: set[int] = set()
    used = 1
    for index, key in sorted(enumerate(named), key=lambda item: item[1].rank):
        cells = len(key.shown) + len(key.label) + 3
        if used + cells <= width:
            fitting.add(index)
            used += cells
    return [(key.shown, key.label) for index, key in enumerate(named) if index in fitting]


def help_groups(keys: tuple[Key, ...]) -> list[tuple[str, list[Key]]]:
    """Return the table by heading, each action once."""
    groups: dict[str, dict[str, Key]] = {}
    for key in keys:
        groups.setdefault(key.group, {}).setdefault(key.shown, key)
    return [(name, list(entries.values())) for name, entries in groups.items()]
