"""Failure classes: how each training ended, and which values they come with.

A training that ended as complete may still have *collapsed*: it predicts the same for every example. Its loss is
that of a uniform prediction (ln C for cross-entropy, (1 + ln C) / C for Poisson, (1 − 1/C) / C for mean squared
error, C classes) within 2 %, and its accuracy is at chance: 1/C within three binomial standard deviations of the
number of validation images. Where classes differ in size a constant prediction scores the share of its class; so
an accuracy of up to ``min(2/C, 1/C + 0.1)`` is also chance if another training has exactly the same. And a curve
whose accuracy stays at chance without changing in a single bit over its last epochs is a constant prediction
whatever its loss.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from msgspec import Struct

from hpo_core.effects.inputs import Bools, Floats, Results
from hpo_core.plan.hyperparameters import Value

FAILURE_CLASSES = ("diverged", "collapsed", "out of memory", "killed", "timed out", "error")
"""Every way to fail, in the order in which they are told."""

_LOSS_TOLERANCE = 0.02
_UNKNOWN_IMAGES_TOLERANCE = 0.1
# What stands in the journal's "kind" (engine/failures.py, engine/dispatcher.py, worker/loop.py). A worker that
# crashed by itself (segmentation fault, bus error, aborted, exit, ...) is none of these: it is an error.
_WORDS = (
    ("memory", "out of memory"),
    ("oom", "out of memory"),
    ("kill", "killed"),
    ("terminat", "killed"),
    ("signal", "killed"),
    ("timed", "timed out"),
    ("timeout", "timed out"),
    ("time out", "timed out"),
    ("hang", "timed out"),
)


class ValueFailures(Struct, frozen=True):
    """How many trainings with this value came to an end (``n``), and how many of them in each failure class."""

    value: Value
    n: int
    counts: Mapping[str, int]

    def rate(self, failure: str) -> float:
        """Return the share of the trainings with this value that failed this way, 0 to 1; NaN for none."""
        return self.counts.get(failure, 0) / self.n if self.n else float("nan")


class Failures(Struct, frozen=True):
    """The class of each training ("complete" and "" for one not ended included), counts, and counts by value."""

    classes: tuple[str, ...]
    counts: Mapping[str, int]
    ended: int
    by_value: Mapping[str, tuple[ValueFailures, ...]]

    def worst_value(self, failure: str) -> tuple[str, ValueFailures] | None:
        """Return the value that has at least four in five of these failures and at most half of all trainings."""
        total = self.counts.get(failure, 0)
        candidates = [
            (name, value)
            for name, values in self.by_value.items()
            for value in values
            if total > 1 and value.counts.get(failure, 0) >= 0.8 * total and value.n <= self.ended / 2
        ]
        return max(candidates, key=lambda entry: entry[1].rate(failure), default=None)


def classify(results: Results) -> Failures:
    """Sort every training into its class and count by value."""
    collapsed = find_collapsed(results)
    statuses = results.status if results.status is not None else ["complete"] * len(results)
    kinds = results.kind if results.kind is not None else [""] * len(results)
    classes = tuple(
        "collapsed" if fallen and status == "complete" else class_of(status, kind)
        for status, kind, fallen in zip(statuses, kinds, collapsed.tolist(), strict=True)
    )
    told = [place for place, name in enumerate(classes) if name]
    counts = Counter(classes[place] for place in told if classes[place] != "complete")
    return Failures(classes, dict(counts), len(told), _by_value(results, classes))


def class_of(status: str, kind: str) -> str:
    """Return the class of a training by its status and the journal's word for the kind of failure.

    "" for one that has not ended by itself: waiting, running, stopped.
    """
    if status in ("complete", "diverged"):
        return status
    if status != "failed":
        return ""
    lower = kind.lower()
    return next((name for word, name in _WORDS if word in lower), "error")


def find_collapsed(results: Results) -> Bools:
    """Return which trainings give a constant prediction; none where neither accuracy nor curve tells."""
    if results.collapsed is not None:
        return results.collapsed
    accuracy = results.val_metric
    if accuracy is None:
        return np.zeros(len(results), dtype=bool)
    with np.errstate(invalid="ignore"):
        repeated = _repeated(accuracy)
        return _at_chance_and_uniform(results, accuracy, repeated) | _unmoving(results, accuracy, repeated)


def _at_chance_and_uniform(results: Results, accuracy: Floats, repeated: Bools) -> Bools:
    if results.loss is None:
        return np.zeros(len(results), dtype=bool)
    if results.classes is not None:
        classes = np.full(len(results), float(results.classes))
        at_chance = _near_chance(accuracy, classes, results.validation_images)
    else:
        classes = np.round(np.exp(np.clip(results.loss, 0, 20)))
        at_chance = np.zeros(len(results), dtype=bool)
    at_chance = at_chance | (repeated & _below_bound(accuracy, classes))
    return at_chance & (classes >= 2) & _uniform_loss(results.loss, np.maximum(classes, 2))


def _near_chance(accuracy: Floats, classes: Floats, images: int | None) -> Bools:
    chance = 1 / classes
    deviation = 3 * np.sqrt(chance * (1 - chance) / images) if images else _UNKNOWN_IMAGES_TOLERANCE * chance
    near: Bools = np.abs(accuracy - chance) <= deviation
    return near


def _below_bound(accuracy: Floats, classes: Floats) -> Bools:
    below: Bools = accuracy <= np.minimum(2 / np.maximum(classes, 1), 1 / np.maximum(classes, 1) + 0.1)
    return below


def _uniform_loss(loss: Floats, classes: Floats) -> Bools:
    """Return where ``loss`` is what a uniform prediction gives under one of the three losses."""
    logs = np.log(classes)
    uniform = np.zeros(len(loss), dtype=bool)
    for expected in (logs, (1 + logs) / classes, (1 - 1 / classes) / classes):
        uniform |= np.abs(loss - expected) <= _LOSS_TOLERANCE * expected
    return uniform


def _repeated(accuracy: Floats) -> Bools:
    """Return which accuracies occur at least twice, exactly."""
    _, place, count = np.unique(accuracy, return_inverse=True, return_counts=True, equal_nan=False)
    repeated: Bools = (count[place] > 1) & np.isfinite(accuracy)
    return repeated


def _unmoving(results: Results, accuracy: Floats, repeated: Bools) -> Bools:
    """Return which curves stay at one accuracy, at chance, over their last three epochs (or both of two)."""
    still = np.zeros(len(results), dtype=bool)
    if not results.curves or results.classes is None:
        return still
    near = _near_chance(accuracy, np.full(len(results), float(results.classes)), results.validation_images)
    low = near | (repeated & _below_bound(accuracy, np.full(len(results), float(results.classes))))
    for row in np.flatnonzero(low):
        curve = results.curves.get((int(results.trial[row]), int(results.replicate[row])), ())
        ends = [epoch.get("val_accuracy") for epoch in curve[-3:]]
        still[row] = len(ends) > 1 and ends[0] is not None and len(set(ends)) == 1
    return still


def _by_value(results: Results, classes: Sequence[str]) -> dict[str, tuple[ValueFailures, ...]]:
    names = np.asarray(classes, dtype=object)
    ended = names != ""
    told = [name for name in FAILURE_CLASSES if name in set(classes)]
    where = {name: names == name for name in told}
    table = {}
    for place, factor in enumerate(results.factors):
        codes, count = results.codes[:, place], len(factor.values)
        trainings = np.bincount(codes[ended], minlength=count).tolist()
        failures = {name: np.bincount(codes[failed], minlength=count).tolist() for name, failed in where.items()}
        table[factor.name] = tuple(
            ValueFailures(value, trainings[code], {name: counts[code] for name, counts in failures.items()})
            for code, value in enumerate(factor.values)
            if trainings[code]
        )
    return table
