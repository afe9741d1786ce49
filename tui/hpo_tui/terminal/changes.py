"""What must be written so that a terminal that shows one picture shows another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from hpo_tui.terminal.moves import move
from hpo_tui.terminal.pen import PLAIN, Pen, pen_change, pen_for_blanks
from hpo_tui.terminal.picture import UNKNOWN, Picture, sure_of_width

ERASE_FROM = 11
"""So many blanks in a row are erased and stepped over rather than written: two codes of up to five bytes each."""
ERASE_TO_END_FROM = 4
SHORT_GAP = 4
"""Over so few unchanged cells it may be shorter to draw them again than to move."""


class Canvas:
    """A terminal as it is known here: the picture that it shows, its pen and where its cursor is.

    ``erases_in_colour`` says whether what is erased takes the pen's ground (terminfo's ``bce``).
    """

    def __init__(self, columns: int, rows: int, erases_in_colour: bool) -> None:
        self.shown = Picture(columns, rows, UNKNOWN)
        self._erases_in_colour = erases_in_colour
        self._pen: Pen | None = None
        self._row: int | None = None
        self._column: int | None = None
        self._out: list[str] = []
        self._turn = 0
        self._drawn: dict[int, int] = {}
        """When each row was last drawn, in turns."""
        self.behind = False
        """Whether there is more to send until the picture that was wanted last is shown."""

    def forget(self, columns: int, rows: int) -> None:
        """Know nothing of the terminal but its size."""
        self.shown = Picture(columns, rows, UNKNOWN)
        self._pen = self._row = self._column = None

    def change_to(self, wanted: Picture, most: int | None = None) -> str:
        """Return what makes the terminal show ``wanted``, a picture of its size, with its cursor.

        It is cut off after the row with which it is ``most`` bytes or more: what changed last comes first, and of
        what changed together the rows that were not drawn for longest.
        """
        shown = self.shown
        if self._pen is None:
            self._clear(wanted)
            shown = self.shown
        rows = [
            row
            for row in range(wanted.rows)
            if shown.texts[row] != wanted.texts[row] or shown.pens[row] != wanted.pens[row]
        ]
        if most is not None:
            rows.sort(key=lambda row: (-wanted.changed[row], self._drawn.get(row, 0)))
        self._turn += 1
        strayed, self.behind, size = self.behind, False, 0
        for row in rows:
            begin = len(self._out)
            self._change_row(row, wanted)
            shown.copy_row(row, wanted)
            self._drawn[row] = self._turn
            size += len("".join(self._out[begin:]).encode())
            if most is not None and size >= most:
                self.behind = row != rows[-1]
                break
        if (self._out or strayed) and not self.behind:
            self._go(min(wanted.row, wanted.rows - 1), min(wanted.column, wanted.columns - 1))
        out, self._out = "".join(self._out), []
        return out

    def _clear(self, wanted: Picture) -> None:
        """Begin with the ground that most blanks have."""
        blanks: Counter[Pen] = Counter()
        for texts, pens in zip(wanted.texts, wanted.pens, strict=True):
            blanks.update(pen for text, pen in zip(texts, pens, strict=True) if text == " " and self._erases(pen))
        ground = blanks.most_common(1)[0][0] if blanks else PLAIN
        self._out.append("\x1b[m")
        self._pen = PLAIN
        self._take(ground)
        self._out.append("\x1b[2J")
        self.shown = Picture(wanted.columns, wanted.rows, pen=ground)

    def _erases(self, pen: Pen) -> bool:
        return not (pen.attributes or pen.link) and (self._erases_in_colour or not pen.ground)

    def _take(self, pen: Pen) -> None:
        if self._pen != pen:
            self._out.append(pen_change(self._pen or PLAIN, pen))
            self._pen = pen

    def _go(self, row: int, column: int) -> None:
        self._out.append(move(self._row, self._column, row, column))
        self._row, self._column = row, column

    def _change_row(self, row: int, wanted: Picture) -> None:
        """Draw what differs in a row, from left to right or pen by pen, whichever is shorter."""
        texts, pens = wanted.texts[row], wanted.pens[row]
        old_texts, old_pens = self.shown.texts[row], self.shown.pens[row]
        changed = [n for n in range(wanted.columns) if texts[n] != old_texts[n] or pens[n] is not old_pens[n]]
        by_pen: dict[Pen, list[int]] = {}
        pen = pens[changed[0]]
        for column in changed:
            if texts[column].strip():
                pen = pens[column]  # blanks go with what stands before them
            by_pen.setdefault(pen, []).append(column)
        ways = [changed]
        if len(by_pen) > 1:
            ways.append([column for columns in by_pen.values() for column in columns])
        begin, before = len(self._out), (self._pen, self._row, self._column)
        drawn: list[tuple[str, tuple[Pen | None, int | None, int | None]]] = []
        for way in ways:
            self._pen, self._row, self._column = before
            self._draw_cells(row, wanted, way, changed[-1] + 1)
            drawn.append(("".join(self._out[begin:]), (self._pen, self._row, self._column)))
            del self._out[begin:]
        text, (self._pen, self._row, self._column) = min(drawn, key=lambda each: len(each[0].encode()))
        self._out.append(text)

    def _draw_cells(self, row: int, wanted: Picture, columns: Iterable[int], end: int) -> None:
        """Draw the cells of these columns, in this order, all of them before ``end``."""
        texts, pens, done = wanted.texts[row], wanted.pens[row], set[int]()
        for column in columns:
            if column in done or texts[column] == "":
                continue
            if self._row == row and self._column is not None and 0 < column - self._column <= SHORT_GAP:
                self._draw_gap(texts, pens, column)
            self._go(row, column)
            if texts[column] == " ":
                done.update(range(column, self._draw_blanks(texts, pens, column, end)))
            else:
                self._take(pens[column])
                self._draw(texts, column)

    def _draw(self, texts: list[str], column: int) -> None:
        """Draw one cell."""
        text, after = texts[column], column + 1
        if after < len(texts) and texts[after] == "":
            after += 1
        self._out.append(text)
        # in the last column terminals differ in where the cursor is
        self._column = after if after < len(texts) and sure_of_width(text) else None

    def _draw_blanks(self, texts: list[str], pens: list[Pen], column: int, end: int) -> int:
        """Draw blanks alike up to ``end`` at most, or erase them; return the column after them."""
        pen, after = pens[column], column
        while after < end and texts[after] == " " and pens[after] is pen:
            after += 1
        self._take(pen_for_blanks(self._pen or PLAIN, pen))
        blanks = after - column
        if self._erases(pen) and blanks >= ERASE_TO_END_FROM:
            if all(text == " " for text in texts[after:]) and all(other is pen for other in pens[after:]):
                self._out.append("\x1b[K")
                return len(texts)
            if blanks >= ERASE_FROM:
                self._out.append(f"\x1b[{blanks}X")
                return after
        self._out.append(" " * blanks)
        self._column = after if after < len(texts) else None
        return after

    def _draw_gap(self, texts: list[str], pens: list[Pen], column: int) -> None:
        """Draw the unchanged cells up to a column again, where that is shorter than to move over them."""
        begin = self._column or 0
        gap = texts[begin:column]
        if len("".join(gap).encode()) < len(move(self._row, begin, self._row or 0, column)) and all(
            sure_of_width(text) and (pen_for_blanks(self._pen or PLAIN, pen) if text == " " else pen) == self._pen
            for text, pen in zip(gap, pens[begin:column], strict=True)
        ):
            self._out.extend(gap)
            self._column = column
