"""The home screen's list: each session with its progress, best score, age and size on the disk."""

from __future__ import annotations

import functools
import os
import pwd
import threading
import time
from pathlib import Path

from msgspec import Struct

from hpo_core.errors import HpoError
from hpo_core.plan.metrics import Objective
from hpo_core.plan.spec import SessionSpec
from hpo_core.session.lineage import Parent, parent_of
from hpo_core.session.note import read_note
from hpo_core.session.opening import SessionReader, check_readable
from hpo_core.session.paths import SessionFolder
from hpo_core.session.snapshot import Snapshot, session_status
from hpo_core.session.status import LiveStatus, read_status
from hpo_core.session.store import list_sessions
from hpo_core.text import clean, joined

WORKING = ("training", "paused")


class Live(Struct, frozen=True):
    """The engine at work: its process on which host, with how many workers, on what ("cpu", "gpu")."""

    host: str
    pid: int
    workers: int
    device: str
    gpu_name: str = ""
    gpus: tuple[str, ...] = ()

    @property
    def on(self) -> str:
        """What it computes on, its GPUs by their numbers: "cpu", "gpu", "gpu 0 and 1"."""
        return f"{self.device} {joined(self.gpus)}" if self.gpus else self.device


class SessionCard(Struct, frozen=True):
    """One session as the list shows it; ``problem`` says why it cannot be opened.

    ``age`` is the seconds since the journal's last record, ``size`` bytes; ``left`` the seconds to the end of the
    queue, where an engine knows them; ``paused`` why no training is started. ``began`` (seconds since 1970) and
    ``parent`` tell which session came from which. ``owner`` is a user's name; where an engine works, ``live`` says
    where.
    """

    folder: SessionFolder
    state: str = ""
    ended: int = 0
    trainings: int = 0
    best: float | None = None
    objective: Objective | None = None
    age: float = 0.0
    size: int = 0
    problem: str = ""
    spec: SessionSpec | None = None
    failed: int = 0
    left: float | None = None
    apart: bool = False
    paused: str = ""
    began: float = 0.0
    parent: Parent | None = None
    note: str = ""
    owner: str = ""
    live: Live | None = None

    @property
    def foreign(self) -> bool:
        """Whether the session is another user's."""
        return bool(self.owner) and self.owner != _user_name(os.getuid())

    @property
    def share(self) -> float:
        """How much of the session's trainings has ended, 0 to 1."""
        return self.ended / self.trainings if self.trainings else 0.0


def session_cards(sessions: Path) -> list[SessionCard]:
    """Return a card for each session of the folder, the one last worked on first. Reads every journal."""
    return CardReader(sessions).cards()


class CardReader:
    """Reads a folder's sessions again and again; of a journal that it has read, only what was appended since."""

    def __init__(self, sessions: Path) -> None:
        self._sessions = sessions
        self._known: dict[tuple[Path, int], _Card] = {}
        self._lock = threading.Lock()

    def cards(self) -> list[SessionCard]:
        """Return a card for each session, the one last worked on first. Threads wait for one another."""
        with self._lock:
            return self._read()

    def _read(self) -> list[SessionCard]:
        known, found = {}, []
        for folder in list_sessions(self._sessions):
            try:
                folder.check()
                # A session that was deleted and made anew has another inode: its journal is read from the start.
                key = (folder.path, folder.spec.stat().st_ino)
                card = self._known.get(key) or _Card(folder)
                found.append(card.read())
                known[key] = card
            except (HpoError, OSError) as error:
                found.append(SessionCard(folder, problem=str(error), owner=owner_of(folder.path)))
        self._known = known
        return found


class _Card:
    """One session, followed."""

    def __init__(self, folder: SessionFolder) -> None:
        self._folder = folder
        self._reader = SessionReader(folder, indexed=True)
        self._snapshot: Snapshot | None = None
        self._size = 0
        self._best: float | None = None
        self._apart = False
        self._parent: Parent | None = None

    def read(self) -> SessionCard:
        if self._reader.poll() or self._snapshot is None:
            snapshot = self._reader.snapshot()
            check_readable(snapshot, self._folder)
            self._reader.keep_index()
            self._size = self._folder.disk_size()
            self._apart = snapshot.spec.losses_apart
            self._best = None if self._apart else best_score(snapshot)
            self._parent = parent_of(snapshot)
            self._snapshot = snapshot
        snapshot, folder = self._snapshot, self._folder
        runs = folder.engine_runs()
        status = read_status(folder.status) if runs else None
        held = status.held if status is not None else ""
        state = session_status(snapshot, runs, held)
        return SessionCard(
            folder,
            state,
            snapshot.ended,
            snapshot.trainings,
            self._best,
            snapshot.spec.objective,
            max(time.time() - (snapshot.time or folder.spec.stat().st_mtime), 0.0),
            self._size,
            spec=snapshot.spec,
            failed=snapshot.counts["failed"] + snapshot.counts["diverged"],
            left=status.eta if status is not None else None,
            apart=self._apart,
            paused=held or snapshot.paused or "",
            began=snapshot.began,
            parent=self._parent,
            note=read_note(folder),
            owner=owner_of(folder.status if runs else folder.path),
            live=_live(snapshot, status) if runs else None,
        )


def _live(snapshot: Snapshot, status: LiveStatus | None) -> Live | None:
    engine = snapshot.engine
    if engine is None:
        return None
    workers, gpu = (status.workers, status.machine.gpu_name) if status is not None else (engine.workers, None)
    return Live(engine.host, engine.pid, workers, engine.device, gpu or "", status.gpus if status else ())


def owner_of(path: Path) -> str:
    """Return the name of the user whose file or folder this is, their number where they have none here."""
    try:
        user = path.stat().st_uid
        return _user_name(user)
    except OSError:
        return ""


@functools.cache
def _user_name(user: int) -> str:
    try:
        return clean(pwd.getpwuid(user).pw_name, 20)
    except KeyError:
        return str(user)


def best_score(snapshot: Snapshot) -> float | None:
    """Return the best mean of a trial over its finished replicates, or None where nothing has finished."""
    objective = snapshot.spec.objective
    scores: dict[int, list[float]] = {}
    for key, entry in snapshot.replicates.items():  # without numpy, which would be half of the time of a list
        value = entry.result(objective.metric)
        if value is not None:
            scores.setdefault(key.trial, []).append(value)
    means = [sum(found) / len(found) for found in scores.values()]
    if not means:
        return None
    return max(means) if objective.direction == "max" else min(means)
