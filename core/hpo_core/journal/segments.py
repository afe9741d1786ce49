"""The journal's files: ``journal.jsonl``, and ``journal-2.jsonl``, ... that were begun after a failed fsync.

What stands in several segments is one record. A segment that was lost in part is made good by a later one, so
that only all of them together say what is there: see ``in_order``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import islice
from operator import eq, ge
from pathlib import Path

from hpo_core.journal.events import Envelope

FIRST_SEGMENT = "journal.jsonl"
_SEGMENT_NAME = re.compile(r"journal-(\d{1,9})\.jsonl")


def segments(folder: Path) -> list[Path]:
    """Return the journal's files in the order in which they were written; links among them are none."""
    paths = [folder / FIRST_SEGMENT, *(path for _, path in sorted(_numbered(folder)))]
    return [path for path in paths if not path.is_symlink() and path.is_file()]


def next_segment(folder: Path) -> Path:
    """Return the path of a segment after all that have a name of one."""
    return folder / f"journal-{max([1, *(number for number, _ in _numbered(folder))]) + 1}.jsonl"


def _numbered(folder: Path) -> list[tuple[int, Path]]:
    return [
        (int(match[1]), path)
        for path in folder.glob("journal-*.jsonl")
        if (match := _SEGMENT_NAME.fullmatch(path.name))
    ]


def follows_on(seqs: Sequence[int]) -> bool:
    """Whether the numbers are one after the other, with none missing."""
    return all(map(eq, seqs, range(seqs[0], seqs[0] + len(seqs))))


def in_order(records: Iterable[Envelope], last_seq: int = 0, gen: int = 0) -> list[Envelope]:
    """Return the records that count, by their numbers: each once, and none of an engine that was superseded.

    ``last_seq`` and ``gen`` are those of the record before. Of two records with one number, the later engine's
    counts: the other engine did not know yet that it had been superseded.
    """
    kept: list[Envelope] = []
    found = list(records)
    if not found:
        return found
    seqs = [record.seq for record in found]
    first = found[0]
    if first.seq > last_seq and first.gen >= gen and follows_on(seqs) and len({r.gen for r in found}) == 1:
        return found  # as an engine writes them
    if any(map(ge, seqs, islice(seqs, 1, None))):
        found.sort(key=lambda record: (record.seq, -record.gen))
    for record in found:
        if record.seq > last_seq and record.gen >= gen:
            kept.append(record)
            last_seq, gen = record.seq, record.gen
    return kept
