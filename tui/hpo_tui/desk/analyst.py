"""The analyst: works out in a thread of its own what matters and what is noise, so that no key waits for it.

The newest question is answered first. The same question about a session that has gone on since is asked again at
most once a second, and never takes more than a sixth of the time; it is not asked before a training has ended.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from hpo_core.effects import Effects, Results, Wiring, analyse, by_value, final_slopes, overfitting_gap
from hpo_core.effects.classes import find_collapsed
from hpo_core.effects.learning_curves import ValueMean
from hpo_core.effects.model import Role
from hpo_core.plan.grid import JobKey
from hpo_core.results.analysis import collapsed_trainings, results_of, role_of, session_wiring
from hpo_core.results.measure import Measure
from hpo_core.session.snapshot import Snapshot

PAUSE_SECONDS = 1.0
PAUSE_FACTOR = 5.0
KEPT = 32

ByValue = Mapping[str, tuple[ValueMean, ...]]
Mark = tuple[int, float, bool]
"""How many trainings have ended, when the last of them did, whether there were probes: what findings rest on."""


class Terms(Struct, frozen=True):
    """Interactions of how many hyperparameters are tested, and whether those above stand in for the noise.

    They only do where every trial has one replicate.
    """

    interactions: int = 2
    one_replicate_noise: bool = False


TWO = Terms()


class Look(Struct, frozen=True):
    """How the session is looked at: a measure, the trials in view (a byte for each), collapsed ones in or out.

    ``terms`` are the analyst's own, whoever asks: they are of no account to any other view.
    """

    measure: Measure
    seen: bytes
    without_collapsed: bool
    terms: Terms = TWO

    @classmethod
    def of(cls, measure: Measure, seen: NDArray[np.bool_], without_collapsed: bool) -> Look:
        """Return the look; what ``measure`` leaves out follows from ``without_collapsed``."""
        return cls(measure.without(()), seen.tobytes(), without_collapsed)


class Findings(Struct, frozen=True, eq=False):
    """The answer to one look. ``gaps`` (training − validation) and ``slopes`` (gain an epoch) are by value.

    ``effects`` is None where the analysis itself went wrong; ``failure`` then says how.
    """

    look: Look
    mark: Mark
    effects: Effects | None
    gaps: ByValue
    slopes: ByValue
    failure: str = ""


class Whole(Struct, frozen=True):
    """What is true of all trainings that have ended, whatever is in view."""

    mark: Mark
    collapsed: frozenset[JobKey]
    wiring: tuple[Wiring, ...]


def terms_words(terms: Terms) -> str:
    """Say on what terms the effects are worked out."""
    said = f"Effects: what up to {terms.interactions} hyperparameters do together is tested"
    if terms.one_replicate_noise:
        said += "; with one replicate, what more of them do together is taken as the noise"
    return f"{said}."


def mark_of(snapshot: Snapshot) -> Mark:
    """Return the session's mark."""
    last = max((entry.ended for entry in snapshot.replicates.values()), default=0.0)
    return snapshot.ended, last, snapshot.probed is not None


NOTHING = Whole((-1, 0.0, False), frozenset(), ())


class Analyst(threading.Thread):
    """Answers looks; calls ``deliver`` from its thread whenever there is a new answer."""

    def __init__(self, deliver: Callable[[], None]) -> None:
        super().__init__(name="effects", daemon=True)
        self._deliver = deliver
        self._news = threading.Condition()
        self._asked: tuple[Snapshot, Look] | None = None
        self._left = False
        self._kept: dict[Look, Findings] = {}
        self._last: Findings | None = None
        self._rested = 0.0
        self._marked: tuple[Snapshot, Mark] | None = None
        self.whole = NOTHING
        self.terms = TWO

    def set_terms(self, terms: Terms) -> None:
        """Answer every look on these terms from now on; what was found on others is not shown any more."""
        self.terms, self._last = terms, None

    def stop(self) -> None:
        """Ask the thread to end; an analysis under way is not delivered."""
        with self._news:
            self._left = True
            self._news.notify()

    def ask(self, snapshot: Snapshot, look: Look) -> Findings | None:
        """Return what is known of this look, or of the last one while it is worked out; None before the first."""
        mark = self._mark(snapshot)
        plain, look = look, replace(look, terms=self.terms)
        known = self._kept.get(look)
        if known is None or known.mark != mark:
            with self._news:
                self._asked = (snapshot, look)
                self._news.notify()
        found = known or self._last
        # Whoever asks knows nothing of the terms, and tells by the look whether this is the answer.
        return replace(found, look=plain) if found is not None and found.look == look != plain else found

    def run(self) -> None:
        """Answer until stopped."""
        while (question := self._next()) is not None:
            began = time.monotonic()
            findings = self._work_out(*question)
            ended = time.monotonic()
            self._rested = ended + max(PAUSE_SECONDS, PAUSE_FACTOR * (ended - began))
            self._keep(findings)
            if not self._left:
                self._deliver()

    def _next(self) -> tuple[Snapshot, Look] | None:
        with self._news:
            while not self._left:
                if self._asked is None:
                    self._news.wait()
                    continue
                rest = self._rested - time.monotonic() if self._asked[1] in self._kept else 0.0
                if rest <= 0:
                    question, self._asked = self._asked, None
                    return question
                self._news.wait(rest)
        return None

    def _keep(self, findings: Findings) -> None:
        self._kept[findings.look] = self._last = findings
        while len(self._kept) > KEPT:
            del self._kept[next(iter(self._kept))]

    def _mark(self, snapshot: Snapshot) -> Mark:
        if self._marked is None or self._marked[0] is not snapshot:
            self._marked = snapshot, mark_of(snapshot)
        return self._marked[1]

    def _work_out(self, snapshot: Snapshot, look: Look) -> Findings:
        mark = mark_of(snapshot)
        try:
            if self.whole.mark != mark:
                self.whole = Whole(mark, collapsed_trainings(snapshot), session_wiring(snapshot))
            seen = np.frombuffer(look.seen, dtype=np.bool_)
            results = results_of(snapshot, look.measure, seen, self.whole.collapsed)
            return find(results, look, mark, role_of(snapshot, look.measure))
        except Exception as error:  # noqa: BLE001 - told in the view; the screen goes on without the analysis
            return Findings(look, mark, None, {}, {}, f"{type(error).__name__}: {error}")


def find(results: Results, look: Look, mark: Mark, role: Role) -> Findings:
    """Analyse results that were read as the look says; ``role`` is the metric's in the session."""
    measure = look.measure
    better = measure.better == "max"
    effects = analyse(
        results,
        metric=measure.metric,
        maximise=better,
        interactions=look.terms.interactions,
        one_replicate_noise=look.terms.one_replicate_noise,
        without_collapsed=look.without_collapsed,
        role=role,
    )
    counted = results.only(~find_collapsed(results)) if look.without_collapsed else results
    gap, telling = overfitting_gap(counted), not (measure.cost or results.incomparable)
    slopes = by_value(final_slopes(counted, measure.metric, better)) if telling else {}
    return Findings(look, mark, effects, by_value(gap) if gap is not None else {}, slopes)
