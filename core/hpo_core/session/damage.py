"""What the damage of a journal means for the results, and which results are not of the same data: in words."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from hpo_core.session.snapshot import Replicate, Snapshot
from hpo_core.text import clean, plural

NAMED = 3
"""So many of a kind are named; the rest is a number."""


def damage_in_words(snapshot: Snapshot) -> str:
    """Return what the reader of the results must know of the journal and the data, or an empty text."""
    said = [mixed_data(snapshot)]
    if snapshot.damage:
        records = plural(len(snapshot.damage), "damaged journal record")
        said.insert(0, f"{records} left out: {'; '.join(snapshot.damage[:NAMED])}.")
    else:
        said.insert(0, lost_epochs(snapshot))
    return " ".join(filter(None, said))


def lost_epochs(snapshot: Snapshot) -> str:
    """Return which complete trainings lack epochs, in a sentence, or an empty text."""
    if not snapshot.incomplete:
        return ""
    return f"Epochs of complete trainings are lost: {_named(snapshot.incomplete)}; queue them again to have them."


def name_lost(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot whose first damage also names the epochs that are lost by it."""
    if not snapshot.damage or not snapshot.incomplete:
        return snapshot
    first = f"{snapshot.damage[0]} (lost: {_named(snapshot.incomplete)})"
    return replace(snapshot, damage=(first, *snapshot.damage[1:]))


def mixed_data(snapshot: Snapshot) -> str:
    """Return that the results are of several states of the data, in a sentence, or an empty text."""
    if len(snapshot.fingerprints) < 2:
        return ""
    each = ", ".join(f"{count:,} of {clean(data_name(name))}" for name, count in snapshot.fingerprints.items())
    return f"The data changed during this session; compare only results of the same: {each}."


def data_name(fingerprint: str) -> str:
    """Return the few digits by which a state of the data is told from another."""
    return fingerprint[:8]


def _named(entries: Sequence[Replicate]) -> str:
    more = f", and {len(entries) - NAMED:,} more" if len(entries) > NAMED else ""
    return ", ".join(f"{entry.key} epoch {_numbers(entry)}" for entry in entries[:NAMED]) + more


def _numbers(entry: Replicate) -> str:
    missing = entry.missing
    return " and ".join(map(str, missing)) if len(missing) < NAMED else f"{missing[0]} to {missing[-1]}"
