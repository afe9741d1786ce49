"""What the key of the next grid does: a proposal from what is in view, to be edited and launched."""

from __future__ import annotations

from hpo_core.errors import HpoError
from hpo_core.refine.proposal import propose
from hpo_core.results.filter import compile_filter
from hpo_tui.screens.desk_screen import DeskScreen
from hpo_tui.screens.messages import WantRefine


class RefineActions(DeskScreen):
    """Proposes the next grid."""

    def action_refine(self) -> None:
        """Propose a finer grid from what the trim and the filter line leave."""
        if self.latest is None:
            return
        if self.work.read_only:
            self.notify("The session is open read-only; open it without --read-only to refine it.", markup=False)
            return
        snapshot = self.latest.snapshot
        try:
            kept = compile_filter(self.state.where, snapshot).mask(snapshot)
            proposal = propose(self.folder.name, snapshot, self.state.trim, kept)
        except HpoError as error:
            self.notify(str(error), severity="error", markup=False)
        else:
            self.post_message(WantRefine(proposal))
