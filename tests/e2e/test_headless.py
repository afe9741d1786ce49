"""A person trains without a screen: in a script, into a log file, over a bad line."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from terminal import COMMAND

from hpo_core.journal.events import PauseQueue, ResumeQueue
from hpo_core.session.control import send_order
from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder

SLOW = "0.5"
TRAIN = ("--headless", "--workload", "synthetic", "--workers", "1")


def until(condition: Callable[[], object], limit: float = 60.0) -> None:
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end, "what was waited for did not come"
        time.sleep(0.02)


@pytest.fixture
def folder(tmp_path: Path) -> SessionFolder:
    return SessionFolder(tmp_path / "sessions" / "small")


@pytest.fixture
def start(tmp_path: Path, spec: Path) -> Callable[..., subprocess.Popen[str]]:
    """Start a headless training and return at once."""

    def started(**options: Any) -> subprocess.Popen[str]:
        command = [*COMMAND, "run", str(spec), *TRAIN]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        return subprocess.Popen(command, cwd=tmp_path, text=True, **pipes)

    return started


def test_a_log_file_gets_one_plain_line_for_each_training_and_a_summary(hpo_tui_process: Any, spec: Path) -> None:
    done = hpo_tui_process("run", spec, "--headless", "--workload", "synthetic")

    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("small: 4 trials × 2 replicates = 8 trainings;")
    assert lines[1].startswith("12 training and 6 validation images of 3 classes, 16×16, ready in")
    ended = [line for line in lines if line.startswith("[")]
    assert [line[:5] for line in ended] == [f"[{place}/8]" for place in range(1, 9)]
    pattern = r"\[1/8\] trial \d r1  learning_rate 0\.00\d* · filters \d  val_accuracy 0\.\d{4}"
    assert re.match(pattern, ended[0])
    assert "8 trainings: 8 complete, in 0:0" in done.stdout
    assert not set(done.stdout) & {chr(code) for code in range(32) if chr(code) != "\n"}


def test_a_session_is_named_after_its_spec_and_never_in_the_way_of_another(
    hpo_tui: Any, ask: Any, spec: Path
) -> None:
    run = ("run", spec, *TRAIN)
    hpo_tui(*run)
    again = hpo_tui(*run, "--set", "filters=2", "--replicates", "1")

    assert again.stdout.startswith("small-2: 2 trials × 1 replicate = 2 trainings;")
    listed = ask("list")["sessions"]
    assert {entry["session"]: entry["trainings"] for entry in listed} == {"small": 8, "small-2": 2}


def test_a_failed_training_does_not_stop_the_queue_and_ends_in_status_1(
    hpo_tui: Any, spec: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HPO_SYNTHETIC_FAULTS", "2=error")
    done = hpo_tui("run", spec, *TRAIN)

    assert done.returncode == 1
    assert "8 trainings: 6 complete, 2 failed" in done.stdout
    [failed, _] = [line for line in done.stdout.splitlines() if "failed: ValueError" in line]
    assert Path(failed.split("  log ")[-1].split("  ETA ")[0]).is_file()


def test_a_training_that_diverged_is_a_result_and_status_0(hpo_tui: Any, spec: Path) -> None:
    extreme = ("--set", "learning_rate=0.001,900", "--replicates", "1")
    done = hpo_tui("run", spec, *TRAIN, *extreme)

    assert done.returncode == 0, done.stderr
    assert "2 complete, 2 diverged" in done.stdout
    assert "diverged:" in done.stdout


def test_control_c_stops_the_training_and_says_how_to_go_on(
    hpo_tui: Any,
    start: Callable[..., subprocess.Popen[str]],
    folder: SessionFolder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HPO_SYNTHETIC_SECONDS_PER_EPOCH", SLOW)
    process = start()
    until(lambda: folder.status.exists() and read_session(folder).counts["running"])
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)

    assert process.returncode == 130
    assert said.strip() == "Stopping; what has ended is kept, and 'hpo-tui resume small' goes on."
    assert not folder.engine_runs()
    monkeypatch.setenv("HPO_SYNTHETIC_SECONDS_PER_EPOCH", "0.01")
    assert hpo_tui("resume", "small", "--workload", "synthetic").returncode == 0
    until(lambda: read_session(folder).counts["complete"] == 8)


def test_a_reader_that_leaves_is_no_error_and_the_training_goes_on(
    start: Callable[..., subprocess.Popen[str]], folder: SessionFolder, hold: Path
) -> None:
    process = start()
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    hold.unlink()
    said = process.stderr.read()
    process.stderr.close()

    assert process.wait(60) == 0
    assert said.startswith("hpo-tui: nobody reads any more; the training of small goes on: 'hpo-tui open small'")
    until(lambda: read_session(folder).counts["complete"] == 8)


@pytest.mark.fault(64)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_command_that_is_told_to_end_says_that_the_training_goes_on(
    number: signal.Signals, start: Callable[..., subprocess.Popen[str]], folder: SessionFolder, hold: Path
) -> None:
    process = start()
    until(lambda: folder.status.exists() and read_session(folder).counts["running"])
    process.send_signal(number)
    _, said = process.communicate(timeout=60)

    assert process.returncode == 128 + number
    assert said == (
        f"hpo-tui: this command was told to end ({number.name}); the training of small goes on: "
        "'hpo-tui open small' shows it, 'hpo-tui stop small' ends it.\n"
    )
    assert folder.engine_runs()
    hold.unlink()
    until(lambda: read_session(folder).counts["complete"] == 8)


def test_killing_the_command_leaves_the_training_running(
    start: Callable[..., subprocess.Popen[str]], folder: SessionFolder, hold: Path
) -> None:
    process = start(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(lambda: folder.status.exists() and read_session(folder).counts["running"])
    os.kill(process.pid, signal.SIGKILL)
    process.wait(60)

    assert folder.engine_runs()
    hold.unlink()
    until(lambda: read_session(folder).counts["complete"] == 8)


def test_a_pause_from_elsewhere_is_told_and_waited_out(
    start: Callable[..., subprocess.Popen[str]], folder: SessionFolder, hold: Path
) -> None:
    process = start()
    until(lambda: folder.status.exists() and read_session(folder).counts["running"])
    send_order(folder.control, PauseQueue())
    assert process.stdout is not None
    told = iter(process.stdout.readline, "")
    assert any(line == "the queue is paused: paused by the user\n" for line in told)
    assert read_session(folder).counts["waiting"]
    send_order(folder.control, ResumeQueue())
    hold.unlink()
    out, _ = process.communicate(timeout=60)

    assert process.returncode == 0, out
    assert "the queue goes on" in out
    assert "8 trainings: 8 complete" in out


@pytest.mark.fault(29)
def test_a_queue_that_pauses_itself_ends_a_training_that_nobody_watches(
    hpo_tui: Any, spec: Path, folder: SessionFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HPO_SYNTHETIC_FAULTS", "1=error,2=error,3=error,4=error")
    done = hpo_tui("run", spec, *TRAIN)

    assert done.returncode == 1
    assert "the queue is paused: " in done.stdout
    assert "Not finished (stopped); 'hpo-tui resume small' goes on." in done.stdout
    assert not folder.engine_runs()


def test_stop_ends_the_engine_and_keeps_what_has_ended(
    hpo_tui: Any,
    start: Callable[..., subprocess.Popen[str]],
    folder: SessionFolder,
    hold: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HPO_SYNTHETIC_SECONDS_PER_EPOCH", "0.5")
    hold.unlink()
    process = start()
    until(lambda: folder.status.exists() and read_session(folder).counts["complete"])
    hold.touch()
    stopped = hpo_tui("stop", "small")
    process.communicate(timeout=60)

    assert stopped.stdout == "small: stopped; 'hpo-tui resume small' goes on.\n"
    assert process.returncode == 1
    assert 1 <= read_session(folder).counts["complete"] < 8


def test_bars_on_a_terminal_show_the_session_and_each_job(in_terminal: Any, spec: Path) -> None:
    terminal = in_terminal(
        "run", spec, "--headless", "--workload", "synthetic", "--workers", "2",
        size=(80, 24), HPO_SYNTHETIC_SECONDS_PER_EPOCH="0.3",
    )  # fmt: skip
    terminal.wait_for("epoch 2/2")
    assert re.search(r"^small +━*.* \d/8", terminal.text, re.MULTILINE)
    assert re.search(r"^trial \d r1 +━*.* epoch \d/2 .*accuracy 0\.\d{4}", terminal.text, re.MULTILINE)
    assert terminal.wait_for_exit() == 0
    assert "8 trainings: 8 complete" in terminal.text


def test_control_c_on_a_terminal_stops_in_order(in_terminal: Any, spec: Path, folder: SessionFolder) -> None:
    terminal = in_terminal("run", spec, *TRAIN, size=(80, 24), HPO_SYNTHETIC_SECONDS_PER_EPOCH=SLOW)
    terminal.wait_for("epoch 1/2")
    terminal.type("\x03")
    assert terminal.wait_for_exit() == 130
    assert "'hpo-tui resume small' goes on." in terminal.text
    assert "Traceback" not in terminal.text
    assert not folder.engine_runs()
