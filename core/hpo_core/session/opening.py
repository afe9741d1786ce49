"""A session as it stands on the disk, and as it goes on: opened by replaying its journal, then followed."""

from __future__ import annotations

import contextlib
import gc
import os
from collections.abc import Iterator

from hpo_core.errors import JournalError, SessionError
from hpo_core.journal.events import SCHEMA_VERSION, EngineStarted, PlanRecorded
from hpo_core.journal.files import open_own
from hpo_core.journal.reader import Damage, JournalReader
from hpo_core.journal.records import decode_record
from hpo_core.journal.segments import segments
from hpo_core.session.damage import name_lost
from hpo_core.session.index import keep_index, read_index
from hpo_core.session.paths import SessionFolder
from hpo_core.session.snapshot import Snapshot
from hpo_core.session.state import SessionState
from hpo_core.text import clean

PIECE_BYTES = 1 << 17
"""A large journal is read in pieces of so many bytes: all of its records at once take several times its size.
Those of a piece fit into a processor's cache: of four times the bytes each takes a quarter longer.

On a screen something is seen after the first of them, and none holds up a key.
"""

PLAN_WITHIN = 1 << 16
"""The plan is among so many of the first bytes of a journal, if anywhere; a longer record is read whole."""


@contextlib.contextmanager
def no_collections() -> Iterator[None]:
    """Look for no cycles meanwhile: hundreds of thousands of records make none, and each look goes through all."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class SessionReader:
    """Opens a session by replaying its journal, then follows it; never starts work.

    For a screen, ``indexed`` goes on from the index beside a large journal, and ``keep_index`` writes one: nothing
    else is ever written. What must stand whatever an index says, as an export, reads the journal alone.
    """

    def __init__(self, folder: SessionFolder, indexed: bool = False) -> None:
        self.folder = folder
        self.state = SessionState(folder.load_spec())
        self._spec = self.state.spec
        self._journal = JournalReader(folder.path)
        self._restarts = 0
        self._damage_seen: list[Damage] = []
        self._indexed = indexed
        self._kept_to = 0
        """As far as there is an index, in bytes."""
        self._begun = False

    @property
    def share(self) -> float:
        """How much of the session the last ``poll`` has read: 1 where nothing was left."""
        return self._journal.share

    @property
    def left(self) -> int:
        """How many bytes of its journal the last ``poll`` has left."""
        return self._journal.left

    @property
    def damaged(self) -> bool:
        """Whether some of what was read is damaged: no index is kept then."""
        return bool(self._journal.damage)

    def poll(self, at_most: int | None = None) -> bool:
        """Take in what was appended since the last call; return whether anything was.

        ``at_most`` is about how many bytes of it to read now, None for all.
        """
        with no_collections():
            changed = self._poll(at_most or PIECE_BYTES)
            while at_most is None and self.share < 1:
                changed = self._poll(PIECE_BYTES) or changed
            return changed

    def keep_index(self) -> None:
        """Keep what was read for the next time, once: what is appended from then on is the engine's to keep."""
        if self._indexed and self.share == 1:
            self._indexed = False
            with no_collections():
                keep_index(self.folder, self._spec, self.state, self._journal, self._kept_to)

    def _take_index(self) -> bool:
        state, mark = read_index(self.folder, self._spec, self._journal), self._journal.mark()
        if state is not None and mark is not None:
            self.state, self._kept_to = state, mark.offset
        return state is not None

    def _poll(self, at_most: int | None) -> bool:
        taken = self._indexed and not self._begun and self._take_index()
        self._begun = True
        records = self._journal.poll(at_most)
        anew = self._journal.restarts != self._restarts
        if anew:  # the journal was repaired, or a record came to light that was missing: what was read is void
            self._restarts = self._journal.restarts
            self.state = SessionState(self._spec)
        self.state.apply_all(records)
        damaged = self._journal.damage != self._damage_seen
        self._damage_seen = self._journal.damage
        return bool(records) or damaged or anew or taken

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


def check_spec(folder: SessionFolder) -> None:
    """Raise ``SessionError`` or ``SpecError`` where the spec cannot be read, or is not the one of the results.

    Reads the journal's beginning only, where its plan is: to be asked before a screen is shown.
    """
    state = SessionState(folder.load_spec())
    for line in _first_lines(folder):
        with contextlib.suppress(JournalError):
            record = decode_record(line.rstrip(b"\n"))
            if isinstance(record.event, EngineStarted | PlanRecorded):
                state.apply(record)
    check_readable(state.snapshot(), folder)


def _first_lines(folder: SessionFolder) -> list[bytes]:
    with contextlib.suppress(OSError):  # the screen says why the journal cannot be read
        for path in segments(folder.path)[:1]:
            with os.fdopen(open_own(path), "rb") as file:
                return file.readlines(PLAN_WITHIN)
    return []


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
