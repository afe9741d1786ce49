"""Canvas: a grid of cells to write text on and to lay plotext's drawings on; it ends as a ``Picture``.

Everything outside the canvas is cut, so no plot has to check its own edges, and ``label`` refuses to write
over other labels, so that no two ever run into each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from rich.cells import cell_len, get_character_cell_size

from hpo_core.text import clean, fewer_digits
from hpo_tui.look.inks import DEFAULT, WITH_BACKGROUND
from hpo_tui.plots.ascii import to_ascii
from hpo_tui.plots.picture import Picture, Run


def width_of(text: str) -> int:
    """Return how many cells ``text`` takes."""
    return len(text) if text.isascii() else cell_len(text)


def shorten(text: object, room: int) -> str:
    """Return foreign ``text`` made harmless and cut to at most ``room`` cells, ending in "…" where it was cut.

    A number is not cut, which would read as another one (9.87… for 9.87e-5): it loses digits as far as that helps.
    """
    shown = clean(text)
    if width_of(shown) <= room:
        return shown
    if room <= 0:
        return ""
    if number := fewer_digits(shown, room):
        return number
    kept, used = [], 0
    for char in shown:
        used += get_character_cell_size(char)
        if used > room - 1:
            break
        kept.append(char)
    return "".join(kept) + "…"


class Canvas:
    """``width`` × ``height`` cells, blank at first; column 0 is left, row 0 is at the top."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self._chars = [[" "] * width for _ in range(height)]
        self._inks = [[DEFAULT] * width for _ in range(height)]
        self._labelled = [[False] * width for _ in range(height)]

    def write(self, col: int, row: int, text: str, ink: int = DEFAULT) -> None:
        """Write ``text`` from ``col`` on, over whatever is there; what is outside the canvas is cut.

        A wide character that would be cut in half is left out.
        """
        if not 0 <= row < self.height:
            return
        chars, inks, labelled = self._chars[row], self._inks[row], self._labelled[row]
        for char in text:
            size = 1 if char.isascii() else get_character_cell_size(char)
            if size == 0:
                if 0 < col <= self.width:
                    chars[col - 1] += char
                continue
            if col >= 0 and col + size <= self.width:
                self._unpair(row, col)
                self._unpair(row, col + size - 1)
                chars[col], inks[col], labelled[col] = char, ink, True
                if size == 2:
                    chars[col + 1], inks[col + 1], labelled[col + 1] = "", ink, True
            col += size

    def _unpair(self, row: int, col: int) -> None:
        """Blank the other half of a wide character that is about to be written over."""
        chars = self._chars[row]
        if chars[col] == "" and col > 0:
            chars[col - 1] = chars[col] = " "
        elif col + 1 < self.width and chars[col + 1] == "":
            chars[col] = chars[col + 1] = " "

    def label(self, col: int, row: int, text: str, ink: int = DEFAULT, gap: int = 1) -> bool:
        """Write ``text`` only if all of it is inside and no other text is within ``gap`` cells; say whether."""
        size = width_of(text)
        if not text or not 0 <= row < self.height or col < 0 or col + size > self.width:
            return False
        if any(self._labelled[row][max(col - gap, 0) : col + size + gap]):
            return False
        self.write(col, row, text, ink)
        return True

    def reserve(self, col: int, row: int, size: int) -> None:
        """Keep labels away from ``size`` cells, as if text stood there."""
        if 0 <= row < self.height:
            for at in range(max(col, 0), min(col + size, self.width)):
                self._labelled[row][at] = True

    def lay(self, rows: Sequence[Sequence[Run]], col: int, row: int) -> None:
        """Lay drawn rows on the canvas, their corner at ``col``, ``row``; blanks are transparent, text stays."""
        for down, runs in enumerate(rows):
            at = col
            if not 0 <= row + down < self.height:
                continue
            chars, inks, kept = self._chars[row + down], self._inks[row + down], self._labelled[row + down]
            for text, ink in runs:
                for char in text:
                    if 0 <= at < self.width and not kept[at] and (char != " " or ink in WITH_BACKGROUND):
                        chars[at], inks[at] = char, ink
                    at += 1

    def picture(self, ascii: bool = False) -> Picture:  # noqa: A002
        """Return what has been drawn; with ``ascii`` in 7-bit characters only."""
        rows = (self._runs(row, ascii) for row in range(self.height))
        return Picture(self.width, self.height, tuple(rows))

    def _runs(self, row: int, ascii: bool) -> tuple[Run, ...]:  # noqa: A002
        chars, inks = self._chars[row], list(self._inks[row])
        for col, char in enumerate(chars):
            if char == " " and inks[col] not in WITH_BACKGROUND:
                # A blank shows no colour: it continues the run before it, which saves bytes on the wire.
                carried = inks[col - 1] if col else DEFAULT
                inks[col] = DEFAULT if carried in WITH_BACKGROUND else carried
        runs = []
        for ink, group in groupby(range(self.width), inks.__getitem__):
            text = "".join(chars[col] for col in group)
            runs.append((to_ascii(text) if ascii else text, ink))
        return tuple(runs)


def sentence(text: str, width: int, height: int, ascii: bool = False, ink: int = DEFAULT) -> Picture:  # noqa: A002
    """Return a picture that only says ``text``, wrapped and centred: an empty or too small pane."""
    canvas = Canvas(width, height)
    lines = _wrap(clean(text), max(width - 2, 1))[:height]
    top = (height - len(lines)) // 2
    for down, line in enumerate(lines):
        canvas.write((width - width_of(line)) // 2, top + down, line, ink)
    return canvas.picture(ascii)


def _wrap(text: str, room: int) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        piece = shorten(word, room)
        if lines and width_of(lines[-1]) + 1 + width_of(piece) <= room:
            lines[-1] += " " + piece
        else:
            lines.append(piece)
    return lines
