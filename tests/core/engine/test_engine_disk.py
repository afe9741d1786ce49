"""The engine on a bad disk: full, failing, its journal deleted or taken over. Nothing is lost or doubled."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Any

import pytest

from hpo_core.engine.engine import Engine
from hpo_core.engine.recorder import JournalLost, Superseded
from hpo_core.errors import SessionError
from hpo_core.executors.replay import ReplayExecutor
from hpo_core.journal.events import EngineStarted, Noted, ResumeQueue
from hpo_core.journal.files import Files
from hpo_core.journal.reader import JournalReader
from hpo_core.journal.segments import segments
from hpo_core.journal.writer import JournalWriter
from hpo_core.session.control import send_order
from hpo_core.session.moving import throw_away
from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder
from hpo_core.session.snapshot import Snapshot
from hpo_core.session.status import read_status

MakeSession = Callable[..., SessionFolder]
RunEngine = Callable[..., Snapshot]
Watched = Callable[..., Any]
MakeFiles = Callable[..., Files]


def curves(snapshot: Snapshot) -> dict[Any, list[dict[str, float | None]]]:
    return {key: [dict(epoch.metrics) for epoch in entry.epochs] for key, entry in snapshot.replicates.items()}


def full(name: str, data: bytes) -> int | tuple[int, int] | None:
    return None if name != "write" else (7, 0) if len(data) > 100 else errno.ENOSPC


def read_only(name: str, data: bytes) -> int | None:
    del data
    return errno.EROFS if name in ("write", "truncate", "sync") else None


def without_inodes(name: str, data: bytes) -> int | None:
    del data
    return errno.ENOSPC if name in ("another file", "open") else None


@pytest.mark.parametrize(
    ("fails", "sentence"),
    [
        pytest.param(full, "The disk is full ", marks=pytest.mark.fault(18)),
        pytest.param(without_inodes, "The disk takes no further file ", marks=pytest.mark.fault(47)),
        pytest.param(
            read_only, "The disk is read-only; paused until it can be written.", marks=pytest.mark.fault(49)
        ),
    ],
)
def test_a_disk_that_takes_nothing_pauses_the_work_and_it_goes_on_when_it_does(
    fails: Callable[[str, bytes], Any],
    sentence: str,
    make_session: MakeSession,
    run_engine: RunEngine,
    watched: Watched,
    failing_files: MakeFiles,
) -> None:
    folder = make_session()
    failing, messages, handed_out = [False], set[str](), set[int]()

    def on_turn(turn: int) -> None:
        failing[0] = 12 <= turn < 60
        live = read_status(folder.status)
        if failing[0] and live is not None and live.message:
            assert live.held == live.message
            messages.add(live.message.split("(")[0])
            handed_out.add(len(executor.submitted))

    def plan(name: str, count: int, data: bytes) -> int | tuple[int, int] | None:
        del count
        return fails(name, data) if failing[0] else None

    executor = watched(on_turn)
    snapshot = run_engine(folder, executor, files=failing_files(plan=plan))
    assert messages == {sentence}
    assert len(handed_out) == 1, "nothing was begun in the meantime"
    assert snapshot.counts["complete"] == 8
    assert snapshot.damage == ()
    assert any("nothing was lost" in note.text for note in snapshot.notes)
    assert curves(snapshot) == curves(run_engine(make_session("undisturbed")))
    assert max(entry.attempt for entry in snapshot.replicates.values()) == 1
    assert len(executor.submitted) == 8


def test_a_disk_that_is_full_at_the_start_is_said_before_any_training(
    make_session: MakeSession, failing_files: MakeFiles
) -> None:
    folder = make_session()
    files = failing_files(plan=lambda name, count, data: errno.ENOSPC if name == "write" else None)
    with pytest.raises(SessionError, match=r"cannot be written\. The disk is full \(.*free\)"):
        Engine(folder, ReplayExecutor(), files=files)
    assert not folder.engine_runs()


def test_a_folder_that_cannot_be_written_is_refused(make_session: MakeSession, failing_files: MakeFiles) -> None:
    folder = make_session()
    files = failing_files(plan=lambda name, count, data: errno.EROFS if name == "open" else None)
    with pytest.raises(SessionError, match="Read-only file system"):
        Engine(folder, ReplayExecutor(), files=files)
    assert not folder.engine_runs()


@pytest.mark.fault(20)
def test_a_failed_fsync_pauses_the_queue_and_the_journal_goes_on_in_a_new_file(
    make_session: MakeSession, run_engine: RunEngine, watched: Watched, failing_files: MakeFiles
) -> None:
    folder = make_session()
    reasons: list[str] = []

    def on_turn(turn: int) -> None:
        del turn
        live = read_status(folder.status)
        if live is not None and live.message and not live.running:
            reasons.append(live.message)
            send_order(folder.control, ResumeQueue())

    files = failing_files(plan=lambda name, count, data: errno.EIO if (name, count) == ("sync", 3) else None)
    snapshot = run_engine(folder, watched(on_turn), files=files)
    assert reasons[0] == "disk error: Input/output error; the journal goes on in a new file"
    assert [path.name for path in segments(folder.path)] == ["journal.jsonl", "journal-2.jsonl"]
    assert curves(snapshot) == curves(run_engine(make_session("undisturbed")))


def test_a_disk_that_keeps_failing_is_said_while_it_lasts_and_gets_no_heap_of_segments(
    make_session: MakeSession, run_engine: RunEngine, watched: Watched, failing_files: MakeFiles
) -> None:
    folder = make_session(replicates=4)
    bad, told = [False], dict[str, None]()

    def on_turn(turn: int) -> None:
        bad[0] = 6 <= turn < 40
        live = read_status(folder.status)
        if live is not None and live.message:
            told[live.message] = None
        if turn % 20 == 0:
            send_order(folder.control, ResumeQueue())

    files: Any = failing_files(plan=lambda name, count, data: errno.EIO if bad[0] and name == "sync" else None)
    snapshot = run_engine(folder, watched(on_turn), files=files)
    assert any("would not survive a power loss; tried again" in message for message in told), told
    assert len(segments(folder.path)) == 2
    assert any("The disk keeps what is written again" in note.text for note in snapshot.notes)
    assert (snapshot.counts["complete"], snapshot.damage) == (16, ())
    assert curves(snapshot) == curves(run_engine(make_session("undisturbed", replicates=4)))


@pytest.mark.fault(17)
@pytest.mark.parametrize("how", ["deleted", "emptied", "replaced"])
def test_a_journal_taken_away_ends_the_engine_which_leaves_a_copy_from_memory(
    make_session: MakeSession, run_engine: RunEngine, watched: Watched, how: str
) -> None:
    folder = make_session(replicates=4)
    journal = folder.path / "journal.jsonl"
    before: list[Snapshot] = []

    def on_turn(turn: int) -> None:
        if turn == 20:
            before.append(read_session(folder))
            if how == "deleted":
                journal.unlink()
            elif how == "emptied":
                journal.write_bytes(b"")
            else:
                content = journal.read_bytes()
                journal.unlink()
                journal.write_bytes(content)

    with pytest.raises(JournalLost, match=r"All of it is in journal-recovered\.jsonl"):
        run_engine(folder, watched(on_turn))
    assert not folder.engine_runs()
    (folder.path / "journal-recovered.jsonl").replace(journal)
    recovered = read_session(folder)
    assert recovered.damage == ()
    for key, entry in before[0].replicates.items():
        assert recovered.replicate(key).epochs[: len(entry.epochs)] == entry.epochs
    finished = run_engine(folder)
    assert finished.counts["complete"] == 16


@pytest.mark.fault(13)
def test_an_engine_that_wakes_after_a_takeover_sees_the_newer_one_and_stops(
    make_session: MakeSession, run_engine: RunEngine, watched: Watched, unsynced_files: Files
) -> None:
    folder = make_session(replicates=4)

    def on_turn(turn: int) -> None:
        if turn == 20:
            reader = JournalReader(folder.path)
            reader.poll()
            other = JournalWriter(folder.path, reader.gen + 1, reader.last_seq, unsynced_files)
            other.append(Noted(level="info", text="the new one"))
            other.close()

    with pytest.raises(Superseded, match="A newer engine has taken the session over"):
        run_engine(folder, watched(on_turn))
    kept = read_session(folder)
    assert [note.text for note in kept.notes] == ["the new one"]
    assert not any(record.gen == 1 and record.seq > 60 for record in JournalReader(folder.path).poll())


def test_a_lock_file_that_was_replaced_ends_the_engine(
    make_session: MakeSession, run_engine: RunEngine, watched: Watched
) -> None:
    folder = make_session(replicates=4)

    def on_turn(turn: int) -> None:
        if turn == 20:
            folder.lock.unlink()
            folder.lock.touch()

    with pytest.raises(Superseded, match="lock file was removed or replaced"):
        run_engine(folder, watched(on_turn))


def test_the_live_status_is_written_in_place_where_there_is_no_room_for_a_second_file(
    make_session: MakeSession, run_engine: RunEngine, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_session()
    run_engine(folder)

    def no_room(*args: object, **kwargs: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("hpo_core.engine.live.write_status", no_room)
    before = read_status(folder.status)
    run_engine(folder)
    after = read_status(folder.status)
    assert before is not None
    assert after is not None
    assert after.gen == before.gen + 1


@pytest.mark.fault(40)
def test_a_session_of_a_newer_layout_is_not_worked_on(make_session: MakeSession, unsynced_files: Files) -> None:
    folder = make_session()
    writer = JournalWriter(folder.path, 1, 0, unsynced_files)
    writer.append(EngineStarted(host="h", boot_id="b", pid=1, version="9.9", schema=99))
    writer.close()
    size = (folder.path / "journal.jsonl").stat().st_size
    with pytest.raises(SessionError, match="update hpo-tui"):
        Engine(folder, ReplayExecutor())
    assert (folder.path / "journal.jsonl").stat().st_size == size
    throw_away(folder)
    assert not folder.path.exists()
