"""Which contract a user's Python file fulfils, told from its text: looking at a file never runs it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import MappingProxyType

from msgspec import Struct

from hpo_core.errors import DataError
from hpo_core.text import clean


class Contract(Struct, frozen=True):
    """A way to write a training: the name that a file defines for it, and the module that trains it."""

    name: str
    module: str
    meaning: str
    needs: str = ""


HYPERMODEL, SEARCH = "HyperModel", "tuner.search"
"""The contracts that are no name in the file: a subclass, and a call."""

CONTRACTS = MappingProxyType(
    {
        contract.name: contract
        for contract in (
            Contract("build_model", "keras_model", "build_model(hp) returns a compiled Keras model", "tensorflow"),
            Contract(SEARCH, "keras_model", "KerasTuner's tuner.search(...) is given all", "tensorflow"),
            Contract(HYPERMODEL, "keras_model", "a HyperModel's build(hp) returns a Keras model", "tensorflow"),
            Contract("objective", "function", "objective(trial) returns a score, as for Optuna"),
            Contract("train", "function", "train(hp, report) reports metrics, epoch by epoch"),
        )
    }
)
"""By the name that the file defines; where it defines several, the first counts.

But a ``build_model`` without ``data()`` in a file that searches is what is searched.
"""


RUN_TRIAL = "run_trial"
_APPLICATION = "write build_model(hp) that builds it with keras.applications and keras.layers"
INSTEAD = MappingProxyType(
    {
        RUN_TRIAL: "epochs and batch_size may stand in [grid] as they are; write what else it does as the "
        "fit(self, hp, model, ...) of a HyperModel, or as train(hp, report)",
        "SklearnTuner": "write train(hp, report) that fits and scores the estimator",
        "HyperImageAugment": "write build_model(hp) with keras.layers.RandomRotation and the like",
        **dict.fromkeys(("HyperResNet", "HyperXception", "HyperEfficientNet"), _APPLICATION),
    }
)
"""Of KerasTuner, what nothing here does: its name, and what to do instead."""


class OwnFile(Struct, frozen=True):
    """A user's file as it can be read without running it: what it defines, and the texts that stand in it."""

    path: Path
    contract: Contract
    defines: frozenset[str]
    texts: frozenset[str]
    patterns: tuple[re.Pattern[str], ...]
    hypermodel: str = ""
    """The subclass of HyperModel that is trained, where that is the contract."""
    draws: bool = False
    """Whether it may draw at random by itself: two models that it builds from equal values may then differ."""

    def mentions(self, name: str) -> bool:
        """Whether the file has this name in it anywhere, spelled out or put together (f"units_{i}")."""
        return name in self.texts or any(pattern.fullmatch(name) for pattern in self.patterns)


def parsed(path: Path, named: str = "") -> ast.Module:
    """Parse a file, and run nothing of it. Raises ``DataError``, of a missing file with who ``named`` it."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DataError(f"There is no file {clean(path)}{named}.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{clean(path)} cannot be read: {clean(error, 120)}.") from None
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError) as error:
        line = f" line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        raise DataError(
            f"{clean(path)}{line} is not Python: {clean(getattr(error, 'msg', error), 120)}."
        ) from None


def read_own_file(path: Path) -> OwnFile:
    """Read a file of the user's. Raises ``DataError`` where it is missing, no Python, or fulfils no contract."""
    tree = parsed(path, "; [model] file names it")
    defines = frozenset(_defined(tree))
    hypermodels = [node.name for node in tree.body if isinstance(node, ast.ClassDef) and _is_hypermodel(node)]
    fulfils = set(defines) - {HYPERMODEL}  # that name is only imported
    if _searches(tree):
        for line, what, name in _without_effect(tree):
            raise DataError(f"{clean(path)} line {line}: {what}; {INSTEAD[name]}.")
        fulfils.add(SEARCH)
        if "data" not in defines:
            fulfils.discard("build_model")
    elif len(hypermodels) > 1 and not fulfils & set(CONTRACTS):
        raise DataError(
            f"{clean(path)} has several HyperModels ({', '.join(map(clean, hypermodels))}); write build_model(hp) "
            "that builds the one to train."
        )
    elif hypermodels:
        fulfils.add(HYPERMODEL)
    contract = next((found for name, found in CONTRACTS.items() if name in fulfils), None)
    if contract is None:
        ways = "; ".join(found.meaning for found in CONTRACTS.values())
        raise DataError(f"{clean(path)} has nothing to train: define one of these. {ways}.")
    nodes = list(ast.walk(tree))
    texts = frozenset(
        node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    patterns = tuple(_pattern(node) for node in nodes if isinstance(node, ast.JoinedStr))
    hypermodel = hypermodels[0] if hypermodels else ""
    return OwnFile(path, contract, defines, texts, patterns, hypermodel, _draws(tree, path.parent))


def _is_hypermodel(node: ast.ClassDef) -> bool:
    return any(getattr(base, "attr", getattr(base, "id", "")) == HYPERMODEL for base in node.bases)


def _searches(tree: ast.Module) -> bool:
    """Whether a file uses KerasTuner and calls ``something.search(...)``, however deep."""
    nodes = list(ast.walk(tree))
    imports = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    imports |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    return any(name.split(".")[0] in ("keras_tuner", "kerastuner") for name in imports) and any(
        isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "search" for node in nodes
    )


def _without_effect(tree: ast.Module) -> Iterator[tuple[int, str, str]]:
    """Yield what a file has of KerasTuner that nothing here does: the line, a clause on it, its name."""
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(name=owner, body=body):
                for inner in body:
                    if isinstance(inner, ast.FunctionDef) and inner.name == RUN_TRIAL:
                        yield inner.lineno, own_run_trial(owner), RUN_TRIAL
            case ast.Attribute(attr=name, lineno=line) | ast.alias(name=name, lineno=line):
                if name in INSTEAD and name != RUN_TRIAL:
                    yield line, f"KerasTuner's {name} is not known here", name


def own_run_trial(owner: str) -> str:
    """Return the clause on a tuner that says by itself what a trial is."""
    return f"{clean(owner, 60)} trains by a run_trial of its own, which is not called here"


def _draws(tree: ast.Module, folder: Path) -> bool:
    """Whether anything but ``data()``, called once, names a random generator or a module beside the file."""
    building = [node for node in tree.body if getattr(node, "name", "") != "data"]
    for node in (inner for outer in building for inner in ast.walk(outer)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = ["." * node.level + (node.module or ""), *(alias.name for alias in node.names)]
        elif isinstance(node, (ast.Name, ast.Attribute)):
            names = [node.id if isinstance(node, ast.Name) else node.attr]
        else:
            continue
        if any({"random", "default_rng", "RandomState"} & set(name.split(".")) for name in names):
            return True
        if isinstance(node, (ast.Import, ast.ImportFrom)) and any(_is_beside(folder, name) for name in names):
            return True
    return False


def _is_beside(folder: Path, module: str) -> bool:
    first = module.split(".")[0]
    return not first or (folder / first).is_dir() or (folder / f"{first}.py").is_file()


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
