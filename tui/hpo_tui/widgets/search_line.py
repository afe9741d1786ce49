"""The search line: words that filter a list as they are typed. Enter keeps them, Escape takes them away."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static


class SearchLine(Horizontal):
    """A prompt and an input of one line."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "leave", "clear")]

    class Typed(Message):
        """The words changed."""

        def __init__(self, words: str) -> None:
            super().__init__()
            self.words = words

    class Left(Message):
        """The person is done; what was ``Typed`` last holds."""

    def compose(self) -> ComposeResult:
        """Lay out the prompt and the line."""
        yield Static("/ ", id="search-prompt")
        yield Input(compact=True, id="search-input", placeholder="a name, a state, a hyperparameter")

    def begin(self, words: str) -> None:
        """Let the words be edited."""
        field = self.query_one(Input)
        field.value = words
        field.cursor_position = len(words)
        field.focus()

    @on(Input.Changed)
    def pass_on(self, event: Input.Changed) -> None:
        """Tell that the words changed."""
        event.stop()
        if self.query_one(Input).has_focus:
            self.post_message(self.Typed(event.value))

    @on(Input.Submitted)
    def keep(self, event: Input.Submitted) -> None:
        """Keep the words."""
        event.stop()
        self.post_message(self.Left())

    def action_leave(self) -> None:
        """Take the words away."""
        self.post_message(self.Typed(""))
        self.post_message(self.Left())
