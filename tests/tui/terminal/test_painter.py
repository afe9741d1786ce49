"""Whatever is written, a terminal that is sent the changes alone shows what it would show if it were sent all."""

from __future__ import annotations

import random
import time

import pyte
import pytest
from terminal import Screen, cells_seen

from hpo_tui.terminal.painter import QUESTION, Painter
from hpo_tui.terminal.pen import PLAIN, pen_after, pen_change

COLOURS = ["", "31", "97", "38;5;81", "38;2;95;215;255", "38;2;1;2;3"]
GROUNDS = ["", "44", "48;2;18;18;18", "48;5;231", "48;2;0;0;95"]
MARKS = ["", "1", "3", "4", "7", "9", "1;4", "2"]
WORDS = ["  ", " " * 17, "loss", "─" * 9, "⣿⡇ ⠉", "0.9661   ", "x", "日本", "ÿé", "⏸ ", "e\u0301a"]


class Pair:
    """Two terminals: one is sent all that is written, the other what the painter makes of it."""

    def __init__(self, erases_in_colour: bool = True) -> None:
        self.size = (60, 14)
        self.painter = Painter(lambda text: None, lambda: self.size, erases_in_colour)
        self.plain, self.painted = Screen(*self.size), Screen(*self.size)
        self.sent = ""

    def write(self, text: str) -> str:
        """Write, and return what the painter sends."""
        pyte.Stream(self.plain).feed(text)
        self.painter.write(text)
        self.sent = self.painter.news()
        pyte.Stream(self.painted).feed(self.sent)
        return self.sent

    def resize(self, columns: int, rows: int) -> None:
        self.size = (columns, rows)
        for screen in (self.plain, self.painted):
            screen.resize(rows, columns)
            screen.erase_in_display(2)

    def same(self) -> bool:
        return cells_seen(self.plain) == cells_seen(self.painted)


def line(chance: random.Random, columns: int, words: list[str]) -> str:
    """A line of so many columns as Textual writes it: each piece with all its codes, and a reset."""
    out, left = [], columns
    while left:
        text = chance.choice(words)
        wide = 2 * text.count("日") + 2 * text.count("本") + sum(char not in "日本\u0301" for char in text)
        if wide > left:
            text, wide = " " * left, left
        codes = ";".join(filter(None, (chance.choice(MARKS), chance.choice(COLOURS), chance.choice(GROUNDS))))
        out.append(f"\x1b[{codes}m{text}\x1b[0m" if codes else text)
        left -= wide
    return "".join(out)


def whole(chance: random.Random, size: tuple[int, int]) -> str:
    columns, rows = size
    return "\n".join(f"\x1b[{y + 1};1H{line(chance, columns, WORDS)}" for y in range(rows)) + "\x1b[1;1H"


@pytest.mark.parametrize("erases_in_colour", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_frames_whole_and_in_part_look_the_same_cell_by_cell(seed: int, erases_in_colour: bool) -> None:
    chance, pair = random.Random(seed), Pair(erases_in_colour)
    narrow = [word for word in WORDS if word.isascii()]
    pair.write("\x1b[?1049h\x1b[?25l\x1b[?7l" + whole(chance, pair.size))
    assert pair.same()
    for step in range(15):
        columns, rows = pair.size
        match chance.randrange(6):
            case 0:
                pair.write(whole(chance, pair.size))
            case 1:
                pair.resize(chance.randrange(20, 70), chance.randrange(5, 16))
                pair.write("")
                pair.write(whole(chance, pair.size))
            case 2:
                y = chance.randrange(rows)
                pair.write(f"\x1b[{y + 1};1H" + line(chance, columns, WORDS))
            case _:  # a few lines anew, and a short piece in one of them
                y, wide = chance.randrange(rows), chance.randrange(1, 12)
                pair.write(f"\x1b[{y + 1};1H" + line(chance, columns, narrow))
                assert pair.same(), step
                pair.write(f"\x1b[{y + 1};{chance.randrange(columns - wide) + 1}H" + line(chance, wide, narrow))
        assert pair.same(), step


@pytest.mark.parametrize("seed", range(3))
def test_a_pen_becomes_any_other_by_what_is_sent(seed: int) -> None:
    chance, held = random.Random(seed), PLAIN
    for _ in range(300):
        codes = ";".join(filter(None, (chance.choice(MARKS), chance.choice(COLOURS), chance.choice(GROUNDS))))
        wanted = pen_after(PLAIN, codes)
        sent = pen_change(held, wanted)
        assert (pen_after(held, sent[2:-1]) if sent else held) == wanted
        assert len(sent) <= len(f"\x1b[0;{codes}m")
        held = wanted


def test_a_colour_that_has_a_number_is_said_by_it_unless_a_palette_may_have_changed_it() -> None:
    assert pen_after(PLAIN, "38;2;95;215;255").ink == "38;5;81"
    assert pen_after(PLAIN, "48;2;18;18;18").ground == "48;5;233"
    assert pen_after(PLAIN, "38;2;0;0;0").ink == "38;2;0;0;0"


def test_nothing_is_sent_for_a_frame_that_changes_nothing() -> None:
    pair, frame = Pair(), whole(random.Random(1), (60, 14))
    pair.write("\x1b[?1049h\x1b[?2026h" + frame + "\x1b[?2026l")
    assert pair.write("\x1b[?2026h" + frame + "\x1b[?2026l") == ""


def test_one_cell_costs_a_move_and_the_cell_between_the_marks_of_a_frame() -> None:
    pair = Pair()
    pair.write("\x1b[?1049h\x1b[?2026h" + whole(random.Random(1), (60, 14)) + "\x1b[?2026l")
    pair.write("\x1b[5;1H" + "a" * 60 + "\x1b[5;1H")
    sent = pair.write("\x1b[?2026h\x1b[5;31Hb\x1b[1;1H\x1b[?2026l")
    assert sent == "\x1b[?2026h\x1b[31Gb\x1b[H\x1b[?2026l"


def test_titles_the_clipboard_and_modes_pass_in_order_and_cost_no_frame() -> None:
    pair = Pair()
    pair.write("\x1b[?1049h" + whole(random.Random(1), (60, 14)))
    asides = "\x1b]0;hpo-tui\x07\x1b]52;c;aGVsbG8=\x07\x1b[?1003h\x1b[?2048$p\x1b[>25u\x07"
    assert pair.write(asides) == asides


def test_a_suspended_screen_is_drawn_anew_when_it_comes_back_and_never_on_the_shells() -> None:
    pair, frame = Pair(), whole(random.Random(1), (60, 14))
    pair.write("\x1b[?1049h" + frame)
    pair.painter.write("\x1b[3;3Hlate")
    assert pair.write("\x1b[?1049l\x1b[?25h") == "\x1b[?1049l\x1b[?25h"
    for screen in (pair.plain, pair.painted):  # pyte knows no other screen: the shell wrote on this one
        screen.reset()
    pair.write("\x1b[?1049h" + frame)
    assert pair.same()


def test_what_is_unknown_passes_and_the_whole_picture_follows_it() -> None:
    pair, frame = Pair(), whole(random.Random(1), (60, 14))
    pair.write("\x1b[?1049h" + frame)
    assert pair.write("\x1b[2J").startswith("\x1b[2J")
    pair.write(frame)
    assert pair.same()


def test_a_link_is_kept_and_ended() -> None:
    pair = Pair()
    pair.write("\x1b[?1049h" + whole(random.Random(1), (60, 14)))
    sent = pair.write("\x1b[2;1H\x1b]8;id=1;https://x.org\x1b\\link\x1b]8;;\x1b\\ word")
    assert "\x1b]8;id=1;https://x.org\x1b\\" in sent
    assert sent.index("link") < sent.index("\x1b]8;;\x1b\\") < sent.index("word")


def test_the_picture_is_sent_again_when_something_else_wrote_on_the_terminal() -> None:
    pair = Pair()
    pair.write("\x1b[?1049h" + whole(random.Random(1), (60, 14)))
    pyte.Stream(pair.painted).feed("\x1b[3;3H a message from the system \r\n")
    assert not pair.same()
    pair.painter.redraw()
    pair.write("")
    assert pair.same()


class Link:
    """A terminal that takes what is sent, and answers when it is told to."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.painter = Painter(self.sent.append, lambda: (60, 14), True)
        self.painter.start()

    def write(self, text: str) -> None:
        self.painter.write(text)

    def until(self, words: str) -> None:
        end = time.monotonic() + 60
        while words not in "".join(self.sent):
            assert time.monotonic() < end, self.sent
            time.sleep(0.001)


def test_frames_wait_for_the_answer_of_a_terminal_that_answers_and_become_one() -> None:
    link = Link()
    link.painter.answered()
    link.write("\x1b[?1049h" + "\n".join(f"\x1b[{y};1H{'⣿' * 60}" for y in range(1, 15)) + "\x1b[1;1H")
    link.until(QUESTION)
    for number in range(100, 200):
        link.write(f"\x1b[2;2Hn{number}")
    assert not any("n1" in piece for piece in link.sent)
    link.painter.answered()
    link.until("n199")
    assert "n100" not in "".join(link.sent)
    link.painter.stop()


def test_a_terminal_that_never_answers_is_never_asked_nor_waited_for() -> None:
    link = Link()
    for letter in "abc":
        link.write("\x1b[?1049h" + "\n".join(f"\x1b[{y};1H{letter * 60}" for y in range(1, 15)) + "\x1b[1;1H")
        link.until(letter * 60)
    link.painter.stop()
    assert QUESTION not in "".join(link.sent)


def test_what_is_left_is_sent_at_the_end_without_an_answer() -> None:
    link = Link()
    link.painter.answered()
    link.write("\x1b[?1049h" + "\n".join(f"\x1b[{y};1H{'⣿' * 60}" for y in range(1, 15)) + "\x1b[1;1H")
    link.until(QUESTION)
    link.painter.ask_no_more(0)
    link.write("\x1b[?1049l")
    link.painter.stop()
    assert link.sent[-1] == "\x1b[?1049l"
