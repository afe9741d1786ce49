"""What the terminal sends, read so that no byte of it can end the screen or hold it up.

A Latin-1 terminal sends bytes that are no UTF-8; an old mouse sends three bytes that may be anything; a terminal
that answers a question may never end its answer; a paste may come as if it were typed. None of it is a key.
"""

from __future__ import annotations

import codecs
import os
import re
import select
import time
from collections.abc import Callable, Iterator

from textual import events
from textual._parser import ParseError
from textual._xterm_parser import BRACKETED_PASTE_END, BRACKETED_PASTE_START, XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

READ_BYTES = 4096
LOOK_SECONDS = 0.1
TYPED_AT_ONCE = 256
"""More printable characters than this in one read were not typed: they are one paste, not so many keys."""
ANSWER_SECONDS = 0.3
PASTE_SECONDS = 2.0
"""An answer or a paste that has been silent for so long has ended, whether the terminal said so or not."""

_MOUSE = re.compile(rb"\x1b\[M.{3}", re.DOTALL)
_ANSWER = re.compile(rb"\x1b[]P^_X][^\x07\x1b]*(?:\x07|\x1b\\|(?=\x1b[^\\]))")
_CUT_OFF = re.compile(rb"(?:\x1b\[M.{0,2}|\x1b[]P^_X][^\x07\x1b]*\x1b?)\Z", re.DOTALL)
_UNREADABLE = (ArithmeticError, LookupError, ParseError, RuntimeError, StopIteration, TypeError, ValueError)


class Keyboard:
    """Bytes from the terminal in, Textual's messages out."""

    def __init__(self, steady: Callable[[], float] = time.monotonic) -> None:
        self._steady = steady
        self._parser = XTermParser()
        self._decode = codecs.getincrementaldecoder("utf-8")(errors="ignore").decode
        self._held = b""
        self._pasting = False
        self._heard = steady()

    def feed(self, data: bytes) -> Iterator[Message]:
        """Yield what ``data`` means, together with what was held of the read before."""
        self._heard = self._steady()
        data = _ANSWER.sub(b"", _MOUSE.sub(b"", self._held + data))
        cut = _CUT_OFF.search(data)
        # of an answer only its first bytes are kept: all that follows is dropped until it ends
        self._held = cut[0][:2] + cut[0][2:][-3:] if cut else b""
        text = self._decode(data[: cut.start()] if cut else data)
        for part in re.split(f"({re.escape(BRACKETED_PASTE_START)}|{re.escape(BRACKETED_PASTE_END)})", text):
            if part in (BRACKETED_PASTE_START, BRACKETED_PASTE_END):
                self._pasting = part == BRACKETED_PASTE_START
            if len(part) > TYPED_AT_ONCE and not self._pasting and "\x1b" not in part:
                yield events.Paste(part.replace("\x00", ""))
            elif part:
                yield from self._read(lambda part=part: self._parser.feed(part))  # type: ignore[misc]

    def tick(self) -> Iterator[Message]:
        """Yield what silence means: a lone escape is a key, an answer or a paste without an end has ended."""
        silent = self._steady() - self._heard
        if self._held and silent > ANSWER_SECONDS:
            self._held = b""
        if self._pasting and silent > PASTE_SECONDS:
            yield from self.feed(BRACKETED_PASTE_END.encode())
        yield from self._read(self._parser.tick)

    def _read(self, ask: Callable[[], object]) -> Iterator[Message]:
        """Yield the parser's messages; one that chokes is replaced by a new one."""
        try:
            for message in ask():  # type: ignore[attr-defined]
                # this app never asks for reports of the window's size, so one of them is foreign bytes
                if not isinstance(message, events.Resize):
                    yield message
        except _UNREADABLE:
            self._parser = XTermParser()
            self._pasting = False


class SturdyDriver(LinuxDriver):
    """Textual's driver with ``Keyboard`` between the terminal and the app."""

    def run_input_thread(self) -> None:
        """Read until the app ends."""
        keyboard = Keyboard()
        while not self.exit_event.is_set():
            if select.select([self.fileno], [], [], LOOK_SECONDS)[0]:
                try:
                    data = os.read(self.fileno, READ_BYTES)
                except OSError:
                    data = b""
                if not data:
                    self.exit_event.wait(LOOK_SECONDS)  # the terminal is gone; whoever watches it ends the app
                for message in keyboard.feed(data):
                    self.process_message(message)
            for message in keyboard.tick():
                self.process_message(message)
