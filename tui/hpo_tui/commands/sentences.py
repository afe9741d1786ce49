"""How results stand in the lines that commands print: values, metrics, trainings that ended."""

from __future__ import annotations

from collections.abc import Mapping

from hpo_core.plan.hyperparameters import Value
from hpo_core.session.paths import SessionFolder
from hpo_core.session.snapshot import Replicate, Snapshot
from hpo_core.text import clean, format_seconds, format_value, plural
from hpo_tui.look.numbers import metric_text


def values_in_words(values: Mapping[str, Value]) -> str:
    """Return "learning_rate 0.001 · loss poisson · filters 36"."""
    return " · ".join(f"{clean(name, 40)} {format_value(value)}" for name, value in values.items())


def counts_in_words(snapshot: Snapshot) -> str:
    """Return "12 trainings: 10 complete, 1 diverged, 1 failed"."""
    counts = ", ".join(f"{count:,} {status}" for status, count in snapshot.counts.items() if count)
    return f"{plural(snapshot.trainings, 'training')}: {counts}"


def outcome_in_words(entry: Replicate) -> str:
    """Return "failed: killed (SIGKILL), cause unknown"."""
    return f"{entry.status}: {clean(entry.reason, 200)}" if entry.reason else entry.status


def ended_in_words(entry: Replicate, snapshot: Snapshot, folder: SessionFolder) -> str:
    """Return one line on a training that ended: which, its values, its score or why there is none, its time."""
    objective = snapshot.spec.objective.metric
    trial = snapshot.spec.grid[entry.key.trial]
    if entry.status == "complete":
        outcome = f"{clean(objective)} {metric_text(entry.metric(objective))}"
        outcome += f" ({clean(entry.reason, 200)})" if entry.reason else ""
    else:
        outcome = outcome_in_words(entry)
    parts = [str(entry.key), values_in_words(trial.values), outcome]
    if entry.seconds >= 0.05:
        parts.append(f"{entry.seconds:.1f} s" if entry.seconds < 100 else format_seconds(entry.seconds))
    if entry.status == "failed" and (log := folder.log_of(entry.key, entry.attempt)).exists():
        parts.append(f"log {clean(log)}")
    return "  ".join(parts)
