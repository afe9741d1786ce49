"""A disk that fails an fsync and then drops what was not written: what one segment lost, the next one has."""

from __future__ import annotations

import errno
import os
import random
from dataclasses import dataclass, field
from pathlib import Path

from drill_disk import work
from drill_tools import Acknowledged, Figures, UnsyncedFiles, count_doubled, count_wrong, small_spec, work_off

from hpo_core.session import store as session
from hpo_core.session.opening import read_session

PAGE = 256
"""Bytes that are dropped together; smaller than a real page, since the journal of a drill is small."""


@dataclass
class LossyFiles(UnsyncedFiles):
    """Files whose fsyncs fail from the ``number``-th on, ``length`` times; ``drop`` then loses pages of theirs.

    As Linux does it: after the failed fsync the pages are taken for clean, and read well until they are dropped.
    """

    number: int
    length: int
    calls: int = 0
    _doubtful: dict[int, tuple[int, int]] = field(default_factory=dict)
    _synced: dict[int, int] = field(default_factory=dict)

    def create(self, path: Path) -> int:
        fd = super().create(path)
        number = os.fstat(fd).st_ino  # which a file had that is gone
        self._doubtful.pop(number, None)
        self._synced.pop(number, None)
        return fd

    def sync(self, fd: int) -> None:
        self.calls += 1
        status = os.fstat(fd)
        since = self._synced.get(status.st_ino, 0)
        if self.number <= self.calls < self.number + self.length:
            self._doubtful[status.st_ino] = (since, status.st_size)
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        self._synced[status.st_ino] = status.st_size

    def drop(self, folder: Path, chance: random.Random) -> int:
        """Zero some of the pages that are in doubt, where their files are still there; return how many."""
        dropped = 0
        for path in sorted(folder.glob("journal*.jsonl")):
            first, end = self._doubtful.get(path.stat().st_ino, (0, 0))
            data = bytearray(path.read_bytes())
            for page in range(first, end, PAGE):
                if chance.random() < 0.5:
                    data[page : min(page + PAGE, end)] = bytes(min(page + PAGE, end) - page)
                    dropped += 1
            path.write_bytes(data)
        return dropped


def lose_pages(sessions: Path, step: int = 1, lengths: tuple[int, ...] = (1, 2, 3), seed: int = 5) -> Figures:
    """Let every ``step``-th fsync fail, up to three times in a row; drop half of the pages; read the session."""
    figures = Figures("pages dropped after a failed fsync", 0, lost=0, doubled=0, wrong=0)
    chance = random.Random(seed)
    dropped = 0
    for length in lengths:
        number, met = 1, True
        while met:
            files = LossyFiles(number, length)
            folder = session.create(sessions / f"{length}-{number}", "life", small_spec(), UnsyncedFiles())
            acknowledged = Acknowledged()
            work(folder, files, acknowledged)
            dropped += files.drop(folder.path, chance)
            for _ in range(2):  # as it is found, and after another engine has opened it
                snapshot = read_session(folder)
                figures.add(acknowledged.lost(folder), count_doubled(folder), wrong=count_wrong(snapshot))
                work_off(folder)
            met = files.calls >= number
            figures.rounds += met
            number += step
    figures.note = f"{dropped} pages dropped"
    return figures
