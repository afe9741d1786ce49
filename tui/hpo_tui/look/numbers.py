"""How numbers stand on the screen: metrics with aligned decimals, shares, sizes, ages."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from hpo_core.plan.hyperparameters import Value
from hpo_core.text import clean, format_value


def decimals_for(values: Iterable[float]) -> int:
    """Return how many decimals show a column of metric values to about four figures.

    A quarter of them may be smaller, and any number larger: few that diverged take no digits from the others.
    """
    import numpy as np  # most of what imports this file needs no arrays

    sizes = np.abs(values if isinstance(values, np.ndarray) else np.array(list(values), float))
    sizes = sizes[np.isfinite(sizes)]
    quarter = len(sizes) // 4
    typical = float(np.partition(sizes, quarter)[quarter]) if len(sizes) else 0.0
    if typical < 10:
        return 4
    return 2 if typical < 1000 else 0


def metric_text(value: float | None, decimals: int = 4) -> str:
    """Return a metric's value, "–" where there is none; what is far too large for the decimals as 1.235e4."""
    if value is None or not math.isfinite(value):
        return "–"
    if abs(value) < 1e-12:
        value = 0.0  # what is left of rounding
    if abs(value) >= min(1e7, 10.0 ** (8 - decimals)):
        figures, power = f"{value:.3e}".split("e")
        return f"{figures}e{int(power)}"
    if 0 < abs(value) < 0.5 * 10.0**-decimals:
        return f"{value:.0e}"
    # A half is rounded up, as a reader of the table would: 0.75215 is held as 0.752149…
    return f"{value + math.copysign(1e-12 * max(abs(value), 1.0), value):.{decimals}f}"


def percent(share: float) -> str:
    """Return a share of 1 as whole percent that says 100 % only when all is done."""
    return f"{min(math.floor(share * 100), 100)} %"


def bytes_text(count: float) -> str:
    """Return a size as "812 B", "3.4 MB" or "23 GB"."""
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if count < 1000 or unit == "TB":
            break
        count /= 1000
    return f"{count:.0f} {unit}" if count >= 10 or unit == "B" else f"{count:.1f} {unit}"


def age_text(seconds: float) -> str:
    """Return how long ago something was: "just now", "5 min ago", "3 h ago", "2 d ago"."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit} ago"
    return "just now"


def trial_words(values: Mapping[str, Value]) -> str:
    """Return "learning_rate 0.001 · loss poisson · filters 36"."""
    return " · ".join(f"{clean(name)} {format_value(value)}" for name, value in values.items())
