"""The rooms, checked by machine: who may import whom, and what must not be there when something starts."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

import hpo_core
import hpo_tui

ROOT = Path(__file__).resolve().parents[1]

TRAINING = {"tensorflow", "keras"}
ANALYSIS = {"pandas", "scipy", "statsmodels", "matplotlib"}
SCREEN = {"textual", "rich", "plotext"}


LINT = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"


def test_the_import_contracts_hold() -> None:
    """In a process of its own: the linter closes what pytest has for standard output."""
    linted = subprocess.run([sys.executable, "-c", LINT], cwd=ROOT, capture_output=True, text=True, check=False)
    assert linted.returncode == 0, linted.stdout + linted.stderr


@pytest.mark.parametrize("package", [hpo_core, hpo_tui], ids=lambda package: package.__name__)
def test_the_packages_docstring_names_every_room_from_the_bottom_up_and_no_other(package: ModuleType) -> None:
    """Those that the import contract has on one floor may stand in any order."""
    folder = Path(str(package.__file__)).parent
    there = {
        path.stem + "/" * path.is_dir() for path in folder.glob("[!_]*") if path.is_dir() or path.suffix == ".py"
    }
    named = [
        name for line in re.findall(r"^    (\w.*?)  +\S", package.__doc__ or "", re.M) for name in line.split(", ")
    ]
    assert sorted(named) == sorted(there)
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    [floors] = [each["layers"] for each in contracts if each.get("containers") == [package.__name__]]
    floor = {room: -number for number, rooms in enumerate(floors) for room in rooms.split(" : ")}
    heights = [floor[name.rstrip("/")] for name in named]
    assert heights == sorted(heights)


def modules_after(code: str) -> set[str]:
    """The top-level packages that a fresh interpreter has imported after ``code``."""
    ask = f"import json, sys\n{code}\nprint(json.dumps(sorted({{name.split('.')[0] for name in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True, timeout=60)
    return set(json.loads(done.stdout.splitlines()[-1]))


def call(*arguments: str) -> str:
    return f"""
import contextlib, io
from hpo_tui.cli import cli
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    cli({list(arguments)!r})
"""


@pytest.mark.parametrize(
    ("code", "never"),
    [
        (call("--help"), TRAINING | ANALYSIS | SCREEN | {"numpy", "hpo_core.engine"}),
        (call("list"), TRAINING | ANALYSIS | {"textual", "plotext", "numpy"}),
        (call("show", str(ROOT / "sessions" / "paper")), TRAINING | ANALYSIS | SCREEN),
        ("import hpo_core", TRAINING | ANALYSIS | SCREEN | {"numpy", "msgspec"}),
        ("import hpo_tui.app", TRAINING | ANALYSIS | {"numpy", "plotext"}),
        ("import hpo_tui.screens.session_screen", TRAINING | ANALYSIS),
        ("import hpo_core.engine.__main__", TRAINING | ANALYSIS | SCREEN | {"hpo_tui"}),
        ("import hpo_core.worker.__main__", TRAINING | ANALYSIS | SCREEN | {"hpo_tui"}),
        ("import hpo_core.workloads.images.dataset", TRAINING | ANALYSIS | SCREEN | {"hpo_tui"}),
    ],
    ids=["help", "list", "show", "core", "first picture", "screen", "engine", "worker", "dataset"],
)
def test_what_starts_often_starts_light(code: str, never: set[str]) -> None:
    assert not modules_after(code) & never
