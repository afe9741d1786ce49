"""TensorBoard's event files while it trains: ``[session] tensorboard = true`` writes them beside the journal.

One folder for each training under the session's ``tensorboard``, with the HParams and the curve so far: what
``export --format tensorboard`` writes at the end. Nothing rests on them, so nothing that goes wrong with them
costs a training: it is said once, and they are written no more.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

from hpo_core.errors import SessionError
from hpo_core.interop.event_bytes import FILE, EventBytes
from hpo_core.journal.events import AttemptEnded, AttemptStarted, Envelope, EpochEnded
from hpo_core.journal.files import REAL_FILES, Files, make_own_folder, write_all
from hpo_core.plan.grid import JobKey
from hpo_core.session.state import SessionState
from hpo_core.text import clean

log = logging.getLogger(__name__)


class EventLog:
    """Writes each training's events as they are recorded; ``say`` is told, in a sentence, why it ends."""

    def __init__(
        self, folder: Path, state: SessionState, say: Callable[[str], None], files: Files = REAL_FILES
    ) -> None:
        self._folder, self._state, self._say, self._files = folder, state, say, files
        self._open: dict[JobKey, int] = {}
        self._bytes: EventBytes | None = None
        self._ended = False

    def observe(self, record: Envelope) -> None:
        """Write what there is to write of a record; see ``Recorder.watch``."""
        event = record.event
        if self._ended or not isinstance(event, (AttemptStarted, EpochEnded, AttemptEnded)):
            return
        key = JobKey(event.trial, event.replicate)
        try:
            if isinstance(event, AttemptStarted):
                self._begin(key, event.attempt)
            elif isinstance(event, EpochEnded):
                self._epoch(key, event)
            else:
                self._close(key)
        except (OSError, SessionError) as error:
            self._end(error.strerror or "" if isinstance(error, OSError) else str(error))
        except Exception as error:  # a foreign package's: it shall cost no training
            log.exception("event files")
            self._end(str(error))

    def _begin(self, key: JobKey, attempt: int) -> None:
        self._close(key)
        self._bytes = self._bytes or EventBytes("[session] tensorboard")
        make_own_folder(self._folder)
        folder = self._folder / f"trial-{key.trial}-r{key.replicate}"
        make_own_folder(folder)
        for older in folder.glob(FILE.format("*")):
            older.unlink()  # an attempt that crashed: this one begins again from epoch 1
        self._open[key] = self._files.create(folder / FILE.format(attempt))
        values = self._state.spec.values_of(key.trial)
        self._write(key, self._bytes.begin(key.trial, values, time.time()))

    def _epoch(self, key: JobKey, event: EpochEnded) -> None:
        if key in self._open and self._bytes is not None:
            self._write(key, self._bytes.epoch(event.epoch, event.metrics, time.time()))

    def _write(self, key: JobKey, data: bytes) -> None:
        write_all(self._files, self._open[key], data)

    def _close(self, key: JobKey) -> None:
        if (descriptor := self._open.pop(key, None)) is not None:
            self._files.close(descriptor)

    def close(self) -> None:
        """Close what is open."""
        for key in list(self._open):
            self._close(key)

    def _end(self, why: str) -> None:
        self._ended = True
        try:
            self.close()
        except OSError:
            log.exception("event files")
        self._say(f"TensorBoard's event files are written no more: {clean(why, 160)}")
