"""What a link must carry for the screen, and that it carries all: the picture is what Textual alone would draw."""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from places import PAPER

pytestmark = pytest.mark.pty

MANY, FEW = {"NO_COLOR": "", "COLORTERM": "truecolor"}, {"NO_COLOR": "", "TERM": "xterm"}
NONE = {"NO_COLOR": "1", "COLORTERM": "truecolor"}
COLOUR = re.compile(rb"\x1b\[(?:[0-9]*;)*(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:;[0-9]*)*m")
STEPS = (
    # key, what the screen then shows, at most so many bytes
    ("j", "", 200),
    ("5", "48 of 60", 4_000),
    ("?", "Look closer", 12_000),
    ("\x1b", "", 12_000),
    ("]", "[heat", 8_000),
)
START = 15_000


def come_to_look_alike(*terminals: Any, limit: float = 60) -> bool:
    """Whether two screens look the same once both have fallen silent."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        sent = [len(terminal.sent) for terminal in terminals]
        for terminal in terminals:
            terminal.read(0.2)
        if sent == [len(terminal.sent) for terminal in terminals]:
            one, other = (terminal.cells for terminal in terminals)
            if one == other:
                return True
    return False


@pytest.mark.parametrize(
    "colours",
    [
        pytest.param(MANY, id="all colours"),
        pytest.param(FEW, id="16 colours", marks=pytest.mark.long),
        pytest.param(NONE, id="no colours", marks=pytest.mark.long),
    ],
)
def test_the_link_carries_little_and_the_picture_is_the_whole_one(
    in_terminal: Any, tmp_path: Path, colours: dict[str, str]
) -> None:
    opened = []
    for name, plain in (("painted", ""), ("plain", "1")):
        shutil.copytree(PAPER, tmp_path / name / "paper")
        folders = {"XDG_CONFIG_HOME": str(tmp_path), "HPO_TUI_PLAIN_OUTPUT": plain}
        opened.append(in_terminal("--sessions", tmp_path / name, "open", "paper", **colours, **folders))
    painted, plain = opened
    for terminal in opened:
        terminal.wait_for("0.9661")
        terminal.wait_for("10 trainings collapsed")
    assert come_to_look_alike(painted, plain)
    assert len(painted.sent) <= START
    for key, words, budget in STEPS if colours is MANY else STEPS[:2]:
        before = len(painted.sent)
        for terminal in opened:
            terminal.type(key)
            terminal.wait_for(words)
        assert come_to_look_alike(painted, plain), key
        assert len(painted.sent) - before <= budget, key
    assert bool(COLOUR.search(painted.sent)) == (colours is not NONE)
