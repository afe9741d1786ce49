"""The user's own file in a session: kept as it was when the session was made, and run only by who trusts it.

A session trains the copy in its ``code`` folder, so that all its results, and those of the grids refined from it,
are of one program, whatever becomes of the original. Code that came from elsewhere with a session is not run
before a person here has said so once: what was said is kept by its hash, outside of every session.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from hpo_core.errors import SessionError
from hpo_core.journal.files import FILE_MODE, FOLDER_MODE, read_own
from hpo_core.plan.spec import SessionSpec
from hpo_core.session.paths import SessionFolder
from hpo_core.text import clean

STATE_VARIABLE = "XDG_STATE_HOME"


def keep(folder: SessionFolder, spec: SessionSpec) -> None:
    """Copy the user's file, where a session has one, into its folder. May raise ``OSError``."""
    if spec.model is None or spec.model.file is None:
        return
    original = Path(spec.model.file)
    folder.code.mkdir(mode=FOLDER_MODE)
    kept = folder.code / original.name
    kept.write_bytes(read_own(original.resolve()))
    kept.chmod(FILE_MODE)


def changed_words(folder: SessionFolder) -> str:
    """Return a sentence where the file that a session was made from is another one by now; "" where it is not."""
    written = SessionSpec.load(folder.spec).model
    kept = folder.load_spec().model
    if written is None or kept is None or written.file is None or kept.file is None:
        return ""
    try:
        same = read_own(Path(written.file).resolve()) == read_own(Path(kept.file))
    except OSError:
        return ""
    if same:
        return ""
    return (
        f"{kept.label} has changed since this session began: it goes on with the copy that it began with. To "
        "train the new one, run the spec again."
    )


def trust(folder: SessionFolder) -> None:
    """Remember that a person here wants the session's code to be run. Raises ``SessionError``."""
    digest = _digest(folder)
    if digest and digest not in _trusted():
        place = _place()
        try:
            place.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            with place.open("a", encoding="ascii") as file:
                file.write(f"{digest}\n")
        except OSError as error:
            raise SessionError(f"{clean(place)} cannot be written: {clean(error.strerror)}.") from None


def check_trusted(folder: SessionFolder) -> None:
    """Raise ``SessionError`` where the session would run code that nobody here has run or trusted before."""
    digest = _digest(folder)
    if digest and digest not in _trusted():
        model = folder.load_spec().model
        what = clean(model.file) if model is not None and model.file else "the command in its spec.toml"
        raise SessionError(
            f"The code of {folder.name!r} has never been run here: read {what}, and let it be run with "
            f"'hpo-tui resume {folder.name} --trust'."
        )


def _digest(folder: SessionFolder) -> str:
    """Return the hash of what would be run; "" where nothing of the user's is."""
    model = folder.load_spec().model
    if model is None:
        return ""
    try:
        code = b"" if model.file is None else read_own(Path(model.file))
    except OSError as error:
        why = clean(error.strerror)
        raise SessionError(f"The session's code cannot be read: {clean(model.file)}: {why}.") from None
    return hashlib.sha256(f"{model.command or ''}\n{model.folder}\n".encode() + code).hexdigest()


def _place() -> Path:
    state = os.environ.get(STATE_VARIABLE)
    return (Path(state) if state else Path.home() / ".local" / "state") / "hpo-tui" / "trusted"


def _trusted() -> set[str]:
    try:
        return set(_place().read_text(encoding="ascii", errors="replace").split())
    except OSError:
        return set()
