"""The keys of the screen that compares sessions: one table for dispatch, footer, help and palette."""

from __future__ import annotations

from hpo_tui.look.keys import PALETTE, REDRAW, THEME, Key, group, line_keys

# fmt: off
COMPARE_KEYS: tuple[Key, ...] = (
    *group(
        "Move",
        *line_keys("move", "line", "line up and down in the pane that has the focus"),
        Key("tab", "pane(1)", "next pane", "the next of ranking, values and plot", "next pane", 3),
        Key("shift+tab", "pane(-1)", "pane before", "the pane before"),
    ),
    *group(
        "Sessions",
        Key("enter", "open", "open", "open the session of the trial under the ranking's cursor", "open it", 2),
        Key("m", "metric", "next metric", "rank by the next metric that all of them have", "metric", 5),
        THEME,
        REDRAW,
        Key("question_mark", "help", "keys", "these keys", "keys", 6),
        PALETTE,
        Key("escape,q", "leave", "back", "back to all sessions", "back", 4),
    ),
)
# fmt: on
