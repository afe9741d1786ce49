"""Results that hold in another session too: what was trained once is never trained again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

from hpo_core.journal.events import AttemptStatus, ResultAdopted
from hpo_core.plan.grid import JobKey
from hpo_core.plan.hyperparameters import Value
from hpo_core.plan.spec import SessionSpec
from hpo_core.session.snapshot import Replicate, Snapshot

REUSED = frozenset(("complete", "diverged"))
"""A training with the same seed would end the same way; one that failed or was stopped is tried again."""


def adopt(session: str, snapshot: Snapshot, new: SessionSpec, data: str = "") -> list[ResultAdopted]:
    """Return the results of a session that hold for ``new`` too, as the new journal's events.

    A result holds where every hyperparameter of the training, the data, the seed, the precision and the compiler
    setting are the same, it is complete or diverged, and none of its epochs is lost. ``origin`` says which session
    trained it. ``data`` is the fingerprint of the data that the new trainings will be of: results known to be
    of other data do not hold. Where it is not known, it is that of the session's latest results.
    """
    data = data or (snapshot.data.fingerprint if len(snapshot.fingerprints) > 1 and snapshot.data else "")
    old = snapshot.spec
    same = (old.data, old.seed, old.precision, old.jit) == (new.data, new.seed, new.precision, new.jit)
    if not (same and old.trainable):
        return []
    number_of = _finder(new)
    adopted = []
    for entry in sorted(snapshot.replicates.values(), key=lambda entry: (entry.key.trial, entry.key.replicate)):
        if entry.status not in REUSED or entry.missing:
            continue
        if data and entry.data and entry.data != data:
            continue
        number = number_of(old.values_of(entry.key.trial))
        if number is not None and entry.seed == new.seed_of(JobKey(number, entry.key.replicate)):
            adopted.append(as_adopted(entry, number, entry.origin or f"{session} {entry.key}"))
    return adopted


def as_adopted(entry: Replicate, trial: int, origin: str) -> ResultAdopted:
    """Return the event that tells an ended training, with all that is known of it, as a result from ``origin``."""
    return ResultAdopted(
        trial=trial,
        replicate=entry.key.replicate,
        status=cast(AttemptStatus, entry.status),
        origin=origin,
        epochs=tuple(dict(epoch.metrics) for epoch in entry.epochs),
        last_epoch=entry.epochs[-1].number if entry.epochs else 0,
        seconds=entry.seconds,
        seed=entry.seed,
        reason=entry.reason,
        parameters=entry.parameters,
        epoch_seconds=tuple(epoch.seconds for epoch in entry.epochs),
        data=entry.data,
    )


def _finder(spec: SessionSpec) -> Callable[[Mapping[str, Value]], int | None]:
    """Return what finds the number of the trial with given full values, None where the spec has none."""
    grid = spec.grid
    places = [{value: place for place, value in enumerate(factor.values)} for factor in grid.hyperparameters]
    numbers = {tuple(codes): number for number, codes in enumerate(grid.codes.tolist(), 1)}
    others = {name: value for name, value in spec.values_of(1).items() if name not in grid.names}

    def find(values: Mapping[str, Value]) -> int | None:
        if {name: value for name, value in values.items() if name not in grid.names} != others:
            return None
        codes = tuple(place.get(values.get(name, "")) for name, place in zip(grid.names, places, strict=True))
        return numbers.get(codes)

    return find
