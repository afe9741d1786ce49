"""The keys of the home screen: one table for dispatch, footer, help and palette."""

from __future__ import annotations

from hpo_tui.look.keys import PALETTE, REDRAW, THEME, Key, group, line_keys

_ENDS = "to the first or the last line"
# fmt: off
HOME_KEYS: tuple[Key, ...] = (
    *group(
        "Move",
        *line_keys("cursor", "cursor", "cursor up and down"),
        Key("home", "cursor(-1000000)", "first line", _ENDS, together="home end"),
        Key("end", "cursor(1000000)", "last line", _ENDS, together="home end"),
        Key("slash", "filter", "filter the list", "only what has these words: name, state, hyperparameter",
            "filter", 7),
        Key("escape", "back", "back", "one layer back: the filter, what was marked"),
    ),
    *group(
        "Session",
        Key("enter", "open", "open", "open the session, or do what the line says", "open", 1),
        Key("space", "mark", "mark", "mark the session, to compare it with others", "mark", 8),
        Key("equals_sign", "compare", "compare", "the marked sessions as one: ranking, values, plot", "compare",
            21),
        Key("R", "resume", "resume", "go on with what waits in the session, starting an engine", "resume", 12),
        Key("c", "copy", "copy as new", "a new grid that begins as a copy of the session's", "copy as new", 14),
        Key("N", "note", "note", "a line of your own on the session", "note", 22),
        Key("r", "rename", "rename", "another name for the session", "rename", 18),
        Key("d,delete", "delete", "delete", "move the session to the trash (asks first)", "delete", 20),
        Key("E", "empty_trash", "empty the trash", "delete for good what is in the trash (asks first)"),
    ),
    *group(
        "New",
        Key("n", "new_grid", "new grid", "a new grid: fill in a form", "new grid", 2),
        Key("D", "demo", "demo", "train the demo, a small real grid on generated fruit images", "demo", 3),
    ),
    *group(
        "Session",
        THEME,
        REDRAW,
        Key("question_mark", "help", "keys", "these keys", "keys", 4),
        PALETTE,
        Key("q,ctrl+q", "quit", "quit", "leave; trainings go on", "quit", 6),
    ),
)
# fmt: on
