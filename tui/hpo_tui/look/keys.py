"""What one line of a table of keys says, and what is made of a table: bindings, footer, help, palette.

Each screen holds its own table, which is all there is: a key that is not in it does nothing, and one that is in it
is shown; so help cannot drift from truth.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from textual.binding import Binding, BindingType

Act = Callable[[Any], None]
"""What a key does to the screen that has it."""

TRAINING = "Training"
"""The heading of what needs something to train on; see ``for_imported``."""

BRIEF = 14
"""Cells for what a key does in the overview: three columns fit 80."""

_WRITTEN = {"less_than_sign": "<", "greater_than_sign": ">", "left_square_bracket": "[",
            "right_square_bracket": "]", "comma": ",", "full_stop": ".", "plus": "+", "minus": "-", "slash": "/",
            "question_mark": "?", "equals_sign": "=", "pageup": "pgup", "pagedown": "pgdn", "escape": "esc",
            "ctrl+p": "^p", "ctrl+t": "^t", "ctrl+l": "^l", "ctrl+s": "^s"}  # fmt: skip


class Key(Struct, frozen=True):
    """One thing that can be done: the keys that do it, and how the footer, the help and the palette name it.

    ``does`` is the function that does it, or the name of one of Textual's actions ("cursor(-1)": the screen's
    ``action_cursor``). ``name`` is the short name in the command palette (empty: not offered there, as what only a
    key can say), ``help`` the whole sentence, ``label`` the footer's word (empty: not in the footer); ``rank``
    orders the footer where not all fits: lowest first. ``at`` are the places where it does what it does nowhere
    else: panes, views, and what several views are ("trials" where trials are pointed at, "axes" where
    hyperparameters stand on axes). ``together`` is how keys that belong together are written, such as a turn to
    the left and one to the right: they share a sentence, and are one line of the help. ``group`` is the heading in
    the help. ``trained`` where it asks for what a training left, such as its model or its log. ``only`` where
    nothing is seen of it elsewhere than ``at``: there it is off. ``running`` says that an engine must run for it,
    or that none may. ``word`` is what the overview of all keys says, in ``BRIEF`` cells at most, where ``name`` is
    too long or that of one of several keys.
    """

    keys: str
    does: str | Act
    name: str
    help: str
    label: str = ""
    rank: int = 50
    at: tuple[str, ...] = ()
    together: str = ""
    group: str = ""
    trained: bool = False
    only: bool = False
    running: bool | None = None
    word: str = ""

    @property
    def brief(self) -> str:
        """What the overview of all keys says of it."""
        return self.word or self.name or self.label

    @property
    def action(self) -> str:
        """The name under which Textual does it."""
        return self.does if isinstance(self.does, str) else f"press({self.keys!r})"

    @property
    def pressed(self) -> str:
        """How the first of its keys is written."""
        first = self.keys.split(",")[0]
        return _WRITTEN.get(first, first)

    @property
    def shown(self) -> str:
        """How its keys are written in the footer and the help."""
        return self.together or self.pressed


THEME = Key("T", "app.theme", "next theme", "next theme: dark, light, high contrast")
REDRAW = Key("ctrl+l", "app.redraw", "draw anew", "draw the screen anew, where something else wrote on it")
PALETTE = Key("ctrl+p", "app.command_palette", "", "every action by name", "actions", 42, word="all actions")


def line_keys(action: str, line: str, help: str) -> tuple[Key, ...]:  # noqa: A002
    """Return the keys that move in lines by ``action``, a screen's; ``line`` is what the palette says is moved."""
    far = "ten lines up or down"
    return (
        Key("up,k", f"{action}(-1)", f"{line} up", help, together="↑ ↓ k j"),
        Key("down,j", f"{action}(1)", f"{line} down", help, together="↑ ↓ k j"),
        Key("pageup", f"{action}(-10)", "ten lines up", far, together="pgup pgdn"),
        Key("pagedown", f"{action}(10)", "ten lines down", far, together="pgup pgdn"),
    )


def group(name: str, *keys: Key) -> tuple[Key, ...]:
    """Return the keys under a heading."""
    return tuple(replace(key, group=name) for key in keys)


def for_imported(keys: tuple[Key, ...]) -> tuple[Key, ...]:
    """Return what is offered of the table where results were imported: nothing trains, and nothing was trained."""
    return tuple(key for key in keys if key.group != TRAINING and not key.trained)


def bindings(keys: tuple[Key, ...]) -> list[BindingType]:
    """Return the table as Textual bindings; the footer and the help are drawn from the table itself."""
    return [Binding(key.keys, key.action, key.help, show=False) for key in keys]


def footer_keys(keys: Iterable[Key], width: int) -> list[tuple[int, Key]]:
    """Return the keys that fit into ``width`` cells, the most wanted ones, in the table's order.

    Each comes with the column (0-based) at which its sign stands, with its word after a blank. Two blanks follow,
    or one where all are wanted alike and do not fit so.
    """
    named = [key for key in keys if key.label]
    cells = [len(key.shown) + 1 + len(key.label) for key in named]
    alike = len({key.rank for key in named}) == 1
    gap = 1 if alike and sum(cells) + 2 * len(cells) > width else 2
    fitting: set[int] = set()
    used = 1
    for index in sorted(range(len(named)), key=lambda index: named[index].rank):
        if used + cells[index] + (gap - 1) <= width:
            fitting.add(index)
            used += cells[index] + gap
    placed, column = [], 1
    for index in sorted(fitting):
        placed.append((column, named[index]))
        column += cells[index] + gap
    return placed


def with_words(keys: tuple[Key, ...], words: Iterable[tuple[str, str, str]]) -> tuple[Key, ...]:
    """Return the table with other words for some actions, each an (action, label, sentence)."""
    said = {action: (label[:1].lower() + label[1:], sentence) for action, label, sentence in words}

    def reworded(key: Key) -> Key:
        label, sentence = said[key.action]
        return replace(key, label=label, name=label, help=sentence)

    return tuple(reworded(key) if key.action in said else key for key in keys)


def help_groups(keys: Iterable[Key]) -> list[tuple[str, list[Key]]]:
    """Return the table by heading, keys that belong together once."""
    groups: dict[str, dict[str, Key]] = {}
    for key in keys:
        groups.setdefault(key.group, {}).setdefault(key.shown, key)
    return [(name, list(entries.values())) for name, entries in groups.items()]


def help_at(keys: tuple[Key, ...], places: Iterable[tuple[Collection[str], str]]) -> list[tuple[str, list[Key]]]:
    """Return the table by heading, first what acts at these places, each with its heading; no key twice."""
    groups: list[tuple[str, list[Key]]] = []
    left = list(keys)
    for place, heading in places:
        here = {key.shown: key for key in reversed(left) if not set(key.at).isdisjoint(place)}
        if here:
            groups.append((heading, list(here.values())[::-1]))
            left = [key for key in left if key.shown not in here]
    return groups + help_groups(left)
