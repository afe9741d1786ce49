"""The thread that keeps a terminal's picture up to date with what is written for it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from hpo_tui.terminal.changes import Canvas
from hpo_tui.terminal.picture import Reader

_FRAME_BEGINS, _FRAME_ENDS = "\x1b[?2026h", "\x1b[?2026l"


class Painter:
    """Takes what is written at once, and sends what it changes when the terminal has taken what came before.

    ``send`` writes to the terminal and may block; ``size`` gives its (columns, rows) now.
    """

    def __init__(
        self, send: Callable[[str], None], size: Callable[[], tuple[int, int]], erases_in_colour: bool
    ) -> None:
        self._send, self._size = send, size
        self._reader = Reader(*size())
        self._canvas = Canvas(*size(), erases_in_colour)
        self._news = threading.Condition()
        self._written = self._stopping = False
        self._thread = threading.Thread(target=self._run, name="paint the terminal", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def stop(self) -> None:
        """Send what is left, and end."""
        with self._news:
            self._stopping = True
            self._news.notify()
        self._thread.join()

    def write(self, text: str) -> None:
        """Take what a program writes for the terminal; never wait for it."""
        with self._news:
            self._reader.read(text)
            self._written = True
            self._news.notify()

    def redraw(self) -> None:
        """Send the whole picture again: something else wrote on the terminal."""
        with self._news:
            self._reader.lost = self._written = True
            self._news.notify()

    def _run(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._written or self._stopping)
                if not self._written:
                    return
                self._written = False
                text = self.news()
            if text:
                self._send(text)

    def news(self) -> str:
        """Return what must be sent now."""
        reader, size = self._reader, self._size()
        if size != (reader.picture.columns, reader.picture.rows):
            reader.picture = reader.picture.resized(*size)
            reader.lost = True
        if reader.lost:
            self._canvas.forget(*size)
            reader.lost = False
        asides = "".join(reader.asides)
        reader.asides.clear()
        frame = self._canvas.change_to(reader.picture) if reader.on else ""
        if frame and reader.synchronised:
            frame = f"{_FRAME_BEGINS}{frame}{_FRAME_ENDS}"
        return asides + frame
