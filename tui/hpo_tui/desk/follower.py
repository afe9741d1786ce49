"""Follows a session folder in a thread: the journal's tail and ``status.json`` become updates at a bounded rate.

The screen never reads a file in its own loop, so a slow disk cannot make it stutter.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from hpo_core.errors import HpoError
from hpo_core.journal.lock import is_held
from hpo_core.session import ahead
from hpo_core.session.opening import PIECE_BYTES, SessionReader, check_readable
from hpo_core.session.paths import SessionFolder
from hpo_core.session.snapshot import Snapshot
from hpo_core.session.status import LiveStatus, read_status
from hpo_core.text import clean

RATE = 10.0
"""Updates a second, at most; the last one is always delivered."""

PIECES_SECONDS = 1.0
"""What has been read of it so far is shown after so long, then after twice as long: drawing it takes time too."""

TRAININGS_A_SECOND = 200_000
"""Of large sessions updates come less often: each takes the screen a time that grows with the trainings."""

FIRST_SECONDS = 0.1
"""So long a journal is read here that another process reads: of its first piece alone there is little to see."""
SHARE_SECONDS = 0.5
"""So often it is shown how much of a large journal another process has read."""

LOCK_SECONDS = 1.0
"""How often it is asked whether an engine still holds the session."""


class Update(Struct, frozen=True, eq=False):
    """What the screen shows: the snapshot, where the running jobs are, and whether an engine is alive.

    ``read`` is how much of the journal was read, 1 for all of it. Every update is another: they are told apart
    without being compared.
    """

    snapshot: Snapshot
    status: LiveStatus | None
    engine_alive: bool
    read: float = 1.0


class Follower(threading.Thread):
    """Calls ``deliver`` with an ``Update`` when something changed, and ``fail`` with a sentence if it cannot.

    A session that a newer hpo-tui has written cannot be followed: what it means is not known here.
    """

    def __init__(
        self, folder: SessionFolder, deliver: Callable[[Update], None], fail: Callable[[str], None]
    ) -> None:
        super().__init__(name=f"follow {folder.name}", daemon=True)
        self._folder = folder
        self._deliver = deliver
        self._fail = fail
        self._leave = threading.Event()

    def stop(self) -> None:
        """Ask the thread to end."""
        self._leave.set()

    def run(self) -> None:
        """Follow until stopped."""
        try:
            self._follow()
        except (HpoError, OSError) as error:
            self._fail(str(error))
        except Exception as error:  # noqa: BLE001 - a thread that died in silence would leave a still picture
            self._fail(f"The session cannot be followed any more: {type(error).__name__}: {clean(error, 200)}.")

    def _follow(self) -> None:
        reader, beside = ahead.begun(self._folder)
        try:
            self._follow_with(reader, beside)
        finally:
            if beside is not None:
                beside.stop()

    def _follow_with(self, reader: SessionReader, beside: ahead.Ahead | None) -> None:
        snapshot: Snapshot | None = None
        status: LiveStatus | None = None
        alive = False
        asked = 0.0
        told = time.monotonic()
        pause = PIECES_SECONDS
        while not self._leave.is_set():
            began = time.monotonic()
            changed = reader.poll(PIECE_BYTES) or snapshot is None
            while beside is not None and reader.share < 1 and time.monotonic() - began < FIRST_SECONDS:
                reader.poll(PIECE_BYTES)
            if reader.share < 1 and snapshot is not None:
                if began - told < pause:
                    continue
                pause *= 2
            told = began
            if changed:
                snapshot = reader.snapshot()
                check_readable(snapshot, self._folder)
            seen = read_status(self._folder.status)
            if began - asked >= LOCK_SECONDS:
                asked = began
                held = is_held(self._folder.lock)
                changed, alive = changed or held != alive, held
            changed, status = changed or seen != status, seen
            if changed and snapshot is not None:
                self._deliver(update := Update(snapshot, status if alive else None, alive, reader.share))
                if beside is not None and reader.share < 1:
                    self._wait_for(beside, update)
                    reader, beside = SessionReader(self._folder, indexed=True), None
                    continue
            if reader.share == 1:
                beside = None
                reader.keep_index()
                begun = len(snapshot.replicates) if snapshot is not None else 0
                rest = max(1 / RATE, begun / TRAININGS_A_SECOND)
                self._leave.wait(max(rest - (time.monotonic() - began), 0.01))

    def _wait_for(self, beside: ahead.Ahead, first: Update) -> None:
        """Show beside what a large journal begins with how much of it has been read, until all is or nothing."""
        told = time.monotonic()
        while not self._leave.is_set() and (share := beside.share(SHARE_SECONDS)) is not None:
            if share > first.read and time.monotonic() - told >= SHARE_SECONDS:
                told = time.monotonic()
                self._deliver(replace(first, read=min(share, 0.99)))
