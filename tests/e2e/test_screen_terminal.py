"""The screen in a real pseudo-terminal: what a person does in an evening, and what happens when the line drops."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from places import PAPER

from hpo_core.journal.lock import read_holder
from hpo_core.session.paths import SessionFolder

pytestmark = pytest.mark.pty


@pytest.mark.fault(63)
def test_the_papers_session_is_trimmed_by_keys_to_its_figures_and_a_kill_loses_no_trim(
    in_terminal: Any, tmp_path: Path
) -> None:
    shutil.copytree(PAPER, tmp_path / "sessions" / "paper")
    terminal = in_terminal("open", "paper")
    terminal.wait_for("0.0159")
    terminal.wait_for("0.9661")
    terminal.wait_for("imported 120 of 120")
    terminal.wait_for("60 of 60")
    terminal.type("5")  # learning rate 0.01: the paper's Figure 3
    terminal.wait_for("48 of 60")
    terminal.wait_for("0.7522")
    terminal.wait_for("worst 0.0159 → 0.7522")
    terminal.type("1")  # 0.0001
    terminal.type("4")  # 0.005
    terminal.wait_for("24 of 60")
    terminal.type("\x1b[6~\x1b[6~")  # to filter_size
    terminal.type("1")  # 12: Figure 4
    terminal.wait_for("18 of 60")
    terminal.wait_for("0.9114")
    terminal.wait_for("best 0.9661 unchanged")
    terminal.type("u")
    terminal.wait_for("24 of 60")
    view = tmp_path / "sessions" / "paper" / "view.json"
    end = time.monotonic() + 60
    while not view.exists() or len(json.loads(view.read_text())["hidden"]) != 3:
        assert time.monotonic() < end, "the trim is not saved"
        terminal.read(0.05)
    terminal.process.kill()
    terminal.process.wait(60)
    again = in_terminal("open", "paper")
    again.wait_for("paper")  # which stands there before all the rest: what is typed now is not lost
    again.type("5")  # learning rate 0.01 is back, and alone
    again.wait_for("36 of 60")
    again.type("q")
    assert again.wait_for_exit() == 0


@pytest.mark.long
@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_a_grid_trains_on_the_screen_and_exports(
    in_terminal: Any, ask: Any, spec: Path, tmp_path: Path, size: tuple[int, int]
) -> None:
    terminal = in_terminal("run", spec, "--workload", "synthetic", "--workers", "2", size=size)
    terminal.wait_for("finished 8 of 8")
    terminal.wait_for("8 done")
    terminal.type("e")
    terminal.wait_for("in 3 files")
    terminal.type("q")
    assert terminal.wait_for_exit() == 0
    shown = ask("show", "small")
    assert shown["counts"]["complete"] == 8
    rows = (tmp_path / "sessions" / "small" / "exports" / "replicates.csv").read_text().splitlines()
    assert len(rows) == 9


@pytest.fixture
def training(in_terminal: Any, spec: Path, hold: Path) -> Any:
    """The screen of a session of which two trainings run, until the test removes ``hold``."""
    assert hold.exists()
    terminal = in_terminal("run", spec, "--workload", "synthetic")
    terminal.wait_for("Queue · 2 running")
    return terminal


@pytest.mark.fault(3, 4)
@pytest.mark.parametrize(
    "ending", ["kill", *(pytest.param(name, marks=pytest.mark.long) for name in ("hang-up", "terminate"))]
)
def test_the_training_outlives_the_screen_and_open_finds_it(
    training: Any, in_terminal: Any, ask: Any, tmp_path: Path, hold: Path, ending: str
) -> None:
    terminal = training
    folder = SessionFolder(tmp_path / "sessions" / "small")
    engine = read_holder(folder.lock)
    if ending == "hang-up":
        terminal.hang_up()
    else:
        terminal.process.send_signal(signal.SIGKILL if ending == "kill" else signal.SIGTERM)
        terminal.wait_for_exit()
    terminal.process.wait(60)
    assert folder.engine_runs()
    again = in_terminal("open", "small", size=(80, 24))
    again.wait_for("2 running")
    assert read_holder(folder.lock) == engine
    hold.unlink()
    again.wait_for("finished 8 of 8")
    shown = ask("show", "small")
    assert shown["counts"]["complete"] == 8
    again.type("e")
    again.wait_for("in 3 files")
    again.type("q")
    assert again.wait_for_exit() == 0
    assert len((folder.exports / "replicates.csv").read_text().splitlines()) == 9


MOUSE_OFF = (b"\x1b[?1000l", b"\x1b[?1003l", b"\x1b[?1015l", b"\x1b[?1006l")


def ends_in_order(terminal: Any, number: signal.Signals) -> None:
    """Send a signal to the screen, and look at what it leaves in its terminal."""
    assert not terminal.restored
    before = terminal.sent
    terminal.process.send_signal(number)
    while terminal.process.poll() is None:
        terminal.read(0.05)
        assert time.monotonic() - terminal.began < 60
    assert terminal.restored
    terminal.wait_for_exit()
    left = terminal.sent[len(before) :]
    assert b"\x1b[?1049l" in left  # back from the alternate screen
    assert b"\x1b[?25h" in left  # the cursor is shown again
    assert b"\x1b[?2004l" in left  # pastes are no longer bracketed
    assert all(off in left for off in MOUSE_OFF)
    assert "Traceback" not in terminal.text


@pytest.mark.fault(5)
def test_a_screen_under_nohup_leaves_when_its_terminal_is_gone(in_terminal: Any) -> None:
    terminal = in_terminal("open", PAPER, "--read-only", nohup=True)
    terminal.wait_for("60 of 60")
    screen = psutil.Process(terminal.process.pid)
    used = sum(screen.cpu_times()[:2])
    terminal.hang_up()
    while terminal.process.poll() is None:  # about 3 s: a screen that spins uses all of them
        with contextlib.suppress(psutil.Error):
            used_now = sum(screen.cpu_times()[:2])
            assert used_now - used < 2.0
        with contextlib.suppress(subprocess.TimeoutExpired):
            terminal.process.wait(0.1)
        assert time.monotonic() - terminal.began < 60
    assert terminal.process.wait() == 1


def test_leaving_offers_to_stop_and_resume_goes_on(
    training: Any, hpo_tui: Any, ask: Any, tmp_path: Path, hold: Path
) -> None:
    training.type("q")
    training.wait_for("Leave it training")
    training.type("\x1b[B\x1b[B\r")
    assert training.wait_for_exit() == 0
    hold.unlink()
    folder = SessionFolder(tmp_path / "sessions" / "small")
    end = time.monotonic() + 60
    while folder.engine_runs():
        assert time.monotonic() < end
        time.sleep(0.05)
    assert ask("show", "small")["status"] == "stopped"
    assert hpo_tui("resume", "small", "--workload", "synthetic").returncode == 0
    while ask("show", "small")["counts"]["complete"] < 8:
        assert time.monotonic() < end + 60
        time.sleep(0.1)


@pytest.mark.fault(6, 9)
def test_two_screens_show_the_same_session_and_a_signal_ends_one_in_order(
    training: Any, in_terminal: Any, hold: Path
) -> None:
    first = training
    second = in_terminal("open", "small", "--read-only")
    second.wait_for("Queue · 2 running")
    first.type("p")
    second.wait_for("paused")
    first.wait_for("paused")
    first.type("p")
    first.wait_until_gone("paused")
    second.wait_until_gone("paused")
    ends_in_order(first, signal.SIGTERM)
    hold.unlink()
    second.wait_for("finished 8 of 8")


@pytest.mark.long
@pytest.mark.fault(6)
def test_a_signal_that_its_terminal_is_gone_ends_a_screen_in_order(training: Any) -> None:
    ends_in_order(training, signal.SIGHUP)


def test_a_session_that_cannot_be_shown_leaves_the_terminal_and_says_why(in_terminal: Any, tmp_path: Path) -> None:
    shutil.copytree(PAPER, tmp_path / "sessions" / "paper")
    spec = tmp_path / "sessions" / "paper" / "spec.toml"
    spec.write_text(spec.read_text().replace("[session]", "[sessions]"))
    terminal = in_terminal("open", "paper")
    terminal.wait_for("hpo-tui: ")
    while b"unknown key 'sessions'" not in terminal.sent:
        assert terminal.read(60), terminal.text
    assert terminal.process.wait(60) == 2
    assert terminal.restored
