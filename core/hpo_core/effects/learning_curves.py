"""What the epochs say: best epoch against last epoch, overfitting, and whether more epochs would still help.

``overfitting_gap`` and ``final_slopes`` return results with another metric, so that they can be analysed like any
score; ``by_value`` shows them for each value.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from hpo_core.effects.inputs import Floats, Ints, Results, column
from hpo_core.effects.model import ALPHA
from hpo_core.effects.probability import t_point
from hpo_core.plan.hyperparameters import Value
from hpo_core.text import clean, format_value

NAN = float("nan")


class EpochScores(Struct, frozen=True):
    """A metric at the best and the last epoch of each training (n; NaN for none); epochs count from 1."""

    metric: str
    best: Floats
    last: Floats
    best_epoch: Floats
    epochs: Floats


class ValueMean(Struct, frozen=True):
    """A value's mean over its ``n`` trainings with an interval from their spread (NaN with one training)."""

    value: Value
    n: int
    mean: float
    low: float
    high: float


def epoch_scores(results: Results, metric: str, maximise: bool) -> EpochScores:
    """Read ``metric`` off the curves; epochs without a finite number are passed over."""
    values, lengths = _metric_curves(results, metric)
    rows = np.arange(len(results))
    finite = np.isfinite(values)
    sign = 1.0 if maximise else -1.0
    best = np.where(finite, sign * values, -np.inf).argmax(axis=1)
    known = finite.any(axis=1)
    found = (values[rows, best], values[rows, lengths - 1], best + 1.0, lengths.astype(float))
    return EpochScores(metric, *(np.where(known, column, np.nan) for column in found))


def overfitting_gap(results: Results, maximise: bool = True) -> Results | None:
    """Return the results with (training − validation) as the score, None where one of them is not there.

    ``maximise`` says whether the two are better when larger; the sign is turned so that overfitting is positive.
    """
    if results.train_metric is None or results.val_metric is None:
        return None
    gap = results.train_metric - results.val_metric
    return results.measured(gap if maximise else -gap)


def final_slopes(results: Results, metric: str, maximise: bool) -> Results:
    """Return the results with the gain for each epoch at the end of the curve as the score; positive is better.

    The slope of a straight line through the last third of the epochs (at least two), by least squares.
    """
    sign = 1.0 if maximise else -1.0
    values, lengths = _metric_curves(results, metric)
    slopes = np.full(len(results), np.nan)
    for length in np.unique(lengths[lengths > 1]):
        chosen, tail = lengths == length, max(2, -(-int(length) // 3))
        place = np.arange(tail) - (tail - 1) / 2
        slopes[chosen] = values[chosen, length - tail : length] @ place / (place @ place)
    return results.measured(np.where(np.isfinite(slopes), sign * slopes, np.nan))


def by_value(results: Results, alpha: float = ALPHA) -> dict[str, tuple[ValueMean, ...]]:
    """Return the mean score of each value that has one, by hyperparameter; intervals miss with ``alpha``."""
    counted = results.counted()
    table = {}
    for place, factor in enumerate(results.factors):
        rows = []
        for code, value in enumerate(factor.values):
            scores = results.y[counted & (results.codes[:, place] == code)]
            if len(scores):
                half = NAN
                if len(scores) > 1:
                    point = t_point(1 - alpha / 2, len(scores) - 1)
                    half = point * float(scores.std(ddof=1)) / len(scores) ** 0.5
                mean = float(scores.mean())
                rows.append(ValueMean(value, len(scores), mean, mean - half, mean + half))
        table[factor.name] = tuple(rows)
    return table


def epoch_words(results: Results, metric: str, maximise: bool) -> list[str]:
    """Say which epoch is shown, where more epochs would still help, and which values overfit."""
    said = []
    scores = epoch_scores(results, metric, maximise)
    rows = results.counted() & np.isfinite(scores.last) & (scores.epochs > 1)
    if rows.any():
        gain = abs(float(np.mean(scores.best[rows] - scores.last[rows])))
        early = int((rows & (scores.best != scores.last)).sum())  # a tie is not better
        better = (
            f"{early:,} of {int(rows.sum()):,} trainings were better before their last epoch; at the best "
            f"epoch the mean is better by {gain:.3g}"
            if early
            else "no training was better before"
        )
        said.append(f"{clean(metric)} is taken at the {results.shown_epoch}; {better}.")
        lengths = np.unique(scores.epochs[rows])
        end = f"epoch {lengths[0]:.0f}" if len(lengths) == 1 else "its last epoch"
        said.extend(_slope_words(final_slopes(results, metric, maximise), clean(metric), end))
    gap = overfitting_gap(results)
    if gap is not None:
        said.extend(_gap_words(gap))
    return said


def _corrected(results: Results) -> dict[str, tuple[ValueMean, ...]]:
    """Return ``by_value`` with intervals that hold for all values of all hyperparameters together (Bonferroni)."""
    tests = sum(len(factor.values) for factor in results.factors if len(factor.values) > 1)
    table = by_value(results, ALPHA / max(tests, 1))
    return {name: values for name, values in table.items() if len(values) > 1}


def _slope_words(slopes: Results, metric: str, end: str) -> list[str]:
    """Say whether curves still improve at their end, beyond what the trainings differ by.

    Once, where that holds for every value; else of the values that differ in it from another one.
    """
    table = _corrected(slopes)
    if table and all(value.low > 0 for values in table.values() for value in values):
        mean = float(np.nanmean(slopes.y))
        every = f"{metric} still improves at {end} with every value, by {mean:.2g} an epoch"
        return [f"{every}: more epochs would help."]
    said = []
    for name, values in table.items():
        least = max(0.0, min(value.high for value in values))  # of those that improve less than others at least
        rising = [
            f"{format_value(value.value)} ({value.mean:.2g} an epoch)" for value in values if value.low > least
        ]
        if rising:
            said.append(
                f"{metric} still improves at {end} with {clean(name)} {', '.join(rising)}: more epochs would help."
            )
    return said


def _gap_words(gaps: Results) -> list[str]:
    """Name the value of each hyperparameter that overfits most, where its interval is above all others'."""
    said = []
    for name, values in _corrected(gaps).items():
        ordered = sorted((value for value in values if value.mean == value.mean), key=lambda value: value.mean)
        if len(ordered) > 1 and ordered[-1].low > max(0.0, *(value.high for value in ordered[:-1])):
            worst = ordered[-1]
            said.append(
                f"{clean(name)} {format_value(worst.value)} overfits most: at the last epoch, accuracy on "
                f"training data is ahead of validation by {worst.mean:.3g}, with "
                f"{format_value(ordered[-2].value)} by {ordered[-2].mean:.3g}."
            )
    return said


def _metric_curves(results: Results, metric: str) -> tuple[Floats, Ints]:
    """Return each training's metric by epoch (n × the longest), NaN for no number, and how many it has (n)."""
    keys = zip(results.trial.tolist(), results.replicate.tolist(), strict=True)
    curves = [results.curves.get(key, ()) for key in keys]
    lengths = np.asarray([len(curve) for curve in curves], dtype=np.int64)
    longest = max(int(lengths.max(initial=0)), 1)
    gap = [None] * longest
    rows = [[*column(curve, metric), *gap[len(curve) :]] for curve in curves]
    return np.asarray(rows, dtype=float).reshape(len(curves), longest), lengths
