"""A picture of cells, drawn by what a program writes to a terminal."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from rich.cells import get_character_cell_size

from hpo_tui.terminal.pen import PLAIN, Pen, on_blanks, pen_after, pen_with_link

UNKNOWN = "\0"
"""What stands in a cell of which nothing is known: equal to nothing that is ever drawn."""

_TOKEN = re.compile(
    r"\x1b\[(?P<pen>[0-9;]*)m"
    r"|\x1b\[(?P<to>[0-9]*(?:;[0-9]*)?)H"
    r"|\x1b\]8;(?P<link>[^\x07\x1b]*)(?:\x07|\x1b\\)"
    r"|\x1b\[\?2026(?P<sync>[hl])"
    r"|(?P<aside>\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]P^_X][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]|\x07)"
    r"|(?P<control>[\x00-\x1f\x7f-\x9f])"
    r"|(?P<text>[^\x00-\x1f\x7f-\x9f]+)"
)
_HARMLESS = re.compile(r"\x07|\x1b\]|\x1b\[[?<>=]|\x1b\[[0-9;]*(?: q|[nctu])")
"""What changes no cell: the bell, titles and the clipboard, modes, questions, the cursor's shape."""
_OTHER_SCREEN = re.compile(r"\x1b\[\?(?:47|1047|1049)(?P<on>[hl])")

_NARROW = frozenset(map(chr, [*range(0x20, 0x7F), *range(0xA0, 0xAD), *range(0xAE, 0x300), *range(0x370, 0x483),
                              *range(0x2500, 0x25FD), *range(0x2800, 0x2900)]))  # fmt: skip


@lru_cache(maxsize=4096)
def sure_of_width(text: str) -> bool:
    """Whether every terminal gives the cell's text the width that it has here: not so emoji and what combines."""
    if text in _NARROW:
        return True
    return len(text) == 1 and (unicodedata.category(text)[0] in "LNPZ" or unicodedata.category(text) in "Sm Sc")


class Picture:
    """``columns`` × ``rows`` cells. A wide character stands in its first cell; its second one is empty."""

    def __init__(self, columns: int, rows: int, text: str = " ", pen: Pen = PLAIN) -> None:
        self.columns, self.rows = columns, rows
        self.texts = [[text] * columns for _ in range(rows)]
        self.pens = [[pen] * columns for _ in range(rows)]
        self.row = self.column = 0
        self.changed = [0] * rows
        """For each row, in which turn its cells last became others."""
        self.turn = 0

    def resized(self, columns: int, rows: int) -> Picture:
        """Return the part of the picture that a terminal of another size shows, and blanks beside it."""
        other = Picture(columns, rows)
        other.turn = self.turn
        for row in range(min(rows, self.rows)):
            kept = self.texts[row][:columns]
            other.texts[row][: len(kept)] = kept
            other.pens[row][: len(kept)] = self.pens[row][:columns]
        return other

    def copy_row(self, row: int, other: Picture) -> None:
        """Make a row the other picture's."""
        self.texts[row], self.pens[row] = other.texts[row].copy(), other.pens[row].copy()

    def put(self, text: str, pen: Pen) -> None:
        """Draw text at the cursor and move it; what goes over the edge is cut off, as where lines do not wrap."""
        if self.row >= self.rows or self.column >= self.columns:
            return
        if not _NARROW.issuperset(text):
            self._put_each(text, pen)
            return
        begin, texts = self.column, self.texts[self.row]
        text = text[: self.columns - begin]
        end = begin + len(text)
        blank = on_blanks(pen)
        if text.isspace():
            pens = [blank] * len(text)
        elif blank == pen or " " not in text:
            pens = [pen] * len(text)
        else:
            pens = [blank if char == " " else pen for char in text]
        self.column = end
        chars, old_pens = list(text), self.pens[self.row]
        if texts[begin:end] != chars or old_pens[begin:end] != pens:
            self._cut_wide(texts, begin, end)
            texts[begin:end], old_pens[begin:end] = chars, pens
            self.changed[self.row] = self.turn

    def _put_each(self, text: str, pen: Pen) -> None:
        texts, pens = self.texts[self.row], self.pens[self.row]
        self.changed[self.row] = self.turn
        for char in text:
            width = get_character_cell_size(char)
            if width == 0:
                before = self.column - 1
                if before >= 0 and texts[before] == "":
                    before -= 1
                if before >= 0:
                    texts[before] += char
                continue
            if self.column + width > self.columns:
                char, width = " ", self.columns - self.column
            if not width:
                return
            end = self.column + width
            self._cut_wide(texts, self.column, end)
            texts[self.column : end] = [char, ""][:width]
            pens[self.column : end] = [on_blanks(pen) if char == " " else pen] * width
            self.column = end

    @staticmethod
    def _cut_wide(texts: list[str], begin: int, end: int) -> None:
        """Leave no half of a wide character beside cells that are drawn over."""
        if texts[begin] == "":
            texts[begin - 1] = " "
        if end < len(texts) and texts[end] == "":
            texts[end] = " "


class Reader:
    """Draws what is written into ``picture``; what is no drawing is kept in ``asides``, in order."""

    def __init__(self, columns: int, rows: int) -> None:
        self.picture = Picture(columns, rows)
        self.asides: list[str] = []
        self.on = False
        """Whether the screen that is drawn on, the alternate one, is shown."""
        self.synchronised = False
        """Whether the terminal was found to show a frame at once, if it is told where one begins and ends."""
        self.lost = True
        """Whether something was written that may have changed cells in a way that is not followed here."""
        self._pen = PLAIN

    def read(self, text: str) -> None:
        """Take in what is written."""
        picture = self.picture
        picture.turn += 1
        for token in _TOKEN.finditer(text):
            kind, words = token.lastgroup, token[0]
            if kind == "text":
                picture.put(words, self._pen)
            elif kind == "pen":
                self._pen = pen_after(self._pen, token["pen"])
            elif kind == "to":
                row, _, column = token["to"].partition(";")
                picture.row, picture.column = max(int(row or 1), 1) - 1, max(int(column or 1), 1) - 1
            elif kind == "control":
                if words == "\n":
                    picture.row += 1
                if words in "\r\n":
                    picture.column = 0
            elif kind == "link":
                self._pen = pen_with_link(self._pen, "" if token["link"].endswith(";") else token["link"])
            elif kind == "sync":
                self.synchronised = True
            else:
                self._aside(words)
                picture = self.picture

    def _aside(self, words: str) -> None:
        self.asides.append(words)
        if other := _OTHER_SCREEN.match(words):
            self.on = other["on"] == "h"
            self.picture = Picture(self.picture.columns, self.picture.rows)
            self._pen = PLAIN
        self.lost |= bool(other) or not _HARMLESS.match(words)
