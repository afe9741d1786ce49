"""Epochs against a hyperparameter: what each of its values had come to after every epoch of the longest trainings.

A training with more epochs has passed through what a shorter one has, as long as nothing in it depends on where it
ends: ``about_shorter`` says whether anything does.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hpo_core.plan.hyperparameters import WITHOUT_AN_END
from hpo_core.plan.spec import SessionSpec
from hpo_core.plan.workloads import DEFAULT_WORKLOAD
from hpo_core.results.measure import Measure
from hpo_core.results.table import ResultsTable, means
from hpo_core.session.epochs import column, last_number
from hpo_core.session.snapshot import Replicate
from hpo_core.text import joined


class ByEpoch(Struct, frozen=True, eq=False):
    """``means`` (values × epochs; NaN for none), ``n`` trainings of each value, their ``rows`` in the table."""

    means: NDArray[np.float64]
    n: NDArray[np.int64]
    rows: NDArray[np.int64]


def by_epoch(
    results: ResultsTable, measure: Measure, rows: NDArray[np.int64], value: NDArray[np.int64], values: int
) -> ByEpoch:
    """Return the measure's mean for each value after each epoch, over the longest of the trainings in ``rows``.

    ``value`` (one for each of the grid's trials) is the number of its value, from 0 to ``values`` - 1. The longest
    are those with the most epochs to train or, where that is not known, to be seen. One that stopped early keeps
    what it had: it would not have trained on.
    """
    curves = [curve_of(results.entries[row], measure) for row in rows.tolist()]
    asked = {trial: results.spec.epochs_of(trial) for trial in np.unique(results.trial[rows]).tolist()}
    lengths = np.array(
        [asked[trial] or len(curve) for trial, curve in zip(results.trial[rows].tolist(), curves, strict=True)],
        np.int64,
    )
    longest = np.flatnonzero(lengths == lengths.max(initial=0))
    epochs = max((len(curves[place]) for place in longest.tolist()), default=0)
    table = np.full((len(longest), epochs), np.nan)
    for line, place in enumerate(longest.tolist()):
        curve = curves[place]
        table[line, : len(curve)] = curve
        table[line, len(curve) :] = curve[-1] if len(curve) else np.nan
    of = value[results.trial[rows[longest]] - 1]
    after = np.full((values, epochs), np.nan)
    for epoch, scores in enumerate(table.T):
        has = np.isfinite(scores)
        after[:, epoch] = means(of[has], scores[has], values).mean
    return ByEpoch(after, np.bincount(of, minlength=values), rows[longest])


def curve_of(entry: Replicate, measure: Measure) -> NDArray[np.float64]:
    """Return a training's measure after epoch 1, 2, ..., NaN where there is none."""
    values = np.full(last_number(entry.epochs) if entry.epochs else 0, np.nan)
    if not measure.cost and len(entry.epochs) == len(values):
        values[:] = column(entry.epochs, measure.metric)
        return values
    for epoch in entry.epochs:
        found = measure.at(epoch)
        values[epoch.number - 1] = np.nan if found is None else found
    return values


def about_shorter(spec: SessionSpec, trials: NDArray[np.int64]) -> tuple[str, str]:
    """Say what the epochs of these trials tell of trainings with fewer epochs: at length, and in short."""
    if not _is_known(spec):
        return (
            "Shorter trainings have the same epochs, unless their code makes use of how many there are to be.",
            "shorter ones: as the code is",
        )
    ended = sorted(_schedules(spec, trials) - WITHOUT_AN_END)
    if not ended:
        return "A training of fewer epochs has the same ones, up to its end.", "shorter ones have the same"
    words = joined(ended)
    said = f"Schedule {words} runs over the whole training: one of fewer epochs has others."
    return said, f"{words}: shorter ones differ"


def fewer_would_do(spec: SessionSpec) -> str:
    """Say that a grid's longest trainings tell of its shorter ones as well; empty where they do not."""
    asked = next((factor.values for factor in spec.grid.hyperparameters if factor.name == "epochs"), ())
    if len(asked) < 2 or spec.grid.listed is not None or not _is_known(spec) or _schedules(spec) - WITHOUT_AN_END:
        return ""
    *shorter, longest = sorted(asked, key=float)
    left = spec.trainings // len(asked)
    return (
        f"Trainings of {longest} epochs pass through those of {joined([str(epochs) for epochs in shorter])}: with "
        f"epochs = {longest} alone, {left:,} trainings tell the same, epoch by epoch (curves, f)."
    )


def _is_known(spec: SessionSpec) -> bool:
    """Whether the trainings are hpo-tui's own, so that it is known what they depend on."""
    return spec.trainable and spec.workload == DEFAULT_WORKLOAD


def _schedules(spec: SessionSpec, trials: NDArray[np.int64] | None = None) -> set[str]:
    """Return the schedules of these trials, or of all."""
    if "schedule" not in spec.grid.names:
        return {str(spec.values_of(1)["schedule"])}
    at = spec.grid.names.index("schedule")
    values = spec.grid.hyperparameters[at].values
    codes = range(len(values)) if trials is None else np.unique(spec.grid.codes[trials - 1, at]).tolist()
    return {str(values[code]) for code in codes}
