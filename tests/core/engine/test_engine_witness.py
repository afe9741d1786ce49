"""An engine that is ended without a word: a witness says so in its log."""

from __future__ import annotations

import subprocess
import sys

import pytest

WATCHED = """
import os, subprocess
from hpo_core.engine.witness import witnessed
with witnessed("the engine is gone"):
    {end}
"""


@pytest.mark.parametrize(
    ("end", "status", "said"),
    [
        ("os._exit(3)", 3, True),
        ("subprocess.Popen(['sleep', '600']); os._exit(3)", 3, True),
        ("os.kill(os.getpid(), 9)", -9, True),
        ("os.killpg(os.getpgid(0), 9)", -9, True),
        ("pass", 0, False),
        ("raise SystemExit(2)", 2, False),
    ],
    ids=[
        "by a library, at once",
        "leaving what it started",
        "by SIGKILL",
        "by SIGKILL to its whole group",
        "in order",
        "by an error",
    ],
)
def test_an_engine_that_ends_without_a_word_is_spoken_of_in_its_log_and_one_that_says_its_own_is_not(
    end: str, status: int, said: bool
) -> None:
    words = [sys.executable, "-c", WATCHED.format(end=end)]
    done = subprocess.run(
        words, capture_output=True, text=True, timeout=60, check=False, start_new_session=True
    )  # stderr is closed once nobody holds it: neither the witness nor what was started
    assert done.returncode == status
    assert [line.split(" ", 2)[2] for line in done.stderr.splitlines()] == ["the engine is gone"] * said
