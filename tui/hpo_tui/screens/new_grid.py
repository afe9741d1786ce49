"""A new grid: a form over every hyperparameter that the product knows; it launches a session, or writes a spec."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from textual import on, work
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static
from textual.worker import get_current_worker

from hpo_core.engine import launch
from hpo_core.errors import HpoError
from hpo_core.journal.events import EngineOptions
from hpo_core.plan.data_source import DataSpec
from hpo_core.plan.spec import SessionSpec
from hpo_core.session.paths import SessionFolder
from hpo_core.session.store import create, free_name
from hpo_core.text import clean
from hpo_core.workloads.workload import check_can_train
from hpo_tui.forms import grid_form as form
from hpo_tui.forms.own_file import drafted
from hpo_tui.forms.own_form import OwnForm
from hpo_tui.forms.paths import class_words
from hpo_tui.forms.spec_file import write_spec
from hpo_tui.forms.speeds import SessionSpeed, measured_speeds, speed_on
from hpo_tui.look.inks import ACCENT, DIM, STRONG
from hpo_tui.look.skins import Skin
from hpo_tui.plots.rows import Row, padded, run
from hpo_tui.screens.form import LEAVE, SAVE, FormScreen
from hpo_tui.screens.messages import WantOwnGrid
from hpo_tui.widgets.form_parts import FormRow


class NewGridScreen(FormScreen):
    """Fills in a spec, fresh or as a copy of another; ends with the new session's folder."""

    looks_at = "Looking at the data: every image is checked before anything is made"
    """What is done first where the grid is launched."""

    class SpeedsRead(Message):
        """The speeds of earlier sessions are known."""

        def __init__(self, speeds: list[SessionSpeed]) -> None:
            super().__init__()
            self.speeds = speeds

    def __init__(
        self, sessions: Path, skin: Callable[[], Skin], base: SessionSpec | None, name: str, options: EngineOptions
    ) -> None:
        super().__init__(skin)
        self._sessions = sessions
        self._base = base if base is not None and base.trainable else None
        self._options = options
        self._fields = {entry.key: entry for entry in form.grid_fields()}
        free = free_name(sessions, name)
        self._begin, self._lost = form.texts_of(base, free) if base is not None else (form.fresh_texts(free), "")
        self._reading = form.Reading()
        self._speeds: list[SessionSpeed] = []
        self._doing = self.looks_at
        self._counted: dict[str, str] = {}

    def title_text(self) -> str:
        """Name the form."""
        return "New grid"

    def parts(self) -> Sequence[Widget]:
        """One row for each field, a heading before each part."""
        widgets: list[Widget] = [Static(Content(self.words(self._lost)), classes="lead")] if self._lost else []
        for entry in self._fields.values():
            if entry.section:
                widgets.append(Static(Content(self.words(entry.section)), classes="heading"))
            widgets.append(FormRow(entry.key, entry.label, self._begin[entry.key], entry.default, entry.choices))
        return widgets

    def deeds(self) -> Sequence[tuple[str, str, str]]:
        """Launch it, or write it down."""
        return [("launch", "Launch", "look at the data, make the session, and train it"), SAVE, LEAVE]

    def on_mount(self) -> None:
        """Read the fields, and how fast earlier sessions were."""
        self._read_speeds()

    @work(thread=True, exclusive=True, group="speeds")
    def _read_speeds(self) -> None:
        self.post_message(self.SpeedsRead(measured_speeds(self._sessions, self._options.workload)))

    @on(SpeedsRead)
    def take_speeds(self, message: SpeedsRead) -> None:
        """Tell the expected time from now on."""
        self._speeds = message.speeds
        self.draw_soon()

    # What it comes to -------------------------------------------------------------------------------------------

    def read(self) -> None:
        """Read the spec that the fields describe."""
        texts = self.texts
        source = texts["source"]
        self.row("path").display = form.needs_path(source)
        size = self.row("image_size").field
        if isinstance(size, Input):
            size.placeholder = form.default_size(source)
        self._reading = form.read_grid(texts, self._base, self._sessions)
        folder = texts["path"].strip() if source == form.FOLDER and "path" not in self._reading.errors else ""
        if folder and folder not in self._counted:
            self._counted[folder] = ""
            self._count(folder)
        self.show_errors(dict(self._reading.errors), self._note)

    def _note(self, row: FormRow) -> str:
        if row.key == "path" and (counted := self._counted.get(row.text.strip())):
            return counted
        data = self._base.data if self._base is not None else DataSpec("fruit")
        return form.note_of(self._fields[row.key], row.text, data)

    @work(thread=True, exclusive=True, group="count")
    def _count(self, folder: str) -> None:
        """Count the classes and images of a folder that was named: it may be a large one, on a slow disk."""
        worker = get_current_worker()
        words = class_words(Path(folder).expanduser(), lambda: not worker.is_cancelled)
        if worker.is_cancelled:
            self._counted.pop(folder, None)
        elif words:
            self._counted[folder] = words
            self.answer(self.update)

    def completes(self, row: FormRow) -> str | None:
        """A script or a KerasTuner file; the folder of images, or the file of arrays."""
        source = self.texts.get("source", "")
        return {"model": ".py", "path": ".npz" if source == form.NPZ else ""}.get(row.key)

    def summary_rows(self, width: int) -> list[Row]:
        """Trials, trainings, expected time, and what to mind."""
        if self.busy:
            return [padded((run(f" {self._doing}…", DIM),), width)]
        spec, hint = self._reading.spec, padded((run(f" {self._hint()}", DIM),), width)
        if self._file is not None:
            said = f" enter reads {clean(self._file.name, 40)}; a form of its own hyperparameters follows."
            return [padded((run(said, STRONG),), width), hint]
        if spec is None:
            return [self.not_yet_row(dict(self._reading.errors), width), hint]
        time = form.time_words(spec, speed_on(self._speeds, spec.data))
        lines = ((form.count_words(spec), STRONG), (time, ACCENT), (form.advice(spec) or self._hint(), DIM))
        return [padded((run(f" {line}", ink),), width) for line, ink in lines]

    def _hint(self) -> str:
        row = self.focused_row()
        entry = self._fields.get(row.key) if row is not None else None
        if entry is None:
            return ""
        if entry.suggested:
            return f"{entry.meaning}; usual: {entry.suggested} (ctrl+t)"
        return f"one of: {', '.join(entry.choices)}" if entry.choices else entry.meaning

    # A file of one's own ----------------------------------------------------------------------------------------

    @property
    def _file(self) -> Path | None:
        """The file that is to be trained in place of the paper's network, where one is named."""
        text = self.texts.get("model", "").strip()
        return Path(text).expanduser() if text else None

    @on(FormRow.Entered)
    def read_file(self, message: FormRow.Entered) -> None:
        """Read the file that is named, instead of going on to the next field."""
        row = self.focused_row()
        if row is not None and row.key == "model" and self._file is not None:
            message.prevent_default()
            self._draft(self._file)

    @work(thread=True, exclusive=True, group="draft")
    def _draft(self, file: Path) -> None:
        self._doing = (
            f"Reading {clean(file.name, 40)}: a Keras file is run, and its models are built, none is trained"
        )
        self.answer(self.be_busy, True)
        try:
            own = OwnForm.of(drafted(file, Path.cwd()), Path.cwd())
        except HpoError as error:
            self.app.call_from_thread(self.notify, str(error), severity="error", markup=False)
        else:
            self.post_message(WantOwnGrid(own, file.stem))
        self.answer(self.be_busy, False)

    # Deeds ------------------------------------------------------------------------------------------------------

    def action_suggest(self) -> None:
        """Put the usual values into the field; where they stand there already, empty it."""
        row = self.focused_row()
        entry = self._fields.get(row.key) if row is not None else None
        if row is None or entry is None or not entry.suggested:
            self.notify("No values are usual for this field.", markup=False)
            return
        row.text = "" if row.text == entry.suggested else entry.suggested

    def action_launch(self) -> None:
        """Look at the data, create the session and start its engine."""
        if (spec := self._ready()) is not None:
            self._make(spec, str(self._reading.name))

    def action_keep(self) -> None:
        """Write the spec beside the person."""
        if (spec := self._ready()) is None:
            return
        try:
            path = write_spec(Path.cwd(), str(self._reading.name), spec.to_toml())
        except HpoError as error:
            self.notify(str(error), severity="error", markup=False)
        else:
            self.notify(f"Wrote {clean(path)}; hpo-tui run {clean(path.name)} trains it.", markup=False)

    def _ready(self) -> SessionSpec | None:
        """Return the spec, if it can be had and nothing is under way."""
        if self.busy:
            return None
        if self._file is not None:
            self._draft(self._file)
            return None
        if self._reading.spec is None:
            self.go_to_error(dict(self._reading.errors))
        return self._reading.spec

    @work(thread=True, exclusive=True, group="make")
    def _make(self, spec: SessionSpec, name: str) -> None:
        worker = get_current_worker()
        self._doing = self.looks_at
        self.answer(self.be_busy, True)
        folder = None
        try:
            check_can_train(spec, self._options.workload)
            if not worker.is_cancelled:
                folder = self._create(spec, name)
                launch.start_engine(folder, self._options)
        except HpoError as error:
            self.app.call_from_thread(self.app.notify, str(error), severity="error", markup=False)
        self.answer(self.end_with, folder)

    def _create(self, spec: SessionSpec, name: str) -> SessionFolder:
        return create(self._sessions, name, spec)
