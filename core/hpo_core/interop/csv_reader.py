"""A strict reader of tables as text: commas, semicolons, tabs or bars, double quotes, UTF-8.

What stands between the columns is what the header has most of. Lines that begin with # are comments, unless they
have the header's number of cells; a last column without name and cells is a comma too many; a first column without
a name is a table's own count of its rows; an empty line is no row. What was passed over so is said in ``notes``.
All else is taken as it stands, and nothing is guessed.

Blanks around an unquoted cell are not part of it (the header of many a table has one after each comma); inside
quotes everything is, line breaks too, and a quote is written twice. Every fault is a ``TableError`` that names the
file, the line and, where there is one, the column.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from hpo_core.errors import TableError
from hpo_core.interop.cell_values import is_number
from hpo_core.text import clean, plural

_OTHER_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_NO_TEXT = (
    (b"PK\x03\x04", "an Excel workbook or another zip file; save its sheet as CSV and import that"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook; save its sheet as CSV and import that"),
    (b"\x1f\x8b", "packed by gzip; unpack it with gunzip first"),
    (b"\x80", "a Python pickle, which can run code as it is read; save its results with pandas' to_csv"),
    (b"\x89HDF", "an HDF5 file; save its table with pandas' to_csv"),
    (b"<", "a web page or XML; save its table as CSV and import that"),
)
"""How files begin that people take for tables, and what each is."""
_BLANKS = " \t"
_BLANKS_BETWEEN = (re.compile(r"\s{2,}"), re.compile(r"\s+"))


class Row(Struct, frozen=True):
    """The cells of one row; ``line`` is where it begins (1-based), ``quoted`` the places of quoted cells."""

    line: int
    cells: list[str]
    quoted: frozenset[int] = frozenset()


class RawTable(Struct, frozen=True):
    """A table as it stands in its file: every row has as many cells as ``header``; there is at least one row.

    ``between`` stands between its columns; ``cut`` says that the last line has no end; ``notes`` what was passed
    over.
    """

    name: str
    header: Row
    rows: list[Row]
    between: str = ","
    cut: bool = False
    notes: tuple[str, ...] = ()

    def error(self, line: int, sentence: str, column: int | None = None) -> TableError:
        """Return the error for a place in the table; ``column`` is a place in the row, from 0."""
        return fault(self.name, line, sentence, column, self.header.cells)


def fault(
    name: str, line: int, sentence: str, column: int | None = None, header: list[str] | None = None
) -> TableError:
    """Return the error that names file, line and column (from 0, shown from 1 and by its name)."""
    place = f"{name}, line {line}"
    if column is not None:
        place += f", column {column + 1}"
        if header and column < len(header) and header[column]:
            place += f" ({clean(header[column], 40)})"
    return TableError(f"{place}: {sentence.rstrip('.')}; nothing was imported.")


def read_table(path: Path) -> RawTable:
    """Read a whole table. Raises ``TableError``."""
    name = clean(path.name, 80)
    return table_of_text(_text(path, name), name)


def table_of_text(text: str, name: str) -> RawTable:
    """Read a whole table from its text. Raises ``TableError``; ``name`` is what the file is called there."""
    notes: list[str] = []
    text = _without_drawing(text)
    between = _between(text)
    rows = list(_rows(text, name, between))
    rows = _without_comments(rows, notes)
    if not rows:
        raise TableError(f"{name} is empty; a table begins with a line that names its columns.")
    header, body = rows[0], rows[1:]
    width = len(header.cells)
    if width > 1 and (empty := sum(row.cells == [""] for row in body)):
        body = [row for row in body if row.cells != [""]]
        notes.append(f"{plural(empty, 'empty line')} passed over")
    if width > 1 and not header.cells[-1] and all(len(row.cells) < width or not row.cells[-1] for row in body):
        header, width = Row(header.line, header.cells[:-1], header.quoted), width - 1
        body = [Row(row.line, row.cells[:width], row.quoted) for row in body]
        notes.append("the header ends in a comma too many, passed over")
    elif body and all(len(row.cells) == width + 1 and not row.cells[-1] for row in body):
        body = [Row(row.line, row.cells[:width], row.quoted) for row in body]
        notes.append("each row ends in a comma too many, passed over")
    _check_header(name, header)
    cut = not text.endswith("\n")
    if cut and len(body) != 0:
        notes.append(f"line {text.count(chr(10)) + 1}, the last, has no line end: taken as it stands")
    table = RawTable(name, header, body, between, cut, tuple(notes))
    for row in body:
        if len(row.cells) != width:
            raise table.error(row.line, _ragged(row, width), min(len(row.cells), width))
    if not body:
        raise TableError(f"{name} has a header and no rows; there is nothing to import.")
    return table


def _without_drawing(text: str) -> str:
    """Return a table that was drawn for people, in Markdown or with blanks, with a tab between its columns."""
    lines = text.splitlines()
    told = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    header = told[0] if len(told) > 1 else ""
    if header.startswith("|") and all(line.startswith("|") and line.endswith("|") for line in told):
        bare = [line.strip().strip("|").replace("\t", " ").replace("|", "\t") for line in lines]
        return "\n".join("#" if re.fullmatch(r"[\s:-]*-[\s:-]*", line) else line for line in bare) + "\n"
    if header and not any(mark in header for mark in ',;\t|"'):
        for blanks in _BLANKS_BETWEEN:
            width = len(blanks.split(header))
            if width > 1 and all(len(blanks.split(line)) == width for line in told):
                return "\n".join(blanks.sub("\t", line.strip()) for line in lines) + "\n"
    return text


def _between(text: str) -> str:
    """Return what stands between the columns: a comma, unless the header has others and no comma."""
    lines = (line for line in text.split("\n", 200) if line.strip())
    header = next((line for line in lines if not line.startswith("#")), "")
    bare = "".join(header.split('"')[::2])
    return "," if "," in bare else max(",;\t|", key=bare.count)


def _without_comments(rows: list[Row], notes: list[str]) -> list[Row]:
    """Return the rows but for those that begin with # and have not the cells of a row."""
    if not any(row.cells[0].startswith("#") for row in rows):
        return rows
    first = next((at for at, row in enumerate(rows) if not row.cells[0].startswith("#")), len(rows))
    if 0 < first < len(rows) and len(rows[first - 1].cells) == len(rows[first].cells) > 1:
        named = rows[first - 1]  # a header behind a #, as numpy.savetxt writes it
        rows[first - 1] = Row(named.line, [named.cells[0].lstrip("# "), *named.cells[1:]], named.quoted)
        first -= 1
    width = len(rows[first].cells) if first < len(rows) else 0
    kept = [
        row
        for at, row in enumerate(rows)
        if at >= first and (not row.cells[0].startswith("#") or len(row.cells) == width > 1 or 0 in row.quoted)
    ]
    if len(kept) < len(rows):
        notes.append(f"{plural(len(rows) - len(kept), 'comment line')} passed over")
    return kept


def _text(path: Path, name: str) -> str:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise TableError(f"There is no file {clean(path)}.") from None
    except IsADirectoryError:
        raise TableError(f"{clean(path)} is a folder; give a CSV file.") from None
    except OSError as error:
        raise TableError(f"{clean(path)} cannot be read: {error.strerror}.") from None
    for mark, encoding in _OTHER_MARKS:
        if data.startswith(mark):
            raise fault(name, 1, f"the file is {encoding}; save it as UTF-8.", 0)
    data = data.removeprefix(codecs.BOM_UTF8)
    for mark, what in _NO_TEXT:
        if data.startswith(mark):
            raise TableError(f"{name} is {what}; nothing was imported.")
    if (nul := data.find(b"\0")) >= 0:
        if encoding := wide_encoding(data):
            raise fault(name, 1, f"the file is {encoding}, without a byte order mark; save it as UTF-8.", 0)
        line, byte, column = _place(data, nul)
        raise fault(name, line, f"a NUL byte at byte {byte}; this is no text file, or a damaged one.", column)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line, byte, column = _place(data, error.start)
        raise fault(name, line, f"byte {byte} is not UTF-8; save the file as UTF-8.", column) from None


def wide_encoding(data: bytes) -> str:
    """Return "UTF-16" or "UTF-32" where the bytes look like it: most characters of a table are ASCII."""
    sample = data[:4096]
    zeros = [sample[start::4].count(0) * 4 / len(sample) for start in range(4)]
    if sum(share > 0.8 for share in zeros) == 3:
        return "UTF-32"
    if any(zeros[at] + zeros[at + 2] > 0.8 and zeros[1 - at] + zeros[3 - at] < 0.2 for at in (0, 1)):
        return "UTF-16"
    return ""


def _place(data: bytes, offset: int) -> tuple[int, int, int]:
    """Return line and byte within the line, both from 1, and the column, from 0: commas in quotes do not count."""
    begin = data.rfind(b"\n", 0, offset) + 1
    column = sum(part.count(b",") for part in data[begin:offset].split(b'"')[::2])
    return data.count(b"\n", 0, offset) + 1, offset - begin + 1, column


def _rows(text: str, name: str, between: str) -> Iterator[Row]:
    lines = text.rstrip("\r\n").split("\n") if text.strip() else []
    number, blanks = 0, _BLANKS.replace(between, "")
    while number < len(lines):
        first = number + 1
        line = lines[number].removesuffix("\r")
        if line.startswith("#") and between not in line:
            yield Row(first, [line])
            number += 1
        elif '"' in line:
            cells, quoted, number = _quoted_row(lines, number, name, between)
            yield Row(first, cells, quoted)
        else:
            if "\r" in line:
                raise fault(
                    name, first, "a carriage return within the line.", line[: line.index("\r")].count(between)
                )
            yield Row(first, [cell.strip(blanks) for cell in line.split(between)])
            number += 1


def _quoted_row(lines: list[str], number: int, name: str, between: str) -> tuple[list[str], frozenset[int], int]:
    """Read the row that begins at ``lines[number]``; return its cells, which are quoted, and the next line."""
    line, at = lines[number].removesuffix("\r"), 0
    cells: list[str] = []
    quoted = set()
    blanks = _BLANKS.replace(between, "")
    while True:
        start = at + len(line[at:]) - len(line[at:].lstrip(blanks))
        if line.startswith('"', start):
            quoted.add(len(cells))
            cell, number, at = _quoted_cell(lines, number, start + 1, name, len(cells))
            line = lines[number].removesuffix("\r")
            rest = line[at:].lstrip(blanks)
            if rest and not rest.startswith(between):
                raise fault(name, number + 1, f"{clean(rest, 20)!r} after the closing quote.", len(cells))
            at = len(line) - len(rest)
        else:
            end = line.find(between, at)
            end = len(line) if end < 0 else end
            cell, at = line[at:end].strip(blanks), end
            if '"' in cell or "\r" in cell:
                what = "a quote" if '"' in cell else "a carriage return"
                raise fault(name, number + 1, f"{what} in the middle of a cell.", len(cells))
        cells.append(cell)
        if at >= len(line):
            return cells, frozenset(quoted), number + 1
        at += 1


def _quoted_cell(lines: list[str], number: int, at: int, name: str, column: int) -> tuple[str, int, int]:
    """Read a quoted cell from just after its quote; return it, the line it ends in and the place after it."""
    begin = number
    pieces: list[str] = []
    while True:
        end = lines[number].find('"', at)
        if end < 0:
            pieces.append(lines[number][at:] + "\n")
            number, at = number + 1, 0
            if number == len(lines):
                raise fault(name, begin + 1, "a quote is opened and never closed.", column)
        elif lines[number].startswith('""', end):
            pieces.append(lines[number][at : end + 1])
            at = end + 2
        else:
            pieces.append(lines[number][at:end])
            return "".join(pieces), number, end + 1


def _check_header(name: str, header: Row) -> None:
    if all(map(is_number, header.cells)):
        raise fault(
            name, header.line, "numbers stand where the names of the columns should; put a line of names first."
        )
    seen: dict[str, int] = {}
    for place, column in enumerate(header.cells):
        if not column.strip() and place:  # the first is pandas' index
            raise fault(name, header.line, "the column has no name.", place)
        if column in seen:
            sentence = f"the name stands twice; column {seen[column] + 1} has it too."
            raise fault(name, header.line, sentence, place, header.cells)
        seen[column] = place


def _ragged(row: Row, width: int) -> str:
    found = len(row.cells)
    kind = "too many" if found > width else "too few"
    return f"{plural(found, 'field')} where the header has {width}, {abs(found - width)} {kind}."
