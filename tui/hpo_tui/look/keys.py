"""The tables of keys: they drive dispatch, the footer, the help screen and the command palette.

A key that is in no table does nothing, and a key that is in one is shown; so help cannot drift from truth.
"""

from __future__ import annotations

from hpo_tui.look.keytable import Key, bindings, footer_items, help_at, help_groups, with_words
from hpo_tui.look.session_keys import SESSION_KEYS, TRAINING_ACTIONS

__all__ = [
    "FORM_KEYS",
    "HOME_KEYS",
    "SESSION_KEYS",
    "TRAINING_ACTIONS",
    "Key",
    "bindings",
    "footer_items",
    "help_at",
    "help_groups",
    "with_words",
]

_LINE, _LINES, _ENDS_OF_LIST = "cursor up and down", "ten lines up or down", "to the first or the last line"

HOME_KEYS: tuple[Key, ...] = (
    Key("up,k", "cursor(-1)", "↑ ↓ k j", _LINE, "Move", name="cursor up"),
    Key("down,j", "cursor(1)", "↑ ↓ k j", _LINE, "Move", name="cursor down"),
    Key("pageup", "cursor(-10)", "pgup pgdn", _LINES, "Move", name="ten lines up"),
    Key("pagedown", "cursor(10)", "pgup pgdn", _LINES, "Move", name="ten lines down"),
    Key("home", "cursor(-1000000)", "home end", _ENDS_OF_LIST, "Move", name="first line"),
    Key("end", "cursor(1000000)", "home end", _ENDS_OF_LIST, "Move", name="last line"),
    Key("enter", "open", "enter", "open the session, or do what the line says", "Session", "open", 1, "open"),
    Key(
        "R",
        "resume",
        "R",
        "go on with what waits in the session, starting an engine",
        "Session",
        "resume",
        12,
        "resume",
    ),
    Key(
        "c",
        "copy",
        "c",
        "a new grid that begins as a copy of the session's",
        "Session",
        "copy as new",
        14,
        "copy as new",
    ),
    Key("d,delete", "delete", "d", "delete the session (asks first)", "Session", "delete", 20, "delete"),
    Key("n", "new_grid", "n", "a new grid: fill in a form", "New", "new grid", 2, "new grid"),
    Key("D", "demo", "D", "train the demo, a small real grid on generated fruit images", "New", "demo", 3, "demo"),
    Key("T", "app.theme", "T", "next theme: dark, light, high contrast", "Session", name="next theme"),
    Key("question_mark", "help", "?", "these keys", "Session", "keys", 4, "keys"),
    Key("ctrl+p", "app.command_palette", "^p", "every action by name", "Session", "actions", 42),
    Key("escape,q,ctrl+q", "quit", "q", "leave; trainings go on", "Session", "quit", 6, "quit"),
)
"""The keys of the home screen."""

_FIELD, _FIELDS = "the field before, the field after", "five fields up or down"

FORM_KEYS: tuple[Key, ...] = (
    Key("up", "field(-1)", "↑ ↓", _FIELD, "Move", "field", 10, "field before"),
    Key("down", "field(1)", "↑ ↓", _FIELD, "Move", name="field after"),
    Key(
        "tab",
        "next(1)",
        "tab",
        "whatever can be changed or done next, also single new values",
        "Move",
        name="next stop",
    ),
    Key(
        "shift+tab", "next(-1)", "shift+tab", "whatever can be changed or done before", "Move", name="stop before"
    ),
    Key("pageup", "field(-5)", "pgup pgdn", _FIELDS, "Move", name="five fields up"),
    Key("pagedown", "field(5)", "pgup pgdn", _FIELDS, "Move", name="five fields down"),
    Key(
        "ctrl+t",
        "suggest",
        "^t",
        "the values suggested for the field into it, or out",
        "Values",
        "suggested",
        8,
        "suggested values",
    ),
    Key("ctrl+l", "launch", "^l", "make the session and train it", "Grid", "launch", 1, "launch"),
    Key("ctrl+s", "keep", "^s", "keep the grid without training it", "Grid", "keep", 3, "keep"),
    Key("escape", "back", "esc", "leave the form; nothing is made", "Grid", "back", 2, "back"),
    Key("f1,question_mark", "help", "f1", "these keys", "Grid", "keys", 4, "keys"),
    Key("ctrl+p", "app.command_palette", "^p", "every action by name", "Grid", "actions", 42),
)
"""The keys of the forms: the next grid, and a new one. Letters are typed; so these are others.

What ``launch`` and ``keep`` are called, and do, a form says itself: its buttons, footer and help have one word.
"""
