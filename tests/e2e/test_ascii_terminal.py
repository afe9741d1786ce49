"""With ``--ascii`` not one byte above 127 reaches the terminal, whatever is on the screen."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from places import PAPER

pytestmark = pytest.mark.pty


def test_frames_plots_dialogs_and_the_palette_are_ascii(in_terminal: Any, tmp_path: Path) -> None:
    shutil.copytree(PAPER, tmp_path / "sessions" / "paper")
    terminal = in_terminal("--ascii", "open", "paper")
    terminal.wait_for("60 of 60")
    terminal.wait_for("O 0.9661")
    terminal.wait_for("0.8469 +-0.0083")
    assert "+- Values" in terminal.text
    terminal.type("]")
    terminal.wait_for("[heat")
    terminal.type("?")
    terminal.wait_for("Look closer")
    terminal.wait_for("k j       cursor")
    terminal.type("?")
    terminal.wait_for("up down k j ")
    terminal.type("\x1b")
    terminal.wait_until_gone("up down k j ")
    terminal.type("\x10")
    terminal.wait_for("drop worse trials")
    terminal.type("\x1b")
    terminal.wait_until_gone("drop worse trials")
    terminal.type("r")
    terminal.wait_for("Next grid")
    terminal.type("\x1b")
    terminal.wait_for("60 of 60")
    assert "?" not in terminal.text.replace("? keys", "")
    terminal.type("q")
    assert terminal.wait_for_exit() == 0
    assert terminal.sent.isascii()
