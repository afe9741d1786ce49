"""GPUs of one machine, shared by workers and by sessions; only the GPUs are made up."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hpo_core.engine.engine import Engine
from hpo_core.executors import local
from hpo_core.executors.gpus import GpuShare
from hpo_core.executors.local import LocalExecutor
from hpo_core.executors.replay import ReplayExecutor, synthetic
from hpo_core.journal.events import EngineOptions, Job, JobEnded, JobStarted, WorkerEvent
from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder


def test_two_sessions_take_the_free_gpus_first_and_share_when_none_is_left(tmp_path: Path) -> None:
    one, two = GpuShare(3, tmp_path), GpuShare(3, tmp_path)
    assert [one.take(1), one.take(2)] == [0, 1]
    assert two.used_elsewhere() == [1, 1, 0]
    assert [two.take(1), two.take(2), two.take(1)] == [2, 0, 2]
    assert one.take(3) == 2, "where it has none yet, of those with one worker or session each"
    one.give_back(1)
    assert two.used_elsewhere() == [0, 1, 1]
    assert one.take(4) == 0
    one.close()
    assert two.used_elsewhere() == [0, 0, 0]
    two.close()
    assert list(tmp_path.iterdir()) == []


def test_a_session_that_was_killed_holds_no_gpu(tmp_path: Path) -> None:
    code = """
import sys
from hpo_core.executors.gpus import GpuShare, Path
GpuShare(1, Path(sys.argv[1])).take(1)
print("taken", flush=True)
sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        assert GpuShare(1, tmp_path).used_elsewhere() == [1]
        other.kill()
    assert GpuShare(1, tmp_path).used_elsewhere() == [0]
    assert list(tmp_path.iterdir()) == [], "and its file is swept away"


def test_gpus_are_told_apart_as_the_machine_numbers_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5")
    one = GpuShare(2, tmp_path)
    assert (one.names, one.take(1)) == (("3", "5"), 0)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5,3")
    assert GpuShare(2, tmp_path).used_elsewhere() == [0, 1]
    one.close()


def test_a_folder_that_cannot_be_written_tells_nobody_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    share = GpuShare(2, tmp_path / "file" / "gpus")
    assert [share.take(1), share.take(2), share.take(3)] == [0, 1, 0]
    share.close()


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int, int], LocalExecutor]]:
    """Executors with so many made-up GPUs and so many workers on each."""
    monkeypatch.setenv("HPO_TUI_CACHE", str(tmp_path))
    made: list[LocalExecutor] = []

    def start(gpus: int, each: int) -> LocalExecutor:
        monkeypatch.setattr(local, "gpus", lambda: gpus)
        monkeypatch.setattr(local, "cores", lambda: 12)
        made.append(LocalExecutor(tmp_path, workload="paper", workers_per_gpu=each))
        return made[-1]

    yield start
    for executor in made:
        executor.close()


def test_several_workers_on_a_gpu_divide_the_cores_and_go_where_there_is_room(
    started: Callable[[int, int], LocalExecutor], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, int, str]] = []

    class Process:
        def __init__(self, **of: object) -> None:
            asked.append((of["device"], of["threads"], of["environment"]["OMP_NUM_THREADS"]))  # type: ignore[arg-type, index]
            raise OSError("enough is known")

    monkeypatch.setattr(local, "WorkerProcess", Process)
    executor = started(2, 3)
    assert (executor.device, executor.suggested_workers) == ("gpu", 6)
    for worker in (1, 2, 3, 4, 2):
        with pytest.raises(OSError, match="enough"):
            executor.start_worker(worker)
    assert asked == [("gpu:0", 2, "2"), ("gpu:1", 2, "2"), ("gpu:0", 2, "2"), ("gpu:1", 2, "2"), ("gpu:1", 2, "2")]
    assert (started(0, 3).device, started(1, 1).suggested_workers) == ("cpu", 1)


def test_out_of_memory_on_a_shared_gpu_goes_on_with_fewer_workers_and_tries_once_more(
    make_session: Callable[..., SessionFolder],
) -> None:
    class Shared(ReplayExecutor):
        device = "gpu"
        suggested_workers = 4

    tried: list[tuple[int, int]] = []

    def too_large(job: Job) -> Iterator[WorkerEvent]:
        if job.trial > 2 or (job.trial == 1 and job.attempt == 2):
            yield from synthetic(job)
            return
        tried.append((job.trial, job.attempt))
        ids = {"trial": job.trial, "replicate": job.replicate, "attempt": job.attempt}
        yield JobStarted(**ids)
        yield JobEnded(**ids, status="failed", seconds=0.1, reason="Out of memory: OOM", kind="out of memory")

    folder = make_session(replicates=1)
    assert Engine(folder, Shared(too_large), EngineOptions(workers=4), tick=0.001).run() == "finished"
    snapshot = read_session(folder)
    assert sorted(tried) == [(1, 1), (2, 1), (2, 2)], "each once more, and no third time"
    assert (snapshot.counts["complete"], snapshot.counts["failed"]) == (3, 1)
    said = sorted(note.text for note in snapshot.notes)
    assert said == [
        "trial 1 r1 ran out of memory; it is tried once more, with 3 workers from now on.",
        "trial 2 r1 ran out of memory; it is tried once more, with 2 workers from now on.",
    ]
