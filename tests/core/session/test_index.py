"""The index beside a large journal: what is opened through it is what the journal says, or it says nothing."""

from __future__ import annotations

import os
import shutil
import threading
from array import array
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import force_setattr, replace

from hpo_core.journal.events import (
    AttemptEnded,
    AttemptStarted,
    DataPrepared,
    EngineStarted,
    EngineStopped,
    Envelope,
    EpochEnded,
    Event,
    JobsQueued,
    Noted,
    QueuePaused,
    ResultAdopted,
    TrialsAdded,
    ValuesAdvised,
    WiringProbed,
)
from hpo_core.journal.files import REAL_FILES
from hpo_core.journal.reader import JournalReader
from hpo_core.journal.records import encode_record
from hpo_core.plan.grid import JobKey
from hpo_core.plan.probes import Finding
from hpo_core.plan.spec import SessionSpec
from hpo_core.session import index, store
from hpo_core.session.binding import plan_of
from hpo_core.session.epochs import Epoch, Epochs
from hpo_core.session.opening import SessionReader, read_session
from hpo_core.session.paths import SessionFolder
from hpo_core.session.snapshot import Snapshot
from hpo_core.session.state import SessionState

SPEC = """
[data]
source = "fruit"
[grid]
{grid}
[fixed]
epochs = 3
[session]
replicates = 2
{session}
"""
GRID = SessionSpec.parse(
    SPEC.format(grid="filters = [12, 24]\nloss = ['poisson', 'mean_squared_error']", session="")
)
RANDOM = SessionSpec.parse(
    SPEC.format(
        grid="learning_rate = {low = 0.001, high = 0.1, scale = 'log'}",
        session="[search]\nplan = 'random'\ntrials = 6",
    )
)
STORY_EPOCHS = (Epoch(1, {"loss": 0.5}, 1.0), Epoch(2, {"loss": 0.5, "more": 1.0}, 1.0))
METRICS = {"accuracy": 0.1 + 0.2, "val_accuracy": None}


def epoch(trial: int, number: int, attempt: int = 1, **more: float) -> EpochEnded:
    return EpochEnded(
        trial=trial, replicate=1, attempt=attempt, epoch=number, metrics={**METRICS, **more}, seconds=0.5
    )


def started(trial: int, attempt: int = 1) -> AttemptStarted:
    return AttemptStarted(trial=trial, replicate=1, attempt=attempt, seed=2**63 - 1, worker=trial)


def ended(trial: int, status: Any = "complete", **more: Any) -> AttemptEnded:
    return AttemptEnded(trial=trial, replicate=1, attempt=1, status=status, seconds=1.5, **more)


ENGINE = EngineStarted(host="box", boot_id="b", pid=1, version="0", schema=3, device="gpu")
FINDING = Finding(hyperparameter="filters", verdict="nothing", values=(12, 24), steps=8)
STORY: list[Event] = [
    ENGINE,
    plan_of(GRID),
    DataPrepared(
        fingerprint="f", train=8, validation=2, classes=("a", "b"), image_size=(9, 9), seconds=0.1, said=("so",)
    ),
    WiringProbed(findings=(FINDING,), probes=4, steps=32, seconds=0.5),
    Noted(level="warning", text="to know"),
    *(started(1), epoch(1, 1), epoch(1, 2), epoch(1, 3), ended(1, epochs=3, parameters=7, data="abc")),
    *(started(2), epoch(2, 1), epoch(2, 3, extra=1.0), ended(2, "failed", reason="no", kind="memory", epochs=3)),
    ResultAdopted(
        trial=3, replicate=3, status="complete", origin="a.csv", epochs=({"loss": 0.1},), last_epoch=2, seed=4
    ),
    JobsQueued(jobs=((2, 1), (4, 4))),
    ValuesAdvised(values={"filters": (12,)}),
    *(started(4), epoch(4, 1)),
    QueuePaused(reason="lunch"),
]
REST: list[Event] = [
    epoch(4, 2),
    epoch(4, 3),
    ended(4, epochs=3),
    EngineStopped(reason="stopped"),
    ENGINE,
    started(2, 2),
]
ROWS = ((0.01,), (0.02,), (0.05,))
DRAWN: list[Event] = [ENGINE, plan_of(RANDOM), TrialsAdded(trials=ROWS), started(1), epoch(1, 1), epoch(1, 2)]


@pytest.fixture(autouse=True)
def worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every journal is a large one."""
    monkeypatch.setattr(index, "WORTH_BYTES", 1)


class Told:
    """A session whose journal has been read, and kept."""

    def __init__(self, sessions: Path, spec: SessionSpec, events: Iterable[Event]) -> None:
        self.folder = store.create(sessions, "told", spec)
        self.journal = self.folder.path / "journal.jsonl"
        self.seq = 0
        self.tell(events)
        self.reader = self.opened()
        self.reader.keep_index()

    def tell(self, events: Iterable[Event]) -> None:
        with self.journal.open("ab") as file:
            for event in events:
                self.seq += 1
                file.write(encode_record(Envelope(self.seq, 1, 100.0 + self.seq, event)))

    def opened(self, folder: SessionFolder | None = None, indexed: bool = True) -> SessionReader:
        reader = SessionReader(folder or self.folder, indexed=indexed)
        while reader.poll(1000) and reader.share < 1:
            pass
        return reader

    def is_taken(self) -> bool:
        """Whether a screen goes by the index; whether or not, it shows what the journal says."""
        reader = SessionReader(self.folder, indexed=True)
        reader.poll(1)  # of the journal, a line
        read = reader.state.version > 1
        while reader.poll():
            pass
        assert reader.snapshot() == read_session(self.folder)
        return read


@pytest.fixture
def told(tmp_path: Path) -> Told:
    return Told(tmp_path, GRID, STORY)


def all_of(state: SessionState) -> dict[str, Any]:
    state.snapshot()
    facts = {name: getattr(state, name) for name in state.__struct_fields__}
    orders = [list(state._replicates), list(state._queue)]
    kinds = [type(entry.epochs) for entry in state._replicates.values()]
    return {**facts, "bounds": {**vars(state._bounds), "_epochs": None}, "orders": orders, "kinds": kinds}


@pytest.mark.parametrize(("spec", "story"), [(GRID, STORY), (RANDOM, DRAWN)], ids=["grid", "random"])
def test_a_session_is_the_same_through_its_index_after_every_event_and_goes_on_so(
    tmp_path: Path, spec: SessionSpec, story: list[Event]
) -> None:
    for number in range(1, len(story) + 1):
        told = Told(tmp_path / str(number), spec, story[:number])
        through, alone = told.opened(), told.opened(indexed=False)
        assert all_of(through.state) == all_of(alone.state)
        told.tell([*story[number:], *(REST if spec is GRID else ())])
        assert (through.poll(), alone.poll()) == (number < len(story) or spec is GRID,) * 2
        assert all_of(through.state) == all_of(alone.state) == all_of(told.opened().state)
        assert through.snapshot() == alone.snapshot()


def test_an_index_forgets_no_field_of_a_state() -> None:
    by_hand = {f"_{name}" for name in index._Body.__struct_fields__} - {"_plain", "_names", "_runs", "_trials"}
    assert {*SessionState.__struct_fields__} == {*index._PLAIN, *by_hand, "spec", "_growing"}


def test_an_engine_leaves_one_of_what_it_wrote(
    make_session: Callable[..., SessionFolder], run_engine: Callable[..., Snapshot]
) -> None:
    folder = make_session()
    run_engine(folder)
    inode = folder.index.stat().st_ino
    through, alone = SessionReader(folder, indexed=True), SessionReader(folder)
    for reader in (through, alone):
        reader.poll()
        reader.keep_index()
    assert all_of(through.state) == all_of(alone.state)
    assert through.snapshot().finished
    assert folder.index.stat().st_ino == inode, "it was gone by"


def test_what_comes_after_it_is_read_of_the_journal_alone(told: Told) -> None:
    assert told.is_taken()
    told.tell(REST)
    assert told.is_taken()
    assert told.opened().snapshot().replicate(JobKey(4, 1)).status == "complete"


def test_it_is_written_anew_only_where_much_was_read_beyond_it(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = told.folder.index.stat().st_ino
    for worth, again in ((10_000, False), (100, True)):
        monkeypatch.setattr(index, "WORTH_BYTES", worth)
        told.tell(REST[:3])
        told.opened().keep_index()
        assert (told.folder.index.stat().st_ino != first) is again


def test_a_small_session_gets_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert not Told(tmp_path, GRID, STORY).folder.index.exists()


def test_a_change_anywhere_in_the_journal_voids_it_and_damage_is_named_as_ever(told: Told) -> None:
    data = told.journal.read_bytes()
    for place in range(0, len(data), 211):
        told.journal.write_bytes(data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :])
        assert not told.is_taken()
        assert told.opened().snapshot().damage
    told.journal.write_bytes(data[: data.index(b"\n") + 1])
    assert not told.is_taken()
    told.journal.write_bytes(data)
    assert told.is_taken()


@pytest.mark.fault(67)
def test_an_index_that_is_damaged_anywhere_or_cut_counts_for_nothing(told: Told) -> None:
    data = told.folder.index.read_bytes()
    for place in range(0, len(data), 83):
        told.folder.index.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        assert not told.is_taken()
        told.folder.index.write_bytes(data[:place])
        assert not told.is_taken()
    told.folder.index.write_bytes(data + b"\0")
    assert not told.is_taken()
    told.folder.index.write_bytes(data)
    assert told.is_taken()


@pytest.mark.fault(67)
@pytest.mark.parametrize("put", ["noise", "empty", "nested", "pipe", "folder", "link", "nothing", "endless"])
def test_whatever_else_stands_in_its_place_is_no_error(told: Told, put: str, tmp_path: Path) -> None:
    place = told.folder.index
    kept = place.rename(tmp_path / "kept")
    {
        "noise": lambda: place.write_bytes(bytes(range(256)) * 4),
        "empty": place.touch,
        "nested": lambda: place.write_bytes(b"[" * 2000),
        "pipe": lambda: os.mkfifo(place),
        "folder": place.mkdir,
        "link": lambda: place.symlink_to(kept),
        "nothing": lambda: None,
        "endless": lambda: (place.touch(), os.truncate(place, 1 << 40)),
    }[put]()
    assert not told.is_taken()
    told.opened().keep_index()
    assert told.is_taken() is (put != "folder")
    assert kept.read_bytes()
    assert not list(told.folder.path.glob(".*.part"))


@pytest.mark.fault(67)
def test_another_spec_program_or_place_voids_it(
    told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = SessionFolder(shutil.copytree(told.folder.path, tmp_path / "copy"))
    assert index.read_index(copy, GRID, JournalReader(copy.path)) is None
    spec = told.folder.spec.read_text()
    told.folder.spec.write_text(spec.replace("replicates = 2", "replicates = 5"))
    assert not told.is_taken()
    told.folder.spec.write_text(spec)
    shutil.copyfile(told.journal, told.folder.path / "journal-2.jsonl")
    assert index.read_index(told.folder, GRID, JournalReader(told.folder.path)) is None
    (told.folder.path / "journal-2.jsonl").unlink()
    assert told.is_taken()
    monkeypatch.setattr(index, "_program", lambda: "another")
    assert not told.is_taken()


def first_with(**changed: Any) -> Callable[[SessionState], None]:
    """Change the first training."""

    def forge(state: SessionState) -> None:
        for name, value in changed.items():
            force_setattr(state._replicates[JobKey(1, 1)], name, value)

    return forge


def epochs_from(first: int) -> Epochs:
    return Epochs(range(first, first + 2), ("loss",), array("d", [0.0] * 4))


FORGED: dict[str, Callable[[SessionState], None]] = {
    "a trial that is not in the grid": first_with(key=JobKey(9, 1)),
    "a replicate 0": first_with(key=JobKey(1, 0)),
    "endless epochs": first_with(ended_after=10**12),
    "epochs before the first": first_with(epochs=epochs_from(-1)),
    "epochs after the last": first_with(epochs=epochs_from(10**6)),
    "epochs that fall": first_with(epochs=(*STORY_EPOCHS[::-1],)),
    "an unknown end": first_with(status="well"),
    "endless replicates": lambda state: state._counts.update({1: 10**9}),
    "a job that cannot be": lambda state: state._queue.update({JobKey(77, 1): None}),
    "a training that never began": lambda state: state._running.update({9: JobKey(4, 2)}),
    "more trials than the grid has": lambda state: setattr(
        state, "spec", replace(GRID, grid=replace(GRID.grid, listed=(("no",),) * 9))
    ),
}


@pytest.mark.fault(67)
@pytest.mark.parametrize("what", FORGED)
def test_an_index_that_was_made_to_say_what_cannot_be_counts_for_nothing(told: Told, what: str) -> None:
    FORGED[what](told.reader.state)
    told.folder.index.unlink()
    index.keep_index(told.folder, GRID, told.reader.state, told.reader._journal)
    assert told.folder.index.exists()
    assert not told.is_taken()


def test_commands_and_exports_go_by_the_journal_alone(told: Told) -> None:
    before = read_session(told.folder)
    force_setattr(told.reader.state._replicates[JobKey(1, 1)], "status", "failed")
    index.keep_index(told.folder, GRID, told.reader.state, told.reader._journal)
    assert told.opened().snapshot().counts["failed"] == before.counts["failed"] + 1, "a screen goes by it"
    assert read_session(told.folder) == before


def test_none_is_written_of_damage_into_a_full_disk_or_into_another_users_folder(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    told.folder.index.unlink()
    with monkeypatch.context() as full:
        full.setattr(index.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 10, 0))
        told.opened().keep_index()
    with monkeypatch.context() as fails:
        fails.setattr(type(REAL_FILES), "write", lambda *_: (_ for _ in ()).throw(OSError(28, "full")))
        told.opened().keep_index()
    with monkeypatch.context() as other:
        other.setattr(index.os, "geteuid", lambda: -1)
        told.opened().keep_index()
    with told.journal.open("ab") as file:
        file.write(b"noise\n")
    told.opened().keep_index()
    assert not told.folder.index.exists()
    assert not list(told.folder.path.glob(".*.part"))


def test_half_an_index_of_a_program_that_was_killed_goes_with_the_next(told: Told) -> None:
    told.folder.index.rename(half := told.folder.path / ".journal.index.77.part")
    told.opened().keep_index()
    assert told.folder.index.exists()
    assert not half.exists()


def test_several_who_write_it_at_once_do_not_tear_it(told: Told) -> None:
    readers = [told.opened() for _ in range(4)]
    seen: list[bool] = []

    def work(reader: SessionReader) -> None:
        for _ in range(10):
            index.keep_index(told.folder, GRID, reader.state, reader._journal)
            state = index.read_index(told.folder, GRID, JournalReader(told.folder.path))
            seen.append(state is None or state.snapshot() == reader.snapshot())

    threads = [threading.Thread(target=work, args=(reader,)) for reader in readers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [True] * 40
    told.folder.index.unlink(missing_ok=True)
    told.opened().keep_index()
    assert told.is_taken()
