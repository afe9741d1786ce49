"""A terminal at the end of a slow link, by a clock of the test's own: what is on its way, and for how long."""

from __future__ import annotations

import random
from collections import deque

import pyte
import pytest
from terminal import Screen, cells_seen

from hpo_tui.terminal.link import PATIENCE_SECONDS, QUEUE_SECONDS, SLOWEST, Link
from hpo_tui.terminal.painter import Painter

COLUMNS, ROWS = 60, 24
TICK = 0.005
QUEUE = QUEUE_SECONDS * SLOWEST
A_ROW = 300
"""No row of these frames is more bytes."""


class Wire:
    """Carries ``rate`` bytes a second to a terminal that is ``way`` seconds off, and its answers back."""

    def __init__(self, rate: int = 20_000, way: float = 0.0, answers: bool = True) -> None:
        self.time = 0.0
        self.rate, self.way, self.answers = rate, way, answers
        self.painter = Painter(lambda text: None, lambda: (COLUMNS, ROWS), True, Link(lambda: self.time))
        self.plain, self.screen = Screen(COLUMNS, ROWS), Screen(COLUMNS, ROWS)
        self.stream = pyte.ByteStream(self.screen)
        self.sent = b""
        self.carried = self.arrived = 0.0
        self._flying: deque[tuple[float, float]] = deque()
        self._answers: deque[float] = deque()
        self.write("\x1b[?1049h")
        self.painter.ask()
        self.run(1)
        for letter in "xyz":  # what the link carries is found out by what is sent
            self.write(frame(letter))
            self.run(1 + 2 * way)

    @property
    def on_the_way(self) -> int:
        return len(self.sent) - int(self.arrived)

    def write(self, text: str) -> None:
        pyte.Stream(self.plain).feed(text)
        self.painter.write(text)

    def run(self, seconds: float, until: tuple[int, str] | None = None) -> float:
        """Let so much time pass, or what it takes until a line of the terminal begins so; return it."""
        began = self.time
        while self.time < began + seconds and not (until and self.line(until[0]).startswith(until[1])):
            self.time += TICK
            while self._answers and self._answers[0] <= self.time:
                self._answers.popleft()
                self.painter.answered()
            while not self.painter.wait() and (text := self.painter.piece()):
                self.sent += text.encode()
            self.carried = min(self.carried + self.rate * TICK, len(self.sent))
            self._flying.append((self.time + self.way, self.carried))
            while self._flying and self._flying[0][0] <= self.time:
                self._arrive(self._flying.popleft()[1])
        return self.time - began

    def _arrive(self, total: float) -> None:
        data = self.sent[int(self.arrived) : int(total)]
        self.arrived = total
        if data:
            self.stream.feed(data)
        if self.answers:
            self._answers.extend([self.time + self.way] * data.count(b"n"))

    def line(self, row: int) -> str:
        return "".join(self.screen.buffer[row][x].data for x in range(10))

    def same(self) -> bool:
        return cells_seen(self.plain) == cells_seen(self.screen)


def frame(letter: str, first: int = 1) -> str:
    """Some 3 kB of what no other letter's frame has in common with it."""
    grounds = ("41", "42", "44", "45", "46", "100", "102", "103", "104")
    chance = random.Random(letter)
    rows = []
    for y in range(first, ROWS + 1):
        cells = "".join(f"\x1b[0;{chance.choice(grounds)}m{letter * 4}" for _ in range(COLUMNS // 4))
        rows.append(f"\x1b[{y};1H{cells}\x1b[0m")
    return "".join(rows)


KINDS = [(True, 0.0), (False, 0.0), (True, 0.15)]


@pytest.mark.parametrize(("answers", "way"), KINDS)
def test_a_keys_echo_does_not_stand_behind_the_frames_of_the_keys_before(answers: bool, way: float) -> None:
    wire, took, chance = Wire(answers=answers, way=way), [], random.Random(1)
    for number in range(8):
        wire.write(frame(chance.choice("ABCDEFG"), first=2))
        wire.run(chance.uniform(0.02, 0.5))
        row, words = chance.randrange(2, ROWS), f"KEY {number} "
        wire.write(f"\x1b[{row + 1};1H{words}")
        took.append(wire.run(5, until=(row, words)))
    assert max(took) - way < 0.13
    wire.run(2)
    assert wire.same()


@pytest.mark.parametrize("answers", [True, False])
def test_while_nothing_is_read_hardly_anything_is_sent_and_what_was_overtaken_never_is(answers: bool) -> None:
    wire = Wire(answers=answers)
    assert wire.same()
    before, wire.rate = len(wire.sent), 0
    for letter in "BCDEFGHIJKLMNOPQRST":
        wire.write(frame(letter))
        wire.run(TICK)
    assert wire.on_the_way <= QUEUE + A_ROW + (0 if answers else 20 * TICK * SLOWEST)
    wire.rate = 20_000
    wire.run(3)
    assert wire.same()
    sent = wire.sent[before:].decode()
    assert len(sent) < 8_000  # of 66,000
    if answers:
        assert not any(letter * 4 in sent for letter in "EFGHIJKLMNOPQRS")


def test_a_terminal_that_reads_again_after_long_is_shown_the_last_picture() -> None:
    wire = Wire()
    wire.rate = 0
    for letter in "ABCD":
        wire.write(frame(letter))
        wire.run(PATIENCE_SECONDS)
        if letter < "C":
            assert wire.on_the_way <= 3 * (QUEUE + A_ROW)
    wire.rate = 20_000
    wire.run(5)
    assert wire.same()
    wire.write(frame("E"))
    wire.run(3)
    assert wire.same()


def test_while_a_key_is_held_every_row_has_its_turn() -> None:
    wire = Wire()
    seen = set()
    for number in range(24):
        wire.write(frame(chr(ord("A") + number % 26)))
        wire.run(0.03)
        seen |= {y for y in range(ROWS) if wire.line(y)[0].isupper()}
    assert seen == set(range(ROWS))


def test_a_far_terminal_gets_as_much_as_the_link_carries() -> None:
    wire = Wire(way=0.15)
    wire.write(frame("E"))
    wire.run(0.15 + 3_500 / wire.rate)
    assert wire.same()


def test_a_fast_terminal_gets_a_frame_at_once() -> None:
    wire = Wire(rate=10_000_000)
    wire.write(frame("B"))
    wire.run(2 * TICK)
    assert wire.same()


@pytest.mark.parametrize("seed", range(3))
def test_whatever_was_overtaken_the_last_picture_is_shown_whole(seed: int) -> None:
    chance = random.Random(seed)
    wire = Wire(answers=chance.random() < 0.7, way=chance.choice([0.0, 0.05]))
    words = ["loss ", "─" * 9, "⣿⡇ ⠉", "日本", "e\u0301a", "   ", "x"]
    for _ in range(20):
        wire.rate = chance.choice([0, 3_000, 20_000, 500_000])
        match chance.randrange(3):
            case 0:
                wire.write(frame(chance.choice("ABC")))
            case 1:
                y, x = chance.randrange(1, ROWS + 1), chance.randrange(1, COLUMNS - 12)
                pen, word = chance.choice(["7", "1", "44", ""]), chance.choice(words)
                wire.write(f"\x1b[{y};{x}H\x1b[0;{pen}m{word}\x1b[0m")
            case _:
                for y in range(5, 15):
                    wire.write(f"\x1b[{y};1H\x1b[0m" + " " * COLUMNS)
        wire.run(chance.uniform(0, 0.1))
    wire.rate = 20_000
    wire.run(9)
    assert wire.same()
