"""The paths inside one session's folder, and what can be asked of them at once."""

from __future__ import annotations

import contextlib
import stat
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from hpo_core.errors import SessionError
from hpo_core.journal import lock
from hpo_core.journal.files import hole_in
from hpo_core.plan.grid import JobKey
from hpo_core.plan.spec import BEFORE_THERE_WAS_A_KEY, SessionSpec
from hpo_core.text import clean

FOLDERS = ("control", "logs", "code", "models", "out", "exports", "damaged")
FILES = ("spec.toml", "status.json", "view.json", "note.txt", "lock")
"""What is a session's own in its folder, beside the journal's files."""


class SessionFolder(Struct, frozen=True):
    """The paths inside one session's folder."""

    path: Path

    @property
    def name(self) -> str:
        """The session's name: its folder's, made harmless (a folder from elsewhere may be called anything)."""
        return clean(self.path.name)

    @property
    def spec(self) -> Path:
        """What was asked; never rewritten."""
        return self.path / "spec.toml"

    @property
    def status(self) -> Path:
        """Where the running jobs are right now."""
        return self.path / "status.json"

    @property
    def index(self) -> Path:
        """What a large journal adds up to; disposable, see ``index``."""
        return self.path / "journal.index"

    @property
    def control(self) -> Path:
        """Orders from screens and commands."""
        return self.path / "control"

    @property
    def logs(self) -> Path:
        """Each attempt's stdout and stderr, the probes' and the engine's."""
        return self.path / "logs"

    @property
    def code(self) -> Path:
        """The user's own file, as it was when the session was made."""
        return self.path / "code"

    @property
    def models(self) -> Path:
        """Trained models of the best trials; see ``kept_models``."""
        return self.path / "models"

    @property
    def exports(self) -> Path:
        """The CSVs."""
        return self.path / "exports"

    @property
    def tensorboard(self) -> Path:
        """TensorBoard's event files, where they are asked for."""
        return self.path / "tensorboard"

    @property
    def view(self) -> Path:
        """How this person last looked at the session."""
        return self.path / "view.json"

    @property
    def note(self) -> Path:
        """What a person noted of the session, in one line."""
        return self.path / "note.txt"

    @property
    def lock(self) -> Path:
        """The file that the engine holds locked."""
        return self.path / "lock"

    def log_of(self, key: JobKey, attempt: int) -> Path:
        """The log of one attempt."""
        return self.logs / f"trial-{key.trial:05d}-r{key.replicate:02d}-a{attempt:02d}.log"

    @property
    def probes_log(self) -> Path:
        """The log of the probes."""
        return self.logs / "probes.log"

    @property
    def engine_log(self) -> Path:
        """The engine's own stdout and stderr."""
        return self.logs / "engine.log"

    def engine_runs(self) -> bool:
        """Whether an engine on this machine holds the session."""
        return lock.is_held(self.lock)

    def check(self) -> None:
        """Raise ``SessionError`` where this is no session, may not be looked into, or leads out of itself."""
        try:
            found = self.spec.is_file() and not self.spec.is_symlink()
            wrong = next(self._wrong(), "")
        except PermissionError:
            raise SessionError(
                f"{clean(self.path)} belongs to another user, who keeps it private; ask for the right to read it."
            ) from None
        if wrong:
            raise SessionError(f"The session {self.name!r} {wrong}")
        if not found:
            raise SessionError(f"{clean(self.path)} is not a session: it has no spec.toml.")

    def _wrong(self) -> Iterator[str]:
        """Say what of the session's own is a link, a pipe, a device, a folder for a file, or a file of holes."""
        for entry in self.path.iterdir() if self.path.is_dir() else ():
            kind, is_right = ("folder", stat.S_ISDIR) if entry.name in FOLDERS else ("file", stat.S_ISREG)
            of_journal = entry.match("journal*.jsonl")
            if not (of_journal or entry.name in FILES or entry.name in FOLDERS):
                continue
            with contextlib.suppress(FileNotFoundError):  # an engine at work replaces its files
                if not is_right(entry.lstat().st_mode):
                    yield (
                        f"leads out of its folder: {clean(entry.name)} is no plain {kind}. Take it away, or put "
                        "back what was there."
                    )
                elif of_journal and (hole := hole_in(entry)):
                    yield (
                        f"has a hole of {hole / 1e9:,.1f} GB in {clean(entry.name)}, which no engine leaves: put "
                        "the file back as it was."
                    )

    def load_spec(self) -> SessionSpec:
        """Read the spec back, with the session's copy of a user's file. Raises ``SessionError``, ``SpecError``."""
        self.check()
        spec = SessionSpec.load(self.spec, unsaid=BEFORE_THERE_WAS_A_KEY)
        return spec.with_code(self.code.absolute())

    def disk_size(self) -> int:
        """Bytes on the disk, all files together."""
        size = 0
        for file in self.path.rglob("*"):
            with contextlib.suppress(FileNotFoundError):  # an engine at work replaces its files
                status = file.lstat()
                size += status.st_size if stat.S_ISREG(status.st_mode) else 0
        return size
