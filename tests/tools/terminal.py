"""A program in a pseudo-terminal whose screen is read back: for the tests of the command and for the drills."""

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
from pathlib import Path
from typing import Any

import pyte

COMMAND = [sys.executable, "-m", "hpo_tui"]

LIMIT = 60.0
"""Seconds for whatever a test waits for: what takes one second alone takes ten where all tests run at once."""


def own_terminal() -> None:
    """Make stdin the controlling terminal, so that Ctrl-C and its hang-up reach the process."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Screen(pyte.Screen):
    """Erases as terminals do: also the cells in which nothing was ever written take the pen's ground."""

    def erase_in_display(self, how: int = 0, *args: Any, **rest: Any) -> None:
        for line in range(self.lines):
            for column in range(self.columns):
                self.buffer[line][column] = self.buffer[line][column]
        super().erase_in_display(how, *args, **rest)


def cells_seen(screen: pyte.Screen) -> list[list[tuple[object, ...]]]:
    """Return what is seen in each cell of a screen: its text and how it is drawn; of a blank, its ground alone."""

    def seen(cell: Any) -> tuple[object, ...]:
        marks = (cell.underscore, cell.strikethrough, cell.reverse, cell.blink)
        return (cell.bg,) if cell.data == " " and not any(marks) else tuple(cell)

    return [[seen(screen.buffer[y][x]) for x in range(screen.columns)] for y in range(screen.lines)]


class Terminal:
    """A process in a pseudo-terminal of ``columns`` × ``rows``; ``text`` is what a person sees there now.

    It says where its cursor is when it is asked, as terminals do, unless it is told not to answer.
    """

    def __init__(
        self,
        command: list[str],
        folder: Path,
        size: tuple[int, int],
        environment: dict[str, str],
        answers: bool = True,
    ) -> None:
        columns, rows = size
        self._screen = Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        if answers:
            self._screen.write_process_input = self._answer
        self.sent = b""
        self._master, self._slave = pty.openpty()
        self.modes = termios.tcgetattr(self._slave)
        """The terminal's settings before the program was started."""
        slave = self._slave
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.process = subprocess.Popen(
            command, cwd=folder, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
            env={**os.environ, **environment}, preexec_fn=own_terminal,
        )  # fmt: skip
        self.began = time.monotonic()

    @property
    def restored(self) -> bool:
        """Whether the terminal's settings are as they were: it echoes, and reads lines."""
        return termios.tcgetattr(self._slave) == self.modes

    def let_go(self) -> None:
        """Keep no end of the terminal but the person's: a hang-up and the program's end are then seen."""
        if self._slave >= 0:
            os.close(self._slave)
            self._slave = -1

    @property
    def text(self) -> str:
        """The screen's lines."""
        return "\n".join(line.rstrip() for line in self._screen.display)

    @property
    def cells(self) -> list[list[tuple[object, ...]]]:
        """What each cell looks like; see ``cells_seen``."""
        return cells_seen(self._screen)

    def type(self, keys: str) -> None:
        """Type on the keyboard."""
        os.write(self._master, keys.encode())

    def _answer(self, data: str) -> None:
        with contextlib.suppress(OSError):  # who asked may be gone
            self.type(data)

    def read(self, seconds: float, most: int = 1 << 16) -> bool:
        """Take in what was printed, waiting so long for the first of it; False once the program is gone."""
        if not select.select([self._master], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self._master, most)
        except OSError:  # Linux: the other end is closed
            return False
        self.sent += data
        self._stream.feed(data)
        return bool(data)

    def wait_for(self, words: str, limit: float = LIMIT) -> None:
        """Wait until the screen shows these words."""
        end = time.monotonic() + limit
        while words not in self.text:
            assert self.read(0.1) or words in self.text, f"{words!r} was never shown before the end:\n{self.text}"
            assert time.monotonic() < end, f"{words!r} is not on the screen:\n{self.text}"

    def wait_until_gone(self, words: str, limit: float = LIMIT) -> None:
        """Wait until these words are off the screen."""
        end = time.monotonic() + limit
        while words in self.text:
            assert self.read(0.1), f"{words!r} was there to the end:\n{self.text}"
            assert time.monotonic() < end, f"{words!r} stays on the screen:\n{self.text}"

    def wait_for_exit(self, limit: float = LIMIT) -> int:
        """Wait until the program has ended; return its exit status."""
        self.let_go()
        end = time.monotonic() + limit
        while self.read(0.1):
            assert time.monotonic() < end, f"the program does not end:\n{self.text}"
        return self.process.wait(max(end - time.monotonic(), 1))

    def hang_up(self) -> None:
        """Close the terminal, as a dropped connection does."""
        self.let_go()
        os.close(self._master)
        self._master = -1

    def close(self) -> None:
        """End the program, if it still runs, and close the terminal."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait(60)
        if self._master >= 0:
            self.hang_up()
