"""Whether this terminal can show the screen, asked before anything is created or started."""

from __future__ import annotations

import os
import sys

from hpo_core.errors import TerminalError
from hpo_core.text import clean
from hpo_tui.look.size import MINIMUM_SIZE


def check_terminal() -> None:
    """Raise ``TerminalError`` where the screen cannot be shown: no terminal, a dumb one, or too small."""
    streams = (sys.stdin, sys.stdout, sys.stderr)
    if not all(stream is not None and stream.isatty() for stream in streams):
        raise TerminalError(
            "The screen needs a terminal; here is none. Train with --headless, look with 'hpo-tui show SESSION'."
        )
    term = os.environ.get("TERM", "")
    if term in ("", "dumb", "unknown"):
        raise TerminalError(
            f"The terminal (TERM={clean(term, 40) or 'not set'}) cannot show the screen; set TERM, such as "
            "TERM=xterm-256color, or use --headless and 'hpo-tui show SESSION'."
        )
    columns, rows = os.get_terminal_size(sys.stdout.fileno())
    if columns and rows and (columns < MINIMUM_SIZE[0] or rows < MINIMUM_SIZE[1]):
        raise TerminalError(
            f"The terminal is {columns}×{rows}; the screen needs at least {MINIMUM_SIZE[0]}×{MINIMUM_SIZE[1]}. "
            "Make the window larger, or use --headless and 'hpo-tui show SESSION'."
        )
