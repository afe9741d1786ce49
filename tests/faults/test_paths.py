"""Whatever is given as a path, and wherever the words go: a sentence and status 2, never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from hpo_core.errors import SpecError
from hpo_core.plan.spec import SessionSpec
from hpo_tui.cli import VERBS, cli

PAPER = Path(__file__).parents[2] / "sessions" / "paper"
BAD = {
    "of nobody": b"~nosuchuser/x",
    "Latin-1": b"./a\xe9b",
    "ESC": b"./a\x1b[31mb",
    "long": b"./" + b"x" * 5000,
}
SESSION = [[verb] for verb in VERBS if verb not in ("demo", "new", "run", "import", "list", "doctor", "plot")]
BEFORE: list[list[str]] = [
    *SESSION,
    ["run"],
    ["new"],
    ["import"],
    ["show", "paper", "--sessions"],
    ["list", "--sessions"],
    ["import", str(PAPER / "exports"), "--sessions"],
    ["export", str(PAPER), "--to"],
    ["plot", str(PAPER), "ranking", "--svg"],
]
"""Every place of every verb that takes a path; the path comes last."""


@pytest.mark.fault(57)
@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("before", BEFORE, ids=" ".join)
def test_whatever_is_given_as_a_path_is_answered_in_one_sentence(
    before: list[str], bad: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    call = [
        *before,
        os.fsdecode(BAD[bad]),
        *(["ranking"] if before[0] == "plot" and "ranking" not in before else []),
    ]
    done = CliRunner().invoke(cli, call)
    assert isinstance(done.exception, SystemExit | None)
    if done.exit_code == 0:  # a folder of this name can be made, or has no sessions
        assert before[0] in ("export", "plot", "list")
        return
    assert done.exit_code == 2
    [line] = done.stderr.splitlines()
    assert line.startswith("hpo-tui: ")
    assert line.isprintable()


@pytest.mark.fault(57)
@pytest.mark.parametrize("bad", ["~nosuchuser/x", "a\\u0000b"])
@pytest.mark.parametrize(
    "table",
    [
        '[data]\nsource = "folder"\npath = "{}"',
        '[model]\nfile = "{}"',
        '[model]\ncommand = "train {{filters}}"\nfolder = "{}"',
    ],
)
def test_a_path_in_a_spec_that_can_be_none_is_named(table: str, bad: str) -> None:
    with pytest.raises(SpecError, match=r"is in the home folder of a user|has a NUL character"):
        SessionSpec.parse(f"{table.format(bad)}\n[grid]\nfilters = [2, 4]\n")


def hpo_tui(*call: str, way: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a call in a shell that puts ``way`` behind it."""
    command = ["sh", "-c", f'exec "$@" {way}', "sh", sys.executable, "-m", "hpo_tui", *call]
    return subprocess.run(
        [*command, "--sessions", str(PAPER.parent)],
        capture_output=True,
        encoding="latin-1",
        env={**os.environ, **environment},
        timeout=60,
        check=False,
    )


@pytest.mark.fault(58)
def test_a_closed_stdout_or_stderr_is_no_error() -> None:
    for way in (">&-", ">&- 2>&- <&-"):
        done = hpo_tui("list", way=way)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.fault(58)
def test_where_not_every_character_can_be_written_all_is_ascii() -> None:
    done = hpo_tui("plot", "paper", "scatter", "--size", "100x30", PYTHONIOENCODING="latin-1")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.isascii()
    assert "learning_rate" in done.stdout
