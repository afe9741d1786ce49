"""A program of the user's: run once for each training, its metrics read from what it prints."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from typing import Any

from hpo_core.errors import HpoError
from hpo_core.journal.events import Job
from hpo_core.text import clean, format_value
from hpo_core.workloads.own.function import own_data
from hpo_core.workloads.own.printed import Printed
from hpo_core.workloads.workload import Outcome, Reporter, StopSignal

TERM_SECONDS = 5.0
"""A program that is told to stop has this long before it is killed."""


class CommandWorkload:
    """See ``Workload``. ``model`` is the spec's ``[model]`` table."""

    device = "cpu"

    def __init__(self, model: Mapping[str, Any]) -> None:
        self._words = shlex.split(str(model["command"]))
        self._folder = str(model["folder"])
        self._pattern = re.compile(model["pattern"]) if "pattern" in model else None
        self._said_data = False

    def train(self, job: Job, report: Reporter, stop: StopSignal) -> Outcome:
        """Run the program to its end, or until told to stop."""
        values = {**job.values, "seed": job.seed}
        words = [filled(word, values) for word in self._words]
        if not self._said_data:
            report.data(own_data())
            self._said_data = True
        _log(f"$ {shlex.join(words)}\n")
        report.started()
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", "HPO_TUI_VALUES": json.dumps(values)}
        try:
            process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=sys.stderr,
                cwd=self._folder,
                env=environment,
                start_new_session=True,
            )
        except OSError as error:
            raise HpoError(f"{clean(words[0])} cannot be run: {clean(error.strerror)}.") from None
        watch = threading.Thread(target=_end_when_told, args=(process, stop), daemon=True)
        watch.start()
        printed = Printed(self._pattern)
        epochs, began = 0, time.monotonic()
        assert process.stdout is not None
        for raw in process.stdout:
            line = raw.decode("utf-8", "replace")
            _log(line)
            for metrics in printed.read(line):
                epochs += 1
                report.epoch(epochs, metrics, time.monotonic() - began)
                began = time.monotonic()
                if stop.at_epoch_end:
                    stop.now = True
        status = process.wait()
        for metrics in printed.rest():
            epochs += 1
            report.epoch(epochs, metrics, time.monotonic() - began)
        if stop.now:
            return Outcome("stopped", f"Stopped after epoch {epochs}.", "stopped")
        if status:
            how = f"ended by {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
            raise HpoError(f"{clean(words[0])} failed: {how}; its log has what it printed.")
        if not epochs:
            raise HpoError(
                f"{clean(words[0])} ended without a metric that could be read; print JSON lines such as "
                '{"val_loss": 0.1}, or name a pattern in [model].'
            )
        return Outcome("complete")


def _log(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


_NAME = re.compile(r"\{([^{}]*)\}")


def filled(word: str, values: Mapping[str, Any]) -> str:
    """Return one word of a command with its ``{name}`` filled in. Raises ``HpoError`` for a name without value."""

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name not in values:
            raise HpoError(f"The command asks for {{{clean(name, 60)}}}, which the spec gives no value.")
        return str(values[name]) if isinstance(values[name], str) else format_value(values[name])

    return _NAME.sub(value, word)


def _end_when_told(process: subprocess.Popen[bytes], stop: StopSignal) -> None:
    while process.poll() is None and not stop.now:
        time.sleep(0.05)
    for sign in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        try:
            os.killpg(process.pid, sign)
        except ProcessLookupError:
            return
        end = time.monotonic() + TERM_SECONDS
        while process.poll() is None and time.monotonic() < end:
            time.sleep(0.05)
