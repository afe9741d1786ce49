"""Refine: from what the trim left to the next grid, finer around the best, re-using every result already there.

A ``Proposal`` is pure and can be edited: each change returns another one. Nothing is written before
``create_refined``, and nothing is trained before an engine is started on the new session.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from hpo_core.effects.model import Effects
from hpo_core.errors import SessionError, SpecError
from hpo_core.journal.events import Event, Noted, ResultAdopted
from hpo_core.plan.grid import Grid, Hyperparameter
from hpo_core.plan.hyperparameters import KNOWN, Value
from hpo_core.plan.spec import SearchSpec, SessionSpec
from hpo_core.refine.finer import finer_values, values_within
from hpo_core.refine.reuse import adopt
from hpo_core.refine.shrink import Findings, findings, no_larger
from hpo_core.results.loss_groups import apart_words
from hpo_core.results.measure import measure_of
from hpo_core.results.table import best_first, table_of
from hpo_core.session.damage import data_name
from hpo_core.session.lineage import Parent
from hpo_core.session.paths import SessionFolder
from hpo_core.session.snapshot import Snapshot
from hpo_core.session.speed import epochs_in_all, measured_speed
from hpo_core.session.store import create_with_events
from hpo_core.text import clean, plural


class Proposal(Struct, frozen=True, dict=True):
    """The next grid: ``factors`` with the values it would have; a factor with one value will be fixed.

    ``session`` and ``snapshot`` are those it came from; ``best`` the number of the best trial in view, if any, and
    ``apart`` why there is none where the trials in view are not compared. ``data`` is the fingerprint of the
    data as they are now, "" where that is not known.
    """

    session: str
    snapshot: Snapshot
    factors: tuple[Hyperparameter, ...]
    replicates: int
    best: int | None = None
    apart: str = ""
    data: str = ""
    why: tuple[str, ...] = ()
    """What was left out of the grid that it came from, and why, a few words each."""

    # Editing -------------------------------------------------------------------------------------------------

    def add(self, name: str, value: Value) -> Proposal:
        """Return the proposal with one more value. Raises ``SpecError`` for one that cannot be taken."""
        factor = self._factor(name)
        checked = _checked(name, value)
        if checked in factor.values:
            return self
        return self._with(Hyperparameter(name, _in_order(self.snapshot.spec, name, (*factor.values, checked))))

    def remove(self, name: str, value: Value) -> Proposal:
        """Return the proposal without a value. Raises ``SpecError`` for the last one of a hyperparameter."""
        factor = self._factor(name)
        left = tuple(other for other in factor.values if other != value)
        if not left:
            raise SpecError(f"{clean(name, 60)} needs a value; add another one before the last is taken out.")
        return self._with(Hyperparameter(name, left))

    def toggle(self, name: str, value: Value) -> Proposal:
        """Return the proposal with the value taken out, or put in. Raises ``SpecError``."""
        return self.remove(name, value) if value in self._factor(name).values else self.add(name, value)

    def with_values(self, values: Mapping[str, Sequence[Value]]) -> Proposal:
        """Return the proposal with just these values for some hyperparameters. Raises ``SpecError``."""
        proposal = self
        for name, given in values.items():
            if not given:
                raise SpecError(f"{clean(name, 60)} has no values; give at least one.")
            if name not in {factor.name for factor in proposal.factors}:
                if name not in KNOWN:
                    raise SpecError(f"{clean(name, 60)} is no hyperparameter; known are {', '.join(KNOWN)}.")
                proposal = replace(proposal, factors=(*proposal.factors, Hyperparameter(name, ())))
            checked = tuple(dict.fromkeys(_checked(name, value) for value in given))
            proposal = proposal._with(Hyperparameter(name, _in_order(self.snapshot.spec, name, checked)))
        return proposal

    def with_replicates(self, replicates: int) -> Proposal:
        """Return the proposal with so many trainings for each trial."""
        return replace(self, replicates=replicates)

    def _factor(self, name: str) -> Hyperparameter:
        for factor in self.factors:
            if factor.name == name:
                return factor
        known = ", ".join(clean(factor.name, 40) for factor in self.factors)
        raise SpecError(f"The grid has no hyperparameter {clean(name, 60)!r}; it has {known}.")

    def _with(self, changed: Hyperparameter) -> Proposal:
        return replace(
            self, factors=tuple(changed if factor.name == changed.name else factor for factor in self.factors)
        )

    # What it says --------------------------------------------------------------------------------------------

    def is_new(self, name: str, value: Value) -> bool:
        """Whether the session that this came from has no such value."""
        grid, fixed = self.snapshot.spec.grid, self.snapshot.spec.fixed
        known = next((factor.values for factor in grid.hyperparameters if factor.name == name), ())
        return value not in known and fixed.get(name) != value

    @cached_property
    def spec(self) -> SessionSpec:
        """The spec of the next session. Raises ``SpecError``, such as for too many trainings."""
        old = self.snapshot.spec
        varied = tuple(factor for factor in self.factors if len(factor.values) > 1) or self.factors[:1]
        fixed = {name: value for name, value in old.fixed.items() if name not in {f.name for f in self.factors}}
        fixed |= {factor.name: factor.values[0] for factor in self.factors if factor not in varied}
        engine = self.snapshot.engine
        new = replace(
            old,
            grid=Grid(varied),
            fixed=fixed,
            replicates=self.replicates,
            search=SearchSpec(),
            workload=engine.options.workload if engine is not None else old.workload,
        )
        return SessionSpec.parse(new.to_toml(), "The next grid")

    @cached_property
    def adopted(self) -> tuple[ResultAdopted, ...]:
        """The results that need not be trained again."""
        return tuple(adopt(self.session, self.snapshot, self.spec, self.data))

    @property
    def trials(self) -> int:
        """How many trials the next grid has."""
        return len(self.spec.grid)

    @property
    def trials_reused(self) -> int:
        """How many of them have results already."""
        return len({event.trial for event in self.adopted})

    @property
    def trials_new(self) -> int:
        """How many of them have none."""
        return self.trials - self.trials_reused

    @property
    def trainings(self) -> int:
        """How many trainings there are to run."""
        return self.spec.trainings - sum(event.replicate <= self.replicates for event in self.adopted)

    @cached_property
    def seconds(self) -> float | None:
        """How long they will take, at this session's mean time for an epoch and its workers; None if unknown."""
        speed, spec = measured_speed(self.snapshot), self.spec
        if speed is None:
            return None
        reused = sum(spec.epochs_of(event.trial) for event in self.adopted if event.replicate <= self.replicates)
        return speed.seconds(max(epochs_in_all(spec) - reused, 0.0), self.trainings)

    def data_words(self) -> str:
        """Return which results are of which data where they differ, in a sentence, or an empty text."""
        reused = Counter(event.data for event in self.adopted if event.data)
        trained = self.snapshot.fingerprints
        if not trained or {*trained} <= {self.data or next(iter(trained))}:
            return ""
        each = [
            f"{count:,} of {clean(data_name(name))}, {reused[name] or 'none'} of them re-used"
            for name, count in trained.items()
        ]
        now = f" They are now {clean(data_name(self.data))}." if self.data else ""
        return f"The data changed, and only results of the same are re-used: {'; '.join(each)}.{now}"

    def saved_words(self) -> str:
        """Return "24 trials of 60 saved, 40%" or, where there are not fewer, nothing."""
        before = len(self.snapshot.spec.grid)
        fewer = before - self.trials
        return f"{plural(fewer, 'trial')} of {before:,} saved, {fewer / before:.0%}" if fewer > 0 else ""

    def in_words(self) -> str:
        """Return "36 trials: 28 new, 8 re-used; 64 trainings to run"."""
        return (
            f"{plural(self.trials, 'trial')}: {self.trials_new:,} new, {self.trials_reused:,} re-used; "
            f"{plural(self.trainings, 'training')} to run"
        )


def propose(
    session: str,
    snapshot: Snapshot,
    seen: NDArray[np.bool_] | None = None,
    *,
    whole: bool = False,
    effects: Effects | None = None,
) -> Proposal:
    """Return the next grid: what is noise fixed, what loses dropped, and finer values around what wins.

    That is of the values in view, with finer ones next to those of the best trial in view; never more trials than
    the grid that it came from has. What cannot be judged yet stays as it is; ``whole`` keeps all that is in view.
    ``effects`` is what was found of the trials in view by the objective, where a person has been shown it: the
    next grid is then of the same best trial and the same noise.

    Of what was drawn from a range: the best trial's value, and those half way from it to what is last in view.

    ``seen`` says which trials are in view, all where it is None. The best trial's neighbours are the whole grid's:
    the optimum may lie between the best value and one that was trimmed. Raises ``SpecError`` where nothing is in
    view.
    """
    spec = snapshot.spec
    grid = spec.grid
    mask = np.ones(len(grid), bool) if seen is None else seen
    if not len(mask):
        raise SpecError("There is no trial to refine yet: the plan adds them while it trains.")
    if not mask.any():
        raise SpecError("No trial is in view; bring values back before refining.")
    apart = apart_words(snapshot, measure_of(snapshot), mask)
    best = None if apart else _best_in_view(snapshot, mask, effects)
    found = Findings() if best is None or whole else findings(snapshot, mask, best, effects)
    factors = []
    for column, factor in enumerate(grid.hyperparameters):
        places = np.unique(grid.codes[mask, column])
        gone = found.losing.get(factor.name, ())
        values = tuple(factor.values[place] for place in places.tolist() if factor.values[place] not in gone)
        if factor.range is not None:  # each trial has a value of its own: the whole product would be too many
            at = factor.values[grid.codes[best - 1, column]] if best is not None else None
            values = values_within(factor.range, values, at)
        elif factor.name in found.fixed:
            values = (found.fixed[factor.name],)
        elif best is not None:
            values += finer_values(factor.name, factor.values, factor.values[grid.codes[best - 1, column]])
        factors.append(Hyperparameter(factor.name, _in_order(spec, factor.name, values)))
    if best is not None and grid.listed is None and not whole:
        factors = list(no_larger(factors, len(grid), grid[best].values, found.weight))
    said = f"No finer values are proposed: {apart}" if apart else ""
    return Proposal(session, snapshot, tuple(factors), spec.replicates, best, said, why=found.why)


def _best_in_view(snapshot: Snapshot, mask: NDArray[np.bool_], effects: Effects | None) -> int | None:
    if effects is not None and effects.best is not None:
        return effects.best.best.trial
    measure = measure_of(snapshot)
    scores = np.where(mask, table_of(snapshot).scores(measure).mean, np.nan)
    first = int(best_first(scores, measure.better)[0])
    return first + 1 if np.isfinite(scores[first]) else None


def _checked(name: str, value: Value) -> Value:
    return KNOWN[name].check(value, clean(name, 60)) if name in KNOWN else value


def _in_order(spec: SessionSpec, name: str, values: Sequence[Value]) -> tuple[Value, ...]:
    """Numbers ascend, or descend where the old grid's do; texts stand as in the old grid, new ones last."""
    old = next((factor.values for factor in spec.grid.hyperparameters if factor.name == name), ())
    if all(isinstance(value, (int, float)) for value in values):
        descending = len(old) > 1 and list(old) == sorted(old, key=float, reverse=True)
        return tuple(sorted(values, key=float, reverse=descending))
    return tuple(sorted(values, key=lambda value: old.index(value) if value in old else len(old)))


def create_refined(sessions: Path, name: str, proposal: Proposal) -> SessionFolder:
    """Make the new session; its journal begins with the results that are re-used. Starts no work.

    Raises ``SessionError``, also for a session that was imported, and ``SpecError``.
    """
    if not proposal.snapshot.spec.trainable:
        raise SessionError(
            f"The session {clean(proposal.session, 80)!r} was imported: it has results and nothing to train on. "
            "Write a spec with your data to train a finer grid."
        )
    words = ". ".join(filter(None, (proposal.in_words(), proposal.data_words().rstrip("."))))
    note = Noted(level="info", text=f"Refined from {clean(proposal.session, 80)}: {words}.")
    events: Iterable[Event] = (note, *proposal.adopted)
    parent = Parent(proposal.session, proposal.snapshot.began)
    return create_with_events(sessions, name, proposal.spec, events, parent=parent)
