"""A trial's values as a user's code asks for them: by KerasTuner's names, by Optuna's, or as a mapping."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from typing import Any

from hpo_core.plan.setting import Value
from hpo_core.text import clean, did_you_mean


class NotNamedError(KeyError):
    """The code asks by name for what neither spec nor code gives a value: a sentence on it, in a ``KeyError``."""

    def __str__(self) -> str:
        return str(self.args[0])


class Values(Mapping[str, Any]):
    """The values of one training. What the spec does not name has the default that the code gives it.

    ``asked`` are the names that the code has read. Every ``hp.Choice(...)`` and ``trial.suggest_...`` returns the
    spec's value, in the type that the call promises, whatever range it names: the spec decides.
    """

    def __init__(self, values: Mapping[str, Value], defaults: Mapping[str, Any] | None = None) -> None:
        self._values = dict(values)
        self._defaults = dict(defaults or {})
        self._scope: tuple[str, ...] = ()
        self.asked: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._values and name not in self.asked:
            has = f"it has {', '.join(map(clean, self._values)) or 'none'}."
            hint = did_you_mean(str(name), list(self._values), has)
            raise NotNamedError(f"the spec has no hyperparameter {clean(name, 60)!r}; {hint}")
        value = self._values[name] if name in self._values else self.asked[name]
        self.asked.setdefault(name, value)
        return value

    def __iter__(self) -> Iterator[str]:
        return iter({**self.asked, **self._values})

    def __len__(self) -> int:
        return len({**self.asked, **self._values})

    def _of(self, name: str, default: Any) -> Any:
        name = "/".join((*self._scope, name))
        value = self._values.get(name, self.asked.get(name, self._defaults.get(name, default)))
        self.asked[name] = value
        return value

    # KerasTuner's names ----------------------------------------------------------------------------------------

    @property
    def values(self) -> dict[str, Any]:  # type: ignore[override]
        """Every value, as KerasTuner has it."""
        return {**self.asked, **self._values}

    def get(self, name: str, default: Any = None) -> Any:
        """Return a value that the spec names, or that was asked for before."""
        return self[name] if name in self else default  # noqa: SIM401 - this is get

    def Choice(  # noqa: N802
        self, name: str, values: Sequence[Any], ordered: Any = None, default: Any = None, *_: Any, **__: Any
    ) -> Any:
        """Return the value; the first of ``values`` where neither spec nor ``default`` says."""
        return self._of(name, values[0] if default is None else default)

    def Int(  # noqa: N802
        self,
        name: str,
        min_value: int,
        max_value: int,
        step: int | None = None,
        sampling: str | None = "linear",
        default: int | None = None,
        *_: Any,
        **__: Any,
    ) -> int:
        """Return a whole number."""
        return int(self._of(name, min_value if default is None else default))

    def Float(  # noqa: N802
        self,
        name: str,
        min_value: float,
        max_value: float,
        step: float | None = None,
        sampling: str | None = "linear",
        default: float | None = None,
        *_: Any,
        **__: Any,
    ) -> float:
        """Return a number."""
        return float(self._of(name, min_value if default is None else default))

    def Boolean(self, name: str, default: bool = False, *_: Any, **__: Any) -> bool:  # noqa: N802
        """Return true or false."""
        return bool(self._of(name, default))

    def Fixed(self, name: str, value: Any, *_: Any, **__: Any) -> Any:  # noqa: N802
        """Return the value that the code fixes, unless the spec names one."""
        return self._of(name, value)

    @contextmanager
    def conditional_scope(self, parent_name: str, parent_values: Any) -> Iterator[None]:
        """Do nothing: what is asked for within the scope is as the spec says."""
        yield

    @contextmanager
    def name_scope(self, name: str) -> Iterator[None]:
        """Put ``name/`` before every name that is asked for within."""
        outer = self._scope
        self._scope = (*outer, name)
        try:
            yield
        finally:
            self._scope = outer

    def merge(self, other: Mapping[str, Any], overwrite: bool = True) -> None:
        """Take the values of ``other`` as defaults, in place of those there are where ``overwrite`` says so."""
        found = other.values if isinstance(other, Values) else dict(other)
        self._defaults = {**self._defaults, **found} if overwrite else {**found, **self._defaults}

    def copy(self) -> Values:
        """Return the same values, for code that changes its own copy."""
        return copy(self)

    def is_active(self, hyperparameter: Any) -> bool:
        """Return true: what the spec names counts, in whatever scope the code asks for it."""
        return True

    # Optuna's names --------------------------------------------------------------------------------------------

    def suggest_float(self, name: str, low: float, high: float, **_: Any) -> float:
        """Return a number."""
        return self.Float(name, low, high)

    def suggest_int(self, name: str, low: int, high: int, **_: Any) -> int:
        """Return a whole number."""
        return self.Int(name, low, high)

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        """Return one of the choices, or whatever the spec names."""
        return self.Choice(name, choices)
