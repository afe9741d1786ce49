"""A failing disk: what one segment lost, the next one has; a disk that keeps failing is left alone for a while."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hpo_core.journal.events import Envelope, EpochEnded, Noted
from hpo_core.journal.files import Files
from hpo_core.journal.reader import JournalReader
from hpo_core.journal.segments import segments
from hpo_core.journal.writer import JournalWriter, set_torn_tail_aside

MakeFiles = Callable[..., Files]


def note(number: int) -> Noted:
    return Noted(level="info", text=f"note {number}")


def failing_once(failing_files: MakeFiles, at: int) -> Files:
    return failing_files(plan=lambda name, count, data: errno.EIO if (name, count) == ("sync", at) else None)


def with_two_segments(folder: Path, failing_files: MakeFiles) -> tuple[list[Envelope], int]:
    """Write six records of which 3 to 6 stand in both segments; return them, and where record 3 begins."""
    writer = JournalWriter(folder, 1, 0, failing_once(failing_files, 2))
    records = [writer.append(note(number)) for number in (1, 2)]
    writer.sync()
    begins = (folder / "journal.jsonl").stat().st_size
    records += [writer.append(note(number)) for number in (3, 4, 5)]
    with pytest.raises(OSError, match="Input/output"):
        writer.sync()
    records.append(writer.append(note(6)))
    writer.close()
    return records, begins


def lose(path: Path, begins: int, lines: int = 1) -> None:
    """Let the page that holds these lines read back as zeros; those after it are intact."""
    data = bytearray(path.read_bytes())
    end = begins
    for _ in range(lines):
        end = data.index(b"\n", end) + 1
    data[begins : end - 1] = bytes(end - 1 - begins)
    path.write_bytes(data)


def test_a_page_that_the_first_segment_lost_is_read_from_the_second(
    tmp_path: Path, failing_files: MakeFiles
) -> None:
    records, begins = with_two_segments(tmp_path, failing_files)
    lose(tmp_path / "journal.jsonl", begins)
    reader = JournalReader(tmp_path)
    assert reader.poll() == records
    assert reader.damage == [], "nothing is missing"


def test_what_stands_in_no_segment_is_missing_and_said(tmp_path: Path, failing_files: MakeFiles) -> None:
    records, _ = with_two_segments(tmp_path, failing_files)
    lose(tmp_path / "journal.jsonl", 0)
    reader = JournalReader(tmp_path)
    assert reader.poll() == records[1:]
    assert [str(entry) for entry in reader.damage] == ["journal.jsonl, line 1: zero-filled"]


def test_who_follows_reads_anew_when_what_was_missing_comes_to_light(
    tmp_path: Path, failing_files: MakeFiles
) -> None:
    records, begins = with_two_segments(tmp_path, failing_files)
    lose(tmp_path / "journal.jsonl", begins)
    second = (tmp_path / "journal-2.jsonl").rename(tmp_path / "later")
    reader = JournalReader(tmp_path)
    assert reader.poll() == [*records[:2], *records[3:5]]
    assert len(reader.damage) == 1
    second.rename(tmp_path / "journal-2.jsonl")
    assert reader.poll() == records
    assert (reader.restarts, reader.damage) == (1, [])
    assert reader.poll() == []


def test_of_two_records_with_one_number_the_later_engines_counts(tmp_path: Path, unsynced_files: Files) -> None:
    old = JournalWriter(tmp_path, 1, 0, unsynced_files)
    first = old.append(note(1))
    new = JournalWriter(tmp_path, 2, 1, unsynced_files)
    old.append(note(99))
    second, third = new.append(note(2)), new.append(note(3))
    assert JournalReader(tmp_path).poll() == [first, second, third]


def test_a_disk_that_keeps_failing_gets_one_segment_and_longer_and_longer_pauses(
    tmp_path: Path, failing_files: MakeFiles, hands: Any
) -> None:
    bad = [False]
    files: Any = failing_files(plan=lambda name, count, data: errno.EIO if bad[0] and name == "sync" else None)
    writer = JournalWriter(tmp_path, 1, 0, files, hands.clock().steady)
    records = [writer.append(note(1))]
    writer.sync()
    assert writer.unsafe_since is None
    bad[0] = True
    tried = files.counts["sync"]
    for second in range(300):
        records.append(writer.append(note(second)))
        hands.forward(1.0)
        try:
            writer.sync_if_due()
        except OSError:
            assert writer.unsafe_since is not None or second == 0
    assert len(segments(tmp_path)) == 2
    assert files.counts["sync"] - tried <= 12, "1, 2, 4, ... 60 s"
    assert JournalReader(tmp_path).poll() == records, "kill -9 loses nothing of it"
    with pytest.raises(OSError, match="Input/output"):
        writer.sync()
    bad[0] = False
    hands.forward(60.0)
    writer.sync_if_due()
    assert writer.unsafe_since is None
    writer.close()
    assert JournalReader(tmp_path).poll() == records
    assert len(segments(tmp_path)) == 2


def test_a_superseded_writer_cuts_off_its_own_half_record_and_nothing_else(
    tmp_path: Path, failing_files: MakeFiles, unsynced_files: Files
) -> None:
    full = [False]

    def plan(name: str, count: int, data: bytes) -> int | tuple[int, int] | None:
        del count
        if full[0] and name == "write":
            return (5, 0) if len(data) > 60 else errno.ENOSPC
        return None

    old = JournalWriter(tmp_path, 1, 0, failing_files(plan=plan))
    first = old.append(note(1))
    new = JournalWriter(tmp_path, 2, 1, unsynced_files)
    later = [new.append(note(number)) for number in (2, 3)]
    full[0] = True
    with pytest.raises(OSError, match="No space"):
        old.append(note(99))
    later.append(new.append(note(4)))
    reader = JournalReader(tmp_path)
    assert reader.poll() == [first, *later]
    assert reader.damage == []


def test_links_folders_and_pipes_are_no_segments_and_their_names_are_not_used(
    tmp_path: Path, failing_files: MakeFiles
) -> None:
    (tmp_path / "journal-2.jsonl").symlink_to(tmp_path / "nowhere")
    (tmp_path / "journal-3.jsonl").mkdir()
    writer = JournalWriter(tmp_path, 1, 0, failing_once(failing_files, 1))
    record = writer.append(note(1))
    with pytest.raises(OSError, match="Input/output"):
        writer.sync()
    writer.close()
    assert [path.name for path in segments(tmp_path)] == ["journal.jsonl", "journal-4.jsonl"]
    reader = JournalReader(tmp_path)
    assert reader.poll() == [record]
    assert set_torn_tail_aside(tmp_path, reader) == 0


def test_a_journal_that_is_a_link_is_not_written_through(tmp_path: Path, unsynced_files: Files) -> None:
    target = tmp_path / "precious"
    target.write_bytes(b"not a journal, and no line end")
    (tmp_path / "journal.jsonl").symlink_to(target)
    with pytest.raises(OSError, match="not a plain file"):
        JournalWriter(tmp_path, 1, 0, unsynced_files)
    assert target.read_bytes() == b"not a journal, and no line end"


def test_what_is_set_aside_has_its_name_on_the_disk_before_the_journal_is_cut(
    tmp_path: Path, unsynced_files: Files
) -> None:
    (tmp_path / "journal.jsonl").write_bytes(b"half")
    done: list[str] = []

    class Watched(type(unsynced_files)):  # type: ignore[misc]
        def sync_folder(self, folder: Path) -> None:
            done.append(folder.name)

        def truncate(self, fd: int, size: int) -> None:
            done.append("cut")
            super().truncate(fd, size)

    reader = JournalReader(tmp_path)
    reader.poll()
    assert set_torn_tail_aside(tmp_path, reader, Watched()) == 4
    assert done == ["damaged", tmp_path.name, "cut"]


def test_an_epoch_row_in_two_segments_is_one_row(tmp_path: Path, failing_files: MakeFiles) -> None:
    writer = JournalWriter(tmp_path, 1, 0, failing_once(failing_files, 1))
    epoch = EpochEnded(trial=1, replicate=1, attempt=1, epoch=1, metrics={"loss": 0.5})
    record = writer.append(epoch)
    with pytest.raises(OSError, match="Input/output"):
        writer.sync()
    writer.close()
    assert (tmp_path / "journal.jsonl").read_bytes() == (tmp_path / "journal-2.jsonl").read_bytes()
    assert JournalReader(tmp_path).poll() == [record]
