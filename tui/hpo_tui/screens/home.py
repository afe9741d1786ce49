"""Home: the sessions of the folder, a new grid, the demo; from here everything is one key away."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message
from textual.screen import Screen

from hpo_core.engine.demo_session import start_demo
from hpo_core.engine.resume import Resumed, resume
from hpo_core.errors import HpoError, SessionError
from hpo_core.journal.events import DEFAULT_OPTIONS, EngineOptions
from hpo_core.session.moving import emptying_words, throw_away
from hpo_core.session.paths import SessionFolder
from hpo_core.text import clean, plural
from hpo_tui.desk.sessions import CardReader, SessionCard
from hpo_tui.forms.own_form import OwnForm
from hpo_tui.look.keys import Key, bindings, group
from hpo_tui.look.skins import Skin
from hpo_tui.panes.footer import footer_row
from hpo_tui.panes.home_lines import Line, detail_rows, heading_row, home_lines, line_row, welcome_rows
from hpo_tui.plots.rows import Row
from hpo_tui.screens.dialogs import Choice
from hpo_tui.screens.help import HelpScreen
from hpo_tui.screens.messages import OpenSession, WantGrid, WantOwnGrid
from hpo_tui.screens.orders import warn_of_logout
from hpo_tui.widgets.cell_pane import CellPane

REFRESH_SECONDS = 1.0
READ_ONLY = "hpo-tui was opened read-only; start it without --read-only to do that."


_LINE, _LINES, _ENDS = "cursor up and down", "ten lines up or down", "to the first or the last line"
# fmt: off
HOME_KEYS: tuple[Key, ...] = (
    *group(
        "Move",
        Key("up,k", "cursor(-1)", "cursor up", _LINE, together="↑ ↓ k j"),
        Key("down,j", "cursor(1)", "cursor down", _LINE, together="↑ ↓ k j"),
        Key("pageup", "cursor(-10)", "ten lines up", _LINES, together="pgup pgdn"),
        Key("pagedown", "cursor(10)", "ten lines down", _LINES, together="pgup pgdn"),
        Key("home", "cursor(-1000000)", "first line", _ENDS, together="home end"),
        Key("end", "cursor(1000000)", "last line", _ENDS, together="home end"),
    ),
    *group(
        "Session",
        Key("enter", "open", "open", "open the session, or do what the line says", "open", 1),
        Key("R", "resume", "resume", "go on with what waits in the session, starting an engine", "resume", 12),
        Key("c", "copy", "copy as new", "a new grid that begins as a copy of the session's", "copy as new", 14),
        Key("d,delete", "delete", "delete", "move the session to the trash (asks first)", "delete", 20),
    ),
    *group(
        "New",
        Key("n", "new_grid", "new grid", "a new grid: fill in a form", "new grid", 2),
        Key("D", "demo", "demo", "train the demo, a small real grid on generated fruit images", "demo", 3),
    ),
    *group(
        "Session",
        Key("T", "app.theme", "next theme", "next theme: dark, light, high contrast"),
        Key("ctrl+l", "app.redraw", "draw anew", "draw the screen anew, where something else wrote on it"),
        Key("question_mark", "help", "keys", "these keys", "keys", 4),
        Key("ctrl+p", "app.command_palette", "", "every action by name", "actions", 42),
        Key("q,escape,ctrl+q", "quit", "quit", "leave; trainings go on", "quit", 6),
    ),
)
# fmt: on


class HomeScreen(Screen[None]):
    """The list of sessions."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(HOME_KEYS)
    KEYS = HOME_KEYS
    AUTO_FOCUS = "#sessions"

    class Listed(Message):
        """The sessions were read again."""

        def __init__(self, cards: list[SessionCard]) -> None:
            super().__init__()
            self.cards = cards

    def __init__(
        self,
        sessions: Path,
        skin: Callable[[], Skin],
        read_only: bool = False,
        options: EngineOptions = DEFAULT_OPTIONS,
    ) -> None:
        super().__init__()
        self.sessions = sessions
        self.cards: list[SessionCard] = []
        self.cursor = 0
        self._skin = skin
        self._read_only = read_only
        self._options = options
        self._reader = CardReader(sessions)
        self._first = 0
        self._listed = False

    def compose(self) -> ComposeResult:
        """Lay the list out."""
        yield CellPane(id="sessions", classes="framed")
        yield CellPane(id="detail", classes="framed")
        yield CellPane(id="footer")

    def on_mount(self) -> None:
        """Read the sessions, and read them again every second."""
        self.query_one("#sessions", CellPane).can_focus = True
        self.read_sessions()
        self.set_interval(REFRESH_SECONDS, self._read_if_shown)

    def _read_if_shown(self) -> None:
        if self.app.screen is self:
            self.read_sessions()

    @work(thread=True, exclusive=True, group="list")
    def read_sessions(self) -> None:
        """Read what is new of every session of the folder, in a thread."""
        self.post_message(self.Listed(self._reader.cards()))

    @on(Listed)
    def take_list(self, message: Listed) -> None:
        """Show the sessions; the cursor stays on the session it is on."""
        here = self._card()
        self.cards, self._listed = message.cards, True
        paths = [card.folder.path for card in self.cards]
        if here is not None and here.folder.path in paths:
            self.cursor = paths.index(here.folder.path)
        self.draw_soon()

    @on(CellPane.SizeChanged)
    def draw_soon(self) -> None:
        """Draw the list."""
        pane, detail, footer = (self.query_one(f"#{name}", CellPane) for name in ("sessions", "detail", "footer"))
        skin = self._skin()
        if not self._listed or not pane.content_size.width:
            return
        width, height = pane.content_size
        pane.show(self._rows(width, height), skin.palette, skin.ascii_only)
        detail.show(detail_rows(self._line(), detail.content_size.width), skin.palette, skin.ascii_only)
        footer.show([footer_row(HOME_KEYS, footer.content_size.width)], skin.palette, skin.ascii_only)
        only = " · read-only" if self._read_only else ""
        pane.entitle(f"hpo-tui · {plural(len(self.cards), 'session')} in {clean(self.sessions)}{only}")

    def _rows(self, width: int, height: int) -> list[Row]:
        lines = home_lines(self.cards)
        self.cursor = min(self.cursor, len(lines) - 1)
        lead = [heading_row(width)] if self.cards else welcome_rows(width)
        room = max(height - len(lead), 1)
        self._first = min(max(self._first, self.cursor - room + 1), self.cursor)
        shown = range(self._first, min(self._first + room, len(lines)))
        return [*lead, *(line_row(lines[place], place == self.cursor, width) for place in shown)]

    def _line(self) -> Line:
        lines = home_lines(self.cards)
        return lines[min(self.cursor, len(lines) - 1)]

    def _card(self) -> SessionCard | None:
        """Return the session under the cursor, if it is one."""
        return self.cards[self.cursor] if self.cursor < len(self.cards) else None

    # Moving -----------------------------------------------------------------------------------------------------

    def action_cursor(self, step: int) -> None:
        """Move the cursor."""
        self.cursor = min(max(self.cursor + step, 0), len(home_lines(self.cards)) - 1)
        self.draw_soon()

    @on(CellPane.Clicked, "#sessions")
    async def click(self, message: CellPane.Clicked) -> None:
        """Put the cursor where the click was; a click on the cursor opens."""
        place = message.row - (1 if self.cards else len(welcome_rows(1))) + self._first
        if place == self.cursor:
            await self.action_open()
        elif 0 <= place < len(home_lines(self.cards)):
            self.cursor = place
            self.draw_soon()

    @on(CellPane.Scrolled, "#sessions")
    def scroll(self, message: CellPane.Scrolled) -> None:
        """Move the cursor by the wheel."""
        self.action_cursor(message.step)

    # Doing ------------------------------------------------------------------------------------------------------

    async def action_open(self) -> None:
        """Open the session under the cursor, or do what the line offers."""
        line = self._line()
        if isinstance(line, SessionCard):
            self.post_message(OpenSession(line.folder))
        else:
            await self.run_action(line.action)

    def action_new_grid(self) -> None:
        """Fill in a new grid."""
        if self._may():
            self.post_message(WantGrid())

    def action_copy(self) -> None:
        """Fill in a new grid that begins as a copy of the session's."""
        card = self._chosen()
        if card is None or not self._may():
            return
        if card.spec is None:
            self.notify(card.problem, severity="error", markup=False)
        elif card.spec.model is not None:
            own = OwnForm.of(card.spec.to_toml(), Path.cwd())
            self.post_message(WantOwnGrid(own, card.folder.name, card.folder))
        else:
            self.post_message(WantGrid(card.spec, card.folder.name))

    def action_demo(self) -> None:
        """Train the demo."""
        if self._may():
            self.notify("Starting the demo…", timeout=3, markup=False)
            self._start_demo()

    @work(thread=True, exclusive=True, group="demo")
    def _start_demo(self) -> None:
        try:
            folder = start_demo(self.sessions, self._options)
        except HpoError as error:
            self._say(str(error), "error")
        else:
            self.post_message(OpenSession(folder))

    def action_resume(self) -> None:
        """Go on with what waits in the session under the cursor."""
        card = self._chosen()
        if card is not None and self._may():
            self._resume(card.folder)

    @work(thread=True, exclusive=True, group="resume")
    def _resume(self, folder: SessionFolder) -> None:
        try:
            done = resume(folder, before_start=partial(warn_of_logout, self.app))
            self._say(_resumed_words(folder, done))
        except HpoError as error:
            self._say(str(error), "error")
        self.app.call_from_thread(self.read_sessions)

    def action_delete(self) -> None:
        """Delete the session under the cursor, after asking."""
        card = self._chosen()
        if card is None or not self._may():
            return
        folder = card.folder
        question = Choice(
            "Delete",
            f"Move the session {clean(folder.name)} with all its results and logs to the trash beside it?",
            [("keep", "Keep it"), ("delete", "Move it to the trash")],
        )
        self.app.push_screen(question, lambda answer: self._delete(folder) if answer == "delete" else None)

    def _delete(self, folder: SessionFolder) -> None:
        try:
            thrown = throw_away(folder)
        except (HpoError, OSError) as error:
            self.notify(str(error), severity="error", markup=False)
        else:
            self.notify(f"{folder.name} is in the trash; {emptying_words(thrown)}", markup=False)
        self.read_sessions()

    def _chosen(self) -> SessionCard | None:
        card = self._card()
        if card is None:
            self.notify("Choose a session first, with the arrow keys.", markup=False)
        return card

    def _may(self) -> bool:
        if self._read_only:
            self.notify(READ_ONLY, severity="warning", markup=False)
        return not self._read_only

    def _say(self, said: str, severity: str = "information") -> None:
        """Say something from a thread."""
        self.app.call_from_thread(self.notify, said, severity=severity, markup=False)

    def action_help(self) -> None:
        """Show the keys."""
        self.app.push_screen(HelpScreen(HOME_KEYS))

    def action_quit(self) -> None:
        """Leave."""
        self.app.exit()


def _resumed_words(folder: SessionFolder, done: Resumed) -> str:
    """Return what came of it, or raise ``SessionError`` where nothing was to be done."""
    if not done.left:
        raise SessionError(f"Nothing waits in {folder.name}: every training has ended.")
    if done.engine_ran and not done.was_paused:
        raise SessionError(f"{folder.name} is being trained already.")
    return f"{folder.name} goes on: {plural(done.left, 'training')} to run, in the background."
