"""Whatever bytes a terminal sends, the screen goes on, and what is typed afterwards is heard."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable

import pytest
from textual import events
from textual.message import Message

from hpo_tui.keyboard import Keyboard


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def keys(messages: Iterable[Message]) -> list[str]:
    return [message.key for message in messages if isinstance(message, events.Key)]


def pasted(messages: Iterable[Message]) -> list[str]:
    return [message.text for message in messages if isinstance(message, events.Paste)]


@pytest.mark.fault(43)
@pytest.mark.parametrize(
    "noise",
    [
        b"\xe9",
        b"\x1b[M \xe9\xff",
        b"\x1b[M   ",
        b"\x1b]11;rgb:0000/0000/0000\x1b\\",
        b"\x1b]52;c;" + b"A" * 5000 + b"\x07",
        b"\x1b[99999999999;1u",
        b"\x1b[48;99999;99999;1;1t",
        b"\x1b[48;1;0;1;0t\x1b[<0;1;1M",
    ],
    ids=lambda noise: repr(noise[:12]),
)
def test_noise_ends_nothing_and_the_next_key_is_heard(noise: bytes) -> None:
    keyboard = Keyboard()
    assert not [message for message in keyboard.feed(noise) if isinstance(message, events.Resize)]
    assert keys(keyboard.feed(b"j")) == ["j"]


@pytest.mark.fault(43)
def test_an_answer_without_an_end_is_no_keys_and_ends_when_it_falls_silent() -> None:
    clock = Clock()
    keyboard = Keyboard(clock)
    assert not [key for _ in range(50) for key in keys(keyboard.feed(b"\x1b]0;" + b"q" * 4000))]
    clock.now = 1.0
    assert not list(keyboard.tick())
    assert keys(keyboard.feed(b"j")) == ["j"]


@pytest.mark.fault(43)
def test_200_kb_of_digits_are_pastes_and_not_keys() -> None:
    keyboard = Keyboard()
    heard = [message for _ in range(50) for message in keyboard.feed(b"1" * 4000)]
    assert (keys(heard), len("".join(pasted(heard)))) == ([], 200_000)


def test_a_paste_without_an_end_ends_when_it_falls_silent() -> None:
    clock = Clock()
    keyboard = Keyboard(clock)
    heard = list(keyboard.feed(b"\x1b[200~0.001"))
    clock.now = 3.0
    heard += [*keyboard.tick(), *keyboard.feed(b"j")]
    assert (pasted(heard), keys(heard)) == (["0.001"], ["j"])


def test_what_a_person_types_and_clicks_arrives_also_in_pieces() -> None:
    keyboard = Keyboard()
    heard = [message for byte in "é\x1b[A\x1b[<0;5;7M".encode() for message in keyboard.feed(bytes([byte]))]
    assert keys(heard) == ["é", "up"]
    assert [(message.x, message.y) for message in heard if isinstance(message, events.MouseDown)] == [(4, 6)]


@pytest.mark.fault(43)
def test_a_thousand_bursts_of_any_bytes_raise_nothing() -> None:
    chance = random.Random(7)
    pieces: list[Callable[[], bytes]] = [
        lambda: chance.randbytes(chance.randrange(40)),
        lambda: b"\x1b" + chance.choice([b"[", b"]", b"P", b"[M", b"[<", b"[200~", b"[201~", b"O", b"[?"]),
        lambda: b";".join(str(chance.randrange(10 ** chance.randrange(1, 14))).encode() for _ in range(4)),
        lambda: chance.choice([b"u", b"~", b"R", b"M", b"t", b"$y", b"\x07", b"\x1b\\"]),
    ]
    clock = Clock()
    keyboard = Keyboard(clock)
    for _ in range(1000):
        list(keyboard.feed(b"".join(chance.choice(pieces)() for _ in range(chance.randrange(1, 9)))))
        clock.now += chance.choice([0.0, 0.1, 3.0])
        list(keyboard.tick())
    clock.now += 10
    list(keyboard.tick())
    assert keys(keyboard.feed(b"j"))[-1:] == ["j"]
