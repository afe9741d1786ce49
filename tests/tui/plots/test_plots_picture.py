"""Cells: text that stays in its place, labels that never collide, pictures that become strips, ANSI and SVG."""

from __future__ import annotations

from random import Random
from xml.etree import ElementTree

import pytest
from rich.cells import cell_len
from rich.style import Style

from hpo_tui.look.inks import ACCENT, CURSOR, DEFAULT, DIM, HEAT, RAMP, WARNING
from hpo_tui.look.theme import palette
from hpo_tui.plots.ascii import to_ascii
from hpo_tui.plots.canvas import Canvas, sentence, shorten, width_of
from hpo_tui.plots.output import to_ansi, to_plain, to_svg
from hpo_tui.plots.pen import Pen, _plotext
from hpo_tui.plots.picture import Picture


def test_text_outside_the_canvas_is_cut() -> None:
    canvas = Canvas(6, 2)
    canvas.write(4, 0, "abcdef")
    canvas.write(-2, 1, "abcdef")
    canvas.write(0, 5, "nowhere")
    assert canvas.picture().text() == "    ab\ncdef  "


def test_wide_characters_take_two_cells_and_are_never_halved() -> None:
    canvas = Canvas(5, 3)
    canvas.write(0, 0, "林檎x")
    canvas.write(2, 1, "林檎")
    canvas.write(0, 2, "林檎")
    canvas.write(1, 2, "a")
    picture = canvas.picture()
    assert [picture.row_text(row) for row in range(3)] == ["林檎x", "  林 ", " a檎 "]


def test_a_combining_mark_stays_with_its_letter() -> None:
    canvas = Canvas(4, 1)
    canvas.write(0, 0, "e\u0301a")
    assert canvas.picture().row_text(0) == "e\u0301a  "


def test_a_label_is_refused_where_it_would_touch_another_or_leave_the_canvas() -> None:
    canvas = Canvas(12, 1)
    assert canvas.label(0, 0, "0.001")
    assert not canvas.label(5, 0, "0.01")
    assert canvas.label(6, 0, "0.01")
    assert not canvas.label(11, 0, "ab")
    assert canvas.picture().row_text(0) == "0.001 0.01  "


def test_a_blank_costs_no_run_of_its_own() -> None:
    canvas = Canvas(9, 1)
    canvas.write(0, 0, "a b", DIM)
    canvas.write(4, 0, "x", CURSOR)
    canvas.write(6, 0, "c", DIM)
    assert canvas.picture().rows == ((("a b ", DIM), ("x", CURSOR), (" ", DEFAULT), ("c  ", DIM)),)


def test_ascii_has_only_seven_bits_and_the_same_width() -> None:
    canvas = Canvas(20, 1)
    canvas.write(0, 0, "●•◦× ±0.1 ▁█ 林檎 …é")
    text = canvas.picture(ascii=True).row_text(0)
    assert text == "*o.x+-0.1 _# ???? .e"
    assert to_ascii("plain") == "plain"


@pytest.mark.parametrize(
    ("text", "twin"),
    [
        ("0.9661 ± 0.0023", "0.9661 +-0.0023"),
        (".938 ±.01", ".938+-.01"),
        ("mean ± sd  ≈ noise  0.75 → 0.91 …", "mean +-sd  = noise  0.75 > 0.91 ."),
        ("1 ● 0.0001", "1 * 0.0001"),
        ("5 ○ 0.01", "5 - 0.01"),
        ("╭─ Values ─╮", "+- Values -+"),
        ("⠀⠉⣀⡇█", " '.:#"),
    ],
)
def test_signs_that_mean_different_things_stay_different(text: str, twin: str) -> None:
    assert to_ascii(text) == twin
    assert width_of(text) == width_of(twin)


def test_the_steps_of_a_sparkline_stay_apart() -> None:
    assert len(set(to_ascii("▁▂▃▄▅▆▇█"))) == 8


@pytest.mark.parametrize("room", range(12))
def test_a_shortened_text_fits_its_room(room: int) -> None:
    for text in ("categorical_crossentropy", "林檎と梨の絵", "bad\x1b[31mname", "ok"):
        assert width_of(shorten(text, room)) <= room
        assert "\x1b" not in shorten(text, room)


def test_a_sentence_is_wrapped_and_centred() -> None:
    picture = sentence("too small for a scatter; widen the window", 24, 5)
    assert [picture.row_text(row).strip() for row in range(5)] == [
        "",
        "too small for a",
        "scatter; widen the",
        "window",
        "",
    ]


def test_plotext_gives_back_each_point_in_its_cell_with_its_ink() -> None:
    pen = Pen(20, 6)
    cells = [(0, 0, "●", RAMP[0]), (19, 0, "×", WARNING), (0, 5, "•", RAMP[11]), (19, 5, "◦", ACCENT)]
    cols, rows, glyphs, inks = zip(*cells, strict=True)
    pen.points([col + 0.5 for col in cols], [row + 0.5 for row in rows], glyphs, inks)
    canvas = Canvas(20, 6)
    canvas.lay(pen.rows(), 0, 0)
    picture = canvas.picture()
    for col, row, glyph, ink in cells:
        assert picture.row_text(row)[col] == glyph
        assert (glyph, ink) in [(text.strip(), run_ink) for text, run_ink in picture.rows[row]]
    assert sum(len(row.replace(" ", "")) for row in picture.text().splitlines()) == len(cells)


def test_fine_lines_have_the_dots_that_plotext_would_give_them() -> None:
    chance, plotext = Random(1), _plotext()
    for _ in range(40):
        width, height = chance.randrange(5, 90), chance.randrange(3, 30)
        xs = [chance.randrange(width) + 0.5 for _ in range(3)]
        ys = [chance.choice((chance.uniform(0.1, height - 0.1), chance.randrange(height) + 0.5)) for _ in range(3)]
        pen = Pen(width, height)
        pen.line(xs, ys, ACCENT)
        mine = ["".join(text for text, _ in row) for row in pen.rows()]
        plotext.figure.clear.data()
        signal = plotext.figure.signal(xs, [height - y for y in ys], marker="braille").lines()
        plotext.figure.draw(signal)  # on the canvas that the pen has left
        assert plotext.figure.build().string(True).splitlines() == mine


def test_a_line_goes_from_end_to_end_in_its_ink() -> None:
    pen = Pen(30, 10)
    pen.line([0.5, 29.5], [0.5, 9.5], DIM)
    rows = pen.rows()
    assert all(any(text.strip() for text, _ in row) for row in rows)
    assert {ink for row in rows for text, ink in row if text.strip()} == {DIM}


def test_a_block_is_blank_cells_with_a_ground_and_text_on_it_stays() -> None:
    pen = Pen(8, 3)
    pen.block(1, 0, 5, 3, HEAT[4])
    canvas = Canvas(8, 3)
    canvas.write(2, 1, "0.9", HEAT[4])
    canvas.lay(pen.rows(), 0, 0)
    assert canvas.picture().rows == (
        ((" ", DEFAULT), ("     ", HEAT[4]), ("  ", DEFAULT)),
        ((" ", DEFAULT), (" 0.9 ", HEAT[4]), ("  ", DEFAULT)),
        ((" ", DEFAULT), ("     ", HEAT[4]), ("  ", DEFAULT)),
    )


@pytest.fixture
def picture() -> Picture:
    canvas = Canvas(12, 2)
    canvas.write(0, 0, "a<b & 林", RAMP[5])
    canvas.write(0, 1, "0.9661", HEAT[11])
    return canvas.picture()


def test_plain_text_has_no_blanks_at_the_ends_of_lines(picture: Picture) -> None:
    assert to_plain(picture) == "a<b & 林\n0.9661"


@pytest.mark.parametrize(("colours", "expected"), [(256, "38;5;"), (16, "\x1b["), (0, "\x1b[")])
def test_ansi_uses_no_more_colours_than_the_palette(picture: Picture, colours: int, expected: str) -> None:
    text = to_ansi(picture, palette("dark", colours))
    assert expected in text
    assert ("38;5;" in text) == (colours == 256)
    assert len(text.splitlines()) == 2


def test_an_svg_is_well_formed_and_says_the_text(picture: Picture) -> None:
    root = ElementTree.fromstring(to_svg(picture, palette("light"), "Heat & light"))
    said = "".join(root.itertext())
    assert "a<b & 林" in said
    assert "0.9661" in said
    assert "Heat & light" in said
    colour = palette("light").style(HEAT[11]).bgcolor
    assert colour is not None
    assert colour.name in {node.get("fill") for node in root}


def test_without_colours_the_cursor_is_reversed_in_the_svg() -> None:
    canvas = Canvas(3, 1)
    canvas.write(1, 0, "●", CURSOR)
    svg = to_svg(canvas.picture(), palette("dark", 0))
    assert palette("dark", 0).style(CURSOR) == Style(reverse=True, bold=True)
    assert svg.count("<rect") == 2


def test_width_is_counted_in_cells() -> None:
    assert [width_of(text) for text in ("abc", "林檎", "…")] == [cell_len(text) for text in ("abc", "林檎", "…")]
