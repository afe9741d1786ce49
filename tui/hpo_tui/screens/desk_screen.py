"""The session screen as it is seen: its panes, what comes in from the follower, how it is drawn and remembered.

It holds the last update and the view state, and hands both down; a pane only shows rows. What the keys do to it
stands in ``acts/``; ``session`` puts the two together.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable
from functools import partial
from threading import Lock

from textual import on, work
from textual.app import ComposeResult
from textual.notifications import SeverityLevel

from hpo_core.engine.takeover import HeldElsewhere, take_over
from hpo_core.errors import FilterError, HpoError, SessionError
from hpo_core.results.levels import Levels, levels_of
from hpo_core.session.paths import SessionFolder
from hpo_tui.desk import view_changes as moves
from hpo_tui.desk.analyst import Analyst
from hpo_tui.desk.desk import Desk
from hpo_tui.desk.follower import Follower, Update
from hpo_tui.desk.view_file import ViewFile
from hpo_tui.desk.view_state import ViewState
from hpo_tui.look.keys import Key, for_imported
from hpo_tui.look.skins import Skin
from hpo_tui.panes import PANES
from hpo_tui.panes.footer import footer_row
from hpo_tui.panes.key_words import off_here
from hpo_tui.panes.pane import Pane
from hpo_tui.screens.dialogs import Words, take_over_choice
from hpo_tui.screens.frames import DeskFrame
from hpo_tui.screens.messages import Analysed, FollowFailed, Updated
from hpo_tui.screens.orders import Orders, before_start, warn_of_logout
from hpo_tui.widgets.cell_pane import CellPane
from hpo_tui.widgets.filter_line import FilterLine

FRAMED = tuple(name for name, pane in PANES.items() if pane.framed)
LIVELY = tuple(name for name, pane in PANES.items() if pane.lively)
PLOT_SECONDS = 0.5
"""The panes that are not lively follow as often as this: a plot that moves ten times a second cannot be read."""
TURN_SECONDS = 0.03
"""So much later another of them is drawn: the frame with the last one is sent meanwhile, and keys are heard."""
SAVE_SECONDS = 0.5
"""So soon after a change it is written down how the session is looked at."""


class DeskScreen(DeskFrame):
    """One session, followed and drawn."""

    KEYS: tuple[Key, ...] = ()
    GO_KEYS: tuple[Key, ...] = ()
    FOCUSABLE = tuple(name for name, pane in PANES.items() if pane.focusable)

    def __init__(self, folder: SessionFolder, skin: Callable[[], Skin], read_only: bool = False) -> None:
        super().__init__(folder, skin)
        self.orders = Orders(folder, read_only)
        self._spec = folder.load_spec()
        if not self._spec.trainable:
            self.KEYS = for_imported(self.KEYS)
        self._view_file = ViewFile(folder.view, self._spec.grid, self._spec.trials_asked)
        self.state = self._view_file.first
        self.latest: Update | None = None
        self.analyst = Analyst(self._answer)
        self._analysed = False
        self.zoomed: str | None = None
        self.going = False
        self._follower = Follower(folder, self._deliver, self._fail)
        self._seen_at_work = False
        self._draws = self._looked = False
        self._drew = 0.0
        self._turns: list[str] = []
        self._in_turn = False
        self._plots_wait = False
        self._save_waits = False
        self._saving = Lock()
        self._unsaved = ""
        self._advised = self.state.trim.cut
        self._desk: Desk | None = None
        self._shown: Update | None = None
        self._still: Desk | None = None
        self._drawn: dict[str, tuple[object, ...]] = {}

    def compose(self) -> ComposeResult:
        """Lay the panes out, and the filter line."""
        yield from super().compose()
        yield FilterLine()

    def on_mount(self) -> None:
        """Begin to follow the session."""
        self.orders.before_start = partial(before_start, self.app)
        self._follower.start()

    def on_screen_resume(self) -> None:
        """Draw what came in while a dialog was open."""
        self.draw_soon()

    def on_unmount(self) -> None:
        """Stop following; remember how the session was looked at."""
        self._follower.stop()
        self.analyst.stop()
        self._save()

    # What comes in --------------------------------------------------------------------------------------------

    def _deliver(self, update: Update) -> None:
        self.post_message(Updated(update))  # called from the follower's thread

    def _answer(self) -> None:
        self.post_message(Analysed())  # called from the analyst's thread

    def _fail(self, sentence: str) -> None:
        self.post_message(FollowFailed(sentence))

    @on(Updated)
    def take_update(self, message: Updated) -> None:
        """Show the session as it is now: the queue at once, the plots twice a second; once all is read, all."""
        before, self.latest = self.latest, message.update
        if before is None or before.read < self.latest.read == 1:
            self._shown, self._turns = self.latest, []
            self.draw_soon()
        else:
            self._draw_panes(LIVELY)
            if not self._plots_wait:
                self._plots_wait = True
                self.set_timer(PLOT_SECONDS, self._catch_up)

    @on(Analysed)
    def show_answer(self) -> None:
        """Show what the analyst found, or is asked now."""
        if self._still is not None and self._shown is not self.latest:
            self._still = self._another(self._still.update, self._still)
        if self._desk is not None:
            self._desk = self._another(self._desk.update, self._desk)
        self._draw_in_turn()

    @on(Updated)
    def warn_where_it_trains(self, message: Updated) -> None:
        """Warn of the logout where a training is seen at work: whoever started it may have been told nothing."""
        if message.update.engine_alive and not (self._seen_at_work or self.orders.read_only):
            self._seen_at_work = True
            self.run_worker(partial(warn_of_logout, self.app), thread=True, group="logout")

    @on(FollowFailed)
    def only_look(self, message: FollowFailed) -> None:
        """Say why the session cannot be followed, and write nothing to it; where nothing was shown, go home."""
        self.notify(message.sentence, severity="error", timeout=30, markup=False)
        self.orders.read_only = True
        if self.latest is None:
            self.app.push_screen(Words("This session cannot be shown", [message.sentence]), self._go_home)

    def _go_home(self, _: str | None) -> None:
        self.app.call_later(self.app.run_action, "home")

    # What is done ---------------------------------------------------------------------------------------------

    def say(self, sentence: str, severity: SeverityLevel = "information") -> None:
        """Say something in a corner of the screen."""
        self.notify(sentence, severity=severity, markup=False)

    @work(thread=True, exclusive=True, group="deed")
    def do(self, deed: Callable[[Update], str]) -> None:
        """Do something on the disk in a thread, and say what came of it."""
        if (update := self.latest) is not None:
            try:
                self.app.call_from_thread(self.say, deed(update))
            except HeldElsewhere as error:
                self.app.call_from_thread(self._ask_to_take_over, error, deed)
            except HpoError as error:
                self.app.call_from_thread(self.say, str(error), "error")

    def _ask_to_take_over(self, held: HeldElsewhere, deed: Callable[[Update], str]) -> None:
        def take(update: Update) -> str:
            take_over(self.folder)
            return deed(update)

        def answered(answer: str | None) -> None:
            if answer == "take":
                self.do(take)

        self.app.push_screen(take_over_choice(held.holder), answered)

    @property
    def offered(self) -> tuple[Key, ...]:
        """The keys that can be pressed now: the views' letters after "g", else what the table has."""
        if self.going:
            return self.GO_KEYS
        return tuple(key for key in self.KEYS if not off_here(key, self.state) and self._may(key))

    def _may(self, key: Key) -> bool:
        """Whether a key that needs an engine has one, and one that starts an engine has something to train."""
        if key.running is None or self.latest is None:
            return True
        alive = self.latest.engine_alive
        return alive if key.running else not (alive or self.latest.snapshot.finished)

    def offer_views(self, going: bool) -> None:
        """Offer the views by their letters; or no longer."""
        self.going = going
        self.draw_footer()

    # What is shown --------------------------------------------------------------------------------------------

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

    @property
    def factors(self) -> tuple[Levels, ...]:
        """The hyperparameters that are varied, in their lines; a plan may add values to them while it trains."""
        spec = self.latest.snapshot.spec if self.latest is not None else self._spec
        return levels_of(spec.grid)

    @property
    def focused_pane(self) -> str | None:
        """The name of the pane that has the focus; None where something else has it, such as the filter line."""
        name = self.focused.id if self.focused is not None else None
        return name if name in PANES else None

    def look(self, state: ViewState, apart: float = 0.0) -> None:
        """Look at the session in another way from now on, and remember it; ``apart`` as in ``draw_soon``."""
        self.state, self._looked = moves.clamp(state, self.factors), True
        self.draw_soon(apart, self.call_later)
        if not self._save_waits:
            self._save_waits = True
            self.set_timer(SAVE_SECONDS, self._save_in_thread)

    @work(thread=True, group="save")
    def _save_in_thread(self) -> None:
        self._save_waits = False  # before the state is read: what changes from now on is saved the next time
        self._save()

    def _save(self) -> None:
        """Write down how the session is looked at; say once why that cannot be."""
        with self._saving:  # the last to save is the one that sees the last state
            if self.orders.read_only:
                return
            try:
                self._view_file.save(self.state)
                self._unsaved = ""
            except SessionError as error:
                if self._unsaved != str(error):
                    self._unsaved = str(error)
                    self.app.notify(self._unsaved, severity="warning", timeout=30, markup=False)  # from any thread
            self._advise()

    def _advise(self) -> None:
        """Let a running search know of a change of the trim."""
        trim, update = self.state.trim, self.latest
        if trim.cut == self._advised or update is None:
            return
        self._advised = trim.cut
        with contextlib.suppress(FilterError):  # half a filter line, which the line itself explains
            try:
                said = self.orders.advise(update, trim)
            except SessionError as error:
                said = str(error)
            if said:
                self.app.notify(said, markup=False)

    def look_and_say(self, state: ViewState, said: str) -> None:
        """Look at the session in another way, and say what that does."""
        self.look(state)
        if said:
            self.say(said)

    def draw_soon(self, apart: float = 0.0, after: Callable[[Callable[[], None]], object] | None = None) -> None:
        """Draw once, after everything that is already on its way here; until anything is known, say so.

        Two pictures are ``apart`` by so many seconds at least, however fast their keys come. ``after`` says what
        is waited for: the next frame, by whose sizes is drawn, unless nothing of those has changed.
        """
        if self.latest is None:
            super().draw_soon()
        if not self._draws:
            self._draws = True
            now = time.monotonic()
            self._drew = max(now, self._drew + apart)
            if self._drew > now:
                self.set_timer(self._drew - now, self._draw)
            else:
                (after or self.call_after_refresh)(self._draw)

    def pane(self, name: str) -> CellPane:
        """Return the pane of that name."""
        return self.query_one(f"#{name}", CellPane)

    def desk(self) -> Desk | None:
        """Return the facts of the last update as it is looked at now: the same desk as long as both are the same.

        None until the first update has come.
        """
        if self.latest is None:
            return None
        self._desk = self._looked_at(self.latest, self._desk)
        return self._desk

    def _desk_of(self, pane: Pane, newest: Desk) -> Desk:
        """Return the desk for a pane: one that is not lively stays at its update until the plots' next time.

        A key redraws what it changes then, not all that has come in meanwhile.
        """
        if pane.lively or self._shown is None:
            return newest
        self._still = newest if self._shown is self.latest else self._looked_at(self._shown, self._still)
        return self._still

    def _looked_at(self, update: Update, before: Desk | None) -> Desk:
        if before is not None and before.update is update and before.state == self.state:
            return before
        return self._another(update, before)

    def _another(self, update: Update, before: Desk | None) -> Desk:
        skin = self._skin()
        colourless = not skin.palette.colours
        return Desk(
            self.folder.name, update, self.state, self.KEYS, self.analyst, skin.ascii_only, colourless, before
        )

    def _draw(self) -> None:
        self._draws = False
        if (looked_at := self.focused_pane) in self._turns:
            self._turns.remove(looked_at)  # where a key's echo is looked for
        self._draw_panes([name for name in PANES if name not in self._turns])
        if self.latest is not None and self.latest.read == 1 and not self._analysed:
            self._analysed = True
            self.call_after_refresh(self.analyst.start)  # the first whole picture waits for nothing of it
        self.draw_footer()

    def _catch_up(self) -> None:
        self._plots_wait, self._shown = False, self.latest
        self._draw_in_turn()

    def _draw_in_turn(self) -> None:
        """Draw what an update changes pane by pane, so that a key waits for one of them at the most."""
        if not self._in_turn:
            self._in_turn = True
            self.call_later(self._draw_next)
        self._turns = list(PANES)

    def _draw_next(self, waited: bool = False) -> None:
        looked, self._looked = self._looked, False
        if looked and not waited:  # the frame with a key's echo goes first, but a held key stops nothing
            self.set_timer(TURN_SECONDS, partial(self._draw_next, waited=True))
        elif self._turns:
            self._draw_panes([self._turns.pop(0)])
            self.set_timer(TURN_SECONDS, self._draw_next)  # what is called at once comes before any key
        else:
            self._in_turn = False
            self._draw()

    def draw_footer(self) -> None:
        """Draw the keys that can be pressed now."""
        if self.is_attached and self.app.screen is self:
            footer, skin = self.query_one("#footer", CellPane), self._skin()
            row = footer_row(self.offered, footer.content_size.width)
            footer.show([row], skin.palette, skin.ascii_only)

    def _draw_panes(self, names: Iterable[str]) -> None:
        """Draw those panes of which anything has changed that they are made of."""
        newest, skin = self.desk(), self._skin()
        if newest is None or not self.is_attached or self.app.screen is not self:
            return  # under a dialog nothing moves: every cell would be blended and sent again
        counts = newest.snapshot.counts
        quiet = not any(counts[status] for status in ("running", "waiting", "failed", "diverged"))
        for name in names:
            pane, widget = PANES[name], self.pane(name)
            desk = self._desk_of(pane, newest)
            widget.set_class(name == self.state.view, "-open")
            widget.set_class(name == "queue" and quiet, "-idle")
            size = widget.content_size
            if widget.display and size.width and size.height:
                basis = (size, skin, *pane.basis(desk))
                if basis != self._drawn.get(name):
                    widget.show(pane.drawn(desk, *size), skin.palette, skin.ascii_only)
                    self._drawn[name] = basis
            if pane.framed:
                room = widget.size.width - 4
                edge = pane.edge(desk, room + 2, size.height)
                widget.entitle(pane.title(desk, room), edge, pane.letters(desk, room))
