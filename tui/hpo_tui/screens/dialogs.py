"""The small questions and texts over a screen: leave, confirm, a summary. Escape closes each of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from hpo_core.journal.lock import Holder
from hpo_core.text import plural
from hpo_tui.widgets.plain_text import literal

LAYOUT_SECONDS = 0.05


class Dialog(ModalScreen[str | None]):
    """A framed box in the middle of the screen."""

    def on_mount(self) -> None:
        """Appear at once and whole: what is below is not sent dimmed first, and then the box on top of it."""
        self.app.delay_update(LAYOUT_SECONDS)


class Choice(Dialog):
    """A question with a few answers; the first one is the default. Dismissed with the answer's id or None."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss(None)", "back"), ("q", "dismiss(None)", "back")]

    def __init__(self, title: str, words: str, answers: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._title = title
        self._words = words
        self._answers = answers

    def compose(self) -> ComposeResult:
        """Lay out the words and the answers."""
        with Vertical() as box:
            box.border_title = literal(self._title)
            yield Static(literal(self._words), classes="words")
            yield OptionList(*(Option(literal(text), id=name) for name, text in self._answers))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Answer with the chosen line."""
        self.dismiss(event.option_id)


class Ask(Dialog):
    """A question that a line answers. Dismissed with the line, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss(None)", "back")]

    def __init__(self, title: str, words: str, value: str = "") -> None:
        super().__init__()
        self._title = title
        self._words = words
        self._value = value

    def compose(self) -> ComposeResult:
        """Lay out the words and the line."""
        with Vertical() as box:
            box.border_title = literal(self._title)
            box.border_subtitle = "enter keeps it · esc: as it was"
            yield Static(literal(self._words), classes="words")
            yield Input(self._value, compact=True, select_on_focus=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Answer with the line."""
        self.dismiss(event.value)


def leave_choice() -> Choice:
    """Return the question asked when leaving a session that trains."""
    return Choice(
        "Leave",
        "The training goes on in the background without this screen; hpo-tui open finds it again.",
        [
            ("leave", "Leave it training"),
            ("finish", "Stop after the trainings under way"),
            ("stop", "Stop now: the trainings under way start again from epoch 1 when resumed"),
        ],
    )


def export_choice(seen: int, whole: int) -> Choice:
    """Return the question asked when trials that are out of view would be left out of an export."""
    return Choice(
        "Export",
        f"The trim leaves {seen:,} of {plural(whole, 'trial')} in view. An older export there is replaced.",
        [("seen", f"Export the {seen:,} in view"), ("all", f"Export all {whole:,}")],
    )


def use_choice(trials: Sequence[tuple[int, str]]) -> Choice:
    """Return the question asked where the best trial and the one under the cursor are two: which one to write."""
    return Choice(
        "Use",
        "The trial is written as a folder that works without hpo-tui: its model, a script, its spec, its scores.",
        [(str(number), f"Trial {number}, {words}") for number, words in trials],
    )


def take_over_choice(holder: Holder) -> Choice:
    """Return the question asked before a session that another host holds is taken over."""
    return Choice(
        "Held on another host",
        f"An engine on another host holds this session: {holder.describe()}. Whether it still runs cannot be seen "
        "from here. Taking over is safe only if it is gone; one that is not stops as soon as it notices.",
        [
            ("leave", "Leave it to the other host"),
            ("take", "Take over: that engine is gone"),
        ],
    )


class Words(Dialog):
    """Some lines of text to read."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape", "dismiss(None)", "back"),
        ("q", "dismiss(None)", "back"),
        ("enter", "dismiss(None)", "back"),
        ("t", "dismiss(None)", "back"),
    ]

    def __init__(self, title: str, lines: Sequence[str]) -> None:
        super().__init__()
        self._title = title
        self._lines = lines

    def compose(self) -> ComposeResult:
        """Lay out the lines."""
        with Vertical() as box:
            box.border_title = literal(self._title)
            with VerticalScroll():
                yield Static(literal("\n".join(self._lines)))
