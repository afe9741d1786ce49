"""What one entry of a table of keys says, and what is made of a table: bindings, a footer, groups for the help."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from textual.binding import Binding, BindingType


@dataclass(frozen=True, slots=True)
class Key:
    """One action: the keys that trigger it, how the footer, the help and the command palette name it.

    ``shown`` is how the keys are written ("1-9"), ``label`` the footer's word (empty: not in the footer), ``help``
    the whole sentence, ``group`` the heading in the help. ``rank`` orders the footer where not all fits: lowest
    first. ``name`` is the action's short name in the command palette (empty: not offered there, as what only a
    key can say); ``at`` the panes and views where it does what it does nowhere else.

    Keys that belong together, such as a turn to the left and to the right, share ``shown`` and ``help``, and are
    one line of the help.
    """

    keys: str
    action: str
    shown: str
    help: str
    group: str
    label: str = ""
    rank: int = 50
    name: str = ""
    at: tuple[str, ...] = ()


def bindings(keys: tuple[Key, ...]) -> list[BindingType]:
    """Return the table as Textual bindings; the footer and the help are drawn from the table itself."""
    return [Binding(key.keys, key.action, key.help, show=False) for key in keys]


def footer_items(keys: tuple[Key, ...], width: int, hidden: Collection[str] = ()) -> list[tuple[str, str]]:
    """Return the (keys, word) pairs that fit into ``width`` cells, the most wanted ones, in the table's order.

    Actions that are ``hidden`` are not among them.
    """
    named = [key for key in keys if key.label and key.action not in hidden]
    fitting: set[int] = set()
    used = 1
    for index, key in sorted(enumerate(named), key=lambda item: item[1].rank):
        cells = len(key.shown) + len(key.label) + 3
        if used + cells <= width:
            fitting.add(index)
            used += cells
    return [(key.shown, key.label) for index, key in enumerate(named) if index in fitting]


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


def help_at(keys: tuple[Key, ...], places: Iterable[tuple[str, str]]) -> list[tuple[str, list[Key]]]:
    """Return the table by heading, first what acts at these places, each a (place, heading); no key twice."""
    groups: list[tuple[str, list[Key]]] = []
    left = list(keys)
    for place, heading in places:
        here = {key.shown: key for key in reversed(left) if place in key.at}
        if here:
            groups.append((heading, list(here.values())[::-1]))
            left = [key for key in left if key.shown not in here]
    return groups + help_groups(left)
