"""The thread that keeps a terminal's picture up to date with what is written for it.

It sends a piece whenever the link has room for one, and each piece is of the newest picture, the rows that changed
last first: a key's echo passes what is left of an earlier frame, and a frame that was overtaken is never finished.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from hpo_tui.terminal.changes import Canvas
from hpo_tui.terminal.link import PATIENCE_SECONDS, Link
from hpo_tui.terminal.picture import Reader

QUESTION = "\x1b[6n"
"""Where is the cursor? Every terminal answers, in the order of what it was sent."""
_FRAME_BEGINS, _FRAME_ENDS = "\x1b[?2026h", "\x1b[?2026l"


class Painter:
    """Takes what is written at once, and sends what it changes as the terminal has taken what came before.

    ``send`` writes to the terminal and may block; ``size`` gives its (columns, rows) now.
    """

    def __init__(
        self,
        send: Callable[[str], None],
        size: Callable[[], tuple[int, int]],
        erases_in_colour: bool,
        link: Link | None = None,
    ) -> None:
        self._send, self._size = send, size
        self._reader = Reader(*size())
        self._canvas = Canvas(*size(), erases_in_colour)
        self._link = link or Link()
        self._news = threading.Condition()
        self._written = self._stopping = self._ending = self._wants_answer = False
        self._thread = threading.Thread(target=self._run, name="paint the terminal", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def stop(self) -> None:
        """Send what is left, and end."""
        with self._news:
            self._stopping = True
            self._news.notify_all()
        self._thread.join()

    def write(self, text: str) -> None:
        """Take what a program writes for the terminal; never wait for it."""
        with self._news:
            self._reader.read(text)
            self._written = True
            self._news.notify_all()

    def ask(self) -> None:
        """Ask whether the terminal answers, from now on."""
        with self._news:
            self._ending, self._wants_answer = False, True
            self._written = True
            self._news.notify_all()

    def answered(self) -> None:
        """Take note that the terminal has answered."""
        with self._news:
            self._link.answered()
            self._news.notify_all()

    def ask_no_more(self, seconds: float = PATIENCE_SECONDS) -> None:
        """Wait for the answers under way, so long at most: the shell would take them for something typed."""
        with self._news:
            self._ending = True
            self._news.notify_all()
            self._news.wait_for(lambda: not self._link.asked, seconds)

    def redraw(self) -> None:
        """Send the whole picture again: something else wrote on the terminal."""
        with self._news:
            self._reader.lost = self._written = True
            self._news.notify_all()

    def _run(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._written or self._stopping)
                if not self._written:
                    return
                seconds = self.wait()
                text = self.piece() if not seconds else ""
                if seconds:
                    self._news.wait(seconds)
            if text:
                self._send(text)

    def wait(self) -> float:
        """Return for how many seconds nothing should be sent unless an answer comes."""
        return 0 if self._stopping or self._ending else self._link.wait()

    def piece(self) -> str:
        """Return what to send now."""
        return self._and_ask(self.news(None if self._stopping or self._ending else self._link.piece))

    def _and_ask(self, text: str) -> str:
        wanted, self._wants_answer = self._wants_answer, False
        if self._ending or not (self._link.sent(len(text.encode())) or wanted):
            return text
        self._link.ask()
        return text + QUESTION

    def news(self, most: int | None = None) -> str:
        """Return what must be sent now, as soon as it is ``most`` bytes or more; the rest is still to be sent."""
        reader, size = self._reader, self._size()
        if size != (reader.picture.columns, reader.picture.rows):
            reader.picture = reader.picture.resized(*size)
            reader.lost = True
        if reader.lost:
            self._canvas.forget(*size)
            reader.lost = False
        asides = "".join(reader.asides)
        reader.asides.clear()
        frame = self._canvas.change_to(reader.picture, most) if reader.on else ""
        self._written = reader.on and self._canvas.behind
        if frame and reader.synchronised:
            frame = f"{_FRAME_BEGINS}{frame}{_FRAME_ENDS}"
        return asides + frame
