"""The filter line: one line of the filter language, live as typed; Enter keeps it, Escape restores what was."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from hpo_core.results.trim import Trim

HINT = "enter keeps it, esc restores what was; = != < <= > >=, in (..), and, or, not, status=complete"


class FilterLine(Vertical):
    """An input of one line, and below it what is wrong with it, or how it is written."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "leave(False)", "restore")]

    class Typed(Message):
        """The line changed; ``before`` is the trim that it was opened with."""

        def __init__(self, line: str, before: Trim) -> None:
            super().__init__()
            self.line = line
            self.before = before

    class Left(Message):
        """The person is done; ``kept`` is False where ``before`` is to be restored."""

        def __init__(self, kept: bool, before: Trim) -> None:
            super().__init__()
            self.kept = kept
            self.before = before

    def __init__(self) -> None:
        super().__init__(id="filter")
        self._before = Trim()

    def compose(self) -> ComposeResult:
        """Lay out the prompt, the line and the error."""
        with Horizontal(id="filter-line"):
            yield Static("/ ", id="filter-prompt")
            yield Input(compact=True, id="filter-input")
        yield Static(Content(HINT), id="filter-error")

    def begin(self, trim: Trim, example: str = "") -> None:
        """Show the trim's line for editing; while it is empty, ``example`` shows what could stand there."""
        self._before = trim
        field = self.query_one(Input)
        field.placeholder = example
        field.value = trim.where
        field.cursor_position = len(trim.where)
        field.focus()
        self.say("")

    def say(self, sentence: str) -> None:
        """Show what is wrong, or how a line is written where nothing is."""
        below = self.query_one("#filter-error", Static)
        below.set_class(bool(sentence), "-wrong")
        below.update(Content(sentence or HINT))

    @on(Input.Changed)
    def pass_on(self, event: Input.Changed) -> None:
        """Tell that the line changed."""
        event.stop()
        if self.query_one(Input).has_focus:
            self.post_message(self.Typed(event.value, self._before))

    @on(Input.Submitted)
    def keep(self, event: Input.Submitted) -> None:
        """Keep the line."""
        event.stop()
        self.action_leave(True)

    def action_leave(self, kept: bool) -> None:
        """Leave the line."""
        self.post_message(self.Left(kept, self._before))
