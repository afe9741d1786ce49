"""The journal as the engine uses it: append, apply, and hold out when the disk is full or failing.

An event is applied to the state only once it is written. Where the disk takes nothing, events wait here in order
and are written when there is room: nothing is lost, nothing is written twice. Where the journal is no longer this
engine's to write (deleted, cut, or a newer engine at work), ``JournalLost`` or ``Superseded`` ends the engine.
"""

from __future__ import annotations

import contextlib
import errno
import shutil
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Literal

from hpo_core.engine.clock import Clock, Every
from hpo_core.errors import JournalError, SessionError
from hpo_core.journal.events import Envelope, Event, Noted, QueuePaused
from hpo_core.journal.files import REAL_FILES, Files
from hpo_core.journal.lock import SessionLock
from hpo_core.journal.reader import JournalReader
from hpo_core.journal.writer import JournalWriter, set_torn_tail_aside
from hpo_core.session.index import keep_index
from hpo_core.session.opening import PIECE_BYTES, check_readable, no_collections
from hpo_core.session.paths import SessionFolder
from hpo_core.session.state import SessionState
from hpo_core.session.status import READ_ONLY

Observer = Callable[[Envelope], None]

RETRY_SECONDS = 1.0
CHECK_SECONDS = 1.0
LAST_TRIES = 3
_FULL = {errno.ENOSPC, errno.EDQUOT}


class JournalLost(JournalError):  # noqa: N818 - what happened, as in SessionLocked
    """The journal was deleted, replaced or cut while the engine wrote it."""


class Superseded(SessionError):  # noqa: N818
    """Another engine has taken the session over."""


class Recorder:
    """Opens a session for writing by replay, then records. The caller holds ``lock``. Raises ``OSError``."""

    def __init__(
        self,
        folder: SessionFolder,
        lock: SessionLock,
        files: Files = REAL_FILES,
        clock: Clock | None = None,
        watched_by: Callable[[SessionState], Iterable[Observer]] = lambda _: (),
    ) -> None:
        self.folder = folder
        self._spec = folder.load_spec()
        self.blocked = ""
        """Why nothing can be written at the moment, in a sentence; empty where all is well."""
        self.crowded = ""
        """Why no file can be made, a training's log for one, in a sentence; empty where all is well."""
        self.unsafe = ""
        """Why what is written would not survive a power loss, in a sentence; empty where all is well."""
        self._lock = lock
        self._clock = clock or Clock()
        self._waiting: deque[tuple[Event, float]] = deque()
        self._files = files
        self._blocked_since = self._crowded_since = 0.0
        self._retry = Every(RETRY_SECONDS, self._clock)
        self._check = Every(CHECK_SECONDS, self._clock)
        self._reader = JournalReader(folder.path)
        self._read(watched_by)
        check_readable(self.state.snapshot(), folder)
        self.torn_bytes = set_torn_tail_aside(folder.path, self._reader, files)
        self._writer = JournalWriter(
            folder.path, self._reader.gen + 1, self._reader.last_seq, files, self._clock.steady
        )
        self.gen = self._writer.gen

    def _read(self, watched_by: Callable[[SessionState], Iterable[Observer]]) -> None:
        """Replay the journal, piece by piece, so that its records are never in memory all together."""
        restarts = -1
        with no_collections():
            while restarts < 0 or self._reader.share < 1:
                records = self._reader.poll(PIECE_BYTES)
                if restarts != self._reader.restarts:  # a record came to light that was missing: begin anew
                    restarts = self._reader.restarts
                    self.state = SessionState(self._spec)
                    self._observers = [*watched_by(self.state)]
                self.state.apply_all(records)
                if self.state.disagreement:
                    return  # it is refused, before anybody looks for trials that the spec lacks
                for observer in self._observers:
                    for record in records:
                        observer(record)

    def watch(self, observer: Observer) -> None:
        """Let ``observer`` see each record to come, once it is applied; ``watched_by`` sees the past's as well."""
        self._observers.append(observer)

    def record(self, event: Event, durable: bool = False) -> None:
        """Append ``event`` and apply it; ``durable`` waits for the disk. Never raises for a full disk."""
        self._waiting.append((event, self._clock.wall()))
        if not self.blocked:
            self._write_waiting()
            if durable and not self.blocked:
                self._sync(self._writer.sync)

    def note(self, level: Literal["info", "warning", "error"], text: str) -> None:
        """Tell the user something, by way of the journal."""
        self.record(Noted(level=level, text=text))

    def pause(self, reason: str) -> None:
        """Record that no further job is handed out until the queue is resumed."""
        if self.state.paused is None:
            self.record(QueuePaused(reason=reason))

    def tend(self) -> None:
        """Do what is due: sync, retry, look whether the journal is still ours. To be called often."""
        if self._check.due():
            self._check_ownership()
            self.mind_files()
        if self.blocked:
            if self._retry.due():
                self._write_waiting()
        else:
            self._sync(self._writer.sync_if_due)
            self._mind_safety()

    def mind_files(self) -> None:
        """Hold the queue up while the disk takes no further file: trainings would lose their logs."""
        if self._files.takes_files(self.folder.path):
            if self.crowded:
                self.note("warning", self._went_on(self.crowded, self._crowded_since))
                self.crowded = ""
        elif not self.crowded:
            self._crowded_since = self._clock.steady()
            self.crowded = "The disk takes no further file (no inodes left); paused until there is room."

    @property
    def held(self) -> str:
        """Why the disk holds the queue up, in a sentence; empty where it does not."""
        return self.blocked or self.crowded

    @property
    def settled(self) -> bool:
        """Whether all is written, and nothing of it is in doubt."""
        return not self.blocked and not self._writer.failing

    def close(self) -> None:
        """Sync and close. Raises ``OSError`` where the last records do not reach the disk, tried several times."""
        for _ in range(LAST_TRIES):
            with contextlib.suppress(OSError):
                self._writer.sync(at_once=True)
                break
        self._writer.close()
        with contextlib.suppress(OSError):
            self._reader.poll()
            if not self._reader.restarts:  # it is the journal that was written here
                keep_index(self.folder, self._spec, self.state, self._reader)

    def _write_waiting(self) -> None:
        while self._waiting:
            event, written = self._waiting[0]
            try:
                record = self._writer.append(event, written)
            except OSError as error:
                self._block(error)
                return
            self._waiting.popleft()
            self.state.apply(record)
            for observer in self._observers:
                observer(record)
        if self.blocked:
            try:
                self._writer.sync()  # the disk may take a record, and still fail to keep it
            except OSError as error:
                self._block(error)
                return
            self._unblock()

    def _block(self, error: OSError) -> None:
        if not self.blocked:
            self._blocked_since = self._clock.steady()
            self._retry.due()  # starts the time to the first retry
        self.blocked = self._complaint(error)

    def _unblock(self) -> None:
        why, self.blocked = self.blocked, ""
        self.note("warning", self._went_on(why, self._blocked_since))

    def _complaint(self, error: OSError) -> str:
        if error.errno == errno.EROFS:
            return READ_ONLY
        if error.errno not in _FULL:
            return f"The journal cannot be written: {error.strerror}; paused, and tried again every second."
        free = shutil.disk_usage(self.folder.path).free
        return f"The disk is full ({_size(free)} free); paused until there is room."

    def _sync(self, sync: Callable[[], None]) -> None:
        try:
            sync()
        except OSError as error:
            if error.errno in _FULL:
                self._block(error)
            else:
                self._disk_failed(error)

    def _disk_failed(self, error: OSError) -> None:
        """The writer goes on in a new file; whether this disk is still to be trusted is for the user to decide."""
        self.pause(f"disk error: {error.strerror}; the journal goes on in a new file")

    def _mind_safety(self) -> None:
        """Say while it lasts that nothing reaches the disk, and once that it does again."""
        since = self._writer.unsafe_since
        if since is None:
            if self.unsafe:
                self.unsafe = ""
                self.note("warning", "The disk keeps what is written again; nothing was lost.")
        elif not self.unsafe:
            at = time.strftime("%H:%M", time.localtime(self._clock.wall() - self._clock.steady() + since))
            self.unsafe = (
                f"disk error: what was recorded since {at} would not survive a power loss; tried again at least "
                "once a minute"
            )

    def _went_on(self, why: str, since: float) -> str:
        return f"{why} It went on after {self._clock.steady() - since:.0f} s; nothing was lost."

    def _check_ownership(self) -> None:
        if not self._writer.is_whole():
            raise JournalLost("The journal was deleted, replaced or cut while the engine worked.")
        if not self._lock.is_ours():
            raise Superseded("The session's lock file was removed or replaced; this engine stops.")
        self._reader.poll()
        if self._reader.gen > self.gen:
            raise Superseded("A newer engine has taken the session over; this one stops.")


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
