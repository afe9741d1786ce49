"""What a worker's death means, in words; and when the same failure has come often enough to pause the queue."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

from hpo_core.executors.executor import WorkerDied
from hpo_core.journal.files import open_own
from hpo_core.text import clean, plural

_LOG_TAIL = 64 * 1024
_NAMED = {
    signal.SIGSEGV: ("segmentation fault", "segmentation fault (SIGSEGV); the Python stack is in the log"),
    signal.SIGBUS: ("bus error", "bus error (SIGBUS); the Python stack is in the log"),
    signal.SIGABRT: ("aborted", "aborted (SIGABRT), by a library's own check; see the log"),
    signal.SIGFPE: ("arithmetic error", "arithmetic error (SIGFPE); the Python stack is in the log"),
    signal.SIGILL: ("illegal instruction", "illegal instruction (SIGILL): TensorFlow is built for another CPU"),
    signal.SIGTERM: ("terminated", "terminated from outside (SIGTERM)"),
}


def describe_death(returncode: int, killed_for_memory: bool) -> tuple[str, str]:
    """Return the kind, a word to count by, and the reason of a worker's death."""
    if returncode >= 0:
        return "exit", f"the worker left with exit status {returncode}; see the log"
    if -returncode == signal.SIGKILL:
        return ("memory", "killed for memory") if killed_for_memory else ("killed", _UNKNOWN_KILL)
    try:
        number = signal.Signals(-returncode)
    except ValueError:
        return "killed", f"killed by signal {-returncode}"
    return _NAMED.get(number, ("killed", f"killed ({number.name}), cause unknown"))


_UNKNOWN_KILL = "killed (SIGKILL), cause unknown"


def last_words(death: WorkerDied) -> str:
    """Return the last line of the dead worker's log, or an empty text."""
    try:
        with os.fdopen(open_own(death.log), "rb") as file:
            file.seek(max(os.fstat(file.fileno()).st_size - _LOG_TAIL, 0))
            lines = file.read().decode("utf-8", "replace").split("\n")
    except OSError:
        return ""
    return clean(next((line.strip() for line in reversed(lines) if line.strip()), ""), 200)


class MemoryKills:
    """Counts what the kernel has killed for memory in this control group; says whether it did since last asked."""

    def __init__(self, counter: Path | None = None) -> None:
        self._counter = counter or _oom_counter()
        self._seen = self._read()

    def happened(self) -> bool:
        """Whether the system has recorded another kill for memory."""
        before, self._seen = self._seen, self._read()
        return self._seen > before

    def _read(self) -> int:
        if self._counter is None:
            return 0
        try:
            rows = (line.split() for line in self._counter.read_text(encoding="ascii").splitlines())
            return int({row[0]: row[1] for row in rows if len(row) == 2}.get("oom_kill", 0))
        except (OSError, ValueError):
            return 0


def _oom_counter() -> Path | None:
    """Return the file that counts this control group's kills for memory (cgroup 2, else 1), or None."""
    try:
        rows = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    base = Path("/sys/fs/cgroup")
    for row in rows:
        _, controllers, path = row.split(":", 2)
        if controllers == "":
            candidates = [base / path.lstrip("/") / "memory.events", base / "memory.events"]
        elif "memory" in controllers.split(","):
            group = base / "memory"
            candidates = [group / path.lstrip("/") / "memory.oom_control", group / "memory.oom_control"]
        else:
            continue
        for candidate in candidates:
            if candidate.is_file():
                return candidate
    return None


REPEATED_FAILURES = 5
"""After so many failures of one kind in a row the queue pauses."""

FAILURES = 20
"""After so many in a row, of whatever kinds, too."""

_NUMBERS = re.compile(r"0x[0-9a-fA-F]+|\d+")


class Repetition:
    """Tells when failures have come too often in a row: ``alike`` of one kind, ``any_kind`` of whatever kinds.

    Two are alike where their reasons differ in numbers only: a shape, an address, a byte count.
    """

    def __init__(self, alike: int = REPEATED_FAILURES, any_kind: int = FAILURES) -> None:
        self._alike, self._any_kind = alike, any_kind
        self._failure = ("", "")
        self.reset()

    def reset(self) -> None:
        """Start to count anew."""
        self._count = self._all = 0

    def failed(self, kind: str, reason: str) -> str:
        """Count a failure; return why to pause where it is the last one that is borne, else an empty text."""
        failure = (kind, _NUMBERS.sub("#", reason))
        self._count = self._count + 1 if self._failure == failure else 1
        self._all += 1
        self._failure = failure
        if self._count >= self._alike:
            return f"{plural(self._alike, 'training')} in a row failed the same way: {reason}"
        if self._all >= self._any_kind:
            return f"{plural(self._any_kind, 'training')} in a row failed, the last one so: {reason}"
        return ""
