"""Where a person has to decide, the screen asks; where it cannot do what was asked, it says so and stays."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psutil
import pytest
from click.testing import CliRunner
from drill_app import Drawn, opened
from drill_tools import UnsyncedFiles, finished_session, new_session, wait
from taken_orders import take_orders
from textual.containers import Vertical

from hpo_core.engine import logout, stopping
from hpo_core.engine.launch import start_engine
from hpo_core.journal.events import (
    SCHEMA_VERSION,
    AttemptEnded,
    AttemptStarted,
    EngineOptions,
    EngineStarted,
    EngineStopped,
    StopSession,
)
from hpo_core.journal.lock import Holder, SessionLock, read_holder
from hpo_core.journal.reader import JournalReader
from hpo_core.journal.writer import JournalWriter
from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder
from hpo_tui.cli import cli

ELSEWHERE = Holder("otherbox", "their boot", 4711, 1_800_000_000.0)
DOWN_TO_STOP = ("down", "down", "enter")


@pytest.fixture
def sessions(tmp_path: Path) -> Path:
    return tmp_path / "sessions"


@pytest.fixture
def engines(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[psutil.Process]]:
    """Engines that are gone in the end."""
    monkeypatch.setenv("HPO_SYNTHETIC_SECONDS_PER_EPOCH", "0.05")
    begun: list[psutil.Process] = []
    yield begun
    for process in begun:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """No order can be written."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(stopping, "send_order", full)


def add(folder: SessionFolder, *events: object) -> None:
    """Append to a session's journal as a further engine does."""
    records = JournalReader(folder.path).poll()
    gen, last = (records[-1].gen, records[-1].seq) if records else (0, 0)
    writer = JournalWriter(folder.path, gen + 1, last, UnsyncedFiles())
    for event in events:
        writer.append(event)  # type: ignore[arg-type]
    writer.close()


def call(*arguments: str) -> str:
    return CliRunner().invoke(cli, arguments, prog_name="hpo-tui").output


# Leaving on a full disk ----------------------------------------------------------------------------------------


async def leave_by(see: Drawn, *keys: str) -> None:
    await see.shows("Queue · 1 running")
    await see.press("q")
    await see.shows("Leave it training")
    await see.press(*keys)


@pytest.mark.fault(18)
async def test_stop_now_on_a_full_disk_ends_the_engine_by_a_signal(
    sessions: Path, engines: list[psutil.Process], full_disk: None
) -> None:
    folder = new_session(sessions, "drill", epochs=10_000)
    engines.append(psutil.Process(start_engine(folder, EngineOptions(workload="synthetic", workers=1))))
    async with opened(sessions, folder) as see:
        await leave_by(see, *DOWN_TO_STOP)
        await see.until(lambda: not see.app.is_running or see.app._exit, "the end of the app")
        assert see.told == ""
    wait(lambda: not folder.engine_runs(), "the engine's end")
    stopped = read_session(folder).stopped
    assert stopped is not None
    assert stopped.reason == "stopped"


@pytest.mark.fault(18)
async def test_stop_later_on_a_full_disk_is_refused_with_the_reason_and_the_screen_stays(
    sessions: Path, engines: list[psutil.Process], full_disk: None
) -> None:
    folder = new_session(sessions, "drill", epochs=10_000)
    engines.append(psutil.Process(start_engine(folder, EngineOptions(workload="synthetic", workers=1))))
    async with opened(sessions, folder) as see:
        await leave_by(see, "down", "enter")
        await see.tells("The order could not be written: No space left on device; the training goes on.")
        assert see.app.is_running
    assert folder.engine_runs()
    result = CliRunner().invoke(cli, ["stop", str(folder.path), "--after-running"])
    assert (result.exit_code, "No space left on device" in result.stderr) == (2, True)
    assert call("stop", str(folder.path)) == "drill: stopped; 'hpo-tui resume drill' goes on.\n"


@pytest.mark.parametrize(
    "holder",
    [
        msgspec.structs.replace(Holder.this_process(), host="otherbox", pid=1),
        msgspec.structs.replace(Holder.this_process(), boot_id="the boot before", pid=1),
        msgspec.structs.replace(Holder.this_process(), started=1.0, pid=os.getppid()),
    ],
    ids=["another host", "another boot", "a number that another program has now"],
)
def test_the_signal_goes_to_no_other_process(
    sessions: Path, full_disk: None, monkeypatch: pytest.MonkeyPatch, holder: Holder
) -> None:
    folder = new_session(sessions, "drill")
    sent: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: sent.append((pid, number)))
    with SessionLock(folder.lock):
        folder.lock.write_bytes(msgspec.json.encode(holder))
        assert "No space left on device" in call("stop", str(folder.path))
    assert (signal.SIGTERM not in [number for _, number in sent], take_orders(folder.control)[0]) == (True, [])


def test_where_there_is_room_stopping_is_an_order(sessions: Path) -> None:
    folder = new_session(sessions, "drill")
    stopping.stop_engine(folder, now=False)
    assert take_orders(folder.control)[0] == [StopSession(now=False)]


# Held on another host ------------------------------------------------------------------------------------------


def held_elsewhere(folder: SessionFolder) -> SessionFolder:
    folder.lock.write_bytes(msgspec.json.encode(ELSEWHERE))
    return folder


def in_dialog(see: Drawn) -> str:
    """What stands in the dialog's frame, as running text."""
    box = see.app.screen.query_one(Vertical).region
    lines = see.text.split("\n")[box.y + 1 : box.bottom - 1]
    return " ".join(" ".join(line[box.x + 1 : box.right - 1] for line in lines).split())


async def see_question(see: Drawn) -> None:
    await see.shows("Held on another host")
    words = in_dialog(see)
    assert ELSEWHERE.describe() in words
    assert "Taking over is safe only if it is gone" in words


@pytest.mark.fault(12)
async def test_a_session_held_on_another_host_is_asked_for_and_taken_over_only_on_yes(
    sessions: Path, engines: list[psutil.Process]
) -> None:
    folder = held_elsewhere(new_session(sessions, "drill"))
    add(
        folder,
        EngineStarted(
            host="otherbox", boot_id="b", pid=4711, version="0", options=EngineOptions(workload="synthetic")
        ),
    )
    async with opened(sessions, folder) as see:
        await see.shows("R starts it again")
        for answer in (("enter",), ("escape",)):  # the first answer is to leave it
            await see.press("R")
            await see_question(see)
            await see.press(*answer)
            await see.until(lambda: "Held on another host" not in see.text)
            assert read_holder(folder.lock) == ELSEWHERE
        await see.press("R")
        await see_question(see)
        await see.press("down", "enter")
        await see.shows("finished 4 of 4")
    snapshot = read_session(folder)
    assert snapshot.counts["complete"] == 4
    assert any(ELSEWHERE.describe() in note.text for note in snapshot.notes)


@pytest.mark.fault(12)
async def test_queueing_again_asks_too(sessions: Path, engines: list[psutil.Process]) -> None:
    folder = finished_session(sessions, "drill")
    ids = {"trial": 1, "replicate": 1, "attempt": 2}
    add(
        folder,
        EngineStarted(
            host="otherbox", boot_id="b", pid=4711, version="0", options=EngineOptions(workload="synthetic")
        ),
        AttemptStarted(**ids, seed=1, worker=1),
        AttemptEnded(**ids, status="failed", reason="out of luck", kind="error"),
        EngineStopped(reason="finished"),
    )
    held_elsewhere(folder)
    async with opened(sessions, folder) as see:
        await see.shows("1 failed")
        await see.press("y")
        await see_question(see)
        await see.press("down", "enter")
        await see.tells("1 training queued; an engine is at work on them.")
        await see.shows("finished 4 of 4")
        await see.shows("0 failed")


@pytest.mark.fault(12)
async def test_home_says_how_a_session_of_another_host_is_taken_over(sessions: Path) -> None:
    folder = held_elsewhere(new_session(sessions, "drill"))
    async with opened(sessions) as see:
        await see.shows("drill")
        await see.press("R")
        await see.tells(ELSEWHERE.describe())
        await see.tells("'hpo-tui resume drill --take-over' goes on, and so does R on the session's screen")
    assert read_holder(folder.lock) == ELSEWHERE


@pytest.mark.fault(12)
def test_repair_of_a_session_of_another_host_is_refused_until_it_is_taken_over(sessions: Path) -> None:
    folder = finished_session(sessions, "drill")
    with (folder.path / "journal.jsonl").open("ab") as file:
        file.write(b"half a rec")
    held_elsewhere(folder)
    refused = call("repair", str(folder.path))
    assert ELSEWHERE.describe() in refused
    assert "--take-over" in refused
    assert read_holder(folder.lock) == ELSEWHERE
    assert "Repaired; kept: 4 trainings: 4 complete" in call("repair", str(folder.path), "--take-over")
    assert "Nothing is damaged." in call("repair", str(folder.path))


@pytest.mark.fault(10)
async def test_of_two_engines_the_one_at_work_is_named(sessions: Path) -> None:
    folder = new_session(sessions, "drill")
    with SessionLock(folder.lock):
        async with opened(sessions, folder) as see:
            await see.shows("starting")
            await see.press("R")
            await see.tells("An engine is at work on this session already: host ")
            await see.tells(f"process {os.getpid()}, since ")


# A newer layout ------------------------------------------------------------------------------------------------


@pytest.mark.fault(40)
async def test_a_session_of_a_newer_layout_is_refused_with_the_reason_and_nothing_is_written_to_it(
    sessions: Path,
) -> None:
    folder = finished_session(sessions, "drill")
    add(folder, EngineStarted(host="h", boot_id="b", pid=1, version="9.9", schema=SCHEMA_VERSION + 1))
    before = {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file()}
    async with opened(sessions, folder) as see:
        await see.until(lambda: see.app.failure, "the end of the screen")  # the command says why
        assert "was written by hpo-tui 9.9" in str(see.app.failure)
    async with opened(sessions) as see:
        await see.shows("1 session in")
        await see.press("enter")
        await see.shows("This session cannot be shown")
        assert "was written by hpo-tui 9.9" in in_dialog(see)
        await see.press("escape")
        await see.shows("1 session in")  # home, where it is listed with the reason
    assert {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file()} == before


# The logout ----------------------------------------------------------------------------------------------------


@pytest.fixture
def killing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine where systemd kills what a user leaves behind."""
    monkeypatch.setattr("hpo_tui.screens.orders.logout_kills", lambda: True)


REMEDY = "ystemd here ends a training at logout; 'loginctl enable-linger' (once) lets it go on."


@pytest.mark.fault(8)
async def test_the_logout_is_warned_of_before_a_key_starts_an_engine(
    sessions: Path, killing: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = new_session(sessions, "drill")
    told: list[str] = []
    async with opened(sessions, folder) as see:
        monkeypatch.setattr("hpo_core.engine.launch.start_engine", lambda *_, **__: told.append(see.told))
        await see.shows("Nothing trains yet")
        await see.press("R")
        await see.until(lambda: told, "the start")
        assert REMEDY in told[0]


@pytest.mark.fault(8)
async def test_the_logout_is_warned_of_where_a_training_is_seen_at_work_and_once(
    sessions: Path, killing: None
) -> None:
    folder = new_session(sessions, "drill")
    with SessionLock(folder.lock):
        async with opened(sessions, folder) as see:
            await see.tells(REMEDY)
            await see.press("R", "R")
            await see.tells("already")
            assert see.told.count(REMEDY) == 1
        async with opened(sessions, folder, read_only=True) as see:
            await see.shows("starting")
            assert REMEDY not in see.told


@pytest.mark.fault(8)
@pytest.mark.parametrize("key", ["n", "R"])
async def test_the_logout_is_warned_of_at_home_and_in_the_form(
    sessions: Path, killing: None, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hpo_core.engine.launch.start_engine", lambda *_, **__: None)
    new_session(sessions, "drill")
    async with opened(sessions, options=EngineOptions(workload="synthetic")) as see:
        await see.shows("drill")
        await see.press("up", key)
        if key == "n":
            await see.shows("Launch")
            await see.press("ctrl+l")
        await see.tells(REMEDY)


@pytest.mark.fault(8)
def test_logind_itself_is_asked_and_then_its_files_in_its_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = {"busctl": "b true\n", "loginctl": "Linger=no\n"}
    monkeypatch.setattr(logout, "_said", lambda program, *_: answers.get(program, ""))
    assert logout.logout_kills()
    answers["busctl"] = "b false\n"
    assert not logout.logout_kills()
    answers["busctl"] = ""
    folders = tuple(tmp_path / name for name in ("etc", "run", "usr"))
    monkeypatch.setattr(logout, "FOLDERS", folders)
    assert not logout.logout_kills()

    def write(place: str, text: str) -> None:
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(f"[Login]\n{text}\n")

    write("usr/logind.conf", "KillUserProcesses=yes")
    assert logout.logout_kills()
    write("etc/logind.conf", "#KillUserProcesses=no")
    assert not logout.logout_kills(), "one main file counts, the administrator's"
    write("usr/logind.conf.d/50-kill.conf", "KillUserProcesses=yes")
    assert logout.logout_kills()
    write("run/logind.conf.d/60-no.conf", "KillUserProcesses=no")
    assert not logout.logout_kills(), "drop-ins go by name, wherever they stand"
    write("etc/logind.conf.d/60-no.conf", "")
    assert logout.logout_kills(), "and one in /etc hides its namesakes"
    answers["loginctl"] = "Linger=yes\n"
    assert not logout.logout_kills()
