"""The app: which screen is shown, in which theme; nothing else.

A screen is imported when it is shown: the first picture waits for none of them, see ``frames``. ``run_screen`` is
what the command line calls once it knows that the terminal can show a screen.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Sequence
from pathlib import Path, PurePath
from typing import ClassVar

from textual import events, on
from textual.app import App
from textual.binding import BindingType
from textual.command import CommandPalette, Provider, SearchIcon
from textual.filter import LineFilter, Monochrome, NoColor
from textual.screen import Screen

from hpo_core.errors import HpoError
from hpo_core.journal.events import DEFAULT_OPTIONS, EngineOptions
from hpo_core.session.paths import SessionFolder
from hpo_tui.hangup import leave_when_told
from hpo_tui.look.preferences import remember_theme, remembered_theme
from hpo_tui.look.skins import Skin, textual_theme_name, textual_themes
from hpo_tui.look.theme import THEMES, ThemeName, colour_depth, palette
from hpo_tui.screens.frames import DeskFrame, HomeFrame
from hpo_tui.screens.messages import OpenSession, WantGrid, WantOwnGrid, WantRefine
from hpo_tui.terminal.driver import PaintingDriver, driver_class
from hpo_tui.widgets.cell_pane import CellPane
from hpo_tui.widgets.plain_text import AsciiFilter

YOUNG = 20_000
"""So many new objects are looked through for garbage at a time: a picture makes thousands that soon are gone."""


def _actions() -> type[Provider]:
    from hpo_tui.screens.palette import Actions

    return Actions


class HpoApp(App[None]):
    """The terminal app over a folder of sessions; opens one of them at once if told which."""

    CSS_PATH: ClassVar[list[str | PurePath]] = ["hpo.tcss", "details.tcss"]
    TITLE = "hpo-tui"
    ENABLE_COMMAND_PALETTE = True
    COMMANDS = {_actions}  # noqa: RUF012 - Textual's own declaration
    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(
        self,
        sessions: Path,
        folder: SessionFolder | None = None,
        *,
        read_only: bool = False,
        ascii_only: bool = False,
        theme: ThemeName = "dark",
        options: EngineOptions = DEFAULT_OPTIONS,
        on_theme: Callable[[ThemeName], None] = lambda theme: None,
    ) -> None:
        self._colours = colour_depth(os.environ)  # Textual takes NO_COLOR out of the environment
        if not os.environ.get("NO_COLOR"):
            os.environ.pop("NO_COLOR", None)  # an empty one asks for nothing (no-color.org), not so for Textual
        super().__init__(driver_class=driver_class(os.environ))
        for skin in textual_themes():
            self.register_theme(skin)
        self.sessions = sessions
        self.read_only = read_only
        self.options = options
        self._folder = folder
        self.failure: HpoError | None = None
        self._begun = self.filled = False
        self._early: list[events.Key] = []
        self._ascii_only = ascii_only
        self._to_ascii = AsciiFilter()
        self._theme: ThemeName = theme
        self._on_theme = on_theme
        self.theme = textual_theme_name(theme)

    def on_mount(self) -> None:
        """Show the empty frames of the session that was named, or of home."""
        leave_when_told(self)
        self.push_screen(DeskFrame(self._folder, self.skin) if self._folder is not None else HomeFrame())

    @on(CellPane.SizeChanged)
    def fill_frames(self) -> None:
        """Once they stand, and will be seen, import what shows the rest."""
        if not self._begun:
            self._begun = True
            self.screen.call_after_refresh(self._begin)

    def _begin(self) -> None:
        from hpo_core.session.opening import check_spec

        try:
            if self._folder is not None:
                check_spec(self._folder)
            self.switch_screen(self._session(self._folder) if self._folder is not None else self._home())
        except HpoError as error:
            self.failure = error
            self.exit()
        self.filled = True
        if not gc.isenabled():  # see ``show_screen``
            gc.freeze()  # what was imported stays; to look through it held up keys for 100 ms, again and again
            gc.set_threshold(YOUNG)
            gc.enable()
        for event in self._early:
            self.post_message(event)

    async def on_event(self, event: events.Event) -> None:
        """Keep the keys that come before the screen that they are meant for."""
        if isinstance(event, events.Key) and not self.filled:
            self._early.append(event)
        else:
            await super().on_event(event)

    def _home(self, here: SessionFolder | None = None) -> Screen[None]:
        from hpo_tui.screens.home import HomeScreen

        return HomeScreen(self.sessions, self.skin, self.read_only, self.options, here)

    def _session(self, folder: SessionFolder) -> Screen[None]:
        from hpo_tui.screens.session_screen import SessionScreen

        return SessionScreen(folder, self.skin, self.read_only)

    def skin(self) -> Skin:
        """Return what panes are drawn with now."""
        return Skin(palette(self._theme, self._colours), self._ascii_only)

    @on(CommandPalette.Opened)
    def plain_icon(self) -> None:
        """Show a prompt that every terminal can: a picture may be missing, or be wider than it is said to be."""
        self.screen.query_one(SearchIcon).icon = ">"

    @on(OpenSession)
    def open_session(self, message: OpenSession) -> None:
        """Show the session that was chosen."""
        self._open(message.folder)

    @on(WantRefine)
    def open_refine(self, message: WantRefine) -> None:
        """Show the next grid, to be edited and launched."""
        from hpo_tui.screens.next_grid import RefineScreen

        self.push_screen(RefineScreen(self.sessions, message.proposal, self.skin), self._open)

    @on(WantGrid)
    def open_new_grid(self, message: WantGrid) -> None:
        """Show the form of a new grid."""
        from hpo_tui.screens.new_grid import NewGridScreen

        form = NewGridScreen(self.sessions, self.skin, message.base, message.name, self.options)
        self.push_screen(form, self._open)

    @on(WantOwnGrid)
    def open_own_grid(self, message: WantOwnGrid) -> None:
        """Show the form of a new grid of one's own training."""
        from hpo_tui.screens.own_grid import OwnGridScreen

        own, name = message.own, message.name
        form = OwnGridScreen(self.sessions, self.skin, own, name, self.options, message.copied)
        self.push_screen(form, self._open)

    def _open(self, folder: SessionFolder | None) -> None:
        """Show a session in place of all that is shown; nothing, where a form was left without one."""
        if folder is None:
            return
        try:
            screen = self._session(folder)
        except HpoError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        while len(self.screen_stack) > 2:
            self.pop_screen()
        self.switch_screen(screen)

    def action_home(self) -> None:
        """Show the list of sessions."""
        self.switch_screen(self._home(self.screen.folder if isinstance(self.screen, DeskFrame) else None))

    def action_theme(self) -> None:
        """Use the next theme."""
        self._theme = THEMES[(THEMES.index(self._theme) + 1) % len(THEMES)]
        self.theme = textual_theme_name(self._theme)
        self._on_theme(self._theme)
        draw_soon = getattr(self.screen, "draw_soon", None)
        if draw_soon is not None:
            draw_soon()

    def action_redraw(self) -> None:
        """Send the whole screen again."""
        if isinstance(self._driver, PaintingDriver):
            self._driver.redraw()
        else:
            self.refresh(layout=True)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return what every line goes through on its way to the terminal; last, where asked for, to ASCII."""
        filters = [NoColor() if isinstance(each, Monochrome) else each for each in super().get_line_filters()]
        return [*filters, self._to_ascii] if self._ascii_only else filters


def run_screen(
    sessions: Path,
    folder: SessionFolder | None = None,
    *,
    read_only: bool = False,
    ascii_only: bool = False,
    theme: str | None = None,
) -> int:
    """Show the screen until the person leaves it; return the exit status.

    Raises ``HpoError`` where the session cannot be shown, see ``check_spec``.
    """
    asked: ThemeName | None = next((name for name in THEMES if name == theme), None)
    app = HpoApp(
        sessions,
        folder,
        read_only=read_only,
        ascii_only=ascii_only,
        theme=asked or remembered_theme() or THEMES[0],
        on_theme=remember_theme,
    )
    app.run()
    if app.failure is not None:
        raise app.failure
    return app.return_code or 0
