"""A program of the user's: run once for each training, its metrics read from what it prints or logs."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

from hpo_core.errors import HpoError
from hpo_core.journal.events import Job
from hpo_core.journal.files import make_own_folder
from hpo_core.plan.model_source import IN_COMMAND, IN_OUT, OUT
from hpo_core.text import clean, format_value
from hpo_core.workloads.own.function import own_data
from hpo_core.workloads.own.heard import Heard, lines_of
from hpo_core.workloads.workload import Outcome, Reporter, StopSignal, not_finite

TERM_SECONDS = 5.0
"""A program that is told to stop has this long before it is killed."""

END_WITH_PARENT = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, 9)
try:
    os.execvp(sys.argv[1], sys.argv[1:])
except OSError as error:
    sys.exit(f"{sys.argv[1]} cannot be run: {error.strerror}")
"""
"""Runs before the program, in its process, so that the kernel (Linux) ends it where the worker is killed."""


class CommandWorkload:
    """See ``Workload``. ``model`` is the spec's ``[model]`` table."""

    def __init__(self, model: Mapping[str, Any], device: str) -> None:
        self.device = device
        self._words = shlex.split(str(model["command"]))
        self._folder = str(model["folder"])
        self._pattern = re.compile(model["pattern"]) if "pattern" in model else None
        self._said_data = False

    def train(self, job: Job, report: Reporter, stop: StopSignal) -> Outcome:
        """Run the program to its end, or until told to stop."""
        out = _own_folder(Path(job.log))
        values = {OUT: str(out), "seed": job.seed, **job.values}
        words = [filled(word, values) for word in self._words]
        if not self._said_data:
            report.data(own_data())
            self._said_data = True
        _log(f"$ {shlex.join(words)}\n")
        report.started()
        process = self._start(words, out)
        threading.Thread(target=_end_when_told, args=(process, stop), daemon=True).start()
        heard = Heard(out, self._pattern)
        epochs, last = self._read(process, heard, report, stop)
        status = process.wait()
        with contextlib.suppress(OSError):
            out.rmdir()  # where nothing stands in it
        if stop.now:
            return Outcome("stopped", f"Stopped after epoch {epochs}.", "stopped")
        if status:
            how = f"ended by {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
            raise HpoError(f"{clean(words[0])} failed: {how}; its log has what it printed.")
        if not epochs:
            way = 'Print JSON lines such as {"val_loss": 0.1}, or name a pattern in [model].'
            said = heard.logged.missing or way
            raise HpoError(f"{clean(words[0])} ended without a metric that could be read. {said}")
        return not_finite(last, epochs) or Outcome("complete")

    def _start(self, words: Sequence[str], out: Path) -> subprocess.Popen[bytes]:
        before = [sys.executable, "-S", "-c", END_WITH_PARENT] if sys.platform == "linux" else []
        try:
            return subprocess.Popen(
                [*before, *words],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=sys.stderr,
                cwd=out if self._folder == IN_OUT else self._folder,
                env={**os.environ, "PYTHONUNBUFFERED": "1", "HPO_TUI_OUT": str(out)},
            )
        except OSError as error:
            raise HpoError(f"{clean(words[0])} cannot be run: {clean(error.strerror)}.") from None

    def _read(
        self, process: subprocess.Popen[bytes], heard: Heard, report: Reporter, stop: StopSignal
    ) -> tuple[int, dict[str, float]]:
        """Report each epoch of the program; return how many there were, and the last one's metrics."""
        assert process.stdout is not None
        epochs, began = 0, time.monotonic()
        last: dict[str, float] = {}

        def tell(found: dict[str, float]) -> None:
            nonlocal epochs, began, last
            epochs, last = epochs + 1, found
            now = time.monotonic()
            report.epoch(epochs, found, now - began)
            began = now

        for line in lines_of(process.stdout.fileno()):
            _log(line)
            for found in heard.line(line):
                tell(found)
                stop.now |= stop.at_epoch_end
        for found in heard.end():
            tell(found)
        return epochs, last


def _own_folder(log: Path) -> Path:
    """Make the folder of one attempt, beside the session's logs. Raises ``HpoError``."""
    folder = log.parent.with_name(OUT) / log.stem
    try:
        make_own_folder(folder.parent)
        make_own_folder(folder)
    except OSError as error:
        raise HpoError(f"{clean(folder)} cannot be made: {clean(error.strerror)}.") from None
    return folder


def filled(word: str, values: Mapping[str, Any]) -> str:
    """Return one word of a command with each ``{name}`` filled in; the spec has a value for every one."""
    return IN_COMMAND.sub(lambda match: _text(values[match[1]]), word)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else format_value(value)


def _end_when_told(process: subprocess.Popen[bytes], stop: StopSignal) -> None:
    """End the program and all that it started, politely at first."""
    while process.poll() is None and not stop.now:
        time.sleep(0.05)
    if not stop.now:
        return
    with contextlib.suppress(psutil.NoSuchProcess):
        root = psutil.Process(process.pid)
        family = [*root.children(recursive=True), root]
        for end in (psutil.Process.terminate, psutil.Process.kill):
            for member in family:
                with contextlib.suppress(psutil.NoSuchProcess):
                    end(member)
            family = psutil.wait_procs(family, TERM_SECONDS)[1]


def _log(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
