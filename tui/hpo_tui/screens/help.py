"""The keys of the screen below, those that act where the person is first, and what the signs mean."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from textwrap import wrap
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from hpo_tui.look.keys import Key, help_at
from hpo_tui.panes.key_words import Places
from hpo_tui.screens.dialogs import Dialog
from hpo_tui.widgets.plain_text import literal, shows_ascii

Lines = Sequence[tuple[str, str]]
ARROWS = (("←", "left"), ("→", "right"), ("↑", "up"), ("↓", "down"))
WIDEST = 96
AROUND = 9
"""The frame, the blanks beside it and the scroll bar, in cells."""


class HelpScreen(Dialog):
    """Every key of the screen below, from the table that dispatches them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape", "dismiss(None)", "back"),
        ("q", "dismiss(None)", "back"),
        ("question_mark", "dismiss(None)", "back"),
        ("f1", "dismiss(None)", "back"),
        ("j", "scroll(1)", "down"),
        ("k", "scroll(-1)", "up"),
        ("space", "scroll(10)", "on"),
    ]

    def __init__(self, keys: tuple[Key, ...], places: Places = (), signs: Lines = ()) -> None:
        super().__init__()
        self._keys = keys
        self._places = places
        self._signs = signs

    def compose(self) -> ComposeResult:
        """Lay out the keys by group."""
        with Vertical() as box:
            box.border_title = "Keys"
            box.border_subtitle = "↑ ↓ pgup pgdn scroll · esc closes"
            with VerticalScroll():
                yield Static()

    def on_resize(self) -> None:
        """Lay the text out for the width there is."""
        room = min(WIDEST, self.size.width * 95 // 100) - AROUND
        keys = tuple(map(_in_words, self._keys)) if shows_ascii(self.app) else self._keys
        self.query_one(Static).update(help_text(keys, self._places, self._signs, room))

    def action_scroll(self, lines: int) -> None:
        """Scroll by some lines."""
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)


def _in_words(key: Key) -> Key:
    """Return a key with its arrows in words: as ASCII signs they would read as the keys < > ^ and v."""
    shown = key.shown
    for arrow, word in ARROWS:
        shown = shown.replace(arrow, word)
    return replace(key, together=shown)


def help_text(keys: tuple[Key, ...], places: Places, signs: Lines, room: int) -> Content:
    """Return the help in lines of at most ``room`` cells; what a key does never runs under the keys."""
    groups: list[tuple[str, Lines]] = [
        (name, [(key.shown, key.help) for key in entries]) for name, entries in help_at(keys, places)
    ]
    lead = max(len(shown) for _, lines in groups for shown, _ in lines) + 2
    pieces = [piece for name, lines in groups for piece in _group(name, lines, lead, room)]
    if signs:
        pieces += _group("Signs", signs, max(len(sign) for sign, _ in signs) + 2, room)
    return Content("").join(pieces)


def _group(name: str, lines: Lines, lead: int, room: int) -> Iterator[Content]:
    yield literal(f"{name}\n").stylize("bold")
    for shown, said in lines:
        first, *rest = wrap(said, max(room - lead - 2, 20))
        yield Content.assemble((f"  {shown:<{lead}}", "$accent"), f"{first}\n")
        yield from (Content(f"{'':<{lead + 2}}{line}\n") for line in rest)
