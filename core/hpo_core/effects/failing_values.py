"""Trainings without a score: which values have nothing else, and which finish much less often than others."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from hpo_core.effects.classes import FAILURE_CLASSES, Failures
from hpo_core.effects.inputs import Bools, Factor, Results
from hpo_core.effects.model import ALPHA, FactorValues, ValueSummary

NAN = float("nan")

MUCH_LESS = 0.2
"""A value fails much more often than another where its rate is higher by this, and Fisher's test agrees at 5 %."""

FEWEST_LOST = 2
"""A value is offered for dropping only when at least so many of its trainings failed: one may be bad luck."""


class Unscored(Struct, frozen=True):
    """What became of the trainings that ended: ``lost`` (n) of them count for nothing, ``ended`` (n) all of them.

    ``collapsed`` (n) have a score, and it counts, but they have learnt nothing.
    """

    results: Results
    names: tuple[str, ...]
    ended: Bools
    lost: Bools
    collapsed: Bools

    def of_value(self, place: int, code: int) -> tuple[int, int]:
        """Return how many trainings with this value were lost, and how many ended."""
        chosen = self.results.codes[:, place] == code
        return int((self.lost & chosen).sum()), int((self.ended & chosen).sum())

    def words_of_value(self, place: int, code: int) -> str:
        """Return "all 9 diverged" or "5 diverged, 4 killed" of the lost trainings with this value."""
        return self._words(self.results.codes[:, place] == code)

    def of_trial(self, trial: int) -> str:
        """Return "1 of 3 replicates finished; 2 diverged" of a trial; "" where all did."""
        chosen = self.results.trial == trial
        lost, ended = int((self.lost & chosen).sum()), int((self.ended & chosen).sum())
        if not lost:
            return ""
        return f"{ended - lost} of {ended} replicates finished; {self._words(chosen)}"

    def fails_more(self, place: int, code: int, other: int) -> bool:
        """Whether a value fails much more often than another."""
        return self._more(self.lost, place, code, other)

    def _more(self, bad: Bools, place: int, code: int, other: int) -> bool:
        here, there = (self.results.codes[:, place] == number for number in (code, other))
        lost, lost_there = int((bad & here).sum()), int((bad & there).sum())
        ended, ended_there = int((self.ended & here).sum()), int((self.ended & there).sum())
        if not lost or not ended_there or lost / ended - lost_there / ended_there < MUCH_LESS:
            return False
        return fisher(lost, ended, lost_there, ended_there) < ALPHA

    def fails_too_often(self, place: int, code: int, best: int) -> str:
        """Return "10 of its 24 trainings collapsed" of a value that loses many more than the best one; else "".

        Collapsed trainings are among those lost here.
        """
        bad = self.lost | self.collapsed
        if not self._more(bad, place, code, best):
            return ""
        chosen = self.results.codes[:, place] == code
        counts = Counter(self.names[row] for row in np.flatnonzero(bad & chosen))
        kind = next(iter(counts)) if len(counts) == 1 else "failed"
        return f"{sum(counts.values()):,} of its {int((self.ended & chosen).sum()):,} trainings {kind}"

    def _words(self, chosen: Bools) -> str:
        rows = np.flatnonzero(self.lost & chosen)
        counts = Counter(self.names[row] for row in rows)
        if len(counts) == 1 and len(rows) == int((self.ended & chosen).sum()):
            return f"all {len(rows):,} {next(iter(counts))}" if len(rows) > 1 else next(iter(counts))
        return ", ".join(f"{counts[name]:,} {name}" for name in FAILURE_CLASSES if name in counts)


def unscored_of(results: Results, failures: Failures, without_collapsed: bool) -> Unscored:
    """Return the trainings that ended without a score; collapsed ones have one, unless they are left out."""
    names = np.asarray(failures.classes, dtype=object)
    ended = np.asarray(names != "", dtype=bool)
    lost = ended & (names != "complete")
    collapsed = np.asarray(names == "collapsed", dtype=bool)
    if not without_collapsed:
        lost &= ~collapsed
    return Unscored(results, failures.classes, ended, np.asarray(lost, dtype=bool), collapsed)


def with_lost(summary: FactorValues, factor: Factor, place: int, unscored: Unscored, offer: bool) -> FactorValues:
    """Put the values that have no score, because every training with them was lost, where they belong."""
    known = {value.value: value for value in summary.values}
    shown = []
    for code, value in enumerate(factor.values):
        if value in known:
            shown.append(known[value])
            continue
        lost, ended = unscored.of_value(place, code)
        if not known or not lost or lost < ended:
            continue
        words, offered = unscored.words_of_value(place, code), offer and lost >= FEWEST_LOST
        shown.append(ValueSummary(value, 0, NAN, NAN, NAN, NAN, NAN, NAN, False, offered, (), no_score=words))
    return replace(summary, values=tuple(shown))


def fisher(lost: int, ended: int, lost_there: int, ended_there: int) -> float:
    """Return how likely at least so many of the lost ones fall here by chance (Fisher's exact test, one-sided)."""

    def choose(n: int, k: int) -> float:
        return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)

    total = lost + lost_there
    first = max(lost, total - ended_there)
    here = np.arange(first, min(ended, total), dtype=float)
    more = (
        (ended - here) * (total - here) / ((here + 1) * (ended_there - total + here + 1))
    )  # each by the one before
    log = choose(ended, first) + choose(ended_there, total - first) - choose(ended + ended_there, total)
    return float(np.exp(log + np.concatenate([[0.0], np.log(more).cumsum()])).sum())
