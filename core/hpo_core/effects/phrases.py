"""Small pieces of the sentences: lists, shares, p values."""

from __future__ import annotations

from collections.abc import Sequence

from hpo_core.text import clean, format_value


def listed(values: dict[str, str | int | float | bool]) -> str:
    """Return a trial's values in a row: "learning_rate 0.001, filters 48"."""
    return ", ".join(f"{clean(name)} {format_value(value)}" for name, value in values.items())


def joined(parts: Sequence[str]) -> str:
    """Return "a", "a and b" or "a, b and c"."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def percent(share: float) -> str:
    """Return a share as "57 %"; what would round to 0 is "< 1 %"."""
    return "< 1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %"


def p_words(p: float) -> str:
    """Return "p = 0.73", "p = 0.004" or "p < 0.001"."""
    if p < 0.001:
        return "p < 0.001"
    return f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"
