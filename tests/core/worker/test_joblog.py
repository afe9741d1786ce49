"""The worker's log: whoever prints, Python, a C library or a program that was started, it arrives there alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PRINTS = """
import ctypes, os, subprocess, sys
from hpo_core.worker.joblog import JobLog

def say(when):
    print(f"Python's stdout {when}")
    print(f"Python's stderr {when}", file=sys.stderr)
    c = ctypes.CDLL(None)
    c.puts(f"C's stdout {when}".encode())
    c.perror(f"C's stderr {when}".encode())
    c.fflush(None)
    os.write(2, f"a descriptor {when}\\n".encode())
    subprocess.run(["echo", f"a program {when}"])

log = JobLog(sys.argv[1])
say("before")
log.switch(sys.argv[2])
say("after")
"""
WHO = ("Python's stdout", "Python's stderr", "C's stdout", "C's stderr", "a descriptor", "a program")


def test_whatever_prints_arrives_in_the_log_of_its_time_and_nowhere_else(tmp_path: Path) -> None:
    logs = {when: tmp_path / "logs" / f"{when}.log" for when in ("before", "after")}
    command = [sys.executable, "-c", PRINTS, *map(str, logs.values())]
    done = subprocess.run(command, capture_output=True, timeout=60, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")
    for when, log in logs.items():
        text = log.read_text()
        assert [who for who in WHO if f"{who} {when}" not in text] == []
        assert len(text.splitlines()) == len(WHO)


COSTS_NOTHING = """
import os, sys
from hpo_core.worker.joblog import JobLog, print_without_fail

log = JobLog(sys.argv[1])
print_without_fail()
for path in sys.argv[2:]:
    log.switch(path)
    print(f"said for {path}")
os.dup2(os.open("/dev/full", os.O_WRONLY), 1)
print("lost on a full disk")
log.trim()
log.switch(sys.argv[1])
print("the end")
"""


@pytest.mark.fault(42)
def test_a_log_that_cannot_be_written_costs_no_training_and_nothing_outside_is_touched(tmp_path: Path) -> None:
    """What it would hold stands in the worker's first log."""
    first, link, pipe, folder = (tmp_path / name for name in ("first.log", "link.log", "pipe.log", "folder.log"))
    outside = tmp_path / "outside"
    outside.write_text("mine")
    link.symlink_to(outside)
    os.mkfifo(pipe)
    folder.mkdir()
    command = [sys.executable, "-c", COSTS_NOTHING, *map(str, (first, link, pipe, folder))]
    subprocess.run(command, timeout=60, check=True)
    said = first.read_text()
    assert [path.name for path in (link, pipe, folder) if f"said for {path}" not in said] == []
    assert "What follows stands here, for its own log" in said
    assert said.endswith("the end\n")
    assert outside.read_text() == "mine"
