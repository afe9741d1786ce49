"""A terminal that cannot show the screen is told so before anything is made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.mark.pty
@pytest.mark.parametrize("verb", ["home", "run", "demo"])
def test_a_dumb_terminal_is_refused_with_what_to_do(in_terminal: Any, spec: Path, verb: str) -> None:
    arguments: dict[str, list[str | Path]] = {"home": [], "run": ["run", spec], "demo": ["demo"]}
    terminal = in_terminal(*arguments[verb], TERM="dumb")
    assert terminal.wait_for_exit() == 2
    assert "The terminal (TERM=dumb) cannot show the screen" in terminal.text
    assert not (spec.parent / "sessions").exists()


@pytest.mark.pty
def test_a_terminal_that_is_too_small_is_refused_with_its_size(in_terminal: Any, spec: Path) -> None:
    terminal = in_terminal("run", spec, "--workload", "synthetic", size=(59, 20))
    assert terminal.wait_for_exit() == 2
    assert "The terminal is 59×20; the screen needs at least 60×16." in terminal.text.replace("\n", "")
    assert not (spec.parent / "sessions").exists()


@pytest.mark.pty
def test_a_terminal_of_unknown_kind_is_refused(in_terminal: Any) -> None:
    terminal = in_terminal(TERM="")
    assert terminal.wait_for_exit() == 2
    assert "TERM=not set" in terminal.text
