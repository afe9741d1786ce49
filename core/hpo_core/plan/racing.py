"""Racing: which trials may still be the best, judged after every training by all of them together.

A race (Maron & Moore 1997; F-race, Birattari et al. 2002) trains on with what is not yet known to be worse than
the leader. Theirs compare each candidate's own results; in a grid the trials share their values, so that one
training says something of many trials, and a hopeless one need not even have its first. The model: a trial's true
score is the sum of its values' effects and a part of its own (what values do together); each training adds noise,

    score = Σ effect(value) + own + noise,    own ~ N(0, λ σ²),  noise ~ N(0, σ²)

on normal scores of the ranks (Conover & Iman 1981), so that a collapse counts as bad and not as far away. λ is
averaged over by how well each explains the data (restricted likelihood); σ² comes of the data, so that differences
follow Student's T. A trial is hopeless where it beats the leader with a chance of less than ``CHANCE``.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from scipy.special import ndtri, stdtr

from hpo_core.plan.grid import Grid, Hyperparameter

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

CHANCE = 0.02
"""On simulated grids of 60 trials × 3 the winner was then as good as the full grid's, for 16 to 60 % of its
trainings (most where there is noise alone); at 0.05 it was worse."""


OWN = (0.1, 0.3, 1.0, 3.0, 10.0)
"""How large a trial's own part may be against the noise: the values of λ."""

LOOSE = 1e-2
"""The prior precision of an effect, in units of 1/σ²: wide, so that an unseen value is unknown."""

OPENING = 2
"""So many trainings for each effect begin a race."""

FREE = 4
"""With fewer degrees of freedom for the noise nobody is hopeless."""


def features(grid: Grid) -> Floats:
    """Return trials × features: a column for each value of a list; a curve of second degree along a range."""
    columns = [np.ones((len(grid), 1))]
    for place, factor in enumerate(grid.hyperparameters):
        columns.append(_features(factor)[grid.codes[:, place]])
    return np.concatenate(columns, axis=1)


def _features(factor: Hyperparameter) -> Floats:
    of = factor.range
    if of is None:
        return np.eye(len(factor.values))
    shares = np.array([of.share(float(value)) for value in factor.values]).reshape(-1, 1)
    return np.concatenate([2 * shares - 1, (2 * shares - 1) ** 2], axis=1)


def opening(grid: Grid, seed: int) -> list[int]:
    """Return the trials (from 1) that a race begins with, in order: twice as many as there are effects to tell.

    Each next one has the values that were used least so far, so that all are seen early, and alike often.
    """
    shuffled = np.random.default_rng(seed % 2**63).permutation(len(grid))
    codes, places = grid.codes[shuffled], np.arange(len(grid.names))
    used = np.zeros((len(places), int(codes.max(initial=0)) + 1))
    chosen: list[int] = []
    for _ in range(min(OPENING * _rank(features(grid)), len(grid))):
        crowd = used[places, codes].sum(axis=1)
        crowd[chosen] = np.inf
        chosen.append(int(crowd.argmin()))
        used[places, codes[chosen[-1]]] += 1
    return [int(shuffled[place]) + 1 for place in chosen]


class _Fit(Struct, frozen=True):
    """The model with one λ: each trial's true score as it is expected, and what is needed for its differences."""

    evidence: float
    expected: Floats
    effects: Floats
    """Trials × features: how much of a trial's expected score rests on the effects."""
    covariance: Floats
    own: Floats
    """The variance of what is not known of each trial's own part."""
    free: int

    def ahead_of(self, leader: int) -> Floats:
        """Return the chance of each trial that its true score is above the leader's."""
        apart = self.effects - self.effects[leader]
        variance = ((apart @ self.covariance) * apart).sum(axis=1) + self.own + self.own[leader]
        variance[leader] = 1.0
        return np.asarray(
            stdtr(self.free, (self.expected - self.expected[leader]) / np.sqrt(variance)), np.float64
        )


def hopeless(design: Floats, trial: NDArray[np.int64], scores: Floats) -> tuple[Bools, int]:
    """Return which trials need no further training, and the leader (from 0).

    ``design`` are the ``features`` of all trials; training i was of ``trial[i]`` (from 0) and came to
    ``scores[i]``, more being better, -inf where it diverged.
    """
    free = len(trial) - _rank(design[np.unique(trial)])
    if free < FREE:
        return np.zeros(len(design), bool), 0
    fits = [_fit(design, trial, _normal_scores(scores), own, free) for own in OWN]
    evidence = np.array([fit.evidence for fit in fits])
    likely = np.exp(evidence - evidence.max())
    likely /= likely.sum()
    expected = likely @ np.stack([fit.expected for fit in fits])
    trained = np.unique(trial)
    leader = int(trained[expected[trained].argmax()])
    found: Bools = likely @ np.stack([fit.ahead_of(leader) for fit in fits]) < CHANCE
    found[leader] = False
    return found, leader


def _fit(design: Floats, trial: NDArray[np.int64], y: Floats, own: float, free: int) -> _Fit:
    trials, width = design.shape
    n = np.bincount(trial, minlength=trials)
    seen = n > 0
    means = np.bincount(trial, y, trials)[seen] / n[seen]
    full = np.zeros(trials)
    full[seen] = means
    within = float(((y - full[trial]) ** 2).sum())
    spread = own + 1 / n[seen]
    weighted = design[seen].T / spread
    inverse: Floats = np.asarray(np.linalg.inv(weighted @ design[seen] + LOOSE * np.eye(width)), np.float64)
    effects = inverse @ (weighted @ means)
    squares = within + float(((means - design[seen] @ effects) ** 2 / spread).sum() + LOOSE * effects @ effects)
    evidence = 0.5 * (np.linalg.slogdet(inverse)[1] - np.log(spread).sum() - free * np.log(squares))
    kept = np.zeros(trials)
    kept[seen] = own / spread
    unknown: Floats = np.where(seen, kept / np.maximum(n, 1), own)
    noise = float(squares / free)
    shrunk: Floats = (1 - kept)[:, None] * design
    expected: Floats = shrunk @ effects + kept * full
    return _Fit(evidence, expected, shrunk, noise * inverse, noise * unknown, free)


def _rank(design: Floats) -> int:
    return int(np.linalg.matrix_rank(design.T @ design, hermitian=True))


def _normal_scores(scores: Floats) -> Floats:
    """Return the normal scores of the ranks, equals sharing theirs (Blom's places)."""
    ranks = _ranks(scores)
    found: Floats = ndtri((ranks - 0.375) / (len(scores) + 0.25))
    return found


def _ranks(scores: Floats) -> Floats:
    """Return the ranks from 1, the least first, equals having their mean."""
    _, group, count = np.unique(scores, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    found: Floats = (last - (count - 1) / 2)[group]
    return found
