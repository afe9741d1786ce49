"""A session as it stands on the disk, and as it goes on: opened by replaying its journal, then followed."""

from __future__ import annotations

from hpo_core.errors import SessionError
from hpo_core.journal.events import SCHEMA_VERSION
from hpo_core.journal.reader import Damage, JournalReader
from hpo_core.session.damage import name_lost
from hpo_core.session.paths import SessionFolder
from hpo_core.session.snapshot import Snapshot
from hpo_core.session.state import SessionState
from hpo_core.text import clean


class SessionReader:
    """Opens a session by replaying its journal, then follows it; never writes and never starts work."""

    def __init__(self, folder: SessionFolder) -> None:
        self.folder = folder
        self.state = SessionState(folder.load_spec())
        self._spec = self.state.spec
        self._journal = JournalReader(folder.path)
        self._restarts = 0
        self._damage_seen: list[Damage] = []

    def poll(self) -> bool:
        """Take in what was appended since the last call; return whether anything was."""
        records = self._journal.poll()
        anew = self._journal.restarts != self._restarts
        if anew:  # the journal was repaired, or a record came to light that was missing: what was read is void
            self._restarts = self._journal.restarts
            self.state = SessionState(self._spec)
        for record in records:
            self.state.apply(record)
        damaged = self._journal.damage != self._damage_seen
        self._damage_seen = self._journal.damage
        return bool(records) or damaged or anew

    def snapshot(self) -> Snapshot:
        """Return the session as far as it has been read."""
        return name_lost(self.state.snapshot(tuple(str(entry) for entry in self._journal.damage)))


def read_session(folder: SessionFolder) -> Snapshot:
    """Return a session as it stands on the disk now. Raises ``SessionError``, see ``check_readable``."""
    reader = SessionReader(folder)
    reader.poll()
    snapshot = reader.snapshot()
    check_readable(snapshot, folder)
    return snapshot


def check_readable(snapshot: Snapshot, folder: SessionFolder) -> None:
    """Raise ``SessionError`` where a newer hpo-tui wrote the session, or its results belong to another spec."""
    if snapshot.engine is not None and snapshot.engine.schema > SCHEMA_VERSION:
        raise SessionError(
            f"The session {folder.name!r} was written by hpo-tui {clean(snapshot.engine.version, 20)} (layout "
            f"{snapshot.engine.schema}; this one reads up to {SCHEMA_VERSION}); update hpo-tui to open it."
        )
    if snapshot.disagreement:
        raise SessionError(
            f"The spec.toml of {folder.name!r} is not the one that its results belong to: "
            f"{snapshot.disagreement}. Put the spec.toml, or the journal, back as it was; for another grid, run "
            "it under another --name."
        )
