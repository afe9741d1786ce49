"""The frame of the session screen: its panes, what comes in from the follower, and how it is drawn.

It holds the last update and the view state, and hands both down; a pane only shows rows. What the keys do stands
in ``trim_actions``, ``view_actions`` and ``training_actions``; ``session`` puts them together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen

from hpo_core.errors import HpoError
from hpo_core.session.paths import SessionFolder
from hpo_tui.desk import view_changes as moves
from hpo_tui.desk.analyst import Analyst
from hpo_tui.desk.follower import Follower, Update
from hpo_tui.desk.view_state import ViewState, load_view
from hpo_tui.look.keys import SESSION_KEYS, bindings
from hpo_tui.look.skins import Skin
from hpo_tui.panes.clicks import clicked
from hpo_tui.panes.desk import Desk
from hpo_tui.screens.messages import Analysed, FollowFailed, Updated
from hpo_tui.screens.session_work import SessionWork
from hpo_tui.widgets.cell_pane import CellPane
from hpo_tui.widgets.filter_line import FilterLine

FRAMED = ("values", "view", "histograms", "queue")
LIVELY = ("header", "queue")
"""The panes that follow every update; they cost little to draw and to send."""
PLOT_SECONDS = 0.5
"""The others follow as often as this: a plot that moves ten times a second cannot be read, but must be sent."""


class DeskScreen(Screen[None]):
    """One session, followed and drawn."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(SESSION_KEYS)
    KEYS = SESSION_KEYS
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide"), (116, "-broad"), (160, "-vast")]  # noqa: RUF012 - Textual's own declaration
    VERTICAL_BREAKPOINTS = [(0, "-short"), (34, "-medium"), (48, "-tall")]  # noqa: RUF012
    AUTO_FOCUS = "#values"

    def __init__(self, folder: SessionFolder, skin: Callable[[], Skin], read_only: bool = False) -> None:
        super().__init__()
        self.work = SessionWork(folder, read_only)
        self.folder = folder
        spec = folder.load_spec()
        self.factors = spec.grid.hyperparameters
        self.state = load_view(folder.view, spec.grid)
        self.latest: Update | None = None
        self._skin = skin
        self._follower = Follower(folder, self._deliver, self._fail)
        self._analyst = Analyst(self._answer)
        self._draws = False
        self._plots_wait = False
        self.zoomed: str | None = None

    def compose(self) -> ComposeResult:
        """Lay the panes out."""
        yield CellPane(id="header")
        with Horizontal(id="desk"):
            yield CellPane(id="values", classes="framed")
            with Vertical(id="side"):
                yield CellPane(id="view", classes="framed")
                yield CellPane(id="histograms", classes="framed")
        yield CellPane(id="queue", classes="framed")
        yield CellPane(id="footer")
        yield FilterLine()

    def on_mount(self) -> None:
        """Begin to follow the session."""
        for name in ("values", "view", "queue"):
            self.pane(name).can_focus = True
        self._follower.start()
        self._analyst.start()

    def on_screen_resume(self) -> None:
        """Draw what came in while a dialog was open."""
        self.draw_soon()

    def on_unmount(self) -> None:
        """Stop following; remember how the session was looked at."""
        self._follower.stop()
        self._analyst.stop()
        try:
            self.work.save_view(self.state)
        except HpoError as error:
            self.app.notify(str(error), severity="warning", markup=False)

    # What comes in --------------------------------------------------------------------------------------------

    def _deliver(self, update: Update) -> None:
        self.post_message(Updated(update))  # called from the follower's thread

    def _answer(self) -> None:
        self.post_message(Analysed())  # called from the analyst's thread

    def _fail(self, sentence: str) -> None:
        self.post_message(FollowFailed(sentence))

    @on(Updated)
    def take_update(self, message: Updated) -> None:
        """Show the session as it is now: the queue at once, the plots at most twice a second."""
        first = self.latest is None
        self.latest = message.update
        if first:
            self.draw_soon()
        else:
            self._draw_panes(LIVELY)
            if not self._plots_wait:
                self._plots_wait = True
                self.set_timer(PLOT_SECONDS, self.draw_soon)

    @on(Analysed)
    def show_answer(self) -> None:
        """Show what the analyst found."""
        self.draw_soon()

    @on(FollowFailed)
    def say_failure(self, message: FollowFailed) -> None:
        """Say why the session cannot be followed."""
        self.notify(message.sentence, severity="error", timeout=30, markup=False)

    @on(CellPane.Clicked)
    def click(self, message: CellPane.Clicked) -> None:
        """Toggle the value, or move the cursor to the trial or the job, that was clicked."""
        if self.latest is not None:
            desk, pane = self.desk(self.latest), message.pane
            size = pane.content_size
            self.look(clicked(desk, pane.id, (message.column, message.row), (size.width, size.height)))

    @on(CellPane.Scrolled)
    def scroll(self, message: CellPane.Scrolled) -> None:
        """Scroll the pane under the wheel."""
        self.move_in(message.pane.id, message.step)

    def move_in(self, pane: str | None, step: int) -> None:
        """Move the cursor of a pane."""
        raise NotImplementedError

    def zoom(self, name: str | None) -> None:
        """Give a pane the whole screen; None gives it back."""
        self.zoomed = name
        self.set_class(name is not None, "-zoomed")
        for framed in FRAMED:
            self.pane(framed).set_class(framed == name, "-zoom")
        inside = name in ("view", "histograms")
        self.query_one("#side").set_class(name is not None and not inside, "-empty")
        self.query_one("#desk").set_class(name == "queue", "-empty")
        self.draw_soon()

    # What is shown --------------------------------------------------------------------------------------------

    def look(self, state: ViewState) -> None:
        """Look at the session in another way from now on."""
        self.state = moves.clamp(state, self.factors)
        self.draw_soon()

    @on(CellPane.SizeChanged)
    def draw_soon(self) -> None:
        """Draw once, after everything that is already on its way here."""
        if not self._draws:
            self._draws = True
            self.call_after_refresh(self._draw)

    def pane(self, name: str) -> CellPane:
        """Return the pane of that name."""
        return self.query_one(f"#{name}", CellPane)

    def desk(self, update: Update, state: ViewState | None = None) -> Desk:
        """Return everything that can be shown of an update, as it is looked at now or would be in ``state``."""
        ascii_only = self._skin().ascii_only
        return Desk(self.folder.name, update, state or self.state, SESSION_KEYS, self._analyst, ascii_only)

    def _draw(self) -> None:
        self._draws = self._plots_wait = False
        self._draw_panes(("header", *FRAMED, "footer"))

    def _draw_panes(self, names: Sequence[str]) -> None:
        if self.latest is None or not self.is_attached or self.app.screen is not self:
            return  # under a dialog nothing moves: every cell would be blended and sent again
        self.set_class(self.state.view == "histograms", "-histograms")
        desk, skin = self.desk(self.latest), self._skin()
        for name in names:
            pane = self.pane(name)
            size = pane.content_size
            if pane.display and size.width and size.height:
                pane.show(desk.rows(name, size.width, size.height), skin.palette, skin.ascii_only)
            if name in FRAMED:
                title = desk.title(name, pane.size.width - 4)
                pane.entitle(title, desk.subtitle(name, pane.size.width - 2, size.height))
