"""The thread that keeps a terminal's picture up to date with what is written for it.

A link may hold seconds of what was sent (the buffers of a pseudo-terminal, of ssh, of the network), and a key's
echo would stand behind them. So a terminal that answers is asked now and then, and no more is sent than is soon
there. The question, whether it synchronises frames, is one that Textual asks too.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from hpo_tui.terminal.changes import Canvas
from hpo_tui.terminal.picture import Reader

ASK_AFTER = 1000
"""After so many bytes the terminal is asked whether it has come so far."""
ON_THE_WAY = 2000
"""While so many bytes are not answered for, no further frame is sent: 0.1 s on a link of 20 kB/s."""
ANSWER_SECONDS = 2.0
"""So long an answer is waited for, and so often in a row, until it is taken that none comes any more."""
PATIENCE = 3

QUESTION = "\x1b[?2026$p"
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
        self._written = self._stopping = self._ending = False
        self._answers = self._known = False
        self._waited = self._unasked = 0
        self._asked: deque[int] = deque()
        """For each question under way, how many bytes were sent before it."""
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

    def answered(self) -> bool:
        """Take note that the terminal has answered; return whether it is the first time."""
        with self._news:
            first, self._answers, self._known = not self._known, True, True
            self._waited = 0
            if self._asked:
                self._asked.popleft()
            self._news.notify_all()
        return first

    def ask_no_more(self, seconds: float = ANSWER_SECONDS) -> None:
        """Wait for the answers under way, so long at most: the shell would take them for something typed."""
        with self._news:
            self._ending = True
            self._news.notify_all()
            self._news.wait_for(lambda: not self._asked, seconds)

    def redraw(self) -> None:
        """Send the whole picture again: something else wrote on the terminal."""
        with self._news:
            self._reader.lost = self._written = True
            self._news.notify_all()

    def _run(self) -> None:
        while True:
            with self._news:
                if not self._news.wait_for(self._may_go_on, ANSWER_SECONDS if self._asked else None):
                    self._asked.clear()
                    self._waited += 1
                    self._answers = self._waited < PATIENCE
                    continue
                if not self._written:
                    return
                self._written = False
                text = self._and_ask(self.news())
            if text:
                self._send(text)

    def _may_go_on(self) -> bool:
        free = self._ending or sum(self._asked) < ON_THE_WAY
        return self._stopping or (self._written and free)

    def _and_ask(self, text: str) -> str:
        self._unasked += len(text.encode())
        if not self._answers or self._ending or self._unasked < ASK_AFTER:
            return text
        self._asked.append(self._unasked)
        self._unasked = 0
        return text + QUESTION

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
