"""The keys of the session screen: what each does, what it is called, and where it acts."""

from __future__ import annotations

from hpo_tui.keytable import Key

_CURSOR = ("values", "view", "scatter", "heatmap", "curves", "ranking", "effects", "queue")
_AXES = ("scatter", "heatmap", "parallel")
_TRIALS = ("scatter", "heatmap", "curves", "ranking")
_UP_DOWN = "cursor up and down in the pane that has the focus; the effects scroll"
_PAGES = "to the hyperparameter above or below; in the view and the queue, ten lines"
_SLICE = "the previous or the next value of the hyperparameter alone"
_VIEWS = "previous and next view"
_METRICS = "next and previous metric: accuracy, loss, on validation or training data"
_TURN = "turn the scatter; in the ranking, the column that it is sorted by"
_TILT = "tilt the scatter down or up"
_BINS = "more or fewer bins in the histograms"
_ONTO = "the hyperparameter under the cursor onto the first, second or third axis"
_ENDS = "the picked jobs to the front or to the back of the queue"
_PLACES = "the picked jobs one place up or down in the queue"

SESSION_KEYS: tuple[Key, ...] = (
    Key("up,k", "cursor(-1)", "↑ ↓ k j", _UP_DOWN, "Move", name="cursor up", at=_CURSOR),
    Key("down,j", "cursor(1)", "↑ ↓ k j", _UP_DOWN, "Move", name="cursor down", at=_CURSOR),
    Key("pageup", "factor(-1)", "pgup pgdn", _PAGES, "Move", name="hyperparameter above", at=("values",)),
    Key("pagedown", "factor(1)", "pgup pgdn", _PAGES, "Move", name="hyperparameter below", at=("values",)),
    Key("tab", "pane(1)", "tab", "focus the next pane: values, view, queue", "Move", "pane", 40, "next pane"),
    Key("shift+tab", "pane(-1)", "shift+tab", "focus the pane before", "Move", name="previous pane"),
    *(
        Key(
            str(digit % 10),
            f"toggle_value({digit})",
            "1-9 0",
            "value 1 to 10 of the hyperparameter under the cursor in or out of view",
            "Trim",
            "toggle" if digit == 1 else "",
            1,
            at=("values",),
        )
        for digit in range(1, 11)
    ),
    Key(
        "space",
        "toggle_cursor",
        "space",
        "the value under the cursor in or out of view; in the queue: pick the job",
        "Trim",
        name="toggle or pick",
        at=("values", "queue"),
    ),
    Key("less_than_sign", "slice(-1)", "< >", _SLICE, "Trim", name="previous value alone", at=("values",)),
    Key("greater_than_sign", "slice(1)", "< >", _SLICE, "Trim", name="next value alone", at=("values",)),
    Key(
        "slash",
        "filter",
        "/",
        "filter line: learning_rate<=1e-3 and val_accuracy>0.9",
        "Trim",
        "filter",
        7,
        "filter line",
    ),
    Key(
        "o",
        "only",
        "o",
        "only the value under the cursor, of this hyperparameter",
        "Trim",
        "only",
        3,
        "only this value",
        ("values",),
    ),
    Key(
        "i",
        "invert",
        "i",
        "swap what is in and out of view for this hyperparameter",
        "Trim",
        name="invert values",
        at=("values",),
    ),
    Key(
        "a",
        "show_all",
        "a",
        "all values of this hyperparameter back into view",
        "Trim",
        name="all values",
        at=("values",),
    ),
    Key(
        "A", "reset_trim", "A", "everything back into view, also what the filter took out", "Trim", name="show all"
    ),
    Key(
        "d",
        "drop",
        "d",
        "the trial under the view's cursor out of view; in effects: losing values",
        "Trim",
        name="drop this trial",
        at=(*_TRIALS, "effects"),
    ),
    Key(
        "w",
        "drop_worse",
        "w",
        "every trial worse than the one under the view's cursor out of view",
        "Trim",
        name="drop worse trials",
        at=_TRIALS,
    ),
    Key(
        "D",
        "drop_values",
        "D",
        "every value that is worse than the best beyond noise out of view",
        "Trim",
        name="drop losing values",
        at=("effects",),
    ),
    Key(
        "x",
        "collapsed",
        "x",
        "collapsed trainings out of everything that is shown, or in",
        "Trim",
        name="collapsed trainings",
    ),
    Key("u", "undo", "u", "undo the last change of the trim", "Trim", "undo", 5, "undo"),
    Key("ctrl+r", "redo", "ctrl+r", "take the undo back", "Trim", name="redo"),
    Key("right_square_bracket", "view(1)", "[ ]", _VIEWS, "View", "", 2, "next view"),
    Key("left_square_bracket", "view(-1)", "[ ]", _VIEWS, "View", "view", 2, "previous view"),
    Key("enter", "zoom", "enter", "the focused pane over the whole screen", "View", "zoom", 12, "zoom"),
    Key("escape", "back", "esc", "one layer back: the zoom, what was picked, the cursor", "View", name="back"),
    Key("m", "metric(1)", "m M", _METRICS, "View", "metric", 14, "next metric"),
    Key("M", "metric(-1)", "m M", _METRICS, "View", name="previous metric"),
    Key("B", "epoch", "B", "each training's best epoch, or its last", "View", name="best or last epoch"),
    Key("c", "axes", "c", "next choice of hyperparameters for the axes", "View", "axes", 16, "next axes", _AXES),
    Key("X", "put_axis(0)", "X Y Z", _ONTO, "View", name="onto the first axis", at=_AXES),
    Key("Y", "put_axis(1)", "X Y Z", _ONTO, "View", name="onto the second axis", at=_AXES),
    Key("Z", "put_axis(2)", "X Y Z", _ONTO, "View", name="onto the third axis", at=_AXES),
    Key(
        "f",
        "flat",
        "f",
        "flat projection on two axes, and back to the box",
        "View",
        name="flat projection",
        at=("scatter",),
    ),
    Key(
        "l",
        "log_axes",
        "l",
        "axes by the size of the values (logarithmic), or by their order",
        "View",
        name="logarithmic axes",
        at=("scatter",),
    ),
    Key("left", "turn(-1)", "← →", _TURN, "View", name="turn left", at=("scatter", "ranking")),
    Key("right", "turn(1)", "← →", _TURN, "View", name="turn right", at=("scatter", "ranking")),
    Key("comma", "tilt(-1)", ", .", _TILT, "View", name="tilt down", at=("scatter",)),
    Key("full_stop", "tilt(1)", ", .", _TILT, "View", name="tilt up", at=("scatter",)),
    Key(
        "v",
        "reverse_sort",
        "v",
        "the ranking the other way round: worst first, highest value first",
        "View",
        name="reverse the ranking",
        at=("ranking",),
    ),
    Key("plus,equals_sign", "bins(1)", "+ -", _BINS, "View", name="more bins", at=("histograms",)),
    Key("minus", "bins(-1)", "+ -", _BINS, "View", name="fewer bins", at=("histograms",)),
    Key(
        "b",
        "overlay",
        "b",
        "histograms as a strip for each value, or all values over each other",
        "View",
        name="overlay histograms",
        at=("histograms",),
    ),
    Key(
        "g",
        "cumulative",
        "g",
        "histograms cumulative, and back",
        "View",
        name="cumulative histograms",
        at=("histograms",),
    ),
    Key(
        "C", "copy", "C", "copy the trial under the cursor, or the summary, to the clipboard", "View", name="copy"
    ),
    Key("t", "summary", "t", "what is in view, in words", "View", name="summary in words"),
    Key(
        "p",
        "pause",
        "p",
        "pause the queue (running trainings go on), or resume it",
        "Training",
        "pause",
        8,
        "pause or resume",
        ("queue",),
    ),
    Key(
        "s",
        "stop_job(False)",
        "s",
        "stop the picked trainings now (waiting ones leave the queue)",
        "Training",
        name="stop picked now",
        at=("queue",),
    ),
    Key(
        "S",
        "stop_job(True)",
        "S",
        "stop the picked trainings at the end of their epoch",
        "Training",
        name="stop picked after epoch",
        at=("queue",),
    ),
    Key(
        "Q",
        "stop_all",
        "Q",
        "stop everything (asks first); what waits stays in the queue",
        "Training",
        name="stop everything",
        at=("queue",),
    ),
    Key("f1", "move_jobs('front')", "f1 f2", _ENDS, "Training", name="picked to the front", at=("queue",)),
    Key("f2", "move_jobs('back')", "f1 f2", _ENDS, "Training", name="picked to the back", at=("queue",)),
    Key("f3", "move_jobs_by(-1)", "f3 f4", _PLACES, "Training", name="picked one place up", at=("queue",)),
    Key("f4", "move_jobs_by(1)", "f3 f4", _PLACES, "Training", name="picked one place down", at=("queue",)),
    Key("y", "repeat(False)", "y", "queue again what failed", "Training", name="retry what failed", at=("queue",)),
    Key(
        "ctrl+y",
        "repeat(True)",
        "ctrl+y",
        "queue again all that has no result: failed, diverged, stopped",
        "Training",
        name="run what is missing",
        at=("queue",),
    ),
    Key(
        "N",
        "add_replicate",
        "N",
        "one more replicate: of picked jobs, else of all trials in view",
        "Training",
        name="add a replicate",
        at=("queue",),
    ),
    Key(
        "n",
        "tell_apart",
        "n",
        "the replicates that would tell the best trial from the second",
        "Training",
        name="tell best from second",
        at=("effects",),
    ),
    Key("R", "restart", "R", "start an engine where none is running", "Training", name="start an engine"),
    Key(
        "L", "log", "L", "log of the job, or of the trial, under the cursor", "Session", name="log", at=("queue",)
    ),
    Key(
        "r",
        "refine",
        "r",
        "the next, finer grid from what is in view; re-uses results",
        "Session",
        "refine",
        9,
        "refine",
    ),
    Key("e", "export", "e", "export the CSVs: trials, replicates, epochs", "Session", "export", 10, "export"),
    Key("h", "app.home", "h", "all sessions", "Session", name="home: all sessions"),
    Key("T", "app.theme", "T", "next theme: dark, light, high contrast", "Session", name="next theme"),
    Key("question_mark", "help", "?", "these keys", "Session", "keys", 4, "keys"),
    Key("ctrl+p", "app.command_palette", "^p", "every action by name", "Session", "actions", 42),
    Key(
        "q,ctrl+q",
        "quit",
        "q",
        "leave; the training goes on unless you say otherwise",
        "Session",
        "quit",
        6,
        "quit",
    ),
)
"""The keys of the session screen, in the order of the help."""

TRAINING_ACTIONS = frozenset(key.action for key in SESSION_KEYS if key.group == "Training")
"""What only a session can do that has something to train on: not one that was imported."""
