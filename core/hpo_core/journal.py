"""The journal: what happened in a session, append-only, one JSON object a line, each with seq, gen and crc.

A record is the event's own JSON object with its envelope around it::

    {"seq":12,"gen":1,"time":1700000000.5,"event":{"type":"EpochEnded",...},"crc":"9ae0daaf"}

The CRC (CRC-32, hexadecimal) is over every byte before ``,"crc"``. The engine is the only writer. After a failed
fsync nothing more is written to that file: a new segment (``journal-2.jsonl``, ...) begins with everything that
was not known to be on the disk. Readers take all segments together and count each ``seq`` once, so that a record
which stands in two segments is one record, and one that was lost in the first is read from the second.
"""

from __future__ import annotations

from pathlib import Path

from hpo_core.files import FOLDER_MODE, REAL_FILES, Files, write_all
from hpo_core.journal_reader import Damage, JournalReader
from hpo_core.journal_writer import SYNC_SECONDS, JournalWriter
from hpo_core.record import checked_body, decode_record, encode_record
from hpo_core.segments import FIRST_SEGMENT, in_order, segments

__all__ = [
    "FIRST_SEGMENT",
    "SYNC_SECONDS",
    "Damage",
    "JournalReader",
    "JournalWriter",
    "checked_body",
    "decode_record",
    "encode_record",
    "in_order",
    "segments",
    "set_torn_tail_aside",
]


def set_torn_tail_aside(folder: Path, reader: JournalReader, files: Files = REAL_FILES) -> int:
    """Move every last line without an end into ``damaged/`` and cut it off; return the number of bytes moved.

    To be called by the holder of the session's lock, after ``reader.poll()``. Raises ``OSError``.
    """
    moved = 0
    while (torn := reader.torn_tail()) is not None:
        moved += _set_aside(folder, *torn, files)
    return moved


def _set_aside(folder: Path, path: Path, offset: int, rest: bytes, files: Files) -> int:
    aside = folder / "damaged"
    aside.mkdir(mode=FOLDER_MODE, exist_ok=True)
    copy = files.open_append(aside / f"{path.stem}-{offset}.part")
    try:
        write_all(files, copy, rest)
        files.sync(copy)
    finally:
        files.close(copy)
    for changed in (aside, folder):  # the copy's name must be on the disk before the original is cut
        files.sync_folder(changed)
    fd = files.open_append(path)
    try:
        files.truncate(fd, offset)
        files.sync(fd)
    finally:
        files.close(fd)
    return len(rest)
