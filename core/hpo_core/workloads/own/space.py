"""The space of a KerasTuner file: what its model builder asks for, built until nothing new is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hpo_core.plan.setting import Value
from hpo_core.workloads.own.flags import Found, between
from hpo_core.workloads.own.values import Values

MOST_BUILT = 64
"""So many models are built at most to find what hides behind an ``if``."""


class Space(Values):
    """The values of one build, which notes what may stand in their place."""

    def __init__(self, values: dict[str, Value]) -> None:
        super().__init__(values)
        self.found: dict[str, Found] = {}

    def _note(self, name: str, value: Any, values: Sequence[Any]) -> Any:
        full = "/".join((*self._scope, name))
        self.found.setdefault(full, Found(full, value, tuple(values)))
        return value

    def Choice(self, name: str, values: Sequence[Any], *args: Any, **kwargs: Any) -> Any:  # noqa: N802
        """Return the value, noted."""
        return self._note(name, super().Choice(name, values, *args, **kwargs), values)

    def Int(self, name: str, min_value: int, max_value: int, *args: Any, **kwargs: Any) -> int:  # noqa: N802
        """Return the value, noted with a few of its range."""
        value = super().Int(name, min_value, max_value, *args, **kwargs)
        few = between(min_value, max_value, *_scale(args, kwargs), True)
        return int(self._note(name, value, few))

    def Float(self, name: str, min_value: float, max_value: float, *args: Any, **kwargs: Any) -> float:  # noqa: N802
        """Return the value, noted with a few of its range."""
        value = super().Float(name, min_value, max_value, *args, **kwargs)
        few = between(min_value, max_value, *_scale(args, kwargs), False)
        return float(self._note(name, value, few))

    def Boolean(self, name: str, *args: Any, **kwargs: Any) -> bool:  # noqa: N802
        """Return the value, noted."""
        return bool(self._note(name, super().Boolean(name, *args, **kwargs), (False, True)))


def explore(build: Callable[[Values], Any]) -> list[Found]:
    """Build with each value of each hyperparameter, until no new one appears. An exception is the builder's."""
    found: dict[str, Found] = {}
    waiting: list[dict[str, Value]] = [{}]
    built = 0
    while waiting and built < MOST_BUILT:
        values = waiting.pop(0)
        space = Space(values)
        build(space)
        built += 1
        for name, one in space.found.items():
            if name not in found:
                found[name] = one
                waiting += [{**values, name: value} for value in one.values if value != one.default]
    return list(found.values())


def _scale(args: Sequence[Any], kwargs: dict[str, Any]) -> tuple[Any, bool]:
    told = {**dict(zip(("step", "sampling"), args, strict=False)), **kwargs}
    log = told.get("sampling") in ("log", "reverse_log")
    return (None if log else told.get("step")), log
