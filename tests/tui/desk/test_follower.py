"""A large session is seen while it is still being read."""

from __future__ import annotations

import os
import queue
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from large_session import write_session

from hpo_core.journal.events import Envelope, Noted
from hpo_core.journal.records import encode_record
from hpo_core.session import ahead, index
from hpo_core.session.opening import SessionReader, read_session
from hpo_core.session.paths import SessionFolder
from hpo_tui.desk import follower
from hpo_tui.desk.follower import Follower, Update

Updates = queue.Queue[Update]


@contextmanager
def following(folder: SessionFolder) -> Iterator[Updates]:
    """What a follower of the session tells, until it is stopped."""
    updates = Updates()
    followed = Follower(folder, updates.put, lambda sentence: pytest.fail(sentence))
    followed.start()
    try:
        yield updates
    finally:
        followed.stop()
        followed.join()


def first_and_whole(updates: Updates) -> tuple[Update, Update]:
    """The first update, and the first that tells of all."""
    first = newest = updates.get(timeout=60)
    while newest.read < 1:
        newest = updates.get(timeout=60)
    return first, newest


def test_a_large_session_is_shown_before_all_of_it_is_read_and_whole_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower, "PIECE_BYTES", 1 << 14)
    folder = write_session(tmp_path, "large", trials=500, replicates=1, epochs=3)
    with following(folder) as updates:
        first, newest = first_and_whole(updates)
    assert first.read < 0.5
    assert 0 < first.snapshot.ended < newest.snapshot.ended == 500


def test_the_next_time_a_large_session_is_there_whole_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower, "PIECE_BYTES", 1 << 14)
    monkeypatch.setattr(index, "WORTH_BYTES", 1 << 16)
    folder = write_session(tmp_path, "large", trials=500, replicates=1, epochs=3)
    seen: list[Update] = []
    for _ in range(2):
        with following(folder) as updates:
            first, update = first_and_whole(updates)
        seen.append(first)
        assert folder.index.is_file()
    assert [update.read == 1 for update in seen] == [False, True]
    assert seen[1].snapshot == update.snapshot
    assert seen[1].snapshot.ended == 500


@pytest.mark.parametrize("kept", ["an index", "noise", "nothing"])
def test_what_was_begun_before_the_screen_is_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: str
) -> None:
    monkeypatch.setattr(ahead, "LARGE_BYTES", 1 << 18)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    monkeypatch.setattr(index, "WORTH_BYTES", 1 << 16)
    folder = write_session(tmp_path, "large", trials=2_000, replicates=1, epochs=3)
    if kept == "an index":
        reader = SessionReader(folder, indexed=True)
        reader.poll()
        reader.keep_index()
    if kept == "noise":
        folder.index.write_bytes(b"noise")
    ahead.begin(folder)
    with following(folder) as updates:
        first, newest = first_and_whole(updates)
    assert first.read == 1 or kept != "an index"
    assert newest.snapshot == read_session(folder)


def test_a_large_session_that_cannot_be_read_is_told_of_by_who_follows_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "LARGE_BYTES", 1)
    folder = write_session(tmp_path, "large", trials=500, replicates=1, epochs=1)
    folder.spec.write_text("[data")
    ahead.begin(folder)
    told = queue.Queue[str]()
    followed = Follower(folder, lambda update: pytest.fail(f"{update}"), told.put)
    followed.start()
    assert "spec.toml" in told.get(timeout=60)
    followed.join()


def test_a_process_beside_reads_a_large_journal_and_the_screen_goes_on_from_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_session(tmp_path, "large", trials=2_000, replicates=1, epochs=20)
    monkeypatch.setattr(ahead, "LARGE_BYTES", 1 << 20)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    monkeypatch.setattr(follower, "FIRST_SECONDS", 0.0)
    monkeypatch.setattr(SessionReader, "keep_index", lambda _: None)  # here: what is kept, the other process kept
    with following(folder) as updates:
        first, newest = first_and_whole(updates)
        assert first.read < 0.5
        assert folder.index.is_file()
        assert newest.snapshot == read_session(folder)
        later = Envelope(newest.snapshot.version + 1, 1, 1.8e9, Noted(level="info", text="later"))
        with (folder.path / "journal.jsonl").open("ab") as journal:
            journal.write(encode_record(later))
        while not newest.snapshot.notes:
            newest = updates.get(timeout=60)
    assert newest.snapshot == read_session(folder)


def test_what_a_process_beside_can_keep_nothing_of_the_screen_reads_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_session(tmp_path, "large", trials=500, replicates=1, epochs=20)
    journal = folder.path / "journal.jsonl"
    data = bytearray(journal.read_bytes())
    data[len(data) // 2] ^= 1
    journal.write_bytes(data)
    monkeypatch.setattr(ahead, "LARGE_BYTES", 1 << 20)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    with following(folder) as updates:
        _, newest = first_and_whole(updates)
    assert not folder.index.exists()
    assert newest.snapshot.damage
    assert newest.snapshot == read_session(folder)
