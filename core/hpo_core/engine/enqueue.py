"""Queues trainings of a session that no engine works on: as an engine would, under its lock, in its journal."""

from __future__ import annotations

from collections.abc import Iterable

from hpo_core.engine.recorder import Recorder
from hpo_core.errors import SessionError
from hpo_core.journal.events import JobsQueued
from hpo_core.journal.lock import SessionLock
from hpo_core.plan.grid import JobKey
from hpo_core.session.paths import SessionFolder
from hpo_core.text import clean


def queue_jobs(folder: SessionFolder, jobs: Iterable[JobKey], reason: str = "") -> None:
    """Record that these wait to be trained; the next engine begins with them. Starts nothing.

    Raises ``SessionLocked`` where an engine works on the session (it takes orders), and ``SessionError`` where
    there is nothing to train on or the journal cannot be written.
    """
    if not folder.load_spec().trainable:
        raise SessionError(f"The session {folder.name!r} was imported: it has results, and nothing to train.")
    pairs = tuple((key.trial, key.replicate) for key in jobs)
    lock = SessionLock(folder.lock)
    try:
        lock.acquire()
        recorder = Recorder(folder, lock)
        recorder.record(JobsQueued(jobs=pairs, reason=reason), durable=True)
        recorder.close()
    except OSError as error:
        raise SessionError(f"The session cannot be written: {clean(error.strerror)}.") from None
    finally:
        lock.release()
    if recorder.blocked:
        raise SessionError(f"The trainings are not queued. {recorder.blocked}")
