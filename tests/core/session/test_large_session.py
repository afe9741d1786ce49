"""A large session is opened piece by piece: what was read so far is a session, in the end the whole one."""

from __future__ import annotations

from pathlib import Path

import pytest
from large_session import write_session

from hpo_core.journal.reader import JournalReader
from hpo_core.session import opening
from hpo_core.session.opening import SessionReader, read_session


def test_a_session_read_in_pieces_is_the_one_that_is_read_at_once(tmp_path: Path) -> None:
    folder = write_session(tmp_path, "large", trials=500, replicates=1, epochs=3)
    reader, shares = SessionReader(folder), []
    while reader.poll(1 << 14):
        shares.append(reader.share)
        assert len(reader.snapshot().replicates) > 0
    assert len(shares) > 5
    assert shares == sorted(shares)
    assert shares[-1] == 1
    whole = read_session(folder)
    assert reader.snapshot().replicates == whole.replicates
    assert whole.counts["complete"] == 500
    assert {entry.had for entry in whole.replicates.values()} == {3}


def test_a_damaged_line_among_many_costs_that_line_alone_and_is_named(tmp_path: Path) -> None:
    folder = write_session(tmp_path, "large", trials=500, replicates=1, epochs=1)
    path = folder.path / "journal.jsonl"
    lines = path.read_bytes().split(b"\n")
    lines[700] = lines[700].replace(b'"epoch":1', b'"epoch":7').replace(b'"trial":', b'"Trial":')
    path.write_bytes(b"\n".join(lines))
    reader = JournalReader(folder.path)
    assert len(reader.poll()) == len(lines) - 2
    assert [str(entry) for entry in reader.damage] == ["journal.jsonl, line 701: the checksum does not match"]


def test_half_a_line_at_the_end_waits_for_its_other_half_also_between_pieces(tmp_path: Path) -> None:
    folder = write_session(tmp_path, "large", trials=500, replicates=1, epochs=1, ended=20)
    path = folder.path / "journal.jsonl"
    data = path.read_bytes()
    path.write_bytes(data[:-30])
    reader, found = JournalReader(folder.path), []
    while records := reader.poll(500):
        found += records
    assert (reader.share, len(found)) == (1, data.count(b"\n") - 1)
    path.write_bytes(data)
    assert [record.seq for record in reader.poll(500)] == [data.count(b"\n")]


def test_a_long_tail_without_an_end_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "PIECE_BYTES", 1 << 14)
    folder = write_session(tmp_path, "large", trials=500, replicates=1, epochs=1)
    with (folder.path / "journal.jsonl").open("ab") as file:
        file.write(bytes(1 << 16))
    reader = SessionReader(folder)
    assert reader.poll()
    assert (reader.share, reader.snapshot().ended) == (1, 500)
    assert not reader.poll()
