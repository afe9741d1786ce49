"""What identifies files: their content, not their names, sizes and times, which other files can have too.

Reading every file takes as long as the disk does, so what was read is noted in the cache folder beside the
files' state (device, inode, size, times of change): while no state has changed, only the states are looked at. The
time of the last change cannot be set by a user, unlike that of the last writing.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from hpo_core.errors import DataError
from hpo_core.journal.files import FOLDER_MODE
from hpo_core.text import clean
from hpo_core.workloads.images import cache
from hpo_core.workloads.images.class_folders import File, state_of
from hpo_core.workloads.images.decode import Progress

SETTLED_SECONDS = 2.0
"""Disks tell times no finer than this: a file that changed within it may change again and keep its times."""

TELL_SECONDS = 0.5


def digest_of(root: Path, files: Sequence[File], progress: Progress | None = None) -> str:
    """Return what identifies the contents of ``files`` below ``root``, in this order. Raises ``DataError``."""
    began = time.time()
    states = hashlib.sha256(json.dumps([file.state for file in files]).encode()).hexdigest()[:32]
    note = cache.note_path(states)
    with contextlib.suppress(OSError, UnicodeDecodeError):
        noted = note.read_text(encoding="ascii")
        if len(noted) == 64:
            return noted
    total, told = hashlib.sha256(), time.monotonic()
    with ThreadPoolExecutor(max(os.cpu_count() or 1, 1)) as pool:
        for done, digest in enumerate(pool.map(lambda file: _digest(root, file), files), 1):
            total.update(digest)
            if progress is not None and time.monotonic() - told > TELL_SECONDS:
                told = time.monotonic()
                progress(done, len(files))
    found = total.hexdigest()
    changed = max((file.state[-1] for file in files), default=0)
    if changed / 1e9 < began - SETTLED_SECONDS:
        _write(note, found)
    return found


def file_of(path: Path) -> File:
    """Return a file as ``digest_of`` takes it. Raises ``OSError``."""
    status = path.stat()
    return File(path.name, 0, status.st_size, state_of(status))


def _digest(root: Path, file: File) -> bytes:
    if file.size < 0:
        return b"no regular file"  # a pipe would never end
    place = root / file.name
    try:
        with place.open("rb") as content:
            return hashlib.file_digest(content, "sha256").digest()
    except PermissionError:
        return b"forbidden"  # which decoding then says, by name
    except OSError as error:
        raise DataError(f"{clean(place)} cannot be read: {clean(error.strerror)}.") from None


def _write(note: Path, text: str) -> None:
    """Note what was read; where that cannot be done, it is read again the next time."""
    with contextlib.suppress(OSError):
        note.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=note.parent, prefix=f"{note.name}.", delete=False) as beside:
            beside.write(text)
        Path(beside.name).replace(note)
