"""What a file says of its hyperparameters and metrics, read from its text: flags, Optuna's calls."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from hpo_core.plan.metrics import known_metric

NUMBER = r"[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+|nan|inf)"
_NAMED = re.compile(r"([A-Za-z_]\w*)\s*[:=]\s*$")
_TYPES = {"int": int, "float": float, "str": str}


class Found(Struct, frozen=True):
    """A hyperparameter that a file has: its default (None where it says none), and the values that it may have."""

    name: str
    default: Any = None
    values: tuple[Any, ...] = ()
    flag: str = ""


def flags_of(tree: ast.AST) -> list[Found]:
    """Return the flags that an argparse script takes a value with, in its order; switches take none."""
    found = []
    for call in _calls(tree, "add_argument"):
        texts = [text for text in map(_literal, call.args) if isinstance(text, str)]
        told = {word.arg: word.value for word in call.keywords if word.arg}
        if not texts or {"action", "nargs"} & set(told):
            continue
        flag = max(texts, key=len) if texts[0].startswith("-") else ""
        name = str(_literal(told.get("dest")) or (flag or texts[0]).lstrip("-")).replace("-", "_")
        default = _literal(told.get("default"))
        kind = _TYPES.get(getattr(told.get("type"), "id", ""))
        if kind is not None and isinstance(default, (int, float, str)) and not isinstance(default, bool):
            default = kind(default)
        choices = _literal(told.get("choices"))
        values = tuple(choices) if isinstance(choices, (list, tuple)) else ()
        found.append(Found(name, default, values, flag and texts[0]))
    return found


_RANGES = ("suggest_int", "suggest_float", "Int", "Float")
_CHOICES = ("suggest_categorical", "Choice")
_IN_ORDER = ("name", "low", "min_value", "high", "max_value", "choices", "values", "value")


def suggested(tree: ast.AST) -> list[Found]:
    """Return what ``trial.suggest_...`` and ``hp.Float(...)`` ask for, with the values of a small grid of it."""
    found: dict[str, Found] = {}
    for call in _calls(tree, *_RANGES, *_CHOICES, "Boolean", "Fixed"):
        given = [_literal(one) for one in call.args]
        told = {word.arg: _literal(word.value) for word in call.keywords if word.arg}
        given += [told[name] for name in _IN_ORDER if name in told]
        if not given or not isinstance(given[0], str):
            continue
        kind, default = getattr(call.func, "attr", ""), told.get("default")
        values: tuple[Any, ...] = ()
        if kind in _CHOICES and len(given) > 1 and isinstance(given[1], (list, tuple)):
            values = tuple(given[1])
        elif kind == "Boolean":
            values = (False, True)
        elif kind == "Fixed" and len(given) > 1:
            default = given[1]
        elif kind in _RANGES and len(given) > 2 and all(isinstance(end, (int, float)) for end in given[1:3]):
            log = bool(told.get("log")) or told.get("sampling") in ("log", "reverse_log")
            values = between(given[1], given[2], told.get("step"), log, kind.lower().endswith("int"))
        default = values[0] if default is None and values else default
        found.setdefault(given[0], Found(given[0], default, values))
    return list(found.values())


def asked_by_name(tree: ast.AST) -> list[Found]:
    """Return the names in ``hp["name"]`` and ``hp.get("name", default)``, of which nothing else is known."""
    found: dict[str, Found] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Subscript(value=ast.Name(id="hp" | "params" | "config"), slice=asked):
                name, default = _literal(asked), None
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="hp" | "params" | "config"), attr="get"), args=[asked, *rest]
            ):
                name, default = _literal(asked), _literal(rest[0]) if rest else None
            case _:
                continue
        if isinstance(name, str) and (name not in found or found[name].default is None):
            found[name] = Found(name, default)
    return list(found.values())


def between(low: Any, high: Any, step: Any, log: bool, whole: bool) -> tuple[Any, ...]:
    """Return three values or fewer of a range: its ends and what is half way, on its own scale."""
    if log and low > 0:
        middle = (low * high) ** 0.5
    elif step and not log:
        middle = low + step * round((high - low) / step / 2)
        high = low + step * int((high - low) / step + 1e-9)
    else:
        middle = (low + high) / 2
    values = (low, middle, high)
    return tuple(dict.fromkeys(round(value) if whole else float(f"{value:.3g}") for value in values))


def printed(tree: ast.AST) -> tuple[str, list[str]]:
    """Return a pattern for the metrics in what a script prints, and their names; of the line that has the most."""
    best: tuple[str, list[str]] = ("", [])
    for call in _calls(tree, "print"):
        pattern, names, before = "", list[str](), ""
        for number, argument in enumerate(call.args):
            before += " " if number else ""
            for text, value in _pieces(argument):
                before += text
                if value is None:
                    continue
                hint = _NAMED.search(before)
                name = hint[1] if hint else _name(value)
                known = known_metric(name) if name.isidentifier() and name not in names else None
                pattern += _loosely(before) + (f"(?P<{name}>{NUMBER})" if known else r"\S+")
                names += [name] if known else []
                before = ""
        if names and len(names) >= len(best[1]):
            best = (pattern, names)
    return best


def reported(tree: ast.AST) -> list[str]:
    """Return the names of the metrics that ``report`` is called with or that are yielded."""
    calls = list(_calls(tree, "report"))
    told = [argument for call in calls for argument in call.args]
    told += [node.value for node in ast.walk(tree) if isinstance(node, ast.Yield) and node.value is not None]
    keys = [_literal(key) for one in told if isinstance(one, ast.Dict) for key in one.keys]
    return [word.arg for call in calls for word in call.keywords if word.arg] + [
        key for key in keys if isinstance(key, str) and key not in ("epoch", "step")
    ]


def direction_asked(tree: ast.AST) -> str:
    """Return the direction that a study of Optuna's is created with; Optuna minimises where it says none."""
    told = [
        word.value for call in _calls(tree, "create_study") for word in call.keywords if word.arg == "direction"
    ]
    return "max" if any(_literal(value) == "maximize" for value in told) else "min"


def _calls(tree: ast.AST, *names: str) -> Iterator[ast.Call]:
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    calls.sort(key=lambda call: (call.lineno, call.col_offset))
    return (call for call in calls if getattr(call.func, "attr", getattr(call.func, "id", "")) in names)


def _literal(node: ast.AST | None) -> Any:
    try:
        return None if node is None else ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError):
        return None


def _pieces(node: ast.expr) -> Iterator[tuple[str, ast.expr | None]]:
    """Yield the texts that a printed argument has, and the values after them."""
    if isinstance(node, ast.Constant):
        yield str(node.value), None
    elif isinstance(node, ast.JoinedStr):
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                yield "", part.value
            elif isinstance(part, ast.Constant):
                yield str(part.value), None
    else:
        yield "", node


def _name(node: ast.expr) -> str:
    while isinstance(node, ast.Call) and node.args:  # round(accuracy, 4)
        node = node.args[0]
    if isinstance(node, ast.Subscript) and isinstance(_literal(node.slice), str):
        return str(_literal(node.slice))
    return getattr(node, "id", getattr(node, "attr", ""))


def _loosely(text: str) -> str:
    """Return a pattern for a text, however many blanks stand between its words."""
    if not text.strip():
        return r"\s+" if text else ""
    return r"\s*".join(("", *map(re.escape, text.split()), ""))
