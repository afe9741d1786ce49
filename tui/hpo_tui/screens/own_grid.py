"""A new grid of a training of one's own: a form over the hyperparameters of its file, its script or its copy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from hpo_core.journal.events import EngineOptions
from hpo_core.plan.spec import SessionSpec
from hpo_core.plan.workloads import OWN_WORKLOAD, facts_of
from hpo_core.session.code import check_trusted, trust
from hpo_core.session.paths import SessionFolder
from hpo_core.session.store import free_name
from hpo_tui.forms.own_form import OwnForm
from hpo_tui.look.skins import Skin
from hpo_tui.screens.new_grid import NewGridScreen
from hpo_tui.widgets.form_parts import FormRow


class OwnGridScreen(NewGridScreen):
    """Fills in the spec of one's own training.

    ``copied`` is the session that it is a copy of: its code is run only where it may be run there.
    """

    looks_at = "Looking at what is to be trained"

    def __init__(
        self,
        sessions: Path,
        skin: Callable[[], Skin],
        own: OwnForm,
        name: str,
        options: EngineOptions,
        copied: SessionFolder | None = None,
    ) -> None:
        self._own, self._copied = own, copied
        if not facts_of(options.workload).made_up:
            options = msgspec.structs.replace(options, workload=OWN_WORKLOAD)
        super().__init__(sessions, skin, None, name, options)
        self._fields = {entry.key: entry for entry in own.fields()}
        self._begin = own.texts(free_name(sessions, name))

    def title_text(self) -> str:
        """Name the form, and what is trained."""
        return f"New grid · {self._own.label}"

    def read(self) -> None:
        """Read the spec that the fields describe."""
        self._reading = self._own.read(self.texts, self._sessions)
        self.show_errors(dict(self._reading.errors), self._note)

    def _note(self, row: FormRow) -> str:
        return self._own.note(self._fields[row.key], row.text)

    def on_mount(self) -> None:
        """Ask for no speeds: those of another training would be none of this one."""

    def _create(self, spec: SessionSpec, name: str) -> SessionFolder:
        """Make the session; code of a file that was named here may be run, a copy's where its own may."""
        if self._copied is not None:
            check_trusted(self._copied)
        folder = super()._create(spec, name)
        if self._copied is None:
            trust(folder)
        return folder
