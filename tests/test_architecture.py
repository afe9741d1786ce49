"""The rooms, checked by machine: who may import whom, and what must not be there when the screen starts."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = (ROOT / "core" / "hpo_core", ROOT / "tui" / "hpo_tui")
MODULES = sorted(path for package in PACKAGES for path in package.rglob("*.py"))

TRAINING = {"tensorflow", "keras"}
ANALYSIS = {"pandas", "scipy", "statsmodels", "matplotlib"}
SCREEN = {"textual", "rich", "plotext"}
MAY_TRAIN = {f"core/hpo_core/worker/{name}.py" for name in ("data", "models", "losses", "train")}


def test_the_import_contracts_hold(capsys: pytest.CaptureFixture[str]) -> None:
    status = lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True)
    assert status == EXIT_STATUS_SUCCESS, capsys.readouterr().out


def imported_by(nodes: list[ast.stmt]) -> set[str]:
    """The top-level packages that these statements import, wherever they stand in them."""
    found = set()
    for node in (inner for outer in nodes for inner in ast.walk(outer)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


def at_start(tree: ast.Module) -> list[ast.stmt]:
    """The statements that run when the module is imported."""

    def for_types_only(node: ast.stmt) -> bool:
        return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)

    return [
        node
        for node in tree.body
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and not for_types_only(node)
    ]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_what_its_room_allows(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    everywhere, first = imported_by(tree.body), imported_by(at_start(tree))
    name = path.relative_to(ROOT).as_posix()
    assert not everywhere & TRAINING or name in MAY_TRAIN
    assert not first & ANALYSIS, "import these inside the function that needs them"
    if name.startswith("core/"):
        assert not everywhere & (SCREEN | {"hpo_tui"})
    assert "multiprocessing" not in everywhere


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
        ("import hpo_tui.app", TRAINING | ANALYSIS),
        ("import hpo_core.engine.__main__", TRAINING | ANALYSIS | SCREEN | {"hpo_tui"}),
        ("import hpo_core.worker.__main__", TRAINING | ANALYSIS | SCREEN | {"hpo_tui"}),
        ("import hpo_core.worker.dataset", TRAINING | ANALYSIS | SCREEN | {"hpo_tui"}),
    ],
    ids=["help", "list", "screen", "engine", "worker", "dataset"],
)
def test_what_starts_often_starts_light(code: str, never: set[str]) -> None:
    assert not modules_after(code) & never
