"""Which session another one was refined from."""

from __future__ import annotations

import re
from typing import NamedTuple

from hpo_core.session.snapshot import Snapshot

_SAID = re.compile(r"Refined from ([A-Za-z0-9][A-Za-z0-9._-]{0,63}): ")


class Parent(NamedTuple):
    """The session that one came from: its name then, and when it began (seconds since 1970; 0 where not known).

    A session that was given another name since is known by when it began.
    """

    name: str
    began: float = 0.0


def parent_of(snapshot: Snapshot) -> Parent | None:
    """Return what a session was refined from, None where it was not. Older journals say it in a note alone."""
    if snapshot.plan is not None and snapshot.plan.parent:
        return Parent(snapshot.plan.parent, snapshot.plan.parent_began)
    said = next((found for note in snapshot.notes[:1] if (found := _SAID.match(note.text))), None)
    return Parent(said[1]) if said else None
