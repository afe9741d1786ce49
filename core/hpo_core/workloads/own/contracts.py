"""Which contract a user's Python file fulfils, told from its text: looking at a file never runs it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from hpo_core.errors import DataError
from hpo_core.text import clean


@dataclass(frozen=True, slots=True)
class Contract:
    """A way to write a training: the name that a file defines for it, and the module that trains it."""

    name: str
    module: str
    meaning: str
    needs: str = ""


CONTRACTS = MappingProxyType(
    {
        contract.name: contract
        for contract in (
            Contract("build_model", "keras_model", "build_model(hp) returns a compiled Keras model", "tensorflow"),
            Contract("objective", "function", "objective(trial) returns a score, as for Optuna"),
            Contract("train", "function", "train(hp, report) reports metrics, epoch by epoch"),
        )
    }
)
"""By the name that the file defines; where it defines several, the first counts."""


@dataclass(frozen=True, slots=True)
class OwnFile:
    """A user's file as it can be read without running it: what it defines, and the texts that stand in it."""

    path: Path
    contract: Contract
    defines: frozenset[str]
    texts: frozenset[str]
    patterns: tuple[re.Pattern[str], ...]

    def mentions(self, name: str) -> bool:
        """Whether the file has this name in it anywhere, spelled out or put together (f"units_{i}")."""
        return name in self.texts or any(pattern.fullmatch(name) for pattern in self.patterns)


def read_own_file(path: Path) -> OwnFile:
    """Read a file of the user's. Raises ``DataError`` where it is missing, no Python, or fulfils no contract."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DataError(f"There is no file {clean(path)}; [model] file names it.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{clean(path)} cannot be read: {clean(error, 120)}.") from None
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError) as error:
        line = f" line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        raise DataError(
            f"{clean(path)}{line} is not Python: {clean(getattr(error, 'msg', error), 120)}."
        ) from None
    defines = frozenset(_defined(tree))
    contract = next((found for name, found in CONTRACTS.items() if name in defines), None)
    if contract is None:
        ways = "; ".join(found.meaning for found in CONTRACTS.values())
        raise DataError(f"{clean(path)} has nothing to train: define one of these. {ways}.")
    nodes = list(ast.walk(tree))
    texts = frozenset(
        node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    patterns = tuple(_pattern(node) for node in nodes if isinstance(node, ast.JoinedStr))
    return OwnFile(path, contract, defines, texts, patterns)


def _defined(tree: ast.Module) -> Iterable[str]:
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from (alias.asname or alias.name for alias in node.names)


def _pattern(node: ast.JoinedStr) -> re.Pattern[str]:
    parts = [re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".+" for part in node.values]
    return re.compile("".join(parts) if any(part != ".+" for part in parts) else "(?!)")
