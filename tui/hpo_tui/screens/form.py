"""The frame of a form: rows of fields that scroll, what they come to, what can be done, and the keys.

A form ends with a session folder, which is then opened, or with None; what its fields mean stands in
``viewmodel``.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widget import Widget

from hpo_core.session.paths import SessionFolder
from hpo_core.text import clean
from hpo_tui.forms.paths import completed
from hpo_tui.look.inks import WARNING
from hpo_tui.look.keys import Key, bindings, group, with_words
from hpo_tui.look.skins import Skin
from hpo_tui.plots.ascii import to_ascii
from hpo_tui.plots.rows import Row, padded, run
from hpo_tui.screens.footer import Footer
from hpo_tui.screens.help import HelpScreen
from hpo_tui.screens.orders import before_start
from hpo_tui.widgets.cell_pane import CellPane
from hpo_tui.widgets.form_parts import Deed, FormRow, FormScroll
from hpo_tui.widgets.plain_text import literal
from hpo_tui.widgets.too_small import COLUMNS, LOW, ROWS, SLIM, TooSmall

SUMMARY_LINES = 3
FITTING = 120
"""So many characters are said of what a path may go on with."""
SAVE = ("keep", "Save as a spec file", "write the grid as a spec file where you are, and train nothing")
LEAVE = ("back", "Back", "leave the form; nothing is made")

_FIELD, _FIELDS = "the field before, the field after", "five fields up or down"
# fmt: off
FORM_KEYS: tuple[Key, ...] = (
    *group(
        "Move",
        Key("up", "field(-1)", "field before", _FIELD, "field", 10, together="↑ ↓"),
        Key("down", "field(1)", "field after", _FIELD, together="↑ ↓"),
        Key("tab", "next(1)", "next stop",
            "completes a path; whatever can be changed or done next, also single new values"),
        Key("shift+tab", "next(-1)", "stop before", "whatever can be changed or done before"),
        Key("pageup", "field(-5)", "five fields up", _FIELDS, together="pgup pgdn"),
        Key("pagedown", "field(5)", "five fields down", _FIELDS, together="pgup pgdn"),
    ),
    *group("Values", Key("ctrl+t", "suggest", "suggested values",
                         "the values suggested for the field into it, or out", "suggested", 8)),
    *group(
        "Grid",
        Key("ctrl+l", "launch", "launch", "make the session and train it", "launch", 1),
        Key("ctrl+s", "keep", "keep", "keep the grid without training it", "keep", 3),
        Key("escape", "back", "back", "leave the form; nothing is made", "back", 2),
        Key("f1,question_mark", "help", "keys", "these keys", "keys", 4),
        Key("ctrl+p", "app.command_palette", "", "every action by name", "actions", 42),
    ),
)
# fmt: on
"""The keys of the forms: the next grid, and a new one. Letters are typed; so these are others.

What ``launch`` and ``keep`` are called, and do, a form says itself: its buttons, footer and help have one word.
"""


class FormScreen(Screen[SessionFolder | None]):
    """A form over a whole screen."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(FORM_KEYS)
    KEYS = FORM_KEYS
    HORIZONTAL_BREAKPOINTS = [(0, SLIM), (COLUMNS, "-narrow"), (100, "-wide")]  # noqa: RUF012 - Textual's own declaration
    VERTICAL_BREAKPOINTS = [(0, LOW), (ROWS, "-high")]  # noqa: RUF012
    AUTO_FOCUS = "FormRow .control"

    def __init__(self, skin: Callable[[], Skin]) -> None:
        super().__init__()
        self._skin = skin
        self.rows: list[FormRow] = []
        self.busy = False

    # What a form is made of ------------------------------------------------------------------------------------

    @abstractmethod
    def title_text(self) -> str:
        """The frame's title."""

    @abstractmethod
    def parts(self) -> Sequence[Widget]:
        """Headings and rows."""

    @abstractmethod
    def deeds(self) -> Sequence[tuple[str, str, str]]:
        """What can be done: the action, its label, and the help's sentence; the first is the usual one."""

    @abstractmethod
    def read(self) -> None:
        """Take in what the fields say, and say what is wrong with them."""

    @abstractmethod
    def summary_rows(self, width: int) -> list[Row]:
        """What the form comes to, in at most ``SUMMARY_LINES`` rows."""

    # ------------------------------------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """Lay the form out."""
        self.KEYS = with_words(FORM_KEYS, self.deeds())
        # what its size and the first field's focus bring in any case: later it styles all 270 widgets anew, twice
        width, height = self.app.size
        for length, breakpoints in ((width, self.HORIZONTAL_BREAKPOINTS), (height, self.VERTICAL_BREAKPOINTS)):
            self.add_class(max(at for at in breakpoints if at[0] <= length)[1])
        parts = self.parts()
        self.rows = [part for part in parts if isinstance(part, FormRow)]
        with FormScroll(id="fields", classes="framed -held", can_focus=False) as fields:
            fields.border_title = literal(self.words(self.title_text()))
            yield from parts
        yield CellPane(id="summary")
        with Horizontal(id="deeds"):
            for name, label, _ in self.deeds():
                yield Deed(name, label)
        yield Footer(id="footer")
        yield TooSmall()

    def on_mount(self) -> None:
        """Read the fields for the first time."""
        self.update()

    @property
    def texts(self) -> dict[str, str]:
        """What every field says."""
        return {row.key: row.text for row in self.rows}

    def row(self, key: str) -> FormRow:
        """Return the row of a field."""
        return next(row for row in self.rows if row.key == key)

    def words(self, text: str) -> str:
        """Return a text as this terminal can show it."""
        return to_ascii(text) if self._skin().ascii_only else text

    def show_errors(self, errors: dict[str, str], notes: Callable[[FormRow], str]) -> None:
        """Say beside each field what is wrong with it, or its note."""
        for row in self.rows:
            wrong = errors.get(row.key, "")
            row.say(self.words("" if wrong else notes(row)), self.words(wrong))

    def go_to_error(self, errors: dict[str, str]) -> None:
        """Put the cursor into the first field with an error."""
        wrong = next((row for row in self.rows if row.key in errors), None)
        if wrong is not None:
            wrong.field.focus()
        self.notify(next(iter(errors.values())), severity="error", markup=False)

    def not_yet_row(self, errors: dict[str, str], width: int) -> Row:
        """Return what stands in the way of knowing what the form comes to."""
        wrong = [row.label for row in self.rows if row.key in errors]
        lead = f"Not in order yet: {', '.join(wrong)}"
        whole = f"{lead}; beside it stands why."
        words = errors.get("", "") if not wrong else whole if len(whole) < width else f"{lead}."
        return padded((run(f" {clean(words)}", WARNING),), width)

    def update(self) -> None:
        """Take in what the fields say, and show what it comes to."""
        self.read()
        self.draw_soon()

    @on(FormRow.Changed)
    def take_change(self) -> None:
        """Take in what was typed."""
        self.update()

    def on_descendant_focus(self) -> None:
        """Say what belongs to the field that has the focus now."""
        self.draw_soon()

    @on(CellPane.SizeChanged)
    def draw_soon(self) -> None:
        """Draw what the form comes to, and the footer."""
        skin = self._skin()
        # a class, for ``:focus-within`` makes Textual style every field anew at each step: 0.3 s of 37 fields
        self.query_one("#fields").set_class(self.focused_row() is not None, "-held")
        summary = self.query_one("#summary", CellPane)
        if summary.content_size.width:
            rows = self.summary_rows(summary.content_size.width)
            summary.show(rows[:SUMMARY_LINES], skin.palette, skin.ascii_only)
        self.query_one(Footer).offer(self.KEYS, skin)

    def answer(self, does: Callable[..., None], *given: object) -> None:
        """Do what a thread came back with; nothing, where the form has been left meanwhile.

        A form that is left is taken down from its fields up: it is attached still when they are gone.
        """

        def do_if_here() -> None:
            if self.is_attached and self in self.app.screen_stack:
                does(*given)

        self.app.call_from_thread(do_if_here)

    def be_busy(self, busy: bool) -> None:
        """Say that something is under way, or no longer; before a training begins, warn of the logout."""
        self.busy = busy
        if busy:
            self.app.run_worker(partial(before_start, self.app), thread=True, group="logout")
        self.draw_soon()

    def end_with(self, folder: SessionFolder | None) -> None:
        """Leave the form with what was made; stay where nothing was."""
        self.be_busy(False)
        if folder is not None:
            self.dismiss(folder)

    # Keys -------------------------------------------------------------------------------------------------------

    def action_field(self, step: int) -> None:
        """Go to the field of another row, or to what can be done below the last."""
        stops: list[Widget] = [row.field for row in self.rows if row.display]
        here, row = len(stops), self.focused_row()
        if row is not None:
            here = stops.index(row.field)
        stops.append(self.query(Deed).first())
        stops[min(max(here + step, 0), len(stops) - 1)].focus()

    def action_next(self, step: int) -> None:
        """Go to whatever can be changed or done next, or before; a path is completed first."""
        if step > 0:
            if not self.complete_path():
                self.focus_next()
        else:
            self.focus_previous()

    def complete_path(self) -> bool:
        """Complete the path in the field with the focus; return whether there was anything to complete."""
        row = self.focused_row()
        suffix = self.completes(row) if row is not None else None
        if row is None or suffix is None or not row.text or row.text.endswith("/"):
            return False
        text, fits = completed(row.text, suffix)
        if text == row.text and (len(fits) < 2 or text.rpartition("/")[2] in fits):
            return False
        if text != row.text:
            row.text = text
        else:
            row.say(self.words(clean(" ".join(fits), FITTING)))
        return True

    def completes(self, row: FormRow) -> str | None:
        """Return how files end that a path in the row names, "" where it names folders; None: it has no path."""
        return None

    @on(FormRow.Entered)
    def next_field(self) -> None:
        """Go to the next field."""
        self.action_field(1)

    def focused_row(self) -> FormRow | None:
        """Return the row that has the focus."""
        if self.focused is None:
            return None
        return next((row for row in self.focused.ancestors if isinstance(row, FormRow)), None)

    @on(Deed.Chosen)
    async def do(self, message: Deed.Chosen) -> None:
        """Do what was chosen."""
        await self.run_action(message.deed)

    def action_back(self) -> None:
        """Leave the form; nothing is made."""
        self.dismiss(None)

    def action_help(self) -> None:
        """Show the keys."""
        self.app.push_screen(HelpScreen(self.KEYS))
