"""The widget under every pane: rows of inked cells, of which only those that changed are sent to the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from hpo_core.text import clean
from hpo_tui.look.theme import Palette
from hpo_tui.plots.ascii import to_ascii
from hpo_tui.plots.rows import Row
from hpo_tui.widgets.plain_text import literal


class CellPane(Widget):
    """Shows rows; keeps those it has, and refreshes only the rows that differ from them.

    A pane computes nothing: it says when its size changed and where it was clicked, and is given rows.
    """

    class Clicked(Message):
        """The pane was clicked, at this column and row of its content (0-based)."""

        def __init__(self, pane: CellPane, column: int, row: int) -> None:
            super().__init__()
            self.pane = pane
            self.column = column
            self.row = row

        @property
        def control(self) -> CellPane:
            """The pane."""
            return self.pane

    class Scrolled(Message):
        """The wheel was turned over the pane; ``step`` is 1 for down."""

        def __init__(self, pane: CellPane, step: int) -> None:
            super().__init__()
            self.pane = pane
            self.step = step

        @property
        def control(self) -> CellPane:
            """The pane."""
            return self.pane

    class SizeChanged(Message):
        """The pane needs rows of another size."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._rows: tuple[Row, ...] = ()
        self._strips: list[Strip] = []
        self._palette: Palette | None = None
        self._ascii = False
        self.titles = ("", "")
        self._letters: tuple[int, ...] = ()
        self._ground = Style.null()

    def show(self, rows: Sequence[Row], palette: Palette, ascii_only: bool = False) -> None:
        """Show these rows from now on."""
        restyled = palette is not self._palette or ascii_only != self._ascii
        self._palette, self._ascii = palette, ascii_only
        before, self._rows = self._rows, tuple(rows)
        if restyled or len(before) != len(self._rows):
            self._strips = [self._strip(row) for row in self._rows]
            self.refresh()
            return
        changed = [y for y, (old, new) in enumerate(zip(before, self._rows, strict=True)) if old != new]
        for y in changed:
            self._strips[y] = self._strip(self._rows[y])
        if changed:
            self.refresh(*(Region(0, y, self.content_size.width, 1) for y in changed))

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows shown."""
        return self._rows

    def entitle(self, title: str, subtitle: str = "", letters: Sequence[int] = ()) -> None:
        """Set the frame's title, in which ``letters`` are underlined, and the notice on its lower edge.

        They are drawn again only where they changed.
        """
        if (title, subtitle, tuple(letters)) != (*self.titles, self._letters):
            self.titles, self._letters = (title, subtitle), tuple(letters)
            shown = literal(title)
            for place in letters:
                shown = shown.stylize("underline", place, place + 1)
            self.border_title = shown
            self.border_subtitle = literal(subtitle)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return the lines of a region. What they are laid on is found out once: it takes as long as a line."""
        self._ground = self.rich_style
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """Return one line of the pane, laid on its background."""
        ground = self._ground
        width = self.content_size.width
        if y >= len(self._strips):
            return Strip.blank(width, ground)
        return self._strips[y].adjust_cell_length(width).apply_style(ground)

    def _strip(self, row: Row) -> Strip:
        assert self._palette is not None
        styles = self._palette.styles
        shown = ((to_ascii(text) if self._ascii else text, ink) for text, ink in row)
        # Whoever made the row has cleaned what is foreign in it; nothing that was forgotten reaches the terminal.
        return Strip([Segment(clean(text), styles[ink]) for text, ink in shown])

    @property
    def _content_origin(self) -> tuple[int, int]:
        gutter = self.gutter
        return gutter.left, gutter.top

    def on_resize(self) -> None:
        """Ask for rows of the new size."""
        self.post_message(self.SizeChanged())

    def on_click(self, event: events.Click) -> None:
        """Say where the pane was clicked."""
        left, top = self._content_origin
        self.post_message(self.Clicked(self, event.x - left, event.y - top))

    def on_mouse_scroll_down(self) -> None:
        """Say that the wheel was turned down."""
        self.post_message(self.Scrolled(self, 1))

    def on_mouse_scroll_up(self) -> None:
        """Say that the wheel was turned up."""
        self.post_message(self.Scrolled(self, -1))
