"""Text fields that people fill in: lists of values, whole numbers, names; each to a value or one sentence."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from pathlib import Path

from hpo_core.errors import SessionError, SpecError
from hpo_core.plan.grid import Hyperparameter
from hpo_core.plan.hyperparameters import KNOWN, KnownHyperparameter, Value
from hpo_core.plan.ranges import read_range
from hpo_core.plan.spec import parse_value
from hpo_core.session.store import check_name
from hpo_core.text import clean, format_value

MAX_REPLICATES = 10_000


def values_text(values: Iterable[Value]) -> str:
    """Return values as a field shows them: "0.001, 0.01"; one with a comma in it stands in quotes."""
    return ", ".join(_quoted(format_value(value)) for value in values)


def read_values(
    name: str,
    text: str,
    known: Sequence[Value] = (),
    imported: bool = False,
    facts: Mapping[str, KnownHyperparameter] | None = None,
) -> tuple[Value, ...]:
    """Return the values that a field lists, in its order. Raises ``SpecError`` with what to do.

    A text that shows one of ``known`` means just that value, also where its text says less than the value holds.
    Where the ``known`` ones were ``imported``, they stand as they are, and a new one must be of their kind. So it
    must where ``facts``, what is known of the hyperparameters (else those of the paper's network), are none.
    """
    facts = KNOWN if facts is None else facts
    shown = {format_value(value): value for value in known}
    found: list[Value] = []
    for part in _parts(text):
        value = shown[part] if part in shown else parse_value(part)
        if (imported or not facts) and part not in shown:
            value = _like(known, value, part, name, facts)
        elif not imported and name in facts:
            value = facts[name].check(value, name)
        if value in found:
            raise SpecError(f"{format_value(value)} stands there twice; give every value once.")
        found.append(value)
    return tuple(found)


def field_text(factor: Hyperparameter) -> str:
    """Return what is varied as a field shows it: its values, or its range as a spec writes it."""
    return values_text(factor.values) if factor.range is None else factor.range.words


def read_field(
    name: str,
    text: str,
    known: Sequence[Value] = (),
    facts: Mapping[str, KnownHyperparameter] | None = None,
) -> Hyperparameter:
    """Return what a field asks for: values, as ``read_values`` has them, or a range. Raises ``SpecError``."""
    if not text.lstrip().startswith("{"):
        return Hyperparameter(name, read_values(name, text, known, facts=facts))
    try:
        table = tomllib.loads(f"range = {text}")["range"]
    except tomllib.TOMLDecodeError:
        raise SpecError('Write a range so: {low = 1e-5, high = 0.1, scale = "log"}.') from None
    return Hyperparameter(name, (), read_range(table, (KNOWN if facts is None else facts).get(name), name))


def _like(
    known: Sequence[Value], value: Value, text: str, name: str, facts: Mapping[str, KnownHyperparameter]
) -> Value:
    """Return a new value of a hyperparameter, of the kind of those it has. Raises ``SpecError``."""
    if name in facts and all(allowed(name, other) for other in known):
        return facts[name].check(value, name)
    if known and all(isinstance(other, str) for other in known):
        return text
    if known and all(_is_number(other) for other in known) and not (_is_number(value) and isfinite(float(value))):
        raise SpecError(f"{clean(name, 60)}: {clean(text, 40)!r} is not a number, as its other values are.")
    if known and all(isinstance(other, bool) for other in known) and not isinstance(value, bool):
        raise SpecError(
            f"{clean(name, 60)}: {clean(text, 40)!r} is neither true nor false, as its other values are."
        )
    return value


def _is_number(value: Value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def allowed(name: str, value: Value) -> bool:
    """Whether hpo-tui can train the hyperparameter with this value."""
    if name not in KNOWN:
        return False
    try:
        KNOWN[name].check(value, name)
    except SpecError:
        return False
    return True


def read_count(name: str, text: str, highest: int) -> int:
    """Return a whole number from 1 to ``highest``. Raises ``SpecError``."""
    stripped = text.strip()
    if not (stripped.isascii() and stripped.isdigit() and 1 <= int(stripped[:12]) <= highest):
        raise SpecError(f"{clean(name)} must be a whole number from 1 to {highest}.")
    return int(stripped)


def read_image_size(text: str) -> tuple[int, int] | None:
    """Return (height, width) in pixels of "100" or "100x80", None of an empty text. Raises ``SpecError``."""
    parts = text.replace("×", "x").replace(",", "x").strip(" []").split("x")
    if parts == [""]:
        return None
    sizes = [int(part) for part in parts if part.strip().isascii() and part.strip().isdigit() and len(part) < 9]
    if len(sizes) != len(parts) or len(sizes) > 2 or not all(1 <= size <= 4096 for size in sizes):
        raise SpecError("Give one side or height x width in pixels, each from 1 to 4096, such as 100 or 100x80.")
    return sizes[0], sizes[-1]


def read_name(text: str, sessions: Path) -> str:
    """Return the name of a new session. Raises ``SessionError`` where it cannot be one, or is taken."""
    name = check_name(text.strip())
    if (sessions / name).exists():
        raise SessionError(f"There is a session {name!r} already; give another name.")
    return name


def _parts(text: str) -> list[str]:
    try:
        row = next(csv.reader([text], skipinitialspace=True, strict=True), [])
    except csv.Error:
        raise SpecError("A quote is not closed; write values with commas between them.") from None
    return [part.strip() for part in row if part.strip()]


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if "," in text or '"' in text else text
