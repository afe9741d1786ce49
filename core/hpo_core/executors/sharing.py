"""Which sessions train on this machine at the same time, and what is free beside them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from hpo_core.executors.claims import Claims, machine_folder
from hpo_core.executors.gpus import gpu_claims
from hpo_core.executors.hardware import cores, gpus
from hpo_core.session.paths import SessionFolder
from hpo_core.session.status import SessionHere, read_status
from hpo_core.text import joined, plural

ENGINE = "engine"
"""What an engine's claim is called; it has one."""


class EngineClaim(msgspec.Struct, frozen=True):
    """What an engine says of itself: its session's folder, and with how many workers it began."""

    session: str
    workers: int


def engine_claims() -> Claims:
    """Return the claims of engines whose workers are on this machine."""
    return Claims(machine_folder() / "engines")


def claim(claims: Claims, folder: SessionFolder, workers: int) -> None:
    """Say that an engine of this process works on a session, here."""
    claims.make(ENGINE, msgspec.json.encode(EngineClaim(str(folder.path.absolute()), workers)))


def sessions_here(engines: Claims | None = None, on_gpus: Claims | None = None) -> tuple[SessionHere, ...]:
    """Return the sessions of this user that train on this machine now, by the names of their folders.

    Who asks again and again keeps what is asked: ``engine_claims()`` and ``gpu_claims()``.
    """
    used: dict[int, list[str]] = {}
    for name, pid, _ in (on_gpus or gpu_claims()).of_others():
        used.setdefault(pid, []).append(name)
    found = []
    for _, pid, said in (engines or engine_claims()).of_others():
        with contextlib.suppress(msgspec.DecodeError):
            claimed = msgspec.json.decode(said, type=EngineClaim)
            folder = SessionFolder(Path(claimed.session))
            status = read_status(folder.status)
            workers = status.workers if status is not None and status.pid == pid else claimed.workers
            found.append(SessionHere(folder.name, pid, workers, tuple(sorted(used.get(pid, ())))))
    return tuple(sorted((session for session in found if session.workers), key=lambda each: (each.name, each.pid)))


def sharing_now() -> str:
    """Return who trains on this machine now and what is free; asked before one more session does."""
    others = sessions_here()
    return sharing_words(others, cores(), [str(place) for place in range(gpus())]) if others else ""


def sharing_words(others: Sequence[SessionHere], core_count: int, gpu_names: Sequence[str] = ()) -> str:
    """Return who else trains here, and what is free of cores and GPUs; an empty text where nobody does."""
    if not others:
        return ""
    each = joined([f"{session.name} ({in_words(session)})" for session in others])
    verb = "trains" if len(others) == 1 else "train"
    return f"{each} {verb} on this machine too; free: {free_words(others, core_count, gpu_names)}."


def in_words(session: SessionHere) -> str:
    """Return "2 workers" or "4 workers on GPU 0 and 1"."""
    on = f" on GPU {joined(session.gpus)}" if session.gpus else ""
    return f"{plural(session.workers, 'worker')}{on}"


def free_words(sessions: Iterable[SessionHere], core_count: int, gpu_names: Sequence[str] = ()) -> str:
    """Return "1 of 4 cores, 3 of 4 GPUs": those that no session uses. A worker has a core."""
    sessions = list(sessions)
    free = max(core_count - sum(session.workers for session in sessions), 0)
    words = f"{free} of {plural(core_count, 'core')}"
    if gpu_names:
        used = {name for session in sessions for name in session.gpus}
        left = sum(name not in used for name in gpu_names)
        words += f", {left} of {plural(len(gpu_names), 'GPU')}"
    return words
