"""What ``doctor`` says of a machine, good or bad."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from hpo_core.engine import logout
from hpo_core.executors import hardware
from hpo_tui.cli import cli
from hpo_tui.commands import doctor, probes


@pytest.fixture(autouse=True)
def quick_tensorflow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Starting TensorFlow takes seconds: here it answers at once."""
    monkeypatch.setattr(probes, "start_tensorflow", lambda: (True, "starts in 3.1 s, sees 0 GPUs"))
    monkeypatch.setattr(logout, "logout_kills", lambda: False)


def lines_of(*options: str) -> tuple[dict[str, str], int]:
    result = CliRunner().invoke(cli, ["doctor", *options])
    assert result.stderr == ""
    return {
        line[2:14].strip(): line for line in result.stdout.splitlines() if line[:2] in ("  ", "! ")
    }, result.exit_code


def test_a_good_machine_is_described_in_words(tmp_path: Path) -> None:
    lines, status = lines_of()
    assert status == 0
    assert "starts in 3.1 s, sees 0 GPUs" in lines["TensorFlow"]
    assert "TERM xterm-256color" in lines["terminal"]
    assert "to use, with" in lines["CPU"]
    assert " free" in lines["sessions"]
    assert lines["locks"].endswith("hold")
    assert lines["flush"].endswith("ms")
    assert str(tmp_path / "cache") in lines["cache"]
    assert list(tmp_path.iterdir()) == []


def test_what_plans_and_executors_need_is_named_with_what_it_is_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def version_of(package: str) -> str:
        if package == "ray":
            raise PackageNotFoundError(package)
        return "5.0.0"

    monkeypatch.setattr(doctor, "version", version_of)
    monkeypatch.setattr(hardware, "gpus", lambda: 2)
    lines, status = lines_of()
    assert status == 0
    assert lines["optuna"].endswith("5.0.0, for plan tpe")
    assert lines["ray"].endswith("is not installed; --executor ray needs it: pip install 'hpo-tui[ray]'")
    assert lines["GPUs"].endswith("2 NVIDIA GPUs to use; one worker each, or as many as --workers-per-gpu says")


@pytest.mark.fault(8)
def test_what_stands_in_the_way_is_marked_and_ends_in_status_1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "start_tensorflow", lambda: (False, "does not start: no AVX"))
    monkeypatch.setattr(logout, "logout_kills", lambda: True)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: SimpleNamespace(free=5_000_000))  # type: ignore[attr-defined]
    lines, status = lines_of()
    assert status == 1
    assert {name for name, line in lines.items() if line.startswith("!")} == {"TensorFlow", "sessions", "logout"}
    assert "enable-linger" in lines["logout"]


def test_a_folder_that_cannot_be_written_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> bool:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(probes, "lock_holds", refuse)
    lines, status = lines_of()
    assert status == 1
    assert "cannot be written: Permission denied" in lines["disk"]


def test_the_cache_is_cleared_on_request(tmp_path: Path) -> None:
    entry = tmp_path / "cache" / "data-abc"
    entry.mkdir(parents=True)
    (entry / "images.npy").write_bytes(b"x" * 2_500_000)
    result = CliRunner().invoke(cli, ["doctor", "--clear-cache"])
    assert result.exit_code == 0
    assert result.stdout.startswith("2.5 MB deleted from ")
    assert not entry.exists()


def test_the_probes_lock_and_sync_for_real_and_leave_nothing(tmp_path: Path) -> None:
    assert probes.lock_holds(tmp_path)
    assert 0 < probes.sync_seconds(tmp_path) < 10
    assert list(tmp_path.iterdir()) == []
    assert probes.nearest_folder(tmp_path / "not" / "yet") == tmp_path


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("print('GPUS 2')", (True, "sees 2 GPUs")),
        ("raise ImportError('no AVX here')", (False, "does not start: ImportError: no AVX here")),
        ("import os; os._exit(3)", (False, "does not start: exit status 3")),
        ("import time; time.sleep(60)", (False, "does not start within 1 s")),
    ],
)
def test_tensorflow_is_started_in_a_process_of_its_own(
    monkeypatch: pytest.MonkeyPatch, program: str, words: tuple[bool, str]
) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(probes, "_ASK_TENSORFLOW", program)
    works, said = probes.start_tensorflow(1.0 if "sleep" in program else 60.0)
    assert works is words[0]
    assert words[1] in said


@pytest.mark.parametrize(
    ("lines", "kills"),
    [
        ([], False),
        (["[Login]", "#KillUserProcesses=yes"], False),
        (["[Login]", "KillUserProcesses=yes"], True),
        (["KillUserProcesses = true", "KillUserProcesses=no"], False),
    ],
)
def test_the_last_word_of_logind_counts(lines: list[str], kills: bool) -> None:
    assert logout.kill_user_processes(lines) is kills


def test_a_user_who_lingers_keeps_the_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    (tmp_path / "logind.conf.d").mkdir()
    (tmp_path / "logind.conf").write_text("[Login]\n#KillUserProcesses=no\n")
    (tmp_path / "logind.conf.d" / "10-kill.conf").write_text("[Login]\nKillUserProcesses=yes\n")

    def loginctl(answer: str) -> Callable[..., Any]:
        return lambda *_, **__: SimpleNamespace(stdout=answer)

    monkeypatch.setattr(logout.shutil, "which", lambda _: "/bin/loginctl")  # type: ignore[attr-defined]
    monkeypatch.setattr(logout.subprocess, "run", loginctl("Linger=no\n"))  # type: ignore[attr-defined]
    assert logout.logout_kills(tmp_path)
    monkeypatch.setattr(logout.subprocess, "run", loginctl("Linger=yes\n"))  # type: ignore[attr-defined]
    assert not logout.logout_kills(tmp_path)


def test_the_cpus_features_are_read_where_the_system_tells(tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text("processor : 0\nflags\t\t: fpu avx512_bf16 sse\n")
    assert doctor.cpu_flags(tmp_path / "cpuinfo") == {"fpu", "avx512_bf16", "sse"}
    assert doctor.cpu_flags(tmp_path / "nothing") == frozenset()
