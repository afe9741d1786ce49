"""How far the images are, while they are decoded or generated: one line on a terminal, nothing elsewhere."""

from __future__ import annotations

import sys
import time

PATIENCE = 0.5
"""Seconds before anything is shown: a small data set is ready sooner."""
INTERVAL = 0.2

_CLEAR = "\r\x1b[K"


class ImageCounter:
    """Rewrites one line of stderr; to be used as a context, which takes the line away at its end."""

    def __init__(self) -> None:
        self._shows = sys.stderr.isatty()
        self._due = time.monotonic() + PATIENCE
        self._shown = False

    def count(self, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` images are ready."""
        now = time.monotonic()
        if self._shows and now >= self._due:
            self._due = now + INTERVAL
            self._shown = True
            sys.stderr.write(f"{_CLEAR}reading images: {done:,} of {total:,}")
            sys.stderr.flush()

    def __enter__(self) -> ImageCounter:
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown:
            sys.stderr.write(_CLEAR)
            sys.stderr.flush()
