"""The log of one attempt, followed while it grows."""

from __future__ import annotations

import os
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from hpo_core.journal.files import open_own
from hpo_core.text import clean
from hpo_tui.widgets.plain_text import literal

SHOWN_BYTES = 64 * 1024
REFRESH_SECONDS = 0.5


class LogScreen(ModalScreen[None]):
    """The last 64 KB of an attempt's stdout and stderr."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape", "dismiss(None)", "back"),
        ("q", "dismiss(None)", "back"),
        ("L", "dismiss(None)", "back"),
    ]

    def __init__(self, path: Path, title: str) -> None:
        super().__init__()
        self._path = path
        self._title = title
        self._shown: str | None = None

    def compose(self) -> ComposeResult:
        """Lay the text out."""
        with Vertical() as box:
            box.border_title = literal(f"Log · {self._title}")
            box.border_subtitle = "esc closes"
            with VerticalScroll():
                yield Static("")

    def on_mount(self) -> None:
        """Read the log now and as it grows."""
        self._read()
        self.set_interval(REFRESH_SECONDS, self._read)

    def _read(self) -> None:
        text = log_text(self._path)
        if text != self._shown:
            self._shown = text
            self.query_one(Static).update(literal(text))
            self.query_one(VerticalScroll).scroll_end(animate=False)


def log_text(path: Path) -> str:
    """Return the end of a log with nothing in it that a terminal would act on, or why there is none."""
    try:
        with os.fdopen(open_own(path), "rb") as file:
            file.seek(max(os.fstat(file.fileno()).st_size - SHOWN_BYTES, 0))
            data = file.read(SHOWN_BYTES)
    except FileNotFoundError:
        return "This attempt has no log (yet)."
    except OSError as error:
        return f"The log cannot be read: {error.strerror}."
    lines = data.decode("utf-8", "replace").splitlines()
    return "\n".join(clean(line) for line in lines) or "The log is empty: the training has said nothing."
