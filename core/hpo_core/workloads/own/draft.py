"""``python -m hpo_core.workloads.own.draft FILE FOLDER``: print a spec for a user's file, that stands in FOLDER.

A process of its own, for a Keras file is run to find its space: its models are built, none is trained. What can
be read from the text is read: the flags of an argparse script, what ``objective`` and ``train`` ask for.
"""

from __future__ import annotations

import ast
import contextlib
import os
import re
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tomli_w

from hpo_core.errors import HpoError
from hpo_core.plan.metrics import best_known, direction_of
from hpo_core.plan.model_source import LACKING
from hpo_core.text import clean
from hpo_core.workloads.own.contracts import HYPERMODEL, SEARCH, OwnFile, parsed, read_own_file
from hpo_core.workloads.own.flags import (
    Found,
    asked_by_name,
    direction_asked,
    flags_of,
    printed,
    reported,
    suggested,
)
from hpo_core.workloads.own.function import SCORE

MOST_TRIALS = 36
"""A draft's grid has so many trials at most; what would make it larger is fixed."""

HEAD = "# Written by hpo-tui new {name}. Several values in [grid] vary a hyperparameter; [fixed] holds the rest.\n"
_MANY_LINES = re.compile(r"= \[\n((?:    .*\n)*)\]")
LENGTHS = ("epochs", "batch_size", "batch", "seed")
SEEDS = ("seed", "random_seed", "manual_seed", "random_state")
"""Flags of a script that are given each training's own seed: with a fixed one all replicates would be the same."""


def draft(path: Path, folder: Path) -> str:
    """Return the text of a spec that trains the file. Raises ``HpoError``."""
    tree = parsed(path)
    flags = flags_of(tree)
    if flags:
        return _of_script(path, folder, tree, flags)
    own = read_own_file(path)
    model = {"file": os.path.relpath(path, folder)}
    if own.contract.module == "keras_model":
        return _of_keras(own, model)
    found = suggested(tree)
    found += [one for one in asked_by_name(tree) if one.name not in {other.name for other in found}]
    metrics = list(dict.fromkeys(reported(tree))) or [SCORE]
    metric = _judge(metrics)
    direction = direction_asked(tree) if metric == SCORE else direction_of(metric)
    return written(path.name, model, found, {"objective": metric, "direction": direction})


def _of_script(path: Path, folder: Path, tree: ast.Module, flags: Sequence[Found]) -> str:
    python = "python" if shutil.which("python") == sys.executable else sys.executable
    words = [shlex.quote(python), shlex.quote(os.path.relpath(path, folder))]
    varied = [one for one in flags if one.name not in SEEDS]
    for one in flags:
        filled = one.name if one in varied else "seed"
        words += [*([one.flag] if one.flag else []), f"{{{filled}}}"]
    model = {"command": " ".join(words)}
    pattern, metrics = printed(tree)
    if pattern:
        model["pattern"] = pattern
    else:
        texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
        metrics = ["val_accuracy" if {"accuracy", "acc"} & texts else "val_loss"]
    metric = _judge(metrics)
    return written(path.name, model, varied, {"objective": metric, "direction": direction_of(metric)})


def _of_keras(own: OwnFile, model: Mapping[str, str]) -> str:
    from hpo_core.workloads.keras_process import prepare_environment, quick_imports

    prepare_environment("cpu", os.cpu_count() or 1)
    with quick_imports():
        from hpo_core.workloads.own.adopted import task_of
    from hpo_core.workloads.own.code import told_where
    from hpo_core.workloads.own.space import explore

    task = task_of(own, own.path.parent)
    with told_where(own):
        found = explore(task.build)
    said = task.objective or ("val_accuracy" if {"accuracy", "acc"} & own.texts else "val_loss", "")
    session = {"objective": said[0], "direction": said[1] or direction_of(said[0]), "replicates": task.executions}
    lengths = [Found(name, value) for name, value in task.usual.items()]
    if own.contract.name not in (SEARCH, HYPERMODEL) and not lengths:
        lengths = [Found("epochs", 10)]
    return written(own.path.name, model, [*found, *lengths], session)


def written(name: str, model: Mapping[str, str], found: Sequence[Found], session: Mapping[str, Any]) -> str:
    """Return the spec's text: a small grid of what may vary, the defaults of the rest."""
    grid: dict[str, list[Any]] = {}
    trials = 1
    for one in found:
        values = _values(one)
        if len(values) > 1 and trials * len(values) <= MOST_TRIALS:
            grid[one.name], trials = values, trials * len(values)
    if not grid:  # a training rate is what matters first, nearly everywhere
        rates = [one for one in found if isinstance(one.default, float) and one.default > 0]
        for one in rates[:1]:
            grid[one.name] = [float(f"{one.default * factor:.3g}") for factor in (0.5, 1, 2)]
    fixed = {one.name: one.default for one in found if one.name not in grid and one.default is not None}
    unknown = [one.name for one in found if one.name not in grid and one.default is None]
    if not grid and fixed:
        first = next((one for one in fixed if one not in LENGTHS), next(iter(fixed)))
        grid[first] = [fixed.pop(first)]
    text = HEAD.format(name=clean(name)) + tomli_w.dumps({"model": dict(model)})
    text += "\n" + _MANY_LINES.sub(_in_a_line, tomli_w.dumps({"grid": grid}))
    text += "".join(f"# {one}{LACKING}\n" for one in unknown)
    return f"{text}\n{tomli_w.dumps({'fixed': fixed})}\n{tomli_w.dumps({'session': dict(session)})}"


def _judge(metrics: Sequence[str]) -> str:
    """Return the metric that ranks the trials: one on validation data, where there is one."""
    return best_known([name for name in metrics if name.startswith("val_")] or metrics)


def _in_a_line(values: re.Match[str]) -> str:
    return "= [" + ", ".join(line.strip().rstrip(",") for line in values[1].splitlines()) + "]"


def _values(one: Found) -> list[Any]:
    return [value for value in dict.fromkeys(one.values) if isinstance(value, (bool, int, float, str))]


def main() -> int:
    """Print the draft; 2, and one sentence on stderr, where there is none."""
    out = os.dup(1)
    os.dup2(2, 1)  # what the user's file prints is no spec
    try:
        text = draft(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
    except HpoError as error:
        sys.stderr.write(f"\n{error}\n")
        return 2
    with contextlib.closing(os.fdopen(out, "w", encoding="utf-8")) as stream:
        stream.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
