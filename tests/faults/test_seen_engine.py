"""What a real engine says of disk, journal and queue, as a person sees it: on screen, in ``show``, in a log."""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner
from drill_app import Drawn, opened
from drill_tools import UnsyncedFiles, new_session, wait

from hpo_core.engine.engine import Engine
from hpo_core.engine.launch import start_engine
from hpo_core.errors import HpoError
from hpo_core.executors.replay import ReplayExecutor, synthetic
from hpo_core.journal.events import EngineOptions, EngineStarted, Job, JobEnded, JobStarted, WorkerEvent
from hpo_core.journal.reader import JournalReader
from hpo_core.journal.writer import JournalWriter
from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder
from hpo_tui.cli import cli


@pytest.fixture
def sessions(tmp_path: Path) -> Path:
    return tmp_path / "sessions"


def call(*arguments: str) -> str:
    result = CliRunner().invoke(cli, arguments, prog_name="hpo-tui", color=True)
    assert "Traceback" not in result.output
    return " ".join(result.output.split())


class Trouble(UnsyncedFiles):
    """A disk that fails when told: ``full`` takes nothing, ``failing`` flushes nothing."""

    full = failing = False

    def write(self, fd: int, data: bytes) -> int:
        if self.full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(fd, data)

    def sync(self, fd: int) -> None:
        if self.failing:
            self.failing = False
            raise OSError(errno.EIO, os.strerror(errno.EIO))


def steady(job: Job) -> Iterator[WorkerEvent]:
    """The synthetic curve at a pace that a person can follow."""
    for event in synthetic(job):
        time.sleep(0.01)
        yield event


Script = Callable[[Job], Iterator[WorkerEvent]]


@asynccontextmanager
async def at_work(folder: SessionFolder, disk: Trouble, script: Script = steady) -> AsyncIterator[Drawn]:
    """An engine in a thread, and the screen on its session; it is stopped in the end."""
    engine = Engine(folder, ReplayExecutor(script), EngineOptions(workers=1), files=disk, tick=0.01)
    thread = threading.Thread(target=engine.run)
    thread.start()
    try:
        async with opened(folder.path.parent, folder, size=(180, 48)) as see:
            await see.shows("drill")
            yield see
    finally:
        disk.full = disk.failing = False
        engine.request_stop()
        thread.join(60)
        assert not thread.is_alive()


@pytest.mark.fault(18)
async def test_a_full_disk_is_said_with_its_free_space_and_the_work_goes_on_when_there_is_room(
    sessions: Path,
) -> None:
    folder, disk = new_session(sessions, "drill", epochs=40), Trouble()
    async with at_work(folder, disk) as see:
        await see.shows("Queue · 1 running")
        disk.full = True
        await see.shows("The disk is full (")
        assert "free); paused until there is room." in see.text
        disk.full = False
        await see.until(lambda: "The disk is full (" not in see.text or "It went on after" in see.text)
        await see.shows("finished 4 of 4")
    assert "It went on after" in call("show", str(folder.path))


@pytest.mark.fault(20)
async def test_a_flush_that_fails_pauses_with_the_error_and_a_key_goes_on(sessions: Path) -> None:
    folder, disk = new_session(sessions, "drill", epochs=40), Trouble()
    async with at_work(folder, disk) as see:
        await see.shows("Queue · 1 running")
        disk.failing = True
        await see.shows("disk error: Input/output error; the journal goes on in a new file")
        assert "The queue is paused: disk error: Input/output error" in call("show", str(folder.path))
        await see.press("p")
        await see.shows("finished 4 of 4")
    assert read_session(folder).counts["complete"] == 4


def failing(job: Job) -> Iterator[WorkerEvent]:
    ids = {"trial": job.trial, "replicate": job.replicate, "attempt": job.attempt}
    yield JobStarted(**ids)
    yield JobEnded(**ids, status="failed", seconds=0.1, reason="KeyError: '[/foo'", kind="error")


@pytest.mark.fault(29)
async def test_five_alike_failures_pause_the_queue_which_says_why(sessions: Path) -> None:
    folder = new_session(sessions, "drill", rates=3, filters=3)
    said = "5 trainings in a row failed the same way: KeyError: '[/foo'"
    async with at_work(folder, Trouble(), failing) as see:
        await see.shows(said)
        await see.shows("Queue · 0 running · 4 waiting · 0 done · 5 failed")
        assert f"The queue is paused: {said}" in call("show", str(folder.path))


# The journal taken away, another engine come -------------------------------------------------------------------


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Callable[[SessionFolder], None]:
    def begin(folder: SessionFolder) -> None:
        monkeypatch.setenv("HPO_SYNTHETIC_SECONDS_PER_EPOCH", "0.1")
        start_engine(folder, EngineOptions(workload="synthetic", workers=1))
        wait(lambda: any(entry.epochs for entry in read_session(folder).replicates.values()), "an epoch")

    return begin


@pytest.mark.fault(17)
async def test_a_journal_deleted_under_an_open_screen_stops_the_engine_and_repair_offers_its_copy(
    sessions: Path, engine: Callable[[SessionFolder], None]
) -> None:
    folder = new_session(sessions, "drill", epochs=100)
    engine(folder)
    async with opened(sessions, folder) as see:
        await see.shows("Queue · 1 running")
        saved = read_session(folder).replicates
        (folder.path / "journal.jsonl").unlink()
        await see.until(lambda: not folder.engine_runs(), "the engine's end")
        await see.shows("The engine is gone")
        assert see.app.is_running
    log = folder.engine_log.read_text(encoding="utf-8")
    assert "The journal was deleted, replaced or cut while the engine worked." in log
    assert "journal-recovered.jsonl" in log
    assert "journal.jsonl: there is none" in (offer := call("repair", str(folder.path), "--dry-run"))
    assert "'hpo-tui repair drill --recovered' puts it in the journal's place." in offer
    assert "Repaired" in call("repair", str(folder.path), "--recovered")
    for key, entry in saved.items():
        assert read_session(folder).replicate(key).epochs[: len(entry.epochs)] == entry.epochs


@pytest.mark.fault(13)
async def test_an_engine_that_sees_a_newer_one_stops_and_says_so(
    sessions: Path, engine: Callable[[SessionFolder], None]
) -> None:
    folder = new_session(sessions, "drill", epochs=100)
    engine(folder)
    reader = JournalReader(folder.path)
    reader.poll()
    newer = JournalWriter(folder.path, reader.gen + 1, reader.last_seq + 1000, UnsyncedFiles())
    newer.append(
        EngineStarted(
            host="otherbox", boot_id="b", pid=1, version="0.1.0", options=EngineOptions(workload="synthetic")
        )
    )
    newer.close()
    wait(lambda: not folder.engine_runs(), "the engine's end")
    said = "A newer engine has taken the session over; this one stops."
    wait(
        lambda: said in folder.engine_log.read_text(encoding="utf-8"),
        "the sentence, which follows the lock's release",
    )
    records = JournalReader(folder.path).poll()
    assert records[-1].gen == reader.gen + 1, "the newer engine's records count, and none after them of the old"
    async with opened(sessions, folder) as see:
        await see.shows("The engine is gone; R starts it again")


@pytest.mark.fault(10)
def test_an_engine_that_comes_second_says_who_was_first(
    sessions: Path, engine: Callable[[SessionFolder], None]
) -> None:
    folder = new_session(sessions, "drill", epochs=100)
    engine(folder)
    with pytest.raises(HpoError, match=r"Another engine works on this session: host .*, process \d+, since 20"):
        start_engine(folder, EngineOptions(workload="synthetic"))
    assert "the queue goes on" in call("resume", str(folder.path))
