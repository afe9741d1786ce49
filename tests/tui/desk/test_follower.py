"""A large session is seen while it is still being read."""

from __future__ import annotations

import queue
from pathlib import Path

import pytest
from large_session import write_session

from hpo_core.session import index
from hpo_tui.desk import follower
from hpo_tui.desk.follower import Follower, Update


def test_a_large_session_is_shown_before_all_of_it_is_read_and_whole_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower, "PIECE_BYTES", 1 << 14)
    folder = write_session(tmp_path, "large", trials=500, replicates=1, epochs=3)
    updates: queue.Queue[Update] = queue.Queue()
    followed = Follower(folder, updates.put, lambda sentence: pytest.fail(sentence))
    followed.start()
    first = newest = updates.get(timeout=60)
    while newest.read < 1:
        newest = updates.get(timeout=60)
    followed.stop()
    followed.join()
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
        updates: queue.Queue[Update] = queue.Queue()
        followed = Follower(folder, updates.put, lambda sentence: pytest.fail(sentence))
        followed.start()
        seen.append(update := updates.get(timeout=60))
        while update.read < 1:
            update = updates.get(timeout=60)
        followed.stop()
        followed.join()
        assert folder.index.is_file()
    assert [update.read == 1 for update in seen] == [False, True]
    assert seen[1].snapshot == update.snapshot
    assert seen[1].snapshot.ended == 500
