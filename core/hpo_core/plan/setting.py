"""Settings: one value that a person gives, its type and range, and the one sentence for each slip."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Literal, TypeGuard, get_type_hints

from msgspec import NODEFAULT, Struct, structs

from hpo_core.errors import SpecError
from hpo_core.text import clean, did_you_mean

Value = str | int | float | bool
"""One setting of a hyperparameter."""

Kind = Literal["int", "float", "choice", "text", "flag", "pair"]
Ends = tuple[float, float]
INFINITY = float("inf")

SWITCH = ("off", "on")


class Setting(Struct, frozen=True, kw_only=True):
    """One thing that can be set: its name, type, default, range, and what it means.

    ``low`` and ``high`` are inclusive unless ``open_low`` or ``open_high``; ``choices`` limits a text; where they
    are ``SWITCH``, true and false stand for them too. A ``pair`` is two whole numbers in the range. ``default``
    None is what is not set.
    """

    name: str
    kind: Kind
    default: Value | None = None
    low: float = 0
    high: float = INFINITY
    open_low: bool = False
    open_high: bool = False
    choices: tuple[str, ...] = ()
    meaning: str = ""

    def check(self, value: object, where: str) -> Value:
        """Return ``value`` in its own type, or raise ``SpecError`` naming ``where``, the value and the rule."""
        if isinstance(value, list):
            raise SpecError(f"{where}: a list varies it, and belongs in [grid]; give one value here.")
        if self.kind == "choice":
            if isinstance(value, bool) and self.choices == SWITCH:
                return SWITCH[value]
            if isinstance(value, str) and value in self.choices:
                return value
            raise SpecError(f"{where}: {toml_word(value)} is not one of {', '.join(self.choices)}.")
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise SpecError(f"{where}: {toml_word(value)} is not a number; give {self.rule()}.")
        if self.kind == "int" and not (isinstance(value, int) or value.is_integer()):
            raise SpecError(f"{where}: {toml_word(value)} is not a whole number; give {self.rule()}.")
        if not self._holds(value):
            raise SpecError(f"{where}: {toml_word(value)} is out of range; give {self.rule()}.")
        return int(value) if self.kind == "int" else float(value)

    def read(self, value: object, where: str) -> Value | tuple[int, int]:
        """Return ``value`` as a key of a spec's table has it: as written, of just this type.

        Raises ``SpecError``: "``where`` NAME must be RULE, not VALUE."
        """
        if self.kind == "pair":
            good = (
                isinstance(value, list) and len(value) == 2 and all(_is_whole(n) and self._holds(n) for n in value)
            )
            if good and isinstance(value, list):
                return int(value[0]), int(value[1])
        elif self.kind == "flag":
            if isinstance(value, bool):
                return value
        elif self.kind == "text":
            if isinstance(value, str) and value:
                return value
        elif self.kind == "choice":
            if isinstance(value, str) and value in self.choices:
                return value
        elif self.kind == "int":
            if _is_whole(value) and self._holds(value):
                return value
        elif isinstance(value, (int, float)) and not isinstance(value, bool) and self._holds(value):
            return float(value)
        raise SpecError(f"{where} {self.name} must be {self.rule()}, not {toml_word(value)}.")

    def rule(self) -> str:
        """Return what may be given, in words, to go into a sentence: "a whole number of at least 1"."""
        words = {
            "text": "a text",
            "flag": "true or false",
            "choice": f"one of {', '.join(self.choices)}",
            "pair": f"two whole numbers from {self.low:.0f} to {self.high:.0f}, [height, width]",
        }
        if self.kind in words:
            return words[self.kind]
        number = "a whole number" if self.kind == "int" else "a number"
        low, high = self._word(self.low), self._word(self.high)
        if self.open_low and self.open_high:
            return f"{number} between {low} and {high}"
        if self.kind == "int" and self.high != INFINITY:
            return f"{number} from {low} to {high}"
        lower = f"above {low}" if self.open_low else f"of at least {low}"
        return f"{number} {lower}" + ("" if self.high == INFINITY else f" and at most {high}")

    @staticmethod
    def _word(end: float) -> str:
        return f"{end:.0f}" if float(end).is_integer() and abs(end) < 1e15 else f"{end:g}"

    def _holds(self, number: float) -> bool:
        above = number > self.low if self.open_low else number >= self.low
        below = number < self.high if self.open_high else number <= self.high
        return above and below and abs(number) != INFINITY


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def toml_word(value: object) -> str:
    """Return a value as a spec spells it, to name it in a sentence: 'text' in quotes, true, 0.1."""
    if isinstance(value, bool):
        return str(value).lower()
    return repr(clean(value, 60)) if isinstance(value, str) else clean(value, 60)


class Key(Struct, frozen=True):
    """What makes a field a key of a table of the spec, see ``key``."""

    stands: tuple[str, ...]
    setting: Mapping[str, Any]


def key(kind: Kind, *, stands: tuple[str, ...] = (), ends: Ends = (0, INFINITY), **more: Any) -> Key:
    """Return what ``Annotated`` says of a field that is one key of a table of the spec: the table's row.

    ``stands`` are the cases in which it is written (none: always); ``settings`` and ``written`` read it back.
    """
    return Key(stands, {"kind": kind, "low": ends[0], "high": ends[1], **more})


@cache
def _keys(table: type[Struct]) -> dict[str, Key]:
    hints = get_type_hints(table, include_extras=True)
    said = {name: getattr(hint, "__metadata__", ()) for name, hint in hints.items()}
    return {name: each for name, of in said.items() for each in of if isinstance(each, Key)}


@cache
def settings(table: type[Struct]) -> Mapping[str, Setting]:
    """Return the keys of a table by name, as its fields declare them with ``key``."""
    defaults = {row.name: row.default for row in structs.fields(table) if row.default is not NODEFAULT}
    return {
        name: Setting(name=name, default=defaults.get(name), **each.setting) for name, each in _keys(table).items()
    }


def read_keys(table: Mapping[str, Any], known: Mapping[str, Setting], where: str) -> dict[str, Any]:
    """Return the keys that ``table`` gives, checked; a key that is not ``known`` is refused with the nearest one.

    ``where`` names the table: "spec.toml: [data]". Raises ``SpecError``.
    """
    refuse_unknown(table, known, where)
    return {name: known[name].read(value, where) for name, value in table.items()}


def refuse_unknown(table: Mapping[str, Any], known: Iterable[str], where: str) -> None:
    """Raise ``SpecError`` for a key that is not known, with the nearest one that is."""
    allowed = list(known)
    file, _, name = where.rpartition(": ")
    for given in table:
        if given not in allowed:
            hint = did_you_mean(given, allowed, f"known are {', '.join(allowed)}.")
            raise SpecError(f"{file}: unknown key {clean(given, 60)!r} in {name}; {hint}")


def written(table: Struct, case: str = "") -> dict[str, Any]:
    """Return the keys of a table as TOML writes them: those that stand in this ``case``, and are set."""
    stand = [name for name, each in _keys(type(table)).items() if not each.stands or case in each.stands]
    values = {name: value for name in stand if (value := getattr(table, name)) is not None}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
