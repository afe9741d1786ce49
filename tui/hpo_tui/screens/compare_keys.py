"""The keys of the screen that compares sessions: one table for dispatch, footer, help and palette."""

from __future__ import annotations

from hpo_tui.look.keys import Key, group

_LINE, _LINES = "line up and down in the pane that has the focus", "ten lines up or down"
# fmt: off
COMPARE_KEYS: tuple[Key, ...] = (
    *group(
        "Move",
        Key("up,k", "move(-1)", "line up", _LINE, together="↑ ↓ k j"),
        Key("down,j", "move(1)", "line down", _LINE, together="↑ ↓ k j"),
        Key("pageup", "move(-10)", "ten lines up", _LINES, together="pgup pgdn"),
        Key("pagedown", "move(10)", "ten lines down", _LINES, together="pgup pgdn"),
        Key("tab", "pane(1)", "next pane", "the next of ranking, values and plot", "next pane", 3),
        Key("shift+tab", "pane(-1)", "pane before", "the pane before"),
    ),
    *group(
        "Sessions",
        Key("enter", "open", "open", "open the session of the trial under the ranking's cursor", "open it", 2),
        Key("m", "metric", "next metric", "rank by the next metric that all of them have", "metric", 5),
        Key("T", "app.theme", "next theme", "next theme: dark, light, high contrast"),
        Key("ctrl+l", "app.redraw", "draw anew", "draw the screen anew, where something else wrote on it"),
        Key("question_mark", "help", "keys", "these keys", "keys", 6),
        Key("ctrl+p", "app.command_palette", "", "every action by name", "actions", 42),
        Key("escape,q", "leave", "back", "back to all sessions", "back", 4),
    ),
)
# fmt: on
