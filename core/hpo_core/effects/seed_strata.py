"""The noise where trials share their seeds: each effect is judged by how it varies from seed to seed.

With shared seeds two trials that hardly differ are near-copies of each other (correlation 0.7 to 0.99 on real
trainings), so the replicates of a weak hyperparameter's values say the same thing several times. Seeds are then
random blocks, and every effect has a noise of its own, its interaction with the seeds: MS(A × seed) on
df(A) · (seeds − 1) degrees of freedom (repeated measures; the error strata of a mixed model). Few seeds are few
degrees of freedom, however many trials there are: that is all that they know.
"""

from __future__ import annotations

from collections.abc import Sequence

from hpo_core.effects.cells import Cells
from hpo_core.effects.model import Noise
from hpo_core.effects.squares import Term, fit_over_blocks

REST: Term = (-1,)
"""Stands for every interaction above those fitted."""


def seed_noise(cells: Cells, terms: Sequence[Term], pooled: Noise) -> dict[Term, Noise]:
    """Return the noise of each term, and of what is above them (``REST``), from how they vary over the seeds.

    Empty where the noise is not known, or where there are too many terms to tell.
    """
    if pooled.source != "replicates":
        return {}
    lines = fit_over_blocks(cells, terms)
    strata = {term: _noise(line.sum_sq, line.df, cells) for term, line in lines.items()}
    if strata:
        left, df = cells.pure_error
        left -= sum(line.sum_sq for line in lines.values())
        strata[REST] = _noise(left, df - sum(line.df for line in lines.values()), cells)
    return strata


def _noise(sum_sq: float, df: int, cells: Cells) -> Noise:
    if df < 1:
        return Noise(float("nan"), 0, "none")
    nothing = 1e-12 * (cells.within + cells.blocks.sum_sq)  # what rounding leaves
    return Noise((sum_sq / df) ** 0.5 if sum_sq > nothing else 0.0, df, "replicates")
