"""While many images are read, a person at a terminal sees how far it is, and a log file sees nothing."""

from __future__ import annotations

import io

import pytest

from hpo_tui.commands import image_counter as images


class Stream(io.StringIO):
    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


def said(monkeypatch: pytest.MonkeyPatch, terminal: bool, patience: float) -> str:
    stream = Stream(terminal)
    monkeypatch.setattr("sys.stderr", stream)
    monkeypatch.setattr(images, "PATIENCE", patience)
    with images.ImageCounter() as counter:
        counter.count(1200, 67_692)
        counter.count(1201, 67_692)
    return stream.getvalue()


def test_the_count_is_shown_on_a_terminal_and_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = said(monkeypatch, terminal=True, patience=0)
    assert shown == "\r\x1b[Kreading images: 1,200 of 67,692\r\x1b[K"


def test_what_is_ready_soon_is_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert said(monkeypatch, terminal=True, patience=60) == ""


def test_a_log_file_gets_no_count(monkeypatch: pytest.MonkeyPatch) -> None:
    assert said(monkeypatch, terminal=False, patience=0) == ""
