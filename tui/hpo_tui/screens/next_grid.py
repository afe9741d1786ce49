"""The next grid: the proposal, to be edited value by value, and launched with every result there re-used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec.structs import replace
from textual import on, work
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static
from textual.worker import get_current_worker

from hpo_core.engine import launch
from hpo_core.engine.resume import options_of
from hpo_core.errors import HpoError, SpecError
from hpo_core.refine.proposal import Proposal, create_refined
from hpo_core.session.store import free_name
from hpo_core.text import clean, format_value
from hpo_core.workloads.workload import check_can_train, data_now
from hpo_tui.forms import next_grid_form as form
from hpo_tui.forms.spec_file import write_spec
from hpo_tui.look.inks import ACCENT, DIM, STRONG
from hpo_tui.look.skins import Skin
from hpo_tui.plots.canvas import shorten
from hpo_tui.plots.rows import Row, padded, run
from hpo_tui.screens.form import LEAVE, SAVE, FormScreen
from hpo_tui.screens.messages import WantGrid
from hpo_tui.widgets.form_parts import FormRow, ToggleLine

LABEL_WIDTH = 15


class RefineScreen(FormScreen):
    """Edits a proposal; ends with the new session's folder."""

    def __init__(self, sessions: Path, proposal: Proposal, skin: Callable[[], Skin]) -> None:
        super().__init__(skin)
        self._sessions = sessions
        self._first = proposal
        self._names = form.value_names(proposal)
        self._next = form.Next()
        self._trainable = proposal.snapshot.spec.trainable

    def title_text(self) -> str:
        """Say what is refined."""
        return f"Next grid, from {clean(self._first.session, 40)}"

    def parts(self) -> Sequence[Widget]:
        """One row for each hyperparameter, then the session's own."""
        texts = form.first_texts(self._first, free_name(self._sessions, f"{self._first.session}-finer"))
        words = form.best_words(self._first) if self._trainable else form.imported_words(self._first)
        rows: list[Widget] = [Static(Content(self.words(words)), classes="lead")]
        rows += [FormRow(name, shorten(name, LABEL_WIDTH), texts[name], toggling=True) for name in self._names]
        rows.append(FormRow(form.REPLICATES, "replicates", texts[form.REPLICATES]))
        rows.append(FormRow(form.NAME, "session name", texts[form.NAME]))
        return rows

    def deeds(self) -> Sequence[tuple[str, str, str]]:
        """Launch it, or create it only; an imported grid needs data first."""
        if self._trainable:
            return [
                ("launch", "Launch", "make the session, and train what is new in it"),
                ("keep", "Create only", "make the session without training it"),
                LEAVE,
            ]
        return [("launch", "Give it data", "on to the form that asks where the images are"), SAVE, LEAVE]

    # What it comes to -------------------------------------------------------------------------------------------

    def read(self) -> None:
        """Read the proposal that the fields describe."""
        texts = self.texts
        self._next = form.read_next(self._first, texts, self._sessions)
        for row in self.rows:
            if row.key in self._names:
                new = form.new_values(self._first, row.key, row.text)
                row.toggles.marks = ("*", "-") if self._skin().ascii_only else ("●", "○")
                row.toggles.show([(format_value(value), there) for value, there in new])
        self.show_errors(dict(self._next.errors), self._note)

    def _note(self, row: FormRow) -> str:
        if row.key == form.REPLICATES:
            return "trainings of a trial"
        if row.key == form.NAME:
            return "its folder's name"
        return "as before" if row.text else ""

    def summary_rows(self, width: int) -> list[Row]:
        """Trials new and re-used, trainings, expected time."""
        if self.busy:
            return [padded((run(" Looking at the data…", DIM),), width)]
        if self._next.proposal is None:
            return [self.not_yet_row(dict(self._next.errors), width)]
        lines = form.next_words(self._next.proposal)
        rows = [
            padded((run(f" {line}", STRONG if place == 0 else ACCENT),), width) for place, line in enumerate(lines)
        ]
        fixed = form.fixed_words(self._first.snapshot.spec)
        return [*rows, padded((run(f" {fixed}", DIM),), width)] if fixed else rows

    # Values -----------------------------------------------------------------------------------------------------

    @on(ToggleLine.Toggled)
    def toggle(self, message: ToggleLine.Toggled) -> None:
        """Put a new value in, or take it out."""
        row = next(row for row in self.rows if row.toggles is message.line)
        value, _ = form.new_values(self._first, row.key, row.text)[message.place]
        row.text = form.toggled(self._first, row.key, row.text, (value,))

    def action_suggest(self) -> None:
        """Put the values proposed for this hyperparameter in, or take them out."""
        row = self.focused_row()
        values = form.proposed(self._first, row.key) if row is not None else ()
        if row is None or not values:
            self.notify("Nothing is proposed for this field.", markup=False)
            return
        try:
            row.text = form.toggled(self._first, row.key, row.text, values)
        except SpecError as error:
            self.notify(str(error), severity="error", markup=False)

    # Deeds ------------------------------------------------------------------------------------------------------

    def action_launch(self) -> None:
        """Create the session and train what is new in it; an imported grid goes on to the form of a new one."""
        if (proposal := self._ready()) is None:
            return
        if self._trainable:
            self._make(proposal, train=True)
        else:
            self.post_message(WantGrid(proposal.spec, self.texts[form.NAME]))

    def action_keep(self) -> None:
        """Create the session without training it; write an imported one's grid as a spec file."""
        if (proposal := self._ready()) is None:
            return
        if self._trainable:
            self._make(proposal, train=False)
            return
        try:
            path = write_spec(Path.cwd(), self.texts[form.NAME].strip(), form.imported_spec_text(proposal))
        except HpoError as error:
            self.notify(str(error), severity="error", markup=False)
        else:
            self.notify(form.saved_words(path, proposal), markup=False)

    def _ready(self) -> Proposal | None:
        """Return the proposal, if it can be had and nothing is under way."""
        if self.busy:
            return None
        if self._next.proposal is None:
            self.go_to_error(dict(self._next.errors))
        return self._next.proposal

    @work(thread=True, exclusive=True, group="make")
    def _make(self, proposal: Proposal, train: bool) -> None:
        worker = get_current_worker()
        self.answer(self.be_busy, True)
        folder, options = None, options_of(proposal.snapshot)
        try:
            if train:
                check_can_train(proposal.spec, options.workload)
            proposal = replace(proposal, data=data_now(proposal.spec, options.workload))
            if changed := proposal.data_words():
                self.app.call_from_thread(self.app.notify, changed, severity="warning", markup=False)
            if not worker.is_cancelled:
                folder = create_refined(self._sessions, str(self._next.name), proposal)
                if train and proposal.trainings:
                    launch.start_engine(folder, options)
        except HpoError as error:
            self.app.call_from_thread(self.app.notify, str(error), severity="error", markup=False)
        self.answer(self.end_with, folder)
