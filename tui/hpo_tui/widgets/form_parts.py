"""The parts of a form: rows of a label, a field and a note, lines to choose on, values to toggle, things to do.

A part computes nothing: it says when it changed and is told what to say. Nothing blinks, nothing moves by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static


class FormScroll(VerticalScroll, inherit_bindings=False):
    """Scrolls to the field that has the focus; leaves the arrow keys to the form."""


class ChoiceField(Static, can_focus=True):
    """One of a few choices: ← → change it, and a click takes the next."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "step(-1)", "previous choice", show=False),
        Binding("right,space", "step(1)", "next choice", show=False),
    ]

    class Changed(Message):
        """Another one was chosen."""

    def __init__(self, choices: Sequence[str], value: str) -> None:
        super().__init__(classes="control")
        self.choices = tuple(choices)
        self.value = value if value in self.choices else self.choices[0]

    def on_mount(self) -> None:
        """Show the choice."""
        self._show()

    def action_step(self, step: int) -> None:
        """Choose the next or the previous one."""
        self.choose(self.choices[(self.choices.index(self.value) + step) % len(self.choices)])

    def choose(self, value: str) -> None:
        """Choose one."""
        if value in self.choices and value != self.value:
            self.value = value
            self._show()
            self.post_message(self.Changed())

    def on_click(self) -> None:
        """Choose the next one."""
        self.action_step(1)

    def _show(self) -> None:
        place = f"{self.choices.index(self.value) + 1}/{len(self.choices)}"
        self.update(Content.assemble(("< ", "$accent"), self.value, (" > ", "$accent"), (f" {place}", "$quiet")))


class ToggleLine(Static, can_focus=True):
    """Values that can be in or out: ← → choose one, space or a click toggles it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "step(-1)", "previous value", show=False),
        Binding("right", "step(1)", "next value", show=False),
        Binding("space,enter", "switch", "in or out", show=False),
    ]
    LEAD = "new "

    class Toggled(Message):
        """The value at this place was toggled."""

        def __init__(self, line: ToggleLine, place: int) -> None:
            super().__init__()
            self.line = line
            self.place = place

    def __init__(self) -> None:
        super().__init__(classes="toggles")
        self.entries: tuple[tuple[str, bool], ...] = ()
        self.marks = ("●", "○")
        self._at = 0

    def show(self, entries: Sequence[tuple[str, bool]]) -> None:
        """Show these values; a line without any is not there."""
        if self.entries == tuple(entries):
            return
        self.entries = tuple(entries)
        self._at = min(self._at, max(len(self.entries) - 1, 0))
        self.display = bool(self.entries)
        self._draw()

    def action_step(self, step: int) -> None:
        """Choose another value."""
        self._at = min(max(self._at + step, 0), len(self.entries) - 1)
        self._draw()

    def action_switch(self) -> None:
        """Toggle the chosen value."""
        self.post_message(self.Toggled(self, self._at))

    def on_click(self, event: events.Click) -> None:
        """Toggle the value that was clicked."""
        right = len(self.LEAD)
        for place, (text, _) in enumerate(self.entries):
            right += len(text) + 4
            if event.x < right:
                self._at = place
                self.action_switch()
                return

    def on_focus(self) -> None:
        """Show which value the keys mean."""
        self._draw()

    def on_blur(self) -> None:
        """Show none."""
        self._draw()

    def _draw(self) -> None:
        pieces: list[Content | tuple[str, str]] = [(self.LEAD, "$quiet")]
        for place, (text, there) in enumerate(self.entries):
            shown = f"{self.marks[0] if there else self.marks[1]} {text}"
            style = "reverse" if self.has_focus and place == self._at else "$accent" if there else "$quiet"
            pieces += [(shown, style), ("  ", "")]
        self.update(Content.assemble(*pieces))


class FormRow(Horizontal):
    """A label, a field, and beside it what the field means or what is wrong with it.

    With ``toggling`` values that can be in or out stand beside it; without, it is made of two widgets less.
    """

    class Changed(Message):
        """The field's text is another one."""

        def __init__(self, row: FormRow) -> None:
            super().__init__()
            self.row = row

    class Entered(Message):
        """Enter was pressed in the field."""

    def __init__(
        self,
        key: str,
        label: str,
        text: str,
        placeholder: str = "",
        choices: Sequence[str] = (),
        toggling: bool = False,
    ) -> None:
        super().__init__(classes="row")
        self.key = key
        self.label = label
        self.field: Input | ChoiceField
        if choices:
            self.field = ChoiceField(choices, text)
        else:
            self.field = Input(
                text, placeholder=placeholder, compact=True, classes="control", select_on_focus=bool(text)
            )
            self.field.cursor_blink = False
        self.toggles = ToggleLine()
        self.toggles.display = False
        self._toggling = toggling
        self._note = Static("", classes="note" if toggling else "note beside")
        self._said = ""
        self._first = text

    def compose(self) -> ComposeResult:
        """Lay the row out."""
        yield Static(Content(self.label), classes="label")
        with Vertical(classes="body"):
            yield self.field
            if not self._toggling:
                yield self._note
                return
            with Vertical(classes="beside"):
                yield self.toggles
                yield self._note

    @property
    def text(self) -> str:
        """What the field says."""
        return self.field.value

    @text.setter
    def text(self, text: str) -> None:
        if isinstance(self.field, Input):
            self.field.value = text
            self.field.cursor_position = len(text)
        else:
            self.field.choose(text)

    def say(self, note: str, wrong: str = "") -> None:
        """Show a note beside the field, or the sentence that says what is wrong with it."""
        words = wrong or note
        if words != self._said:  # laying a form out again at every key would be felt over SSH
            self._said = words
            self._note.update(Content(words))
        self._note.display = bool(wrong) or not self.toggles.display
        self.set_class(bool(wrong), "-wrong")
        self.set_class(self.toggles.display, "-toggling")

    @property
    def note(self) -> str:
        """What stands beside the field."""
        return self._said

    @on(Input.Changed)
    @on(ChoiceField.Changed)
    def pass_on(self, event: Message) -> None:
        """Tell that the field changed; what it began with is replaced as one types, what was typed is not."""
        event.stop()
        if isinstance(self.field, Input) and self.field.value != self._first:
            self.field.select_on_focus = False
        self.post_message(self.Changed(self))

    @on(Input.Submitted)
    def pass_enter_on(self, event: Input.Submitted) -> None:
        """Tell that Enter was pressed."""
        event.stop()
        self.post_message(self.Entered())


class Deed(Static, can_focus=True):
    """One thing to do, by Enter, space or a click."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "do", "do it", show=False),
        Binding("left", "app.focus_previous", "what stands before", show=False),
        Binding("right", "app.focus_next", "what stands next", show=False),
    ]

    class Chosen(Message):
        """Do it."""

        def __init__(self, deed: str) -> None:
            super().__init__()
            self.deed = deed

    def __init__(self, deed: str, label: str) -> None:
        super().__init__(Content(f"[ {label} ]"), id=f"deed-{deed}", classes="deed")
        self.deed = deed

    def action_do(self) -> None:
        """Say that this is to be done."""
        self.post_message(self.Chosen(self.deed))

    def on_click(self) -> None:
        """Say that this is to be done."""
        self.action_do()
