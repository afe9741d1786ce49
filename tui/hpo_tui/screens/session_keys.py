"""The keys of the session screen, in the order of the help: each names the function that does it.

What only looks at the session in another way is a move from one view state to the next, in ``desk/view_changes``;
what asks, tells, orders or leaves stands by subject in ``acts/``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from hpo_core.results.trim import Trim
from hpo_tui.desk import view_changes as moves
from hpo_tui.desk.view_changes import Factors
from hpo_tui.desk.view_state import ViewState
from hpo_tui.look.keys import PALETTE, REDRAW, THEME, TRAINING, Act, Key, group
from hpo_tui.screens.acts import cursor, findings, looking, queue, trimming, whole_session
from hpo_tui.screens.desk_screen import DeskScreen
from hpo_tui.views import VIEWS


def looks(move: Callable[[ViewState, Factors], ViewState]) -> Act:
    """Return what a key does that only looks at the session in another way."""

    def look(screen: DeskScreen) -> None:
        screen.look(move(screen.state, screen.factors))

    return look


_VALUES, _QUEUE, _EFFECTS, _HISTOGRAMS = ("values",), ("queue",), ("effects",), ("histograms",)
_FORMS = ("scatter", "curves")
_CURSOR, _AXES, _TRIALS = ("values", "view", "trials", "effects", "queue"), ("axes",), ("trials",)
_UP_DOWN = "cursor up and down in the pane that has the focus; the effects scroll"
_PAGES = "to the hyperparameter above or below; in the view and the queue, ten lines"
_PANE = "focus the next pane: values, view, queue; with shift the one before"
_DIGIT = "value 1 to 10 of the hyperparameter under the cursor in or out of view"
_SLICE = "the previous or the next value of the hyperparameter alone"
_VIEWS = "previous and next view"
_METRICS = "next and previous metric, on validation or training data, and what a training takes"
_TURN = "turn the scatter; in the ranking, the column that it is sorted by"
_TILT = "tilt the scatter down or up"
_BINS = "more or fewer bins in the histograms"
_ONTO = "the hyperparameter under the cursor onto the first, second or third axis"
_ENDS = "the picked jobs to the front or to the back of the queue"
_PLACES = "the picked jobs one place up or down in the queue"

# fmt: off
SESSION_KEYS: tuple[Key, ...] = (
    *group(
        "Move",
        Key("up,k", partial(cursor.move, step=-1), "cursor up", _UP_DOWN, at=_CURSOR, together="↑ ↓ k j",
            word="cursor"),
        Key("down,j", partial(cursor.move, step=1), "cursor down", _UP_DOWN, at=_CURSOR, together="↑ ↓ k j",
            word="cursor"),
        Key("pageup", partial(cursor.page, step=-1), "hyperparameter above", _PAGES, at=_VALUES,
            together="pgup pgdn", word="a page"),
        Key("pagedown", partial(cursor.page, step=1), "hyperparameter below", _PAGES, at=_VALUES,
            together="pgup pgdn", word="a page"),
        Key("tab", partial(cursor.pane, step=1), "next pane", _PANE,
            "pane", 40, together="tab"),
        Key("shift+tab", partial(cursor.pane, step=-1), "previous pane", _PANE, together="tab"),
    ),
    *group(
        "Trim",
        *(
            Key(str(digit % 10), looks(partial(moves.toggle_value, number=digit)), "", _DIGIT,
                "toggle" if digit == 1 else "", 1, _VALUES, together="1-9 0", word="in or out")
            for digit in range(1, 11)
        ),
        Key("space", trimming.toggle_or_pick, "toggle or pick",
            "the value under the cursor in or out of view; in the queue: pick the job", at=("values", "queue"),
            word="in, out, pick"),
        Key("less_than_sign", looks(partial(moves.slice_by, step=-1)), "previous value alone", _SLICE, at=_VALUES,
            together="< >", word="one alone"),
        Key("greater_than_sign", looks(partial(moves.slice_by, step=1)), "next value alone", _SLICE, at=_VALUES,
            together="< >", word="one alone"),
        Key("slash", trimming.begin_filter, "filter line",
            "only what a line of conditions lets through, as it is typed", "filter", 7, word="filter line"),
        Key("o", looks(moves.only), "only this value", "only the value under the cursor, of this hyperparameter",
            "only", 3, _VALUES, word="only this one"),
        Key("i", looks(partial(moves.with_factor, change=Trim.invert)), "invert values",
            "swap what is in and out of view for this hyperparameter", at=_VALUES),
        Key("a", looks(partial(moves.with_factor, change=Trim.all)), "all values",
            "all values of this hyperparameter back into view", at=_VALUES),
        Key("A", looks(moves.show_all), "show all", "everything back into view, also what the filter took out"),
        Key("d", trimming.drop, "drop this trial",
            "the trial under the view's cursor out of view; in effects: losing values", at=(*_TRIALS, "effects"),
            word="drop the trial"),
        Key("w", trimming.drop_worse, "drop worse trials",
            "every trial worse than the one under the view's cursor out of view", at=_TRIALS,
            word="drop the worse"),
        Key("D", findings.drop_values, "drop losing values",
            "every value that is worse than the best beyond noise out of view", at=_EFFECTS, word="drop losers"),
        Key("x", findings.leave_out_collapsed, "collapsed trainings",
            "collapsed trainings out of everything that is shown, or in", word="collapsed out"),
        Key("u", trimming.undo, "undo", "undo the last change of the trim", "undo", 5),
        Key("ctrl+r", trimming.redo, "redo", "take the undo back"),
    ),
    *group(
        "Look closer",
        Key("I", findings.toggle_three, "interactions of three",
            "in effects: test what two hyperparameters do together, or three too", at=_EFFECTS,
            only=True, word="of three"),
        Key("V", findings.toggle_noise, "noise from interactions",
            "in effects, with one replicate: the highest interactions as the noise, or none", at=_EFFECTS,
            only=True, word="another noise"),
        Key("g", looking.go, "go to a view", "and then a letter: the view in whose tab that letter is underlined",
            "view", 2),
        Key("right_square_bracket", partial(looking.other, step=1), "next view", _VIEWS, together="[ ]",
            word="next view"),
        Key("left_square_bracket", partial(looking.other, step=-1), "previous view", _VIEWS, together="[ ]",
            word="next view"),
        Key("enter", looking.zoom, "zoom", "the focused pane over the whole screen", "zoom", 12),
        Key("escape", looking.back, "back", "one layer back: the zoom, what was picked, the cursor", word="back"),
        Key("m", partial(looking.metric, step=1), "next metric", _METRICS, "metric", 14, together="m M",
            word="metric"),
        Key("M", partial(looking.metric, step=-1), "previous metric", _METRICS, together="m M", word="metric"),
        Key("B", looks(moves.other_epoch), "best or last epoch", "each training's best epoch, or its last",
            word="best or last"),
        Key("c", looks(moves.next_axes), "next axes", "next choice of hyperparameters for the axes", "axes", 16,
            _AXES, only=True, word="other axes"),
        Key("X", looks(partial(moves.put_axis, axis=0)), "onto the first axis", _ONTO, at=_AXES,
            together="X Y Z", word="onto an axis"),
        Key("Y", looks(partial(moves.put_axis, axis=1)), "onto the second axis", _ONTO, at=_AXES,
            together="X Y Z", word="onto an axis"),
        Key("Z", looks(partial(moves.put_axis, axis=2)), "onto the third axis", _ONTO, at=_AXES,
            together="X Y Z", word="onto an axis"),
        Key("f", looking.other_form, "another form",
            "the scatter's panels as one box of three axes; the curves by the first axis' values", at=_FORMS,
            only=True, word="another form"),
        Key("l", looks(partial(moves.switch, what="log_axes")), "logarithmic axes",
            "axes by the size of the values (logarithmic), or by their order", at=("scatter",), only=True,
            word="log axes"),
        Key("left", partial(looking.turn, step=-1), "turn left", _TURN, at=("scatter", "ranking"), together="← →",
            word="turn, or sort"),
        Key("right", partial(looking.turn, step=1), "turn right", _TURN,
            at=("scatter", "ranking"), together="← →", word="turn, or sort"),
        Key("comma", partial(looking.tilt, step=-1), "tilt down", _TILT, at=("scatter",), together=", .",
            word="tilt"),
        Key("full_stop", partial(looking.tilt, step=1), "tilt up", _TILT, at=("scatter",), together=", .",
            word="tilt"),
        Key("v", looks(partial(moves.switch, what="backwards")), "reverse the ranking",
            "the ranking the other way round: worst first, highest value first", at=("ranking",), only=True,
            word="worst first"),
        Key("plus,equals_sign", partial(looking.bins, step=1), "more bins", _BINS, at=_HISTOGRAMS, together="+ -",
            word="bins"),
        Key("minus", partial(looking.bins, step=-1), "fewer bins", _BINS, at=_HISTOGRAMS, together="+ -",
            word="bins"),
        Key("b", looks(partial(moves.switch, what="overlay")), "overlay histograms",
            "histograms as a strip for each value, or all values over each other", at=_HISTOGRAMS, word="overlay"),
        Key("G", looks(partial(moves.switch, what="cumulative")), "cumulative histograms",
            "histograms cumulative, and back", at=_HISTOGRAMS, word="cumulative"),
        Key("C", looking.copy, "copy", "copy the trial under the cursor (TOML, --set words), or the summary"),
        Key("t", looking.say, "summary in words", "what is in view, in words", word="say in words"),
    ),
    *group(
        TRAINING,
        Key("p", queue.pause, "pause or resume", "pause the queue (running trainings go on), or resume it",
            "pause", 8, _QUEUE, running=True, word="pause, resume"),
        Key("s", partial(queue.stop, after_epoch=False), "stop picked now",
            "stop the picked trainings now (waiting ones leave the queue)", at=_QUEUE, word="stop picked"),
        Key("S", partial(queue.stop, after_epoch=True), "stop picked after epoch",
            "stop the picked trainings at the end of their epoch", at=_QUEUE, word="stop at epoch"),
        Key("Q", queue.stop_all, "stop everything", "stop everything (asks first); what waits stays in the queue",
            at=_QUEUE, word="stop all"),
        Key("f1", partial(queue.move, to="front"), "picked to the front", _ENDS, at=_QUEUE, together="f1 f2",
            word="to an end"),
        Key("f2", partial(queue.move, to="back"), "picked to the back", _ENDS, at=_QUEUE, together="f1 f2",
            word="to an end"),
        Key("f3", partial(queue.shift, step=-1), "picked one place up", _PLACES, at=_QUEUE, together="f3 f4",
            word="up, down"),
        Key("f4", partial(queue.shift, step=1), "picked one place down", _PLACES, at=_QUEUE, together="f3 f4",
            word="up, down"),
        Key("y", partial(queue.repeat, statuses=("failed",)), "retry what failed", "queue again what failed",
            at=_QUEUE, word="retry failed"),
        Key("ctrl+y", partial(queue.repeat, statuses=("failed", "diverged", "stopped")), "run what is missing",
            "queue again all that has no result: failed, diverged, stopped", at=_QUEUE, word="run missing"),
        Key("N", queue.add_replicate, "add a replicate",
            "one more replicate: of picked jobs, else of all trials in view", at=_QUEUE, word="add replicates"),
        Key("n", findings.tell_apart, "tell best from second",
            "the replicates that would tell the best trial from the second", at=_EFFECTS, word="tell the best"),
        Key("R", queue.start_engine, "start an engine", "start an engine where none is running", "train", 8,
            running=False, word="start engine"),
    ),
    *group(
        "Take away, leave",
        Key("L", queue.log, "log", "log of the job, or of the trial, under the cursor", at=_QUEUE,
            trained=True),
        Key("r", whole_session.refine, "refine",
            "the next grid: noise fixed, losers out, finer around the best; re-uses results", "refine", 9),
        Key("W", whole_session.use, "use",
            "the best trial as a folder: its model, a script, its spec; asks where the cursor is on another",
            trained=True, word="use the best"),
        Key("e", whole_session.export, "export", "export the CSVs: trials, replicates, epochs", "export", 10),
        Key("h", "app.home", "home: all sessions", "all sessions", word="home"),
        THEME,
        REDRAW,
        Key("question_mark", whole_session.show_keys, "keys", "these keys", "keys", 4),
        PALETTE,
        Key("q,ctrl+q", whole_session.leave, "quit",
            "leave; the training goes on unless you say otherwise", "quit", 6),
    ),
)
# fmt: on

GO_KEYS: tuple[Key, ...] = tuple(
    Key(
        view.letter,
        looks(partial(moves.open_named, view=view.name)),
        f"view: {view.title}",
        view.shows,
        view.tab or view.title,
    )
    for view in VIEWS
)
"""The keys that open the views by name, each once "g" was pressed."""
