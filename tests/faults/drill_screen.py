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
from pathlib import Path

import pyte
from drill_tools import LIMIT, Figures, count_doubled, new_session, wait

from hpo_core.control import send_order
from hpo_core.engine.launch import start_engine
from hpo_core.events import StopSession
from hpo_core.lock import read_holder
from hpo_core.session import SessionFolder, read_session


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


def come_and_go(sessions: Path, rounds: int, *, hang_ups: bool) -> Figures:
    """Open a screen on a training and leave it, or let its terminal hang up, ``rounds`` times."""
    figures = Figures("hang-ups of the terminal" if hang_ups else "attach and detach", rounds, orphaned=0)
    folder = _long_training(sessions, "hang-ups" if hang_ups else "visits")
    engine = read_holder(folder.lock)
    slowest = 0.0
    for _ in range(rounds):
        with contextlib.closing(Screen(folder)) as screen:
            slowest = max(slowest, screen.wait_until_drawn())
            if hang_ups:
                screen.hang_up()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    screen.process.wait(10)
                figures.orphaned = (figures.orphaned or 0) + (screen.process.poll() is None)
            else:
                assert screen.leave() == 0
        assert read_holder(folder.lock) == engine, "the same engine is at work all the time"
    _finish(folder, figures)
    figures.note = f"slowest start to a live screen {slowest:.1f} s"
    return figures


def two_screens(sessions: Path, rounds: int) -> Figures:
    """Two screens on one session pause and resume it at the same time, again and again."""
    figures = Figures("two screens give orders at once", rounds, orphaned=0)
    folder = _long_training(sessions, "two-screens")
    with contextlib.closing(Screen(folder)) as one, contextlib.closing(Screen(folder)) as other:
        for screen in (one, other):
            screen.wait_until_drawn()
        for _ in range(rounds):
            one.type("p")
            other.type("p")
            one.read(0.2)
            other.read(0.2)
        assert one.leave() == 0
        assert other.leave() == 0
    _finish(folder, figures)
    return figures


def _long_training(sessions: Path, name: str) -> SessionFolder:
    """Begin a training that lasts until it is told to end."""
    folder = new_session(sessions, name, rates=2, filters=2, epochs=100_000)
    os.environ["HPO_SYNTHETIC_SECONDS_PER_EPOCH"] = "0.5"
    try:
        start_engine(folder, trainer="synthetic", workers=1)
    finally:
        del os.environ["HPO_SYNTHETIC_SECONDS_PER_EPOCH"]
    return folder


def _finish(folder: SessionFolder, figures: Figures) -> None:
    """Tell the engine to stop, and count."""
    send_order(folder.control, StopSession(now=True))
    wait(lambda: not folder.engine_runs(), "the engine's end")
    figures.doubled += count_doubled(folder)
    figures.wrong += len(read_session(folder).damage)
