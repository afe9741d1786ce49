"""What a heat map writes in its cells: as much as fits all of them, with aligned decimals."""

from __future__ import annotations

import math
from collections.abc import Sequence

from hpo_tui.plots.canvas import width_of
from hpo_tui.plots.heatmap_numbers import HeatNumbers
from hpo_tui.plots.scale import format_numbers

_FORMS = (
    # Decimals left out of the mean; of the sd (None: no sd); whether failures are counted.
    (0, 0, True),
    (1, 2, True),
    (0, None, True),
    (1, None, True),
    (0, None, False),
    (1, None, False),
    (2, None, False),
)
"""Ways to write a cell, the fullest first."""


def cell_texts(numbers: HeatNumbers, room: int) -> list[list[str]]:
    """Return the text of every cell, rows as in the numbers; all empty where not even a mean fits in ``room``."""
    rows, cols = numbers.mean.shape
    room -= 2 if room > 8 else 1 if room > 5 else 0
    for fewer, fewer_sd, failures in _FORMS:
        texts = _in_form(numbers, fewer, fewer_sd, failures)
        if max(map(width_of, texts), default=0) <= room:
            return [texts[row * cols : (row + 1) * cols] for row in range(rows)]
    return [[""] * cols for _ in range(rows)]


def _in_form(numbers: HeatNumbers, fewer: int, fewer_sd: int | None, failures: bool) -> list[str]:
    means = [float(mean) for mean in numbers.mean.reshape(-1)]
    sds = [float(sd) for sd in numbers.sd.reshape(-1)]
    mean_texts = _column(means, means, fewer)
    sd_texts = _column(sds, means, fewer_sd) if fewer_sd is not None else [""] * len(sds)
    widest_sd = max(map(width_of, sd_texts), default=0)
    counts = [f"×{count}" if failures and count else "" for count in numbers.failed.reshape(-1)]
    # Only failures beside a mean take room in every cell, so that the means stay under each other.
    beside = [count for count, mean in zip(counts, means, strict=True) if math.isfinite(mean)]
    widest_count = max(map(len, beside), default=0)
    texts = []
    for mean, mean_text, sd, count in zip(means, mean_texts, sd_texts, counts, strict=True):
        if not math.isfinite(mean):
            texts.append(count or "–")
            continue
        text = mean_text + (f" ±{sd}" if sd else "").ljust(widest_sd + 2 if widest_sd else 0)
        texts.append(text + (" " + count.ljust(widest_count) if widest_count else ""))
    return texts


def _column(values: Sequence[float], like: Sequence[float], fewer: int) -> list[str]:
    """Return values as wide as each other, with ``fewer`` decimals than ``like`` needs; "" where not finite.

    With fewer decimals also the zero before the point goes, if every number has one: ``.892``.
    """
    texts = format_numbers([*values, *like], gap=0.0, fewer=fewer)[: len(values)]
    kept = [text if math.isfinite(value) else "" for text, value in zip(texts, values, strict=True)]
    if fewer and all(text.lstrip("-").startswith("0.") for text in kept if text):
        kept = [text.replace("0.", ".", 1) for text in kept]
    size = max(map(width_of, kept), default=0)
    return [text.rjust(size) if text else "" for text in kept]
