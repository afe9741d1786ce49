"""The benchmark itself works: a tiny grid goes through it, and its report says what was measured."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import gpu
import pytest
from PIL import Image
from ways import working_seconds

from hpo_core.journal.events import AttemptEnded, AttemptStarted, EngineStarted, EngineStopped
from hpo_core.journal.writer import JournalWriter
from hpo_core.plan.spec import SessionSpec
from hpo_core.session.store import create

BENCH = Path(__file__).parent


def bench(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=110, check=False, env={**os.environ})


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Two classes of plain colours, as image files."""
    for part, count in (("Training", 8), ("Validation", 4)):
        for name, colour in (("dark", (20, 20, 60)), ("light", (230, 220, 120))):
            folder = tmp_path / "images" / part / name
            folder.mkdir(parents=True)
            for number in range(count):
                Image.new("RGB", (20, 20), colour).save(folder / f"{number}.png")
    return tmp_path / "images"


@pytest.mark.long
@pytest.mark.tf
def test_the_limit_and_hpo_tui_train_the_same_grid_to_the_same_accuracies(images: Path, tmp_path: Path) -> None:
    out = tmp_path / "runs.csv"
    done = bench(
        *(BENCH / "throughput.py", "--grid", "tiny", "--shapes", images, "--out", out),
        *("--ways", "bare", "hpo-tui", "--workers", "1"),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "bare: +0.000 from hpo-tui" in done.stdout
    with out.open(encoding="utf-8", newline="") as file:
        rows = {row["way"]: row for row in csv.DictReader(file)}
    assert list(rows) == ["bare", "hpo-tui"]
    assert {row["trainings"] for row in rows.values()} == {"4"}
    assert {row["images"] for row in rows.values()} == {"16"}
    for label, row in (("(the limit)", rows["bare"]), ("hpo-tui run --headless", rows["hpo-tui"])):
        line = next(line for line in done.stdout.splitlines() if line.startswith("|") and label in line)
        printed = float(line.split("|")[2])
        assert printed == pytest.approx(float(row["seconds"]), abs=0.06)  # one place here, two in the CSV
        assert float(row["seconds"]) > float(row["cpu_seconds"]) / (os.cpu_count() or 1) > 0


def test_what_a_session_takes_apart_from_its_start_is_from_its_workers_first_trainings_to_the_end_of_the_last(
    tmp_path: Path,
) -> None:
    folder = create(tmp_path, "grid", SessionSpec.parse('[data]\nsource = "fruit"\n[grid]\nfilters = [1, 2]\n'))
    ids = {"replicate": 1, "attempt": 1}
    writer = JournalWriter(folder.path, 1, 0)
    writer.append(EngineStarted(host="box", boot_id="b", pid=1, version="0.1.0", workers=2), now=5.0)
    writer.append(AttemptStarted(trial=1, **ids, seed=7, worker=1), now=7.0)
    writer.append(AttemptStarted(trial=2, **ids, seed=7, worker=2), now=8.0)
    writer.append(AttemptEnded(trial=1, **ids, status="complete", seconds=1.5), now=9.0)
    writer.append(AttemptEnded(trial=2, **ids, status="complete", seconds=1.5), now=12.5)
    writer.append(EngineStopped(reason="finished"), now=30.0)
    writer.close()
    assert working_seconds(folder) == 5.0


@pytest.mark.long
@pytest.mark.tf
@pytest.mark.timeout(1200)
def test_the_script_for_a_gpu_prints_all_of_its_parts_in_its_small_form() -> None:
    command = [sys.executable, BENCH / "gpu.py", "--small"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1180, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("No GPU: the small form, on the CPU; ")
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]] for line in done.stdout.splitlines() if line[:1] == "|"
    ]
    for first, cells in ((["2", "16", "off"], 6), (["2", "16", "its own"], 6), (["1"], 3), (["2"], 3)):
        (row,) = [row for row in rows if row[: len(first)] == first and len(row) == cells]
        assert float(row[len(first)].replace(",", "")) > 0, row
    for way in ("the paper's way: a process for each training", "hpo-tui run --headless"):
        assert any(row[0] == way and float(row[1]) > 0 for row in rows), done.stdout


def test_without_a_gpu_the_script_for_one_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "gpus", lambda: 0)
    assert gpu.main([]) == 2


def test_a_way_that_fails_is_reported_with_its_log_and_fails_the_benchmark(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    done = bench(BENCH / "throughput.py", "--grid", "tiny", "--shapes", empty, "--ways", "hpo-tui")
    assert done.returncode == 1
    assert "hpo-tui failed: exit status 2, 0 of 4 trainings" in done.stdout
    assert str(empty) in done.stdout
