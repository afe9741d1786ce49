"""``note.txt``: one line that a person keeps with a session, such as why it was run or what came of it."""

from __future__ import annotations

import contextlib

from hpo_core.errors import SessionError
from hpo_core.journal.files import FILE_MODE, read_own, write_atomically
from hpo_core.session.paths import SessionFolder
from hpo_core.text import clean

LONGEST = 200
"""Characters; what is longer is no line to be read at a glance."""


def read_note(folder: SessionFolder) -> str:
    """Return the session's note; an empty text where there is none, or none that can be read."""
    with contextlib.suppress(OSError):
        lines = read_own(folder.note).decode("utf-8", "replace").split("\n", 1)
        return clean(" ".join(lines[0].split()), LONGEST)
    return ""


def write_note(folder: SessionFolder, text: str) -> str:
    """Keep a note with the session in place of the one before, and return it; an empty one takes it away.

    Raises ``SessionError`` where it is too long, or cannot be written.
    """
    note = clean(" ".join(text.split()))
    if len(note) > LONGEST:
        raise SessionError(f"A note has at most {LONGEST} characters; this one has {len(note):,}.")
    try:
        if note:
            write_atomically(folder.note, f"{note}\n".encode())
            folder.note.chmod(FILE_MODE)
        else:
            folder.note.unlink(missing_ok=True)
    except OSError as error:
        raise SessionError(f"The note cannot be written: {error.strerror}.") from None
    return note
