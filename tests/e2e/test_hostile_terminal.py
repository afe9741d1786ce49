"""What reaches a real terminal of a session whose every word is hostile: nothing that it would act on."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest

from hpo_core.interop.import_table import import_table
from hpo_core.interop.roles import Asked
from hpo_core.session.paths import SessionFolder

pytestmark = pytest.mark.pty

TITLE = "\x1b]0;OWNED\x07"
WORDS = f"{TITLE}\x1b[41mX\x9b2J\u202e"


@pytest.fixture
def hostile(tmp_path: Path) -> SessionFolder:
    """A session with a hostile metric, hyperparameter, value, folder name and saved view."""
    table = tmp_path / "t.csv"
    table.write_text(f'"o{WORDS}",filters,"val_{WORDS}"\n"{WORDS}",1,0.5\nb,2,0.6\n', encoding="utf-8")
    folder = import_table(table, tmp_path / "sessions", "t", asked=Asked(direction="max")).folder
    folder.view.write_text(json.dumps({"where": WORDS, "metric": WORDS, "hidden": [[WORDS, WORDS]]}))
    return SessionFolder(folder.path.rename(folder.path.with_name(f"t{WORDS}")))


def assert_harmless(sent: bytes) -> None:
    text = sent.decode("utf-8", "replace")
    for bad in ("OWNED\x07", "OWNED\x1b", "\x1b]0;", "\x1b[41mX", "\x9b", "\u202e"):
        assert bad not in text, text[max(text.find(bad) - 40, 0) :][:120]


@pytest.mark.fault(37)
def test_words_clipboard_and_filter_send_nothing_raw(in_terminal: Any, hostile: SessionFolder) -> None:
    terminal = in_terminal("open", hostile.path)
    terminal.wait_for("2 of 2")
    terminal.type("/")
    terminal.wait_for("filters<=1 and")  # the example stands there: the line is empty
    terminal.type("\x1b")
    terminal.wait_until_gone("filters<=1 and")
    terminal.type("t")
    terminal.wait_for("In words")
    terminal.wait_for("Objective: val_␛]0;OWNED␇␛[41mX<U+009B>2J<U+202E>")
    terminal.type("\x1b")
    terminal.wait_until_gone("In words")
    terminal.type("C")
    terminal.wait_for("was copied")
    terminal.type("q")
    assert terminal.wait_for_exit() == 0
    assert_harmless(terminal.sent)
    copied = re.findall(rb"\x1b\]52;c;([A-Za-z0-9+/=]+)", terminal.sent)
    assert copied
    for text in copied:
        assert "OWNED" in base64.b64decode(text).decode()
        assert_harmless(base64.b64decode(text))


@pytest.mark.fault(37)
def test_show_and_json_print_nothing_raw(in_terminal: Any, hostile: SessionFolder) -> None:
    for options in ((), ("--json",)):
        terminal = in_terminal("show", hostile.path, *options)
        assert terminal.wait_for_exit() == 0
        assert "OWNED" in terminal.text
        assert_harmless(terminal.sent)
