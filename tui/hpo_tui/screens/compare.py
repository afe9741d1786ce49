"""Several sessions as one: a ranking of all their trials, each value's mean in each, a plot over all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, TypeVar

import numpy as np
from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.message import Message
from textual.screen import Screen

from hpo_core.errors import HpoError
from hpo_core.plan.metrics import Objective
from hpo_core.results.compare import Comparison, compare, shared_metrics
from hpo_core.session.opening import read_session
from hpo_core.session.paths import SessionFolder
from hpo_core.session.snapshot import Snapshot
from hpo_core.text import clean, format_value
from hpo_tui.desk.comparison import named, ranking_table, said_lines, value_lines
from hpo_tui.look.inks import ACCENT, DEFAULT, DIM, STRONG, WARNING, category
from hpo_tui.look.keys import bindings
from hpo_tui.look.skins import Skin
from hpo_tui.plots.canvas import sentence
from hpo_tui.plots.data import Axis, positions_of, trials
from hpo_tui.plots.picture import Picture
from hpo_tui.plots.rows import Row, padded, run
from hpo_tui.plots.slice_plot import Groups, sign_of, slices
from hpo_tui.screens.compare_keys import COMPARE_KEYS
from hpo_tui.screens.footer import Footer
from hpo_tui.screens.help import HelpScreen
from hpo_tui.screens.messages import OpenSession
from hpo_tui.widgets.cell_pane import CellPane
from hpo_tui.widgets.too_small import COLUMNS, LOW, ROWS, SLIM, TooSmall

Made = TypeVar("Made")
SHOWN = ("ranking", "means", "plot")

MOST_RANKED = 1000
"""Nobody reads further down."""


class CompareScreen(Screen[None]):
    """Sessions that share hyperparameters and a metric; read once, as they stand when they are compared."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(COMPARE_KEYS)
    KEYS = COMPARE_KEYS
    AUTO_FOCUS = "#ranking"
    HORIZONTAL_BREAKPOINTS = [(0, SLIM), (COLUMNS, "-narrow"), (100, "-broad"), (160, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, LOW), (ROWS, "-high")]  # noqa: RUF012

    class Read(Message):
        """The sessions are read."""

        def __init__(self, snapshots: Mapping[str, Snapshot]) -> None:
            super().__init__()
            self.snapshots = snapshots

    class Failed(Message):
        """They cannot be read; ``sentence`` says why."""

        def __init__(self, sentence: str) -> None:
            super().__init__()
            self.sentence = sentence

    def __init__(self, folders: Sequence[SessionFolder], skin: Callable[[], Skin]) -> None:
        super().__init__()
        self.found: Comparison | None = None
        self._folders = named(folders)
        self._skin = skin
        self._snapshots: Mapping[str, Snapshot] = {}
        self._problem = ""
        self._here = SHOWN[0]
        self._made: dict[tuple[object, ...], Any] = {}
        """What was made of the comparison, by its size: a key that moves the cursor makes none of it anew."""
        self._cursor = 0
        self._first = {"ranking": 0, "means": 0}

    def compose(self) -> ComposeResult:
        """Lay the panes out."""
        yield CellPane(id="said")
        with Container(id="tables"):
            yield CellPane(id="ranking", classes="framed")
            yield CellPane(id="means", classes="framed")
        yield CellPane(id="plot", classes="framed")
        yield Footer(id="footer")
        yield TooSmall()

    def on_mount(self) -> None:
        """Read the sessions."""
        for name in SHOWN:
            self.query_one(f"#{name}", CellPane).can_focus = True
        self.action_pane(0)
        self._read()

    def action_pane(self, step: int) -> None:
        """Go to the next pane, or the one before; where there is room for one, it is this."""
        self._here = SHOWN[(SHOWN.index(self._here) + step) % len(SHOWN)]
        self.set_class(self._here == "plot", "-plot")
        for name in SHOWN:
            self.query_one(f"#{name}").set_class(name == self._here, "-here")
        self.call_after_refresh(self.query_one(f"#{self._here}").focus)

    @work(thread=True, exclusive=True, group="read")
    def _read(self) -> None:
        try:
            self.post_message(self.Read({name: read_session(folder) for name, folder in self._folders.items()}))
        except (HpoError, OSError) as error:
            self.post_message(self.Failed(str(error)))

    @on(Read)
    def take(self, message: Read) -> None:
        """Compare them by the first one's objective, else by the first metric that can be compared."""
        self._snapshots = message.snapshots
        for metric in (None, *shared_metrics(message.snapshots)):
            if self._compare(metric):
                break
        self.draw_soon()

    @on(Failed)
    def say_why(self, message: Failed) -> None:
        """Say why there is nothing to see."""
        self._problem = message.sentence
        self.draw_soon()

    def _compare(self, metric: str | None) -> bool:
        """Compare by a metric, and return whether that can be; else the first reason why not is what is shown."""
        try:
            self.found = compare(self._snapshots, metric)
        except HpoError as error:
            self._problem = self._problem or str(error)
            return False
        self._made.clear()
        self.query_one("#said").styles.height = min(len(said_lines(self.found, self.size.width - 2)), 6)
        self._cursor = 0
        return True

    # Drawing ----------------------------------------------------------------------------------------------------

    @on(CellPane.SizeChanged)
    def draw_soon(self) -> None:
        """Draw what is known."""
        skin = self._skin()
        for name, title, rows in (
            ("said", "", self._said),
            ("ranking", "ranking", self._ranking),
            ("means", "values: mean (trials)", self._values),
            ("plot", "plot: every trial over its values", self._plot),
        ):
            pane = self.query_one(f"#{name}", CellPane)
            width, height = pane.content_size
            if width and height:
                pane.show(rows(width, height), skin.palette, skin.ascii_only)
                pane.entitle(title)
        self.query_one(Footer).offer(COMPARE_KEYS, skin)

    def _said(self, width: int, height: int) -> list[Row]:
        if self.found is None:
            said, ink = (self._problem, WARNING) if self._problem else ("Reading the sessions…", DIM)
            return list(sentence(said, width, height, ink=ink).rows)
        first, *notes = said_lines(self.found, width - 2)
        rows: list[Row] = [(run(f" {first}", STRONG),), *((run(f" {note}", DIM),) for note in notes)]
        return [padded(row, width) for row in rows[:height]]

    def _ranking(self, width: int, height: int) -> list[Row]:
        if self.found is None:
            return []
        if not self.found.ranking:
            return list(sentence("No trial has a result yet.", width, height, ink=DIM).rows)
        make = partial(ranking_table, self.found, MOST_RANKED, width - 3, "a wider window has it")
        (heading, *lines), ends = self._once(("ranking", width), make)
        ends = ends if len(ends) < height // 2 else []
        room = max(height - 1 - len(ends), 1)
        self._cursor = min(max(self._cursor, 0), len(lines) - 1)
        first = min(max(self._first["ranking"], self._cursor - room + 1), self._cursor)
        self._first["ranking"] = first
        plain = self._skin().ascii_only
        signs = {name: (sign_of(at, plain), category(at)) for at, name in enumerate(self.found.sessions)}
        rows: list[Row] = [(run(f"   {heading}", DIM),)]
        for at, line in enumerate(lines[first : first + room], first):
            here = at == self._cursor
            sign = run(*signs[self.found.ranking[at].session])
            rows.append((sign, run("> " if here else "  ", ACCENT), run(line, STRONG if here else DEFAULT)))
        rows += [(run(f"   {line}", DIM),) for line in ends]
        return [padded(row, width) for row in rows]

    def _values(self, width: int, height: int) -> list[Row]:
        if self.found is None or not self.found.ranking:
            return []
        lines = self._once(("means", width), partial(value_lines, self.found, width - 2))
        first = min(max(self._first["means"], 0), max(len(lines) - height, 0))
        self._first["means"] = first
        shown = [
            (f" {line}", DEFAULT if line.startswith("  ") else STRONG) for line in lines[first : first + height]
        ]
        return [padded((run(line, ink),), width) for line, ink in shown]

    def _plot(self, width: int, height: int) -> list[Row]:
        if self.found is None:
            return []
        plain = self._skin().ascii_only
        make = partial(picture, self.found, width, height, plain)
        return list(self._once(("plot", width, height, plain), make).rows)

    def _once(self, what: tuple[object, ...], make: Callable[[], Made]) -> Made:
        if what not in self._made:
            self._made[what] = make()
        made: Made = self._made[what]
        return made

    # Doing ------------------------------------------------------------------------------------------------------

    def action_move(self, step: int) -> None:
        """Move the ranking's cursor, or scroll the values."""
        if self._here == "means":
            self._first["means"] += step
        else:
            self._cursor += step
        self.draw_soon()

    @on(CellPane.Scrolled)
    def scroll(self, message: CellPane.Scrolled) -> None:
        """Move in the pane under the wheel."""
        if message.pane.id in SHOWN:
            self.action_pane(SHOWN.index(message.pane.id) - SHOWN.index(self._here))
        self.action_move(message.step)

    @on(CellPane.Clicked, "#ranking")
    def click(self, message: CellPane.Clicked) -> None:
        """Put the cursor where the click was."""
        if message.row:
            self._cursor = self._first["ranking"] + message.row - 1
            self.draw_soon()

    def action_open(self) -> None:
        """Open the session of the trial under the cursor."""
        if self.found is not None and self.found.ranking:
            self.post_message(OpenSession(self._folders[self.found.ranking[self._cursor].session]))

    def action_metric(self) -> None:
        """Rank by the next metric that all of them have."""
        if self.found is not None:
            shared = shared_metrics(self._snapshots)
            here = shared.index(self.found.measure.metric) + 1
            next(filter(self._compare, (*shared[here:], *shared[:here])))
            self.draw_soon()

    def action_help(self) -> None:
        """Show the keys."""
        self.app.push_screen(HelpScreen(COMPARE_KEYS))

    def action_leave(self) -> None:
        """Go back."""
        self.dismiss()


def picture(found: Comparison, width: int, height: int, plain: bool = False) -> Picture:
    """Return the slices of all trials, told apart by session; what has one value in all of them has no panel."""
    varied = {name: values for name, values in found.values.items() if len(values) > 1}
    places = {name: {value: place for place, value in enumerate(values)} for name, values in varied.items()}
    axes = tuple(
        Axis(clean(name, 40), tuple(map(format_value, values)), positions_of(values))
        for name, values in varied.items()
    )
    codes = [[places[name][entry.values[name]] for name in varied] for entry in found.ranking]
    rows = trials(axes, np.array(codes, np.int64), [entry.mean for entry in found.ranking])
    number = {name: at for at, name in enumerate(found.sessions)}
    groups = Groups(found.sessions, np.array([number[entry.session] for entry in found.ranking], np.int64))
    metric = Objective(clean(found.measure.metric), found.measure.better)
    return slices(rows, metric, width, height, ascii=plain, groups=groups)
