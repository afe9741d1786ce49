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

from hpo_core.engine.demo_session import start_demo
from hpo_core.engine.resume import Resumed, resume
from hpo_core.errors import HpoError, SessionError
from hpo_core.journal.events import DEFAULT_OPTIONS, EngineOptions
from hpo_core.session.paths import SessionFolder
from hpo_core.text import clean, plural
from hpo_tui.desk.family import Branch, as_trees, matching
from hpo_tui.desk.sessions import CardReader, SessionCard
from hpo_tui.forms.own_form import OwnForm
from hpo_tui.look.keys import bindings
from hpo_tui.look.skins import Skin
from hpo_tui.panes.home_lines import (
    Columns,
    Line,
    detail_rows,
    detail_title,
    heading_row,
    home_lines,
    line_row,
    welcome_rows,
)
from hpo_tui.plots.rows import Row
from hpo_tui.screens.acts import keeping
from hpo_tui.screens.compare import CompareScreen
from hpo_tui.screens.footer import Footer
from hpo_tui.screens.frames import HomeFrame
from hpo_tui.screens.help import HelpScreen
from hpo_tui.screens.home_keys import HOME_KEYS
from hpo_tui.screens.messages import OpenSession, WantGrid, WantOwnGrid
from hpo_tui.screens.orders import before_start
from hpo_tui.widgets.cell_pane import CellPane
from hpo_tui.widgets.search_line import SearchLine

REFRESH_SECONDS = 1.0
READ_ONLY = "hpo-tui was opened read-only; start it without --read-only to do that."


class HomeScreen(HomeFrame):
    """The list of sessions."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(HOME_KEYS)
    KEYS = HOME_KEYS

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
        here: SessionFolder | None = None,
    ) -> None:
        """``here`` is the session that the cursor begins at: the one that was looked at before."""
        super().__init__()
        self.sessions = sessions
        self.cards: list[SessionCard] = []
        self.cursor = 0
        self._skin = skin
        self._read_only = read_only
        self._options = options
        self._reader = CardReader(sessions)
        self._here = here
        self._branches: list[Branch] = []
        self._marked: dict[Path, None] = {}
        self._words = ""
        self._first = 0
        self._listed = False

    def compose_footer(self) -> ComposeResult:
        """Lay out the line of the search and the keys."""
        yield SearchLine(id="search")
        yield Footer(id="footer")

    def on_mount(self) -> None:
        """Read the sessions, and read them again every second."""
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
        self.cards, self._listed = message.cards, True
        there = {card.folder.path for card in self.cards}
        self._marked = {path: None for path in self._marked if path in there}
        self._choose()

    def _choose(self) -> None:
        """List the sessions that the filter lets through; the cursor stays on the session it is on."""
        card = self._card()
        here = card.folder if card is not None else self._here
        self._branches = as_trees(matching(self.cards, self._words))
        paths = [branch.card.folder.path for branch in self._branches]
        if here is not None and here.path in paths:
            self.cursor = paths.index(here.path)
        self.draw_soon()

    @on(CellPane.SizeChanged)
    def draw_soon(self) -> None:
        """Draw the list."""
        pane, detail = (self.query_one(f"#{name}", CellPane) for name in ("sessions", "detail"))
        skin = self._skin()
        if not self._listed or not pane.content_size.width:
            return
        pane.show(self._rows(*pane.content_size), skin.palette, skin.ascii_only)
        line = self._line()
        detail.show(detail_rows(line, *detail.content_size), skin.palette, skin.ascii_only)
        detail.entitle(detail_title(line))
        self.query_one(Footer).offer(HOME_KEYS, skin)
        pane.entitle(self._title(), self._notice())

    def _title(self) -> str:
        found, every = len(self._branches), len(self.cards)
        count = f"{found} of {plural(every, 'session')}" if self._words.strip() else plural(every, "session")
        only = " · read-only" if self._read_only else ""
        return f"hpo-tui · {count} in {clean(self.sessions)}{only}"

    def _notice(self) -> str:
        filtered = f"/ {clean(self._words)} · esc: all" if self._words.strip() else ""
        marked = f"{len(self._marked)} marked · = compares them" if self._marked else ""
        return " · ".join(part for part in (filtered, marked) if part)

    def _lines(self) -> list[Line]:
        return list(self._branches) if self._words.strip() else home_lines(self._branches)

    def _rows(self, width: int, height: int) -> list[Row]:
        lines = self._lines()
        self.cursor = min(self.cursor, max(len(lines) - 1, 0))
        columns = Columns.fitting(self._branches, width)
        lead = self._lead(columns, width)
        room = max(height - len(lead), 1)
        self._first = min(max(self._first, self.cursor - room + 1), self.cursor, max(len(lines) - room, 0))
        shown = range(self._first, min(self._first + room, len(lines)))
        return [
            *lead,
            *(line_row(lines[at], at == self.cursor, self._is_marked(lines[at]), columns, width) for at in shown),
        ]

    def _lead(self, columns: Columns, width: int) -> list[Row]:
        return [heading_row(columns, width)] if self.cards else welcome_rows(width)

    def _is_marked(self, line: Line) -> bool:
        return isinstance(line, Branch) and line.card.folder.path in self._marked

    def _line(self) -> Line | None:
        lines = self._lines()
        return lines[min(self.cursor, len(lines) - 1)] if lines else None

    def _card(self) -> SessionCard | None:
        """Return the session under the cursor, if it is one."""
        return self._branches[self.cursor].card if self.cursor < len(self._branches) else None

    # Moving -----------------------------------------------------------------------------------------------------

    def action_cursor(self, step: int) -> None:
        """Move the cursor."""
        self.cursor = min(max(self.cursor + step, 0), max(len(self._lines()) - 1, 0))
        self.draw_soon()

    def action_filter(self) -> None:
        """Filter the list by words, as they are typed."""
        self.add_class("-filtering")
        self.query_one(SearchLine).begin(self._words)

    @on(SearchLine.Typed)
    def search(self, message: SearchLine.Typed) -> None:
        """List what has these words."""
        self._words = message.words
        self._choose()

    @on(SearchLine.Left)
    def leave_search(self) -> None:
        """Go on in the list."""
        self.remove_class("-filtering")
        self.query_one("#sessions", CellPane).focus()

    def action_back(self) -> None:
        """Take the filter away, else what was marked."""
        if self._words:
            self._words = ""
        else:
            self._marked.clear()
        self._choose()

    @on(CellPane.Clicked, "#sessions")
    async def click(self, message: CellPane.Clicked) -> None:
        """Put the cursor where the click was; a click on the cursor opens."""
        columns = Columns.fitting(self._branches, 1)
        place = message.row - len(self._lead(columns, 1)) + self._first
        if place == self.cursor:
            await self.action_open()
        elif 0 <= place < len(self._lines()):
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
        if isinstance(line, Branch):
            self.post_message(OpenSession(line.card.folder))
        elif line is not None:
            await self.run_action(line.action)

    def action_mark(self) -> None:
        """Mark the session under the cursor to be compared, or no longer; go on to the next."""
        if (card := self._chosen()) is not None:
            if self._marked.pop(card.folder.path, self) is self:
                self._marked[card.folder.path] = None
            self.action_cursor(1)

    def action_compare(self) -> None:
        """Compare the marked sessions, in the order in which they were marked."""
        if len(self._marked) < 2:
            self.notify("Mark two sessions or more with space; = compares them.", markup=False)
            return
        folders = [SessionFolder(path) for path in self._marked]
        self.app.push_screen(CompareScreen(folders, self._skin))

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
            done = resume(folder, before_start=partial(before_start, self.app))
            self._say(_resumed_words(folder, done))
        except HpoError as error:
            self._say(str(error), "error")
        self.app.call_from_thread(self.read_sessions)

    def action_note(self) -> None:
        """Note a line on the session under the cursor."""
        if (card := self._chosen()) is not None and self._may():
            keeping.note(self, card, self.read_sessions)

    def action_rename(self) -> None:
        """Give the session under the cursor another name."""
        if (card := self._chosen()) is not None and self._may():
            keeping.rename(self, card, self.read_sessions)

    def action_delete(self) -> None:
        """Move the session under the cursor to the trash, after asking."""
        if (card := self._chosen()) is not None and self._may():
            keeping.delete(self, card, self.read_sessions)

    def action_empty_trash(self) -> None:
        """Delete for good what is in the trash, after asking."""
        if self._may():
            keeping.empty_trash(self, self.sessions, self.read_sessions)

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
