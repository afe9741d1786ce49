"""A disk that is full for real, under a real engine: paused, said, gone on with; nothing lost or doubled."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner

from hpo_core.engine.launch import start_engine
from hpo_core.journal.events import AttemptStarted, EngineOptions, EpochEnded
from hpo_core.journal.lock import SessionLock
from hpo_core.journal.reader import JournalReader
from hpo_core.plan.spec import SessionSpec
from hpo_core.session import store as session
from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder
from hpo_core.session.status import READ_ONLY, LiveStatus, read_status, write_status
from hpo_core.workloads.synthetic import synthetic_curve
from hpo_tui.cli import cli
from hpo_tui.commands.headless import tell_held
from hpo_tui.commands.progress import LineReporter
from hpo_tui.desk.follower import Update
from hpo_tui.panes.header import notice, state_word

LIMIT = 60.0
SPEC = """
[data]
source = "fruit"
classes = 4
[grid]
learning_rate = [1e-4, 1e-3]
filters = [12, 24]
[fixed]
epochs = 6
"""


def wait(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < deadline, f"waited {LIMIT:.0f} s for {what}"
        time.sleep(0.01)


def message(folder: SessionFolder) -> str:
    live = read_status(folder.status)
    return live.message if live is not None else ""


def assert_whole(folder: SessionFolder) -> None:
    """The session is complete, as its seeds have it, and nothing was written twice."""
    snapshot = read_session(folder)
    assert (snapshot.counts["complete"], snapshot.damage) == (4, ())
    for key, entry in snapshot.replicates.items():
        curve = synthetic_curve(snapshot.spec.values_of(key.trial), entry.seed or 0, 6, 4)
        assert [dict(epoch.metrics) for epoch in entry.epochs] == curve
    events = [record.event for record in JournalReader(folder.path).poll()]
    epochs = [(e.trial, e.epoch) for e in events if isinstance(e, EpochEnded)]
    assert len(epochs) == len(set(epochs)) == 24
    assert len([event for event in events if isinstance(event, AttemptStarted)]) == 4
    assert any("nothing was lost" in note.text for note in snapshot.notes)


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[SessionFolder], psutil.Process]]:
    """Start an engine with the synthetic workload; it is gone in the end."""
    begun: list[psutil.Process] = []

    def begin(folder: SessionFolder) -> psutil.Process:
        monkeypatch.setenv("HPO_SYNTHETIC_SECONDS_PER_EPOCH", "0.15")
        begun.append(psutil.Process(start_engine(folder, EngineOptions(workload="synthetic", workers=2))))
        return begun[-1]

    yield begin
    for process in begun:
        if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            process.kill()


def under_way(folder: SessionFolder) -> bool:
    return any(entry.epochs for entry in read_session(folder).replicates.values())


@pytest.mark.fault(18)
@pytest.mark.skipif(not hasattr(psutil.Process, "rlimit"), reason="this system has no prlimit")
def test_a_journal_that_may_not_grow_pauses_the_work_until_it_may(
    tmp_path: Path, start: Callable[[SessionFolder], psutil.Process]
) -> None:
    folder = session.create(tmp_path, "limited", SessionSpec.parse(SPEC))
    engine = start(folder)
    wait(lambda: under_way(folder), "the first epoch")
    soft, hard = engine.rlimit(psutil.RLIMIT_FSIZE)
    engine.rlimit(psutil.RLIMIT_FSIZE, ((folder.path / "journal.jsonl").stat().st_size + 100, hard))
    wait(lambda: "File too large" in message(folder), "the pause")
    engine.rlimit(psutil.RLIMIT_FSIZE, (soft, hard))
    wait(lambda: not folder.engine_runs(), "the end")
    assert_whole(folder)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte and a hundred files."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m,nr_inodes=100", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this test may not mount a file system")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def wait_filling(fill: Callable[[], None], folder: SessionFolder, said: str) -> None:
    """Fill the disk until the engine says that it waits: a file that it was about to replace leaves room again."""

    def paused() -> bool:
        with contextlib.suppress(OSError):
            fill()
        return message(folder).startswith(said)

    wait(paused, "the pause")


@pytest.mark.fault(18)
def test_a_full_disk_is_named_with_its_free_space_and_the_work_goes_on_when_there_is_room(
    small_disk: Path, start: Callable[[SessionFolder], psutil.Process]
) -> None:
    folder = session.create(small_disk, "full", SessionSpec.parse(SPEC))
    start(folder)
    wait(lambda: under_way(folder), "the first epoch")
    filler = small_disk / "filler"

    def fill() -> None:
        with filler.open("ab", buffering=0) as file:
            while True:
                file.write(b"x" * 512)

    wait_filling(fill, folder, "The disk is full (0.0 MB free)")
    size = (folder.path / "journal.jsonl").stat().st_size
    acknowledged = read_session(folder)
    filler.unlink()
    wait(lambda: not folder.engine_runs(), "the end")
    assert (folder.path / "journal.jsonl").stat().st_size > size
    assert_whole(folder)
    for key, entry in acknowledged.replicates.items():
        assert read_session(folder).replicate(key).epochs[: len(entry.epochs)] == entry.epochs


@pytest.mark.fault(47)
def test_where_no_file_can_be_made_the_work_waits_and_no_training_fails(
    small_disk: Path, start: Callable[[SessionFolder], psutil.Process]
) -> None:
    folder = session.create(small_disk, "crowded", SessionSpec.parse(SPEC))
    start(folder)
    wait(lambda: under_way(folder), "the first epoch")
    made = [small_disk / f"file-{number}" for number in range(200)]

    def fill() -> None:
        for path in made:
            path.touch()

    wait_filling(fill, folder, "The disk takes no further file (no inodes left)")
    for path in made:
        path.unlink(missing_ok=True)
    wait(lambda: not folder.engine_runs(), "the end")
    assert_whole(folder)
    assert len(list(folder.logs.glob("trial-*"))) == 4


class Heard(LineReporter):
    """What a headless run says."""

    def __init__(self, folder: SessionFolder) -> None:
        super().__init__(folder)
        self.said: list[str] = []

    def say(self, sentence: str) -> None:
        self.said.append(sentence)


@pytest.mark.fault(49)
def test_that_the_disk_is_read_only_is_said_wherever_one_looks(
    finished: Callable[..., SessionFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine cannot write it: its last word is old, and the disk itself is asked."""
    folder = finished()
    write_status(folder.status, LiveStatus(pid=1, gen=1, time=time.time() - 60, workers=2, ready=2))
    journal = folder.path / "journal.jsonl"
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(True)[:-2]))  # without the last results
    real = os.statvfs(folder.path)
    only_read = os.statvfs_result((*real[:8], real.f_flag | os.ST_RDONLY, real.f_namemax))
    monkeypatch.setattr(os, "statvfs", lambda path: only_read)
    with SessionLock(folder.lock):
        status, alive = read_status(folder.status), folder.engine_runs()
        told = [
            CliRunner().invoke(cli, [*verb, "--sessions", str(folder.path.parent)]).output
            for verb in (["show", "small"], ["show", "small", "--json"], ["list"], ["list", "--json"])
        ]
        update = Update(read_session(folder), status, alive)
    heard = Heard(folder)
    assert tell_held(tell_held("", status, heard), status, heard) == READ_ONLY
    assert heard.said == [f"the queue is paused: {READ_ONLY}"]
    assert (state_word(update), notice(update)) == ("paused", READ_ONLY)
    assert [output for output in told if READ_ONLY not in output or "paused" not in output] == []
