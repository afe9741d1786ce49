"""The screens as they stand before anything is known: what is seen first, while the rest is imported and read.

Nothing here may import what takes long: numpy, the analysis, the views.
"""

from __future__ import annotations

from collections.abc import Callable

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import Screen

from hpo_core.journal.lock import is_held
from hpo_core.session.paths import SessionFolder
from hpo_tui.look.inks import DIM
from hpo_tui.look.skins import Skin
from hpo_tui.plots.rows import named, run
from hpo_tui.widgets.cell_pane import CellPane
from hpo_tui.widgets.too_small import COLUMNS, LOW, ROWS, SLIM, TooSmall


class DeskFrame(Screen[None]):
    """The panes of a session, empty, and its name."""

    HORIZONTAL_BREAKPOINTS = [(0, SLIM), (COLUMNS, "-narrow"), (100, "-wide"), (116, "-broad"), (160, "-vast")]  # noqa: RUF012 - Textual's own declaration
    VERTICAL_BREAKPOINTS = [(0, LOW), (ROWS, "-short"), (34, "-medium"), (48, "-tall")]  # noqa: RUF012
    AUTO_FOCUS = "#values"
    FOCUSABLE: tuple[str, ...] = ("values",)

    def __init__(self, folder: SessionFolder, skin: Callable[[], Skin]) -> None:
        super().__init__()
        self.folder = folder
        self._skin = skin

    def compose(self) -> ComposeResult:
        """Lay the panes out, so that nothing of it changes when they are filled."""
        self.set_breakpoints()
        header = self._pane("header")
        self._say_reading(header)
        yield header
        yield self._pane("answer")
        with Horizontal(id="desk"):
            yield self._pane("values", "framed")
            with Vertical(id="side"):
                yield self._pane("view", "framed")
                yield self._pane("histograms", "framed")
        # as high as it will be, so that nothing moves when the session has been read
        yield self._pane("queue", "framed" if is_held(self.folder.lock) else "framed -idle")
        yield self._pane("footer")
        yield TooSmall()

    def set_breakpoints(self) -> None:
        """Have the layout of the terminal's size in the first picture too, and not from the second on."""
        width, height = self.app.size
        for size, breakpoints in ((width, self.HORIZONTAL_BREAKPOINTS), (height, self.VERTICAL_BREAKPOINTS)):
            self.add_class(max(each for each in breakpoints if each[0] <= size)[1])

    def _pane(self, name: str, classes: str | None = None) -> CellPane:
        pane = CellPane(id=name, classes=classes)
        pane.can_focus = name in self.FOCUSABLE
        return pane

    def _say_reading(self, header: CellPane) -> None:
        words, skin = (run(" "), named(self.folder.name), run("  reading…", DIM)), self._skin()
        header.show([words], skin.palette, skin.ascii_only)

    @on(CellPane.SizeChanged)
    def draw_again(self) -> None:
        """Draw what no longer fits."""
        self.draw_soon()

    def draw_soon(self) -> None:
        """Say what is being opened: a large session takes a while to be read."""
        self._say_reading(self.query_one("#header", CellPane))


class HomeFrame(Screen[None]):
    """The frames of home, empty."""

    AUTO_FOCUS = "#sessions"
    HORIZONTAL_BREAKPOINTS = [(0, SLIM), (COLUMNS, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, LOW), (ROWS, "-high"), (34, "-tall")]  # noqa: RUF012

    def compose(self) -> ComposeResult:
        """Lay the frames out."""
        yield CellPane(id="sessions", classes="framed")
        yield CellPane(id="detail", classes="framed")
        yield from self.compose_footer()
        yield TooSmall()

    def compose_footer(self) -> ComposeResult:
        """Lay out what stands below them."""
        yield CellPane(id="footer")

    def on_mount(self) -> None:
        """Let the list have the focus."""
        self.query_one("#sessions", CellPane).can_focus = True
