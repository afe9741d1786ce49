"""The keys of the screen below: all at one sight, a word each; and in sentences, with what the signs mean."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import count
from textwrap import wrap
from typing import ClassVar

from msgspec.structs import replace
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from hpo_tui.look.keys import BRIEF, Key, help_at, help_groups
from hpo_tui.panes.key_words import Places
from hpo_tui.screens.dialogs import Dialog
from hpo_tui.widgets.plain_text import literal, shows_ascii

Lines = Sequence[tuple[str, str]]
ARROWS = (("←", "left"), ("→", "right"), ("↑", "up"), ("↓", "down"))
BRIEF_ARROWS = (("↑ ↓ ", ""), ("← →", "arrows"))
WIDEST = 96
COLUMNS = 3
AROUND = 9
"""The frame, the blanks beside it and the scroll bar, in cells."""


class HelpScreen(Dialog):
    """Every key of the screen below, from the table that dispatches them.

    Where the keys act in ``places``, they are first shown all at one sight, a word each; then in sentences.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape", "dismiss(None)", "back"),
        ("q", "dismiss(None)", "back"),
        ("question_mark", "more", "in sentences"),
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
        self._brief = bool(places)

    def compose(self) -> ComposeResult:
        """Lay out the keys by group."""
        with Vertical() as box:
            box.border_title = "Keys"
            with VerticalScroll():
                yield Static()

    def on_resize(self) -> None:
        """Lay the text out for the width there is."""
        room = min(WIDEST, self.size.width * 95 // 100) - AROUND
        arrows = BRIEF_ARROWS if self._brief else ARROWS
        keys = tuple(_in_words(key, arrows) for key in self._keys) if shows_ascii(self.app) else self._keys
        box = self.query_one(Vertical).set_class(self._brief, "-brief")
        box.border_subtitle = "? in sentences · esc closes" if self._brief else "↑ ↓ pgup pgdn scroll · esc closes"
        here = {place for places, _ in self._places for place in places}
        self.query_one(Static).update(
            overview(keys, here) if self._brief else help_text(keys, self._places, self._signs, room)
        )

    def action_more(self) -> None:
        """Say it in sentences; once they stand there, close."""
        if not self._brief:
            self.dismiss(None)
            return
        self._brief = False
        self.on_resize()

    def action_scroll(self, lines: int) -> None:
        """Scroll by some lines."""
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)


def _in_words(key: Key, arrows: Lines) -> Key:
    """Return a key with its arrows in words: as ASCII signs they would read as the keys < > ^ and v."""
    shown = key.shown
    for arrow, word in arrows:
        shown = shown.replace(arrow, word)
    return replace(key, together=shown)


def overview(keys: tuple[Key, ...], here: Collection[str]) -> Content:
    """Return every key with a word, by heading, in columns; what would do nothing ``here`` is left out."""
    groups = help_groups(key for key in keys if not key.only or set(key.at) & set(here))
    lead = max(len(key.shown) for _, entries in groups for key in entries) + 1
    blocks = [
        (literal(f"{name:<{lead + BRIEF}} ").stylize("bold"), [_brief(key, lead) for key in entries])
        for name, entries in groups
    ]
    lines = sum(len(entries) + 1 for _, entries in blocks)
    columns = next(found for rows in count(-(-lines // COLUMNS)) if (found := _columns(blocks, rows)))
    rows = max(map(len, columns))
    blank = Content(" " * (lead + BRIEF + 1))
    filled = [[*column, *[blank] * (rows - len(column))] for column in columns]
    return Content("\n").join(Content("").join(row) for row in zip(*filled, strict=True))


def _brief(key: Key, lead: int) -> Content:
    return Content.assemble((f"{key.shown:<{lead}}", "$accent"), literal(f"{key.brief:<{BRIEF}} "))


def _columns(blocks: Sequence[tuple[Content, Sequence[Content]]], rows: int) -> list[list[Content]]:
    """Return the blocks in columns of so many rows, or none where they do not fit; no heading stands alone."""
    columns: list[list[Content]] = [[]]
    for heading, entries in blocks:
        if len(columns[-1]) + 2 > rows:
            columns.append([])
        columns[-1].append(heading)
        for entry in entries:
            if len(columns[-1]) == rows:
                columns.append([])
            columns[-1].append(entry)
    return columns if len(columns) <= COLUMNS else []


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
