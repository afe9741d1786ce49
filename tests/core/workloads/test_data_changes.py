"""Images that change in the middle: noticed between two trainings, said, and each result says which it is of."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from hpo_core.executors.replay import ReplayExecutor, synthetic
from hpo_core.interop.export import export
from hpo_core.interop.import_table import import_table
from hpo_core.journal.events import DataPrepared, Job, WorkerEvent
from hpo_core.session.damage import damage_in_words
from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder
from hpo_core.session.snapshot import Snapshot
from hpo_core.workloads.images import changes
from hpo_core.workloads.images.changes import Watch
from hpo_core.workloads.images.dataset import prepare

MakeSession = Callable[..., SessionFolder]
RunEngine = Callable[..., Snapshot]


def ready(fingerprint: str) -> DataPrepared:
    return DataPrepared(
        fingerprint=fingerprint, train=4, validation=2, classes=("a", "b"), image_size=(8, 8), seconds=0.0
    )


def changing(job: Job) -> Iterator[WorkerEvent]:
    """The first worker's data change before trial 3; the worker says so as it finds out."""
    if job.trial in (1, 3):
        yield ready("aaaaaaaa11" if job.trial == 1 else "bbbbbbbb22")
    yield from synthetic(job)


def test_each_result_says_which_images_it_is_of_and_the_session_that_they_differ(
    make_session: MakeSession, run_engine: RunEngine, tmp_path: Path
) -> None:
    folder = make_session(replicates=1)
    snapshot = run_engine(folder, ReplayExecutor(changing), workers=1)
    by_trial = {key.trial: entry.data for key, entry in snapshot.replicates.items()}
    changed = [trial for trial, data in by_trial.items() if data == "bbbbbbbb22"]
    assert 0 < len(changed) < 4
    assert set(by_trial.values()) == {"aaaaaaaa11", "bbbbbbbb22"}
    assert "The data have changed" in snapshot.notes[-1].text
    said = damage_in_words(read_session(folder))
    assert said.startswith("The data changed during this session; compare only results of the same: ")
    assert f"{len(changed)} of bbbbbbbb" in said
    export(snapshot, tmp_path / "out")
    for table in ("replicates.csv", "epochs.csv"):
        with (tmp_path / "out" / table).open(encoding="utf-8") as file:
            tags = {int(row["trial"]): row["origin"] for row in csv.DictReader(file)}
        assert tags == {trial: f"data {data[:8]}" for trial, data in by_trial.items()}
    again = import_table(tmp_path / "out" / "replicates.csv", tmp_path / "sessions", "again").folder
    assert read_session(again).counts["complete"] == 4


def test_where_the_images_stay_the_same_there_is_no_tag_and_no_word(
    make_session: MakeSession, run_engine: RunEngine, tmp_path: Path
) -> None:
    folder = make_session(replicates=1)
    run_engine(folder, ReplayExecutor(lambda job: iter([ready("same"), *synthetic(job)])))
    assert damage_in_words(read_session(folder)) == ""
    export(read_session(folder), tmp_path / "out")
    assert "images" not in (tmp_path / "out" / "replicates.csv").read_text(encoding="utf-8")


@pytest.fixture
def images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two classes of three images; the worker's cache stands beside them."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    root = tmp_path / "images"
    for number, name in enumerate(("apple", "pear")):
        (root / name).mkdir(parents=True)
        for index in range(3):
            Image.new("RGB", (8, 8), (40 * index, 90 * number, 7)).save(root / name / f"{index}.png")
    return root


def no_progress(done: int, total: int) -> None:
    del done, total


def test_files_that_change_are_noticed_at_the_next_look_and_only_then(
    images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = {"source": "folder", "path": str(images), "image_size": [8, 8]}
    before = prepare(table)
    monkeypatch.setattr(changes, "LOOK_SECONDS", 3600.0)
    patient = Watch(table)
    monkeypatch.setattr(changes, "LOOK_SECONDS", 0.0)
    watch = Watch(table)
    assert watch.changed(before.fingerprint, no_progress) is None
    Image.new("RGB", (8, 8), (90, 90, 7)).save(images / "apple" / "0.png")
    monkeypatch.setattr(watch, "_next", 0.0)
    after = watch.changed(before.fingerprint, no_progress)
    assert after is not None
    assert after.fingerprint != before.fingerprint
    assert patient.changed(before.fingerprint, no_progress) is None, "not so soon"


def test_files_that_are_gone_change_nothing_for_who_has_decoded_them(
    images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = {"source": "folder", "path": str(images), "image_size": [8, 8]}
    before = prepare(table)
    monkeypatch.setattr(changes, "LOOK_SECONDS", 0.0)
    watch = Watch(table)
    images.rename(images.with_name("elsewhere"))
    assert watch.changed(before.fingerprint, no_progress) is None


def test_generated_images_are_not_looked_at() -> None:
    watch = Watch({"source": "fruit"})
    watch._next = 0.0
    assert watch.changed("x", no_progress) is None
