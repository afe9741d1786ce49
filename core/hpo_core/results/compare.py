"""Several sessions as one: a ranking of all their trials, and the mean of each value in each session.

Sessions compare by a metric that all of them have, and by the hyperparameters that have a value in all of them:
varied in at least one, fixed or left at the default in others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from hpo_core.errors import FilterError
from hpo_core.plan import metrics
from hpo_core.plan.hyperparameters import Value, in_loss
from hpo_core.plan.spec import SessionSpec
from hpo_core.results.measure import Measure, measure_of, metrics_of
from hpo_core.results.table import Scores, best_first, means, table_of
from hpo_core.session.snapshot import Snapshot
from hpo_core.text import clean, joined, plural


class Ranked(Struct, frozen=True):
    """A trial of the ranking: its score is the mean over ``n`` replicates; ``sd`` is NaN of less than two."""

    session: str
    trial: int
    values: Mapping[str, Value]
    mean: float
    sd: float
    n: int


class Comparison(Struct, frozen=True):
    """What sessions come to together.

    ``values`` are those of each shared hyperparameter, ``means`` their mean over the trials' scores: entry
    i * sessions + j is value i in session j. ``scored`` counts each session's trials with a score. ``notes`` are
    sentences on what the sessions do not have alike.
    """

    measure: Measure
    sessions: tuple[str, ...]
    scored: tuple[int, ...]
    values: Mapping[str, tuple[Value, ...]]
    ranking: tuple[Ranked, ...]
    means: Mapping[str, Scores]
    notes: tuple[str, ...]


def compare(snapshots: Mapping[str, Snapshot], metric: str | None = None) -> Comparison:
    """Return the sessions, by name, as one. Raises ``FilterError`` where they cannot be compared, and says why.

    ``metric`` is taken at the last epoch; where it is None, it is the first session's objective.
    """
    if len(snapshots) < 2:
        raise FilterError("One session alone compares with none; name two or more.")
    specs = {name: snapshot.spec for name, snapshot in snapshots.items()}
    measure = _shared_measure(snapshots, metric)
    columns = _shared_columns(specs)
    by = [
        name
        for name, column in columns.items()
        if in_loss(name) and len({value for values in column for value in values}) > 1
    ]
    if by and not (measure.cost or metrics.compares_losses(measure.metric)):
        raise FilterError(metrics.apart_words(measure.metric, shared_metrics(snapshots), by))
    scores = [
        table_of(snapshot).scores(replace(measure_of(snapshot, measure.metric), better=measure.better))
        for snapshot in snapshots.values()
    ]
    values = {name: _ordered(column) for name, column in columns.items()}
    return Comparison(
        measure=measure,
        sessions=tuple(snapshots),
        scored=tuple(int(np.isfinite(of.mean).sum()) for of in scores),
        values=values,
        ranking=tuple(_ranking(tuple(snapshots), columns, scores, measure)),
        means={name: _means(columns[name], values[name], scores) for name in columns},
        notes=tuple(_notes(snapshots, measure)),
    )


def shared_metrics(snapshots: Mapping[str, Snapshot]) -> tuple[str, ...]:
    """Return the metrics that all of the sessions have, in the first one's order."""
    first, *others = (metrics_of(snapshot) for snapshot in snapshots.values())
    return tuple(name for name in first if all(name in other for other in others))


def _shared_measure(snapshots: Mapping[str, Snapshot], metric: str | None) -> Measure:
    first = next(iter(snapshots.values()))
    wanted, shared = metric or first.spec.objective.metric, shared_metrics(snapshots)
    if wanted not in shared:
        lacking = next(name for name, snapshot in snapshots.items() if wanted not in metrics_of(snapshot))
        known = ", ".join(clean(name, 40) for name in shared)
        instead = f"all have {known}: choose with --metric" if shared else "they share no metric"
        raise FilterError(f"{lacking} has no {clean(wanted, 60)}; {instead}.")
    objectives = [snapshot.spec.objective for snapshot in snapshots.values()]
    asked = {objective.direction for objective in objectives if objective.metric == wanted}
    if len(asked) > 1:
        raise FilterError(f"More {clean(wanted, 60)} is better in one of the sessions, and less in another.")
    measure = measure_of(first, wanted)
    return replace(measure, better=asked.pop()) if asked else measure


def _shared_columns(specs: Mapping[str, SessionSpec]) -> dict[str, list[list[Value]]]:
    """Return, of each shared hyperparameter, each session's value of each trial."""
    settled = [_settled(spec) for spec in specs.values()]
    varied = dict.fromkeys(name for spec in specs.values() for name in spec.grid.names)
    shared = [name for name in varied if all(name in values for values in settled)]
    if not shared:
        each = "; ".join(
            f"{session} varies {', '.join(clean(name, 40) for name in spec.grid.names)}"
            for session, spec in specs.items()
        )
        raise FilterError(f"The sessions share no hyperparameter: {each}.")
    differing = [
        name
        for name in dict.fromkeys(name for values in settled for name in values)
        if name not in varied
        and all(name in values for values in settled)
        and len({values[name] for values in settled}) > 1
    ]
    return {
        name: [_column(spec, name, values.get(name)) for spec, values in zip(specs.values(), settled, strict=True)]
        for name in (*shared, *differing)
    }


def _settled(spec: SessionSpec) -> dict[str, Value | None]:
    """Return what has a value in a session; of a hyperparameter that is varied it stands for all."""
    varied = dict.fromkeys(spec.grid.names)
    if spec.trainable and len(spec.grid):
        return {**spec.values_of(1), **varied}
    return {**spec.fixed, **varied}


def _column(spec: SessionSpec, name: str, settled: Any) -> list[Value]:
    grid = spec.grid
    if name not in grid.names:
        return [settled] * len(grid)
    at = grid.names.index(name)
    values = grid.hyperparameters[at].values
    return [values[code] for code in grid.codes[:, at].tolist()]


def _ordered(column: Sequence[Sequence[Value]]) -> tuple[Value, ...]:
    """Return the values that occur: numbers ascending, others as they come."""
    values = tuple(dict.fromkeys(value for of_session in column for value in of_session))
    numeric = all(isinstance(value, (int, float)) for value in values)
    return tuple(sorted(values, key=float)) if numeric else values


def _ranking(
    sessions: Sequence[str],
    columns: Mapping[str, Sequence[Sequence[Value]]],
    scores: Sequence[Scores],
    measure: Measure,
) -> Iterator[Ranked]:
    places = [(at, row) for at, of in enumerate(scores) for row in range(len(of.mean))]
    mean = np.concatenate([of.mean for of in scores])
    for place in best_first(mean, measure.better)[: int(np.isfinite(mean).sum())].tolist():
        at, row = places[place]
        values = {name: column[at][row] for name, column in columns.items()}
        of = scores[at]
        yield Ranked(sessions[at], row + 1, values, float(of.mean[row]), float(of.sd[row]), int(of.n[row]))


def _means(column: Sequence[Sequence[Value]], values: Sequence[Value], scores: Sequence[Scores]) -> Scores:
    place = {value: number for number, value in enumerate(values)}
    group: NDArray[np.int64] = np.array(
        [place[value] * len(scores) + at for at, of_session in enumerate(column) for value in of_session], np.int64
    )
    mean = np.concatenate([of.mean for of in scores])
    scored = np.isfinite(mean)
    return means(group[scored], mean[scored], len(values) * len(scores))


def _notes(snapshots: Mapping[str, Snapshot], measure: Measure) -> Iterator[str]:
    specs = [snapshot.spec for snapshot in snapshots.values()]
    prints = [set(snapshot.fingerprints) for snapshot in snapshots.values()]
    known = all(prints)
    unlike_data = len(set.union(*prints)) > 1 if known else any(spec.data != specs[0].data for spec in specs)
    models = any(spec.model != specs[0].model for spec in specs)
    parts = [part for part, unlike in (("data", unlike_data), ("models", models)) if unlike]
    if parts:
        yield f"The sessions' {joined(parts)} differ: what is better may be so by that alone."
    settled = [_settled(spec) for spec in specs]
    for name in dict.fromkeys(name for spec in specs for name in spec.grid.names):
        if not all(name in values for values in settled):
            where = [session for session, values in zip(snapshots, settled, strict=True) if name in values]
            yield f"{clean(name, 40)} is a hyperparameter of {joined(where)} only."
    for session, snapshot in snapshots.items():
        taken = sum(1 for entry in snapshot.replicates.values() if entry.origin)
        if taken and snapshot.spec.trainable:
            took = plural(taken, "training")
            yield f"{session} took {took} over from another session: such a trial may stand in the ranking twice."
