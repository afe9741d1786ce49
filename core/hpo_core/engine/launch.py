"""Starts an engine in the background, so that it outlives whoever starts it."""

from __future__ import annotations

import atexit
import contextlib
import os
import select
import subprocess
import sys
import time

import msgspec

from hpo_core.errors import SessionError, SessionLocked, SpecError
from hpo_core.executors.registry import EXECUTORS
from hpo_core.journal.events import DEFAULT_OPTIONS, EngineOptions
from hpo_core.journal.files import make_own_folder, open_own
from hpo_core.session.code import check_trusted
from hpo_core.session.paths import SessionFolder
from hpo_core.text import clean

START_SECONDS = 60.0
CLUSTER_SECONDS = 180.0
"""An engine that starts or joins a cluster has so long: on a busy machine that alone takes half a minute."""

LOG_BYTES = 1 << 20
"""An engine log longer than this is begun anew."""

READY = "ready"
"""What the engine says once it holds the lock and its start is on the disk; else it says a sentence."""

LOCKED = "locked: "
"""What that sentence begins with where another engine was first."""


def start_engine(
    folder: SessionFolder,
    options: EngineOptions = DEFAULT_OPTIONS,
    *,
    take_over: bool = False,
    foreground: bool = False,
) -> int:
    """Start the session's engine and return its process id once it holds the lock.

    It runs in a session of its own, and its output goes to ``folder.engine_log``; with ``foreground`` it stays in
    the caller's session and terminal, so that Ctrl+C reaches it. Raises ``SessionLocked`` where another engine
    works on the session, and ``SessionError`` with the engine's own sentence where it cannot begin, or where the
    session's code came from elsewhere and is not trusted.
    """
    with contextlib.suppress(SpecError):  # what is wrong with a spec, the engine says itself
        check_trusted(folder)
    command = [sys.executable, "-P", "-m", "hpo_core.engine", str(folder.path.absolute())]
    command += ["--options", msgspec.json.encode(options).decode()]
    command += ["--take-over"] if take_over else []
    ready, theirs = os.pipe()
    try:
        log = _open_log(folder)
        try:
            process = subprocess.Popen(
                [*command, "--ready-fd", str(theirs)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(theirs,),
                start_new_session=not foreground,
            )
        finally:
            os.close(log)
            os.close(theirs)
        facts = EXECUTORS.get(options.executor)
        answer = _await_answer(ready, CLUSTER_SECONDS if facts is not None and facts.cluster else START_SECONDS)
    except OSError as error:
        raise SessionError(f"The engine cannot be started: {error.strerror}.") from None
    finally:
        os.close(ready)
    if answer == READY.encode():
        return _keep(process)
    return _refuse(folder, process, answer)


_children: list[subprocess.Popen[bytes]] = []


def _disown() -> None:
    """Let the engines that still run go on without a complaint at this process' end: they are meant to."""
    for child in _children:
        if child.poll() is None:
            child.returncode = 0


atexit.register(_disown)


def _keep(process: subprocess.Popen[bytes]) -> int:
    """Remember the child, so that it is reaped when it ends, and nobody complains that it still runs."""
    _children[:] = [child for child in _children if child.poll() is None]
    _children.append(process)
    return process.pid


def _refuse(folder: SessionFolder, process: subprocess.Popen[bytes], answer: bytes | None) -> int:
    if answer is None:
        process.kill()
    process.wait()
    sentence = clean((answer or b"").decode("utf-8", "replace"))
    if sentence.startswith(LOCKED):
        raise SessionLocked(sentence.removeprefix(LOCKED))
    raise SessionError(sentence or f"The engine did not begin; see {clean(folder.engine_log)}.")


def _open_log(folder: SessionFolder) -> int:
    make_own_folder(folder.logs)
    fd = open_own(folder.engine_log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    if os.fstat(fd).st_size > LOG_BYTES:
        os.ftruncate(fd, 0)
    return fd


def _await_answer(ready: int, patience: float) -> bytes | None:
    """Return all that the engine says before it closes its end; None where it says nothing for too long."""
    answer = b""
    deadline = time.monotonic() + patience
    while (left := deadline - time.monotonic()) > 0:
        if select.select([ready], [], [], left)[0]:
            part = os.read(ready, 4096)
            if not part:
                return answer
            answer += part
    return None
