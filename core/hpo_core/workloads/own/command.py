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
from hpo_core.text import clean, format_value, joined
from hpo_core.workloads.own.function import own_data
from hpo_core.workloads.own.heard import Heard, lines_of
from hpo_core.workloads.own.warm import Script, WarmParent, WarmRun, read_script, script_of
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
        self._parent: WarmParent | None = None
        self._starts_anew = not model.get("warm", True) or any(map(IN_COMMAND.search, self._words[:2]))

    def train(self, job: Job, report: Reporter, stop: StopSignal) -> Outcome:
        """Run the program to its end, or until told to stop."""
        out = _own_folder(Path(job.log))
        values = {OUT: str(out), "seed": job.seed, **job.values}
        words = [filled(word, values) for word in self._words]
        if not self._said_data:
            report.data(own_data())
            self._said_data = True
        _log(f"$ {shlex.join(words)}\n")
        process = self._start(words, out, report)
        report.started()
        threading.Thread(target=_end_when_told, args=(process, stop), daemon=True).start()
        heard = Heard(out, self._pattern)
        assert process.stdout is not None
        with process.stdout:
            epochs, last = self._read(process.stdout.fileno(), heard, report, stop)
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

    def end(self) -> None:
        """Let go of what is kept between trainings."""
        if self._parent is not None:
            self._parent.end()
            self._parent = None

    def _start(self, words: Sequence[str], out: Path, report: Reporter) -> subprocess.Popen[bytes] | WarmRun:
        folder = out if self._folder == IN_OUT else Path(self._folder)
        told = {"HPO_TUI_OUT": str(out)}
        parent = self._warm_parent(words, folder, report)
        if parent is not None:
            try:
                return parent.run(words[1:], folder, told)
            except OSError:  # it is gone, killed for its memory perhaps
                self.end()
        before = [sys.executable, "-S", "-c", END_WITH_PARENT] if sys.platform == "linux" else []
        try:
            return subprocess.Popen(
                [*before, *words],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=sys.stderr,
                cwd=folder,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **told},
            )
        except OSError as error:
            raise HpoError(f"{clean(words[0])} cannot be run: {clean(error.strerror)}.") from None

    def _warm_parent(self, words: Sequence[str], folder: Path, report: Reporter) -> WarmParent | None:
        """Return the process that has imported what the script imports; None where it is to start anew."""
        if self._starts_anew or self._parent is not None:
            return self._parent
        file = script_of(words, folder)
        script = Script() if file is None else read_script(file)
        if file is None or not (script.modules or script.why_not):
            self._starts_anew = True
            return None
        parent = None if script.why_not else WarmParent(script, file)
        why = script.why_not if parent is None else parent.why_not
        if parent is not None and not why:
            self._parent = parent
            report.note(
                f"{clean(file.name)} is run warm: each worker imports {joined(list(script.modules))} once, and "
                "forks each run from there; [model] warm = false starts each anew."
            )
            return parent
        if parent is not None:
            parent.end()
        self._starts_anew = True
        report.note(f"{clean(file.name)} starts anew for each training: {why}.")
        return None

    def _read(self, output: int, heard: Heard, report: Reporter, stop: StopSignal) -> tuple[int, dict[str, float]]:
        """Report each epoch of the program; return how many there were, and the last one's metrics."""
        epochs, began = 0, time.monotonic()
        last: dict[str, float] = {}

        def tell(found: dict[str, float]) -> None:
            nonlocal epochs, began, last
            epochs, last = epochs + 1, found
            now = time.monotonic()
            report.epoch(epochs, found, now - began)
            began = now

        for line in lines_of(output):
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


def _end_when_told(process: subprocess.Popen[bytes] | WarmRun, stop: StopSignal) -> None:
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
