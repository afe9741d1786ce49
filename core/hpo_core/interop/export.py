"""``export``: a session's results as files of one format; all of them are whole, or the older ones are kept."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from hpo_core.errors import SessionError
from hpo_core.interop.formats import FORMATS
from hpo_core.journal.files import FOLDER_MODE, REAL_FILES, Files, make_own_folder, write_all
from hpo_core.results.tidy import Bools
from hpo_core.session.snapshot import Snapshot
from hpo_core.text import clean


def export(
    snapshot: Snapshot,
    folder: Path,
    seen: Bools | None = None,
    files: Files = REAL_FILES,
    written_as: str = "csv",
) -> list[Path]:
    """Write the trials that ``seen`` marks, else all, in the format of that name; return the paths of its files.

    All are written beside and renamed once all are whole. Raises ``SessionError`` where they cannot be written; an
    older export is then as it was.
    """
    parts = FORMATS[written_as](snapshot, seen)
    paths = [folder / name for name in parts]
    beside = {path: path.with_name(f".{path.name}.{os.getpid()}.part") for path in paths}
    try:
        folder.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        for inner in sorted({folder, *(path.parent for path in paths)}):
            make_own_folder(inner)
        for written, pieces in zip(beside.values(), parts.values(), strict=True):
            _write(written, pieces, files)
        for path, written in beside.items():
            files.replace(written, path)
    except OSError as error:
        raise SessionError(
            f"The export cannot be written to {clean(folder)}: {error.strerror}; an older export there is kept."
        ) from None
    finally:
        for written in beside.values():
            if written.parent.is_dir():
                written.unlink(missing_ok=True)
    files.sync_folder(folder)
    return list(beside)


def _write(path: Path, pieces: Iterator[bytes], files: Files) -> None:
    path.unlink(missing_ok=True)
    fd = files.create(path)
    try:
        for piece in pieces:
            write_all(files, fd, piece)
        files.sync(fd)
    finally:
        files.close(fd)
