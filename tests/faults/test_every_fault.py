"""Each of the forty faults names the tests that show what the person sees of it, and those tests exist."""

from __future__ import annotations

import ast
import tomllib
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FAULTS = tomllib.loads((Path(__file__).parent / "faults.toml").read_text(encoding="utf-8"))["fault"]


@cache
def names_in(path: Path) -> frozenset[str]:
    """The names of a file's tests."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = (node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))
    return frozenset(node.name for node in functions if node.name.startswith("test_"))


def test_there_are_forty() -> None:
    assert [row["number"] for row in FAULTS] == list(range(1, 41))


@pytest.mark.parametrize("row", FAULTS, ids=lambda row: f"{row['number']}-{row['fault'][:30]}")
def test_a_fault_names_tests_that_exist(row: dict[str, object]) -> None:
    assert row["fault"]
    assert row["sees"]
    named = row["tests"]
    assert isinstance(named, list)
    assert named
    for test in named:
        path, name = test.split("::")
        assert name in names_in(ROOT / path), test
