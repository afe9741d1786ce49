"""The journal under attack: cut, flipped, zeroed, on a full or failing disk. What is read back is never wrong."""

from __future__ import annotations

import errno
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hpo_core.errors import JournalError
from hpo_core.journal.events import AttemptEnded, AttemptStarted, Envelope, EpochEnded, Event, Noted
from hpo_core.journal.files import Files
from hpo_core.journal.reader import JournalReader
from hpo_core.journal.records import decode_record, encode_record
from hpo_core.journal.segments import segments
from hpo_core.journal.writer import JournalWriter, set_torn_tail_aside

MakeFiles = Callable[..., Files]


def story() -> list[Event]:
    return [
        AttemptStarted(trial=3, replicate=1, attempt=1, seed=7, worker=1),
        *(epoch(number) for number in (1, 2, 3)),
        AttemptEnded(trial=3, replicate=1, attempt=1, status="complete", seconds=1.5),
        Noted(level="info", text="a class named “Äpfel” \u202e\x1b[31m"),
    ]


def epoch(number: int) -> EpochEnded:
    metrics = {"loss": 1 / number, "val_loss": None}
    return EpochEnded(trial=3, replicate=1, attempt=1, epoch=number, metrics=metrics, seconds=0.5)


def write(folder: Path, files: Files, events: list[Event], gen: int = 1, last_seq: int = 0) -> list[Envelope]:
    writer = JournalWriter(folder, gen, last_seq, files)
    records = [writer.append(event, 1000.0 + n) for n, event in enumerate(events)]
    writer.close()
    return records


def read(folder: Path) -> list[Envelope]:
    return JournalReader(folder).poll()


def test_what_was_appended_is_read_back_in_order(tmp_path: Path, unsynced_files: Files) -> None:
    written = write(tmp_path, unsynced_files, story())
    assert read(tmp_path) == written
    assert [record.event for record in written] == story()
    assert [record.seq for record in written] == [1, 2, 3, 4, 5, 6]


def test_a_follower_gets_each_record_once_and_never_half_a_line(tmp_path: Path, unsynced_files: Files) -> None:
    reader = JournalReader(tmp_path)
    assert reader.poll() == []
    lines = [encode_record(Envelope(n, 1, 0.0, event)) for n, event in enumerate(story(), 1)]
    path = tmp_path / "journal.jsonl"
    path.write_bytes(lines[0] + lines[1][:20])
    assert [record.seq for record in reader.poll()] == [1]
    assert reader.poll() == []
    with path.open("ab") as file:
        file.write(lines[1][20:] + lines[2])
    assert [record.seq for record in reader.poll()] == [2, 3]


@pytest.mark.fault(14)
def test_cut_at_every_byte_it_is_a_correct_prefix_and_can_be_appended_to(
    tmp_path: Path, unsynced_files: Files
) -> None:
    written = write(tmp_path, unsynced_files, story())
    whole = (tmp_path / "journal.jsonl").read_bytes()
    ends = [n + 1 for n, byte in enumerate(whole) if byte == ord("\n")]
    for cut in range(len(whole)):
        folder = tmp_path / f"cut-{cut}"
        folder.mkdir()
        (folder / "journal.jsonl").write_bytes(whole[:cut])
        kept = sum(end <= cut for end in ends)
        reader = JournalReader(folder)
        assert reader.poll() == written[:kept]
        torn = set_torn_tail_aside(folder, reader, unsynced_files)
        assert torn == cut - (ends[kept - 1] if kept else 0)
        added = write(folder, unsynced_files, [Noted(level="info", text="on")], reader.gen + 1, reader.last_seq)
        again = JournalReader(folder)
        assert again.poll() == written[:kept] + added
        assert again.damage == []


def test_a_flipped_bit_never_becomes_another_value(tmp_path: Path, unsynced_files: Files) -> None:
    written = {record.seq: record for record in write(tmp_path, unsynced_files, story())}
    path = tmp_path / "journal.jsonl"
    whole = path.read_bytes()
    chance = random.Random(1)
    for _ in range(400):
        flipped = bytearray(whole)
        flipped[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        path.write_bytes(flipped)
        reader = JournalReader(tmp_path)
        records = reader.poll()
        assert all(written[record.seq] == record for record in records)
        assert reader.damage or reader.torn_tail(), "a change that nobody noticed"
        assert len(records) >= len(written) - 2


@pytest.mark.fault(15)
def test_a_damaged_line_in_the_middle_is_named_and_the_rest_is_read(tmp_path: Path, unsynced_files: Files) -> None:
    written = write(tmp_path, unsynced_files, story())
    path = tmp_path / "journal.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    lines[2] = lines[2].replace(b'"epoch":2', b'"epoch":9')
    path.write_bytes(b"".join(lines))
    reader = JournalReader(tmp_path)
    assert reader.poll() == written[:2] + written[3:]
    assert [str(entry) for entry in reader.damage] == ["journal.jsonl, line 3: the checksum does not match"]


@pytest.mark.fault(16)
def test_a_zero_filled_tail_is_set_aside(tmp_path: Path, unsynced_files: Files) -> None:
    written = write(tmp_path, unsynced_files, story())
    path = tmp_path / "journal.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole + b"\0" * 4096)
    reader = JournalReader(tmp_path)
    assert reader.poll() == written
    assert set_torn_tail_aside(tmp_path, reader, unsynced_files) == 4096
    assert path.read_bytes() == whole
    assert [len(part.read_bytes()) for part in (tmp_path / "damaged").iterdir()] == [4096]


def test_records_of_a_superseded_engine_are_left_out(tmp_path: Path, unsynced_files: Files) -> None:
    first = write(tmp_path, unsynced_files, [Noted(level="info", text="old")], gen=1)
    second = write(tmp_path, unsynced_files, [Noted(level="info", text="new")], gen=2, last_seq=1)
    write(tmp_path, unsynced_files, [Noted(level="info", text="the old one woke up")], gen=1, last_seq=2)
    assert read(tmp_path) == first + second


def test_short_writes_make_whole_records(tmp_path: Path, failing_files: MakeFiles) -> None:
    files = failing_files(plan=lambda name, count, data: (1 + count % 7, 0) if name == "write" else None)
    written = write(tmp_path, files, story())
    assert read(tmp_path) == written


def test_a_full_disk_leaves_no_half_record_and_the_call_can_be_made_again(
    tmp_path: Path, failing_files: MakeFiles
) -> None:
    full = [False]

    def plan(name: str, count: int, data: bytes) -> int | tuple[int, int] | None:
        del count
        if name == "write" and full[0]:
            return (10, 0) if len(data) > 60 else errno.ENOSPC
        return None

    writer = JournalWriter(tmp_path, 1, 0, failing_files(plan=plan))
    first = writer.append(story()[0])
    full[0] = True
    with pytest.raises(OSError, match="No space"):
        writer.append(story()[1])
    assert read(tmp_path) == [first]
    assert (tmp_path / "journal.jsonl").read_bytes().endswith(b"\n")
    full[0] = False
    second = writer.append(story()[1])
    assert second.seq == 2
    assert read(tmp_path) == [first, second]


def test_a_half_record_that_could_not_be_cut_off_at_once_is_cut_off_before_the_next(
    tmp_path: Path, failing_files: MakeFiles
) -> None:
    bad = [False]

    def plan(name: str, count: int, data: bytes) -> int | tuple[int, int] | None:
        del count
        if bad[0] and name == "write":
            return (10, 0) if len(data) > 60 else errno.EIO
        return errno.EIO if bad[0] and name == "truncate" else None

    writer = JournalWriter(tmp_path, 1, 0, failing_files(plan=plan))
    first = writer.append(story()[0])
    bad[0] = True
    with pytest.raises(OSError, match="Input/output"):
        writer.append(story()[1])
    bad[0] = False
    second = writer.append(story()[1])
    reader = JournalReader(tmp_path)
    assert reader.poll() == [first, second]
    assert reader.damage == []


def test_a_failed_fsync_starts_a_new_segment_with_what_was_not_on_the_disk(
    tmp_path: Path, failing_files: MakeFiles
) -> None:
    files = failing_files(plan=lambda name, count, data: errno.EIO if (name, count) == ("sync", 2) else None)
    writer = JournalWriter(tmp_path, 1, 0, files)
    events = story()
    records = [writer.append(events[0])]
    writer.sync()
    records += [writer.append(event) for event in events[1:3]]
    with pytest.raises(OSError, match="Input/output"):
        writer.sync()
    records += [writer.append(event) for event in events[3:]]
    writer.close()
    assert [path.name for path in segments(tmp_path)] == ["journal.jsonl", "journal-2.jsonl"]
    assert read(tmp_path) == records
    (tmp_path / "journal.jsonl").write_bytes(encode_record(records[0]))  # the rest never reached the disk
    assert read(tmp_path) == records


def test_a_segment_that_cannot_be_written_either_is_tried_again(tmp_path: Path, failing_files: MakeFiles) -> None:
    bad = [False]

    def plan(name: str, count: int, data: bytes) -> int | None:
        del count, data
        return errno.EIO if bad[0] and name in ("sync", "write", "open") else None

    writer = JournalWriter(tmp_path, 1, 0, failing_files(plan=plan))
    first = writer.append(story()[0])
    bad[0] = True
    for _ in range(3):
        with pytest.raises(OSError, match="Input/output"):
            writer.sync()
    with pytest.raises(OSError, match="Input/output"):
        writer.append(story()[1])
    bad[0] = False
    second = writer.append(story()[1])
    writer.close()
    assert read(tmp_path) == [first, second]
    assert len(segments(tmp_path)) == 2


def test_the_writer_notices_that_its_file_was_deleted_replaced_or_cut(
    tmp_path: Path, unsynced_files: Files
) -> None:
    writer = JournalWriter(tmp_path, 1, 0, unsynced_files)
    writer.append(story()[0])
    assert writer.is_whole()
    path = tmp_path / "journal.jsonl"
    copy = path.read_bytes()
    path.unlink()
    assert not writer.is_whole()
    path.write_bytes(copy)
    assert not writer.is_whole()
    writer.close()
    writer = JournalWriter(tmp_path, 2, 1, unsynced_files)
    assert writer.is_whole()
    path.write_bytes(b"")
    assert not writer.is_whole()
    writer.close()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(garbage=st.binary(max_size=300))
def test_garbage_is_refused_with_a_reason(garbage: bytes) -> None:
    with pytest.raises(JournalError, match=r"\w"):
        decode_record(garbage)


@settings(max_examples=150, deadline=None)
@given(
    metrics=st.dictionaries(
        st.text(max_size=20), st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)), max_size=5
    )
)
def test_every_metric_survives_the_way_to_disk_and_back(metrics: dict[str, float | None]) -> None:
    event = EpochEnded(trial=1, replicate=1, attempt=1, epoch=1, metrics=metrics)
    assert decode_record(encode_record(Envelope(1, 1, 2.5, event))[:-1]).event == event
