"""What a person sees of a fault: on the screen, in ``show`` and ``list``, in a headless line."""

from __future__ import annotations

import contextlib
import errno
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psutil
import pytest
from click.testing import CliRunner
from drill_app import opened
from drill_screen import Screen
from drill_tools import UnsyncedFiles, finished_session, new_session, wait, work_off

from hpo_core.engine.engine import Engine
from hpo_core.engine.launch import start_engine
from hpo_core.engine.readings import Readings
from hpo_core.executors.replay import ReplayExecutor, synthetic
from hpo_core.journal.events import (
    AttemptStarted,
    EngineOptions,
    EngineStarted,
    EpochEnded,
    Job,
    JobEnded,
    JobStarted,
    WorkerEvent,
)
from hpo_core.journal.files import Files
from hpo_core.journal.lock import Holder, SessionLock
from hpo_core.journal.reader import JournalReader
from hpo_core.journal.writer import JournalWriter
from hpo_core.plan.grid import JobKey
from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder
from hpo_core.session.status import LiveStatus, Machine, RunningJob, write_status
from hpo_core.workloads.workload import Outcome
from hpo_tui.cli import cli
from hpo_tui.commands import start


@pytest.fixture
def sessions(tmp_path: Path) -> Path:
    return tmp_path / "sessions"


def call(*arguments: str) -> str:
    """Run a verb; return all that it printed."""
    result = CliRunner().invoke(cli, arguments, prog_name="hpo-tui")
    assert "Traceback" not in result.output
    return result.output


def interrupt(folder: SessionFolder) -> None:
    """Leave the journal and the lock as a power loss in the middle of trial 1 leaves them."""
    writer = JournalWriter(folder.path, 1, 0, UnsyncedFiles())
    writer.append(
        EngineStarted(
            host="h",
            boot_id="the boot before",
            pid=1,
            version="0.1.0",
            options=EngineOptions(workload="synthetic"),
        )
    )
    writer.append(AttemptStarted(trial=1, replicate=1, attempt=1, seed=1, worker=1))
    writer.append(EpochEnded(trial=1, replicate=1, attempt=1, epoch=1, metrics={"val_accuracy": 0.5}))
    writer.close()
    this = Holder.this_process()
    folder.lock.write_bytes(msgspec.json.encode(Holder(this.host, "the boot before", 1, 0.0)))


@pytest.mark.fault(2)
@pytest.mark.pty
def test_kill_9_of_the_engine_is_said_and_a_key_restarts_it(
    sessions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = new_session(sessions, "drill", epochs=8)
    monkeypatch.setenv("HPO_SYNTHETIC_SECONDS_PER_EPOCH", "1")  # it is far from its end when the screen is drawn
    engine = psutil.Process(start_engine(folder, EngineOptions(workload="synthetic", workers=1)))
    monkeypatch.setenv("HPO_SYNTHETIC_SECONDS_PER_EPOCH", "0.01")  # for the engine that the key starts
    with contextlib.closing(Screen(folder)) as screen:
        screen.wait_until_drawn()
        wait(lambda: any(entry.epochs for entry in read_session(folder).replicates.values()), "an epoch")
        engine.kill()
        screen.wait_for("The engine is gone; R starts it again")
        assert "engine gone" in call("show", str(folder.path))
        assert "engine gone" in call("list", "--sessions", str(sessions))
        screen.type("R")
        screen.wait_for("finished 4 of 4")


@pytest.mark.fault(7)
async def test_after_a_power_loss_it_says_what_starts_again_and_keeps_the_rest(sessions: Path) -> None:
    folder = new_session(sessions, "drill")
    interrupt(folder)
    async with opened(sessions, folder) as see:
        await see.shows("Interrupted: 1 training starts again")
        await see.shows("R")
    assert "engine gone" in call("show", str(folder.path))
    work_off(folder)
    snapshot = read_session(folder)
    assert snapshot.counts["complete"] == 4
    assert snapshot.replicate(JobKey(1, 1)).attempt == 2
    assert any("1 training to be started again" in note.text for note in snapshot.notes)
    kept = [record.event for record in JournalReader(folder.path).poll() if isinstance(record.event, EpochEnded)]
    assert (kept[0].attempt, kept[0].metrics) == (1, {"val_accuracy": 0.5})


@pytest.mark.fault(2)
async def test_the_key_restarts_the_last_training_too_when_nothing_else_waits(sessions: Path) -> None:
    folder = new_session(sessions, "drill", rates=1, filters=1)
    interrupt(folder)
    async with opened(sessions, folder) as see:
        await see.shows("Interrupted: 1 training starts again")
        await see.press("R")
        await see.shows("finished 1 of 1")


@pytest.mark.fault(14, 16)
@pytest.mark.parametrize("end", [b'{"seq":99,"gen":1,"ti', bytes(4096)], ids=["torn", "zero-filled"])
async def test_a_torn_or_zero_filled_end_is_said_when_it_is_set_aside(sessions: Path, end: bytes) -> None:
    folder = finished_session(sessions, "drill")
    before = read_session(folder).replicates
    with (folder.path / "journal.jsonl").open("ab") as file:
        file.write(end)
    said = f"1 partial record ({len(end):,} bytes) at the journal's end was set aside in damaged/."
    assert "Kept: 4 trainings: 4 complete" in call("repair", str(folder.path), "--dry-run")
    work_off(folder)
    assert said in call("show", str(folder.path))
    async with opened(sessions, folder) as see:
        await see.shows(said)
    assert read_session(folder).replicates == before
    assert [part.read_bytes() for part in (folder.path / "damaged").iterdir()] == [end]


@pytest.mark.fault(8)
def test_a_logout_that_would_kill_is_said_before_the_start_with_the_remedy(
    sessions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = new_session(sessions, "drill")
    monkeypatch.setattr(start, "logout_kills", lambda: True)
    said = call("resume", str(folder.path), "--workload", "synthetic")
    warning = "systemd here ends a training at logout; 'loginctl enable-linger' (once) lets it go on"
    assert warning in said
    assert said.index(warning) < said.index("in the background")
    wait(lambda: not folder.engine_runs(), "the engine's end")


SENTENCES = [
    "The disk is full (0.0 MB free); paused until there is room.",
    "disk error: Input/output error; the journal goes on in a new file",
    "5 trainings in a row failed the same way: no such image",
]


@pytest.mark.fault(18, 20, 29)
async def test_what_the_engine_says_of_disk_and_queue_stands_on_the_screen(sessions: Path) -> None:
    folder = finished_session(sessions, "drill")
    with SessionLock(folder.lock):
        async with opened(sessions, folder) as see:
            for sentence in SENTENCES:
                write_status(folder.status, LiveStatus(1, 9, time.time(), 2, 2, message=sentence))
                await see.shows(sentence)


@pytest.mark.fault(19)
async def test_an_export_on_a_full_disk_is_an_error_and_the_old_one_is_whole(
    sessions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = finished_session(sessions, "drill")
    call("export", str(folder.path))
    old = {path.name: path.read_bytes() for path in folder.exports.iterdir()}

    def full(self: Files, fd: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    async with opened(sessions, folder) as see:
        await see.shows("finished 4 of 4")
        with monkeypatch.context() as patched:
            patched.setattr(Files, "write", full)
            await see.press("e")
            await see.tells("No space left on device; an older export there is kept")
    assert {path.name: path.read_bytes() for path in folder.exports.iterdir()} == old


class SlowDisk(Files):
    """A disk whose every flush takes 300 ms; remembers who waited for one."""

    def __init__(self) -> None:
        self.waited: list[threading.Thread] = []

    def sync(self, fd: int) -> None:
        self.waited.append(threading.current_thread())
        time.sleep(0.3)


@pytest.mark.fault(21)
async def test_on_a_disk_that_flushes_in_300_ms_the_screen_never_waits(
    sessions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = SlowDisk()
    monkeypatch.setattr(Files, "sync", lambda self, fd: disk.sync(fd))
    folder = new_session(sessions, "drill", replicates=3)
    engine = Engine(folder, ReplayExecutor(), EngineOptions(workers=2), files=disk, tick=0.001)
    thread = threading.Thread(target=engine.run)
    disk.waited.clear()
    async with opened(sessions, folder) as see:
        await see.shows("drill")
        before = len(disk.waited)
        thread.start()
        for _ in range(2):
            await see.press("1", "u", "right_square_bracket")
        await see.until(lambda: len(disk.waited) > before, "a flush while keys were pressed")
        await see.until(lambda: not thread.is_alive(), "the end")
        await see.shows("12 of 12")
    assert threading.main_thread() not in disk.waited


@pytest.mark.fault(23)
def test_out_of_gpu_memory_is_said_with_the_shape_and_the_next_job_runs(sessions: Path) -> None:
    from hpo_core.worker.loop import failure

    class ResourceExhaustedError(Exception):
        """As TensorFlow names it."""

    words = "OOM when allocating tensor with shape[64,48,50,50] and type float on GPU:0 by allocator GPU_0_bfc"
    outcome = failure(ResourceExhaustedError(f"Graph execution error:\n{words}\n"))
    assert isinstance(outcome, Outcome)

    def script(job: Job) -> Iterator[WorkerEvent]:
        if job.trial != 2:
            yield from synthetic(job)
            return
        ids = {"trial": job.trial, "replicate": job.replicate, "attempt": job.attempt}
        yield JobStarted(**ids)
        yield JobEnded(**ids, status=outcome.status, seconds=0.1, reason=outcome.reason, kind=outcome.kind)

    folder = new_session(sessions, "drill")
    Engine(folder, ReplayExecutor(script), EngineOptions(workers=1), files=UnsyncedFiles(), tick=0.001).run()
    snapshot = read_session(folder)
    assert snapshot.counts["complete"] == 3
    assert snapshot.replicate(JobKey(2, 1)).kind == "out of memory"
    page = call("show", str(folder.path))
    assert "failed: Out of memory: OOM when allocating tensor with" in page
    assert "shape[64,48,50,50]" in page


class LostGpu:
    """NVML after the driver has failed."""

    class NVMLError(Exception):
        pass

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802 - NVML's name
        raise self.NVMLError("GPU is lost")


@pytest.mark.fault(30)
async def test_a_gpu_that_is_lost_has_no_readings_and_disturbs_nothing(
    sessions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hpo_core.engine.readings._load_nvml", LostGpu)
    machine = Readings(gpu=True).take(0)
    assert (machine.gpu, machine.gpu_memory_used, machine.gpu_name) == (None, None, None)
    folder = finished_session(sessions, "drill")
    job = RunningJob(1, 1, 1, 1, "train", 1, 2, 1, 9)
    status = LiveStatus(1, 9, time.time(), 2, 2, (job,), machine=Machine(cpu=50.0, memory_total=1 << 30))
    with SessionLock(folder.lock):
        writer = JournalWriter(folder.path, 9, 10_000, UnsyncedFiles())
        writer.append(EngineStarted(host="h", boot_id="b", pid=1, version="0.1.0", device="gpu"))
        writer.close()
        write_status(folder.status, status)
        async with opened(sessions, folder) as see:
            await see.shows("drill")
            for _ in range(12):
                if "CPU, all cores" in see.text:
                    break
                await see.press("right_square_bracket")
            await see.shows("CPU, all cores")
            await see.shows("n/a")
