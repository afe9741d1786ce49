"""Foreign text made harmless, and numbers as people read them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpo_core.text import clean, format_seconds, format_value, plural


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("poire d'été", "poire d'été"),
        ("\x1b[31mred\x07", "␛[31mred␇"),
        ("a\r\nb\t\x7f", "a␍␊b␉␡"),
        ("\x9b31m", "<U+009B>31m"),
        ("\u202eexe.jpg", "<U+202E>exe.jpg"),
        ("a\u200bb\u2028c", "a<U+200B>b<U+2028>c"),
        ("\udc80", "<U+DC80>"),
        ("[/] [@click=app.exit]", "[/] [@click=app.exit]"),
        (12, "12"),
    ],
)
def test_what_a_terminal_would_act_on_is_shown_instead(text: object, shown: str) -> None:
    assert clean(text) == shown


def test_a_long_text_is_cut_with_a_mark() -> None:
    assert clean("x" * 300, 10) == "x" * 9 + "…"
    assert clean("x" * 10, 10) == "x" * 10


@given(text=st.text(max_size=30), limit=st.integers(1, 20))
def test_no_text_gets_through_with_anything_but_visible_characters(text: str, limit: int) -> None:
    shown = clean(text, limit)
    assert len(shown) <= limit
    assert all(unicodedata.category(char)[0] not in "C" and char not in "\u2028\u2029" for char in shown)
    assert clean(clean(text)) == clean(text)


def test_values_are_written_as_people_write_them() -> None:
    values = (0.0001, 1e-5, 5e-10, 12, 0.5, 1e20, True, False, "adam", "\x1b")
    assert [format_value(value) for value in values] == [
        "0.0001", "1e-5", "5e-10", "12", "0.5", "1e20", "on", "off", "adam", "␛",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0:00"),
        (4.4, "0:04"),
        (750, "12:30"),
        (11_100, "3:05:00"),
        (187_200, "2 d 4 h"),
        (59.7, "1:00"),
        (float("nan"), "–"),
        (float("inf"), "–"),
        (-1, "–"),
    ],
)
def test_durations_are_readable(seconds: float, shown: str) -> None:
    assert format_seconds(seconds) == shown


def test_one_is_singular_and_thousands_are_separated() -> None:
    assert [plural(1, "trial"), plural(0, "trial"), plural(12_000, "trial")] == [
        "1 trial",
        "0 trials",
        "12,000 trials",
    ]
    assert plural(2, "class", "classes") == "2 classes"
