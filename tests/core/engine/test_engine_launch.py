"""An engine in the background: started, refused, stopped, with real processes and the synthetic workload."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import msgspec
import psutil
import pytest

from hpo_core.engine.launch import start_engine
from hpo_core.errors import SessionError, SessionLocked
from hpo_core.journal.events import EngineOptions, EngineStopped, StopSession
from hpo_core.journal.lock import Holder
from hpo_core.session.control import send_order
from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder

MakeSession = Callable[..., SessionFolder]
Start = Callable[..., int]
LIMIT = 60.0
OPTIONS = EngineOptions(workload="synthetic", workers=2)


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """``start_engine`` with the synthetic workload at a given pace; what it started is gone in the end."""
    begun: list[int] = []

    def begin(folder: SessionFolder, pace: float = 0.01, take_over: bool = False) -> int:
        monkeypatch.setenv("HPO_SYNTHETIC_SECONDS_PER_EPOCH", str(pace))
        begun.append(start_engine(folder, OPTIONS, take_over=take_over))
        return begun[-1]

    yield begin
    for pid in begun:
        if psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
            os.kill(pid, signal.SIGKILL)


def wait(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < deadline, f"waited {LIMIT:.0f} s for {what}"
        time.sleep(0.01)


def gone(pid: int) -> bool:
    """Whether a process has ended; a zombie has."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_a_session_is_worked_off_in_the_background(make_session: MakeSession, start: Start) -> None:
    folder = make_session()
    pid = start(folder)
    assert folder.engine_runs()
    assert os.getsid(pid) == pid, "a session of its own, out of the terminal's reach"
    wait(lambda: gone(pid), "the engine's end")
    snapshot = read_session(folder)
    assert snapshot.counts["complete"] == 8
    assert snapshot.stopped == EngineStopped(reason="finished")
    assert not folder.engine_runs()
    assert sorted(path.name for path in folder.logs.glob("trial-*")) == [
        f"trial-{trial:05d}-r{replicate:02d}-a01.log" for trial in range(1, 5) for replicate in (1, 2)
    ]


@pytest.mark.fault(10)
def test_an_engine_already_at_work_is_named(make_session: MakeSession, start: Start) -> None:
    folder = make_session(epochs=1000)
    pid = start(folder)
    with pytest.raises(SessionLocked, match=rf"Another engine works on this session: .*process {pid}"):
        start(folder)
    assert not gone(pid)


@pytest.mark.fault(12)
def test_a_lock_of_another_host_is_taken_over_only_on_demand(make_session: MakeSession, start: Start) -> None:
    folder = make_session()
    folder.lock.write_bytes(msgspec.json.encode(Holder("elsewhere", "b", 12, 1000.0)))
    with pytest.raises(SessionError, match="--take-over"):
        start(folder)
    pid = start(folder, take_over=True)
    wait(lambda: gone(pid), "the engine's end")
    assert read_session(folder).counts["complete"] == 8


def test_what_the_engine_cannot_begin_is_said_in_its_own_sentence(make_session: MakeSession, start: Start) -> None:
    folder = make_session()
    folder.spec.write_text("[grid]\n", encoding="utf-8")
    with pytest.raises(SessionError, match=r"spec\.toml: the table \[data\] is missing"):
        start(folder)


@pytest.mark.parametrize("by", ["SIGTERM", "SIGINT", "order"])
def test_told_to_stop_it_leaves_at_once_and_in_order(make_session: MakeSession, start: Start, by: str) -> None:
    folder = make_session(epochs=1000)
    pid = start(folder)
    children = workers_of(pid)
    wait(lambda: bool(read_session(folder).counts["running"]), "a training under way")
    if by == "order":
        send_order(folder.control, StopSession())
    else:
        os.kill(pid, signal.Signals[by])
    wait(lambda: gone(pid), "the engine's end")
    snapshot = read_session(folder)
    assert snapshot.stopped == EngineStopped(reason="stopped")
    assert (snapshot.counts["waiting"], snapshot.counts["running"]) == (8, 0)
    assert all(gone(child) for child in children)
    assert not folder.engine_runs()


def workers_of(pid: int) -> list[int]:
    """The engine's worker processes, once there are two."""
    engine = psutil.Process(pid)
    wait(lambda: len(engine.children()) == 2, "two workers")
    return [child.pid for child in engine.children()]


def test_a_hang_up_is_nothing_to_the_engine(make_session: MakeSession, start: Start) -> None:
    folder = make_session()
    pid = start(folder, pace=0.05)
    os.kill(pid, signal.SIGHUP)
    wait(lambda: gone(pid), "the engine's end")
    assert read_session(folder).counts["complete"] == 8


def test_what_it_writes_is_for_its_owner_alone(make_session: MakeSession, start: Start) -> None:
    folder = make_session()
    pid = start(folder)
    wait(lambda: gone(pid), "the engine's end")
    for path in (folder.path / "journal.jsonl", folder.engine_log, folder.lock, folder.status):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name


def test_the_engine_needs_none_of_the_heavy_libraries() -> None:
    program = (
        "import sys; import hpo_core.engine.__main__; "
        "heavy = {'tensorflow', 'keras', 'numpy', 'pandas', 'scipy', 'textual', 'rich'} & set(sys.modules); "
        "sys.exit(f'imported: {sorted(heavy)}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
