"""Textual's driver with the painter between it and the terminal."""

from __future__ import annotations

import contextlib
import curses
import os
import select
from collections.abc import Mapping
from typing import TextIO

from textual.driver import Driver
from textual.events import CursorPosition
from textual.message import Message

from hpo_tui.keyboard import SturdyDriver
from hpo_tui.terminal.painter import Painter


class PaintingDriver(SturdyDriver):
    """Sends the cells that changed; frames for which a slow terminal has no time are left out."""

    _painter: Painter | None = None

    def write(self, data: str) -> None:
        """Take what Textual writes."""
        assert self._painter is not None, "nothing is written before the application mode"
        self._painter.write(data)

    def start_application_mode(self) -> None:
        """Take the terminal over, or take it back."""
        if self._painter is None:
            self._painter = Painter(self._send, self._terminal_size, erases_in_colour())
            self._painter.start()
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if self.input_tty:  # from here on answers are read, and not echoed
            self._painter.ask()

    def process_message(self, message: Message) -> None:
        """Take the terminal's answers; the rest is Textual's."""
        if isinstance(message, CursorPosition) and self._painter is not None:
            self._painter.answered()
        else:
            super().process_message(message)

    def stop_application_mode(self) -> None:
        """Give the terminal back."""
        if self._painter is not None:
            self._painter.ask_no_more()
        super().stop_application_mode()

    def close(self) -> None:
        """Send what is left."""
        if self._painter is not None:
            self._painter.stop()
            self._painter = None
        super().close()

    def redraw(self) -> None:
        """Send the whole picture again."""
        if self._painter is not None:
            self._painter.redraw()

    @property
    def _out(self) -> TextIO:
        assert self._file is not None, "a screen is opened where standard error is a terminal"
        return self._file

    def _terminal_size(self) -> tuple[int, int]:
        with contextlib.suppress(OSError):
            columns, rows = os.get_terminal_size(self._out.fileno())
            if columns and rows:
                return columns, rows
        return self._get_terminal_size()

    def _send(self, text: str) -> None:
        left, out = text.encode(self._out.encoding, "replace"), self._out.fileno()
        with contextlib.suppress(OSError):  # the terminal is gone; whoever watches it ends the app
            while left:
                select.select([], [out], [])
                with contextlib.suppress(BlockingIOError):
                    left = left[os.write(out, left) :]


def erases_in_colour() -> bool:
    """Whether this terminal gives what it erases the ground of the pen: terminfo's ``bce``."""
    try:
        curses.setupterm(fd=1)
    except curses.error:
        return False
    return curses.tigetflag("bce") > 0


def driver_class(environ: Mapping[str, str]) -> type[Driver]:
    """Return the driver to use: ``HPO_TUI_PLAIN_OUTPUT`` sends Textual's own writing as it is."""
    return SturdyDriver if environ.get("HPO_TUI_PLAIN_OUTPUT") else PaintingDriver
