"""What a design without a grid can carry: a random search, or a table with more columns than trials.

Where nearly every trial has values of its own, a plan of so many values each compares nothing. Instead a numeric
hyperparameter is a curve of second degree over the ranks of its values, which sees a rise, a fall and a best value
between; one of few values or of texts is a mean for each. They are fitted together by least squares to the trials'
means, each judged beside all others, or each alone where there are too few trials; what the model leaves is the
noise, so that what no curve explains (interactions too) counts as noise, and no replicate is needed. Beside it
stands Spearman's rank correlation with its interval, by Fisher's z with the variance of Bonett and Wright (Sample
size requirements for Pearson, Kendall and Spearman correlations, Psychometrika 2000).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from hpo_core.effects.anova import NAN, Test, line_of, nothing_to_compare, with_seen
from hpo_core.effects.inputs import Floats, Ints, Results
from hpo_core.effects.model import ALPHA, Effect, FactorValues, Noise, TrialScore, ValueSummary, Winner
from hpo_core.effects.probability import f_tail, holm
from hpo_core.effects.ranks import ranks_of
from hpo_core.effects.squares import Squares
from hpo_core.text import clean, joined, plural

FEW_VALUES = 8
"""A numeric hyperparameter with more values than this, most of them in one trial only, is continuous."""

MANY_FACTORS = 20
"""With more hyperparameters than this, and too few trials for them, each is looked at alone."""

REST_DF = 10
"""Together where so much is left to judge by, else each alone."""

_SHOWN = 8


class Smooth(Struct, frozen=True):
    """The trials' means (t) and what was set (t × k codes), and which factors are continuous."""

    results: Results
    trial: Ints
    y: Floats
    counts: Ints
    codes: Ints
    continuous: frozenset[int]

    @property
    def columns(self) -> list[Floats]:
        """The model's columns of each factor (t × its df), each around 0; none where nothing varies."""
        return [self._columns(place) for place in range(self.codes.shape[1])]

    def _columns(self, place: int) -> Floats:
        codes, values = self.codes[:, place], self.results.factors[place].values
        present = np.unique(codes)
        if _are_numbers(values) and len(present) > 2:
            ranks = _of_values(self.results, place, codes)
            scaled = (ranks - ranks.mean()) / max(float(np.ptp(ranks)), 1.0)
            found = np.column_stack([scaled, scaled**2])
        elif len(present) > len(codes) // 2 and len(present) > 2:
            found = np.empty((len(codes), 0))  # names of trials
        else:
            found = (codes[:, np.newaxis] == present[1:]).astype(float)
        return np.asarray(found - found.mean(axis=0), dtype=float)


def _are_numbers(values: Sequence[object]) -> bool:
    return all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values)


def _of_values(results: Results, place: int, codes: Ints) -> Floats:
    amounts = np.asarray(results.factors[place].values, dtype=float)
    return ranks_of(amounts[codes])


def smooth_design(rows: Results) -> Smooth | None:
    """Return the trials as a design without a grid, or None where it has one (or a part of one).

    Every combination, each trained more than once, is a grid however many values there are: its noise is known.
    """
    trial, first, of = np.unique(rows.trial, return_index=True, return_inverse=True)
    codes, counts = rows.codes[first], np.bincount(of)
    sizes = [len(np.unique(column)) for column in codes.T]
    continuous = frozenset(
        place
        for place, size in enumerate(sizes)
        if size > FEW_VALUES and 2 * size > len(trial) and _are_numbers(rows.factors[place].values)
    )
    wide = len(sizes) > MANY_FACTORS and sum(size - 1 for size in sizes) >= len(trial)
    if (not continuous and not wide) or (len(trial) == math.prod(sizes) and counts.max() > 1):
        return None
    y = np.bincount(of, weights=rows.y) / counts
    return Smooth(rows, trial, y, counts.astype(np.int64), codes, continuous)


def judge(design: Smooth, y: Floats) -> tuple[tuple[Effect, ...], Noise, bool]:
    """Return each hyperparameter's effect on ``y`` (t), the noise, and whether they were judged together."""
    columns, centred = design.columns, y - y.mean()
    total = float(np.sum(centred**2))
    together = len(y) - 1 - sum(of.shape[1] for of in columns) >= REST_DF
    gains, rest, df = _beside_all_others(columns, centred) if together else ([], total, len(y) - 1)
    tests: list[Test] = []
    for place, own in enumerate(columns):
        if together:
            (gained, gained_df), own_rest, own_df = gains[place], rest, df
        else:
            own_rest, own_df = _left(own, centred)
            gained, gained_df = max(total - own_rest, 0.0), df - own_df
        known = own_df > 0 and gained_df > 0 and own_rest > 1e-12 * total
        noise = Noise((own_rest / own_df) ** 0.5, own_df, "curves") if known else Noise(NAN, 0, "none")
        f = gained / gained_df / noise.sd**2 if known else NAN
        p = f_tail(f, gained_df, own_df)
        tests.append(
            Test(Squares((place,), gained, gained_df), noise, f, p, NAN, (float(gained_df), float(own_df)))
        )
    corrected = holm([test.p for test in tests])
    count = max(sum(1 for test in tests if test.p == test.p), 1)
    lines = []
    for factor, test, p in zip(design.results.factors, tests, corrected, strict=True):
        if not test.noise.known:
            lines.append(nothing_to_compare(factor.name))
            continue
        line = line_of((factor.name,), test, total, p)
        lines.append(with_seen(line, test, total, ALPHA / count, NAN))
    noise = Noise((rest / df) ** 0.5, df, "curves") if together and df > 0 else Noise(NAN, 0, "none")
    return tuple(lines), noise, together


def _beside_all_others(columns: Sequence[Floats], y: Floats) -> tuple[list[tuple[float, int]], float, int]:
    """Return what each factor explains of ``y`` (t) beyond all others, with its df, and what is left, with its df.

    One decomposition tells it of every factor: with b its coefficients and C their covariance but for the noise,
    it is b'C⁻¹b. Only a factor whose columns follow from others' is solved for without it: 300 columns of 1,000
    trials took 39 CPU seconds when every one was.
    """
    whole = np.column_stack(columns)
    if not whole.shape[1]:
        return [(0.0, 0)] * len(columns), float(np.sum(y**2)), len(y) - 1
    u, size, v = np.linalg.svd(whole, full_matrices=False)
    kept = size > size[0] * np.finfo(float).eps * max(whole.shape)
    inverse = v[kept].T / size[kept]
    found = inverse @ (u[:, kept].T @ y)
    rest, df = float(np.sum((y - whole @ found) ** 2)), len(y) - 1 - int(kept.sum())
    follows = 1 - np.sum(v[kept] ** 2, axis=0) > 1e-9
    gains, ends = [], np.cumsum([of.shape[1] for of in columns])
    for own, end in zip(columns, ends, strict=True):
        of = slice(end - own.shape[1], end)
        if follows[of].any():
            without, df_without = _left(np.delete(whole, of, axis=1), y)
            gains.append((max(without - rest, 0.0), df_without - df))
        else:
            b, c = found[of], inverse[of] @ inverse[of].T
            gains.append((float(b @ np.linalg.solve(c, b)), len(b)))
    return gains, rest, df


def _left(columns: Floats, y: Floats) -> tuple[float, int]:
    """Return the sum of squares that least squares leave, and its degrees of freedom."""
    if not columns.shape[1]:
        return float(np.sum(y**2)), len(y) - 1
    found, _, rank, _ = np.linalg.lstsq(columns, y, rcond=None)
    return float(np.sum((y - columns @ found) ** 2)), len(y) - 1 - int(rank)


def values_of(design: Smooth, maximise: bool) -> tuple[FactorValues, ...]:
    """Return the plain means of the values of what has few of them; what is continuous has none."""
    found = []
    for place, factor in enumerate(design.results.factors):
        codes = design.codes[:, place]
        present = np.unique(codes).tolist()
        if place in design.continuous or len(present) > len(codes) // 2:
            found.append(FactorValues(factor.name, (), (), (), continuous=place in design.continuous))
            continue
        rows = [design.results.y[design.results.codes[:, place] == code] for code in present]
        means = [float(row.mean()) for row in rows]
        best = max(means) if maximise else min(means)
        shown = tuple(
            ValueSummary(
                factor.values[code], len(row), mean, NAN, NAN, mean - best, NAN, NAN, mean == best, False, ()
            )
            for code, row, mean in zip(present, rows, means, strict=True)
        )
        found.append(FactorValues(factor.name, shown, (), ()))
    return tuple(found)


def winner_of(design: Smooth, maximise: bool) -> Winner:
    """Return the best trial and the second, by their means."""
    order = np.argsort(-design.y if maximise else design.y, kind="stable")[:2].tolist()
    best, *second = (
        TrialScore(int(design.trial[at]), design.results.values_of(design.codes[at]), float(design.y[at]),
                   int(design.counts[at]))
        for at in order
    )  # fmt: skip
    return Winner(best, second[0] if second else None, NAN, None, 0)


def about_the_design(design: Smooth, together: bool) -> str:
    """Say how such a design was looked at."""
    names = [clean(design.results.factors[place].name) for place in sorted(design.continuous)]
    trials = plural(len(design.y), "trial")
    if names:
        shown = joined(names) if len(names) <= _SHOWN else f"{len(names):,} hyperparameters"
        said = (
            f"{shown} {'has' if len(names) == 1 else 'have'} values of {'its' if len(names) == 1 else 'their'} own"
        )
        said = f"{said} in most of {trials}"
    else:
        said = f"There are more values of {design.codes.shape[1]:,} hyperparameters than {trials} can compare"
    how = (
        "beside the others, and what they leave is the noise"
        if together
        else "alone, for there are too few trials"
    )
    return f"{said}: each effect is that of a curve over the ranks of its values, {how}; no interaction is tested."


def correlation_words(design: Smooth, metric: str, real: Sequence[str]) -> list[str]:
    """Say how the metric goes with what is continuous (of many, those that are ``real``), and where."""
    found = []
    for place in sorted(design.continuous):
        factor = design.results.factors[place]
        if len(design.continuous) > _SHOWN and factor.name not in real:
            continue
        ranks = _of_values(design.results, place, design.codes[:, place])
        rho, low, high = rank_correlation(ranks, design.y)
        if rho != rho:
            continue
        said = f"{clean(factor.name)}: rank correlation with {clean(metric)} {rho:+.2f}"
        said += f" (95 %: {low:+.2f} to {high:+.2f})"
        if factor.name in real:
            amounts = np.asarray(factor.values, dtype=float)[design.codes[:, place]]
            order = np.argsort(amounts, kind="stable")
            parts = [part for part in np.array_split(order, 4) if len(part)]
            means = ", ".join(f"{design.y[part].mean():.4g} up to {amounts[part].max():.3g}" for part in parts)
            said += f"; its mean by quarters of the values: {means}"
        found.append(f"{said}.")
    return found


def rank_correlation(x: Floats, y: Floats) -> tuple[float, float, float]:
    """Return Spearman's rho with its 95 % interval; NaN where one does not vary, or of fewer than 5 trials."""
    one, other = ranks_of(x), ranks_of(y)
    if len(x) < 5 or not np.ptp(one) or not np.ptp(other):
        return NAN, NAN, NAN
    rho = float(np.corrcoef(one, other)[0, 1])
    if abs(rho) > 1 - 1e-12:
        return rho, rho, rho
    half = 1.959964 * math.sqrt((1 + rho**2 / 2) / (len(x) - 3))
    return rho, math.tanh(math.atanh(rho) - half), math.tanh(math.atanh(rho) + half)
