"""The worker's log: whoever prints, Python, a C library or a program that was started, it arrives there alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

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
