"""A real screen in a real pseudo-terminal, as the drills use it: attached, detached, hung up, killed."""

from __future__ import annotations

import time
from pathlib import Path

from terminal import COMMAND, Terminal

from hpo_core.session.paths import SessionFolder


class Screen(Terminal):
    """``hpo-tui open`` in a pseudo-terminal of 120×40."""

    def __init__(self, folder: SessionFolder, *options: str) -> None:
        command = [*COMMAND, "open", str(folder.path.absolute()), *options]
        super().__init__(command, Path.cwd(), (120, 40), {"TERM": "xterm-256color", "NO_COLOR": "1"})
        self.let_go()

    def wait_until_drawn(self) -> float:
        """Wait until the session's header stands; return the seconds since the command was given."""
        self.wait_for("↑ val_accuracy")
        return time.monotonic() - self.began

    def leave(self) -> int:
        """Leave as a person does who lets the training go on; return the exit status."""
        self.type("q")
        self.wait_for("Leave it training")
        self.type("\r")
        return self.wait_for_exit()
