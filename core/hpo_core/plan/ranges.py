"""Ranges: a hyperparameter that is drawn between two ends instead of from a list, evenly on a scale.

Written in ``[grid]`` as ``{low = 1e-5, high = 1e-1, scale = "log"}``, with a ``step`` or ``int = true`` where that
is wanted. What is drawn is rounded to what a person can read, finer than any training can tell.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any

import tomli_w
from msgspec import Struct
from msgspec.structs import replace

from hpo_core.errors import SpecError
from hpo_core.plan.setting import Setting, Value, key, read_keys, settings, written
from hpo_core.text import format_value

LINEAR, LOG = "linear", "log"
DIGITS = 3
"""So many significant digits has what is drawn on a log scale; on a linear one, the whole range has them."""

_ANY = (-1e100, 1e100)


class Range(Struct, frozen=True):
    """All numbers from ``low`` to ``high``, both included, or those of a ``step`` from ``low``.

    ``scale`` says on which they are drawn evenly; ``int`` allows whole numbers alone.
    """

    low: Annotated[float, key("float", ends=_ANY)]
    high: Annotated[float, key("float", ends=_ANY)]
    scale: Annotated[str, key("choice", choices=(LINEAR, LOG))] = LINEAR
    step: Annotated[float | None, key("float", ends=_ANY)] = None
    int: Annotated[bool, key("flag")] = False

    @property
    def size(self) -> float:
        """How many values there are; infinite where nothing but what can be read limits them."""
        step = self.step or (1.0 if self.int else 0.0)
        return math.floor((self.high - self.low) / step * (1 + 1e-12)) + 1 if step else math.inf

    def at(self, share: float) -> Value:
        """Return the value at a share of the range, 0 to 1; values that can be counted have equal parts of it."""
        if self.scale == LINEAR and self.size != math.inf:
            place = min(int(share * self.size), int(self.size) - 1)
            return self.nearest(self.low + place * (self.step or 1.0))
        if self.scale == LINEAR:
            return self.nearest(self.low + share * (self.high - self.low))
        margin = 0.5 if self.int else 0.0  # so that 1 and 2 are as likely as their place on the scale says
        low, high = math.log(self.low - margin), math.log(self.high + margin)
        return self.nearest(math.exp(low + share * (high - low)))

    def at_share(self, share: float) -> Value:
        """Return the value that lies at a share of the range, on its scale: what ``share`` takes back."""
        if self.scale == LOG:
            return self.nearest(math.exp(math.log(self.low) + share * (math.log(self.high) - math.log(self.low))))
        return self.nearest(self.low + share * (self.high - self.low))

    def share(self, value: float) -> float:
        """Return where a value lies in the range, on its scale: 0 at its low end, 1 at its high one."""
        if self.scale == LOG:
            return (math.log(value) - math.log(self.low)) / (math.log(self.high) - math.log(self.low))
        return (value - self.low) / (self.high - self.low)

    def between(self, low: float, high: float) -> Range | None:
        """Return the part of the range between two of its values; None where that is one value."""
        low, high = max(low, self.low), min(high, self.high)
        step = None if self.step is None or self.step > high - low else self.step
        return replace(self, low=float(low), high=float(high), step=step) if low < high else None

    def nearest(self, number: float) -> Value:
        """Return the value of the range that is next to a number."""
        if self.step:
            steps = min(max(round((number - self.low) / self.step), 0), int(self.size) - 1)
            number = float(f"{self.low + steps * self.step:.12g}")
        elif not self.int and self.scale == LOG:
            number = float(f"{number:.{DIGITS}g}")
        elif not self.int:
            number = round(number, DIGITS - math.floor(math.log10(self.high - self.low)))
        number = min(max(number, self.low), self.high)
        return round(number) if self.int else float(number)

    def table(self) -> dict[str, Any]:
        """Return the range as a spec writes it."""
        return {
            name: int(value) if self.int and isinstance(value, float) else value
            for name, value in written(self).items()
            if (name, value) not in (("scale", LINEAR), ("int", False))
        }

    @property
    def words(self) -> str:
        """The range as one line of a spec, or a field, has it: ``{low = 1e-05, high = 0.1, scale = "log"}``."""
        return inline(self.table())


def inline(table: Mapping[str, Any]) -> str:
    """Return a table in TOML's form of one line."""
    return f"{{{', '.join(tomli_w.dumps({name: value}).strip() for name, value in table.items())}}}"


def read_range(table: Mapping[str, Any], known: Setting | None, where: str) -> Range:
    """Return the range that a table of ``[grid]`` writes; ``known`` says which values may be.

    ``where`` names it: "spec.toml: [grid] lr". Where nothing is known, ends without a point mean whole numbers.
    Raises ``SpecError``.
    """
    given = read_keys(table, settings(Range), where)
    for end in ("low", "high"):
        if end not in given:
            raise SpecError(f"{where}: a range needs a low and a high end; {end} is missing.")
    if known is not None and known.kind not in ("int", "float"):
        raise SpecError(f"{where} is no number, and has no range; give a list of values.")
    numbers = [table[name] for name in ("low", "high", "step") if name in table]
    whole = all(isinstance(number, int) for number in numbers) if known is None else known.kind == "int"
    given.setdefault("int", whole)
    if given["int"] and not all(float(number).is_integer() for number in numbers):
        raise SpecError(f"{where}: a range of whole numbers has whole ends, and a whole step.")
    if known is not None and known.kind == "int" and not given["int"]:
        raise SpecError(f"{where} is a whole number; leave int = false out.")
    found = Range(**given)
    if not found.low < found.high:
        ends = f"{format_value(found.low)} to {format_value(found.high)}"
        raise SpecError(f"{where}: low must be below high, and {ends} is not.")
    if found.scale == LOG and found.low <= 0:
        raise SpecError(f'{where}: on a log scale low must be above 0; raise it, or leave scale = "log" out.')
    if found.scale == LOG and found.step is not None:
        raise SpecError(f"{where}: a log scale has no step; leave one of the two out.")
    if found.step is not None and not 0 < found.step <= found.high - found.low:
        raise SpecError(f"{where}: step must be above 0, and fit between low and high.")
    if known is not None:
        for number in (found.low, found.high):
            known.check(number, where)
    return found
