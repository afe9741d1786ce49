"""A real screen in a real pseudo-terminal, as the drills use it: attached, detached, hung up, killed."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time

import pyte
from drill_tools import LIMIT

from hpo_core.session.paths import SessionFolder


def own_terminal() -> None:
    """Make stdin the controlling terminal, so that its hang-up reaches the process."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Screen:
    """``hpo-tui open`` in a pseudo-terminal of 120×40; ``text`` is what a person sees there now."""

    def __init__(self, folder: SessionFolder, *options: str) -> None:
        self._screen = pyte.Screen(120, 40)
        self._stream = pyte.ByteStream(self._screen)
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hpo_tui", "open", str(folder.path.absolute()), *options],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env={**os.environ, "TERM": "xterm-256color", "NO_COLOR": "1"},
            preexec_fn=own_terminal,
        )
        os.close(slave)

    @property
    def text(self) -> str:
        """The screen's lines."""
        return "\n".join(line.rstrip() for line in self._screen.display)

    def type(self, keys: str) -> None:
        """Type on the keyboard."""
        os.write(self._master, keys.encode())

    def read(self, seconds: float) -> bool:
        """Take in what was printed; False once the program is gone."""
        if not select.select([self._master], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self._master, 1 << 16)
        except OSError:
            return False
        self._stream.feed(data)
        return bool(data)

    def wait_for(self, words: str, limit: float = LIMIT) -> None:
        """Wait until the screen shows these words."""
        end = time.monotonic() + limit
        while words not in self.text:
            assert self.read(0.1) or words in self.text, f"{words!r} was never shown:\n{self.text}"
            assert time.monotonic() < end, f"{words!r} is not on the screen:\n{self.text}"

    def wait_until_drawn(self) -> float:
        """Wait until the session's header stands; return the seconds since the command was given."""
        self.wait_for("↑ val_accuracy")
        return time.monotonic() - self.began

    def leave(self) -> int:
        """Leave as a person does who lets the training go on; return the exit status."""
        self.type("q")
        self.wait_for("Leave it training")
        self.type("\r")
        while self.read(0.1):
            pass
        return self.process.wait(10)

    def hang_up(self) -> None:
        """Close the terminal, as a dropped connection does."""
        os.close(self._master)
        self._master = -1

    def close(self) -> None:
        """End the program, if it still runs, and close the terminal."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait(10)
        if self._master >= 0:
            self.hang_up()
