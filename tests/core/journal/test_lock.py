"""One engine for a session: the lock is the kernel's, the file says whose it is."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from hpo_core.errors import SessionLocked
from hpo_core.journal.lock import Holder, SessionLock, is_held, read_holder

HOLD = """
import sys, time
from pathlib import Path
from hpo_core.errors import SessionLocked
from hpo_core.journal.lock import SessionLock
lock = SessionLock(Path(sys.argv[1]))
sys.stdin.readline()
try:
    lock.acquire()
except SessionLocked as error:
    print("locked", error, flush=True)
else:
    print("held", flush=True)
sys.stdin.readline()
"""


def holder_process(path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def answer(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def leave(process: subprocess.Popen[str]) -> None:
    process.communicate("\n")


@pytest.mark.fault(10)
def test_of_racing_engines_one_gets_the_lock_and_the_others_learn_who_has_it(tmp_path: Path) -> None:
    racers = [holder_process(tmp_path / "lock") for _ in range(4)]
    for racer in racers:
        go(racer)
    answers = [answer(racer) for racer in racers]
    held = [racer for racer, text in zip(racers, answers, strict=True) if text == "held\n"]
    assert len(held) == 1
    losers = [text for text in answers if text.startswith("locked")]
    assert len(losers) == 3
    assert all("Another engine works on this session" in text for text in losers)
    assert any(f"process {held[0].pid}" in text for text in losers)
    for racer in racers:
        leave(racer)


def test_the_lock_is_free_at_once_when_its_holder_is_killed_and_the_next_one_knows(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    process = holder_process(path)
    go(process)
    assert answer(process) == "held\n"
    assert is_held(path)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not is_held(path)
    with SessionLock(path) as lock:
        assert lock.stale is not None
        assert lock.stale.pid == process.pid
        assert is_held(path)
    assert not is_held(path)


def test_a_lock_given_back_leaves_nobody_named(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with SessionLock(path):
        pass
    assert read_holder(path) is None
    with SessionLock(path) as lock:
        assert lock.stale is None


@pytest.mark.fault(11)
def test_a_stale_line_whose_process_id_another_program_has_now_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    me = Holder.this_process()
    path.write_bytes(msgspec.json.encode(me))
    with SessionLock(path) as lock:
        assert lock.stale == me


@pytest.mark.fault(12)
def test_a_lock_of_another_host_is_respected_until_taken_over_on_purpose(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.write_bytes(msgspec.json.encode(Holder("elsewhere", "b", 12, 1000.0)))
    with pytest.raises(SessionLocked, match=r"another host \(host elsewhere, process 12"):
        SessionLock(path).acquire()
    assert read_holder(path) == Holder("elsewhere", "b", 12, 1000.0)
    lock = SessionLock(path)
    lock.acquire(take_from_other_host=True)
    assert lock.is_ours()
    lock.release()


def test_the_holder_notices_that_the_file_was_removed_or_replaced(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with SessionLock(path) as lock:
        assert lock.is_ours()
        path.unlink()
        assert not lock.is_ours()
        path.touch()
        assert not lock.is_ours()


def test_an_engine_that_was_superseded_leaves_the_newer_ones_name_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    newer = Holder("elsewhere", "b", 12, 1000.0)
    with SessionLock(path):
        path.write_bytes(msgspec.json.encode(newer))  # on a file system that carries no locks between hosts
    assert read_holder(path) == newer


def test_a_lock_file_full_of_nonsense_is_only_a_file(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.write_bytes(b"\xff\x00 nonsense")
    with SessionLock(path) as lock:
        assert lock.stale is None
