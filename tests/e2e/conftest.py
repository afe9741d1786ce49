"""The real command: within this process, as one of its own with pipes, or in a pseudo-terminal that is read back.

Engines and workers are processes of their own in each.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from terminal import COMMAND, Terminal

from hpo_tui.cli import cli

SPEC = """
[data]
source = "fruit"
image_size = [16, 16]
classes = 3
train_per_class = 4
validation_per_class = 2

[grid]
learning_rate = [1e-4, 1e-3]
filters = [2, 4]

[fixed]
epochs = 2
batch_size = 4

[session]
replicates = 2
"""


@pytest.fixture(autouse=True)
def fast_synthetic(monkeypatch: pytest.MonkeyPatch) -> None:
    """The synthetic workload takes next to no time, unless a test says otherwise."""
    monkeypatch.setenv("HPO_SYNTHETIC_SECONDS_PER_EPOCH", "0.01")


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """A spec of four trials, two replicates each."""
    path = tmp_path / "small.toml"
    path.write_text(SPEC)
    return path


@pytest.fixture
def hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file: until the test removes it, trainings that have begun wait, however slow the machine is."""
    path = tmp_path / "hold"
    path.touch()
    monkeypatch.setenv("HPO_SYNTHETIC_HOLD", str(path))
    return path


Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def hpo_tui(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run ``hpo-tui`` within this process, which spares its start, in ``tmp_path``; return what it printed."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        call = [str(argument) for argument in arguments]
        said = CliRunner().invoke(cli, call)
        assert isinstance(said.exception, SystemExit | None), said.exc_info
        return subprocess.CompletedProcess(call, said.exit_code, said.stdout, said.stderr)

    return run


@pytest.fixture
def hpo_tui_process(tmp_path: Path) -> Run:
    """Run ``hpo-tui`` as a process with pipes, in ``tmp_path``, and return what it printed."""

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, *map(str, arguments)], cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=60,
            check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    return run


Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def ask() -> Ask:
    """Ask ``hpo-tui`` with ``--json``, within this process: for what a test looks at on its way."""

    def asked(*arguments: str) -> dict[str, Any]:
        said = CliRunner().invoke(cli, [*arguments, "--json"])
        assert said.exit_code == 0, said.output
        found: dict[str, Any] = json.loads(said.stdout)
        return found

    return asked


OpenTerminal = Callable[..., Terminal]


@pytest.fixture
def in_terminal(tmp_path: Path) -> Iterator[OpenTerminal]:
    """Run ``hpo-tui`` in a pseudo-terminal, in ``tmp_path``."""
    opened: list[Terminal] = []

    def start(
        *arguments: str | Path, size: tuple[int, int] = (120, 40), nohup: bool = False, **environment: str
    ) -> Terminal:
        shell = ["sh", "-c", 'trap "" HUP; exec "$@"', "sh"] if nohup else []
        terminal = Terminal([*shell, *COMMAND, *map(str, arguments)], tmp_path, size, environment)
        opened.append(terminal)
        return terminal

    yield start
    for terminal in opened:
        terminal.close()
