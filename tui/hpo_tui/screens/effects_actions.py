"""What the keys do with the findings: drop what loses, queue what would tell, take collapsed trainings out."""

from __future__ import annotations

from dataclasses import replace

from hpo_core.plan.grid import JobKey
from hpo_core.text import plural
from hpo_tui.desk.analyst import terms_words
from hpo_tui.panes.value_marks import droppable, dropped_words, missing_replicates, replicates_words
from hpo_tui.screens.cursor_actions import CursorActions
from hpo_tui.screens.dialogs import Choice
from hpo_tui.screens.training_actions import TrainingActions
from hpo_tui.views.effects import WORKING

VIEW = "effects"


class EffectsActions(CursorActions, TrainingActions):
    """Acts on what matters and what is noise."""

    def move_in(self, pane: str | None, step: int) -> None:
        """Scroll the effects; elsewhere, move the cursor."""
        if pane != "view" or self.state.view != VIEW or self.latest is None:
            super().move_in(pane, step)
            return
        size = self.pane("view").content_size
        last = self.desk(self.latest).last_scroll(size.width, size.height)
        self.look(replace(self.state, scroll=min(max(min(self.state.scroll, last) + step, 0), last)))

    def action_drop_values(self) -> None:
        """Take every value that is worse than the best beyond noise out of view."""
        effects = self.desk(self.latest).effects if self.latest is not None else None
        if effects is None:
            self.notify(WORKING, markup=False)
            return
        pairs = droppable(effects)
        if pairs:
            self.look(replace(self.state, trim=self.state.trim.hide_pairs(pairs)))
        self.notify(dropped_words(effects, pairs), markup=False)

    def action_tell_apart(self) -> None:
        """Offer to queue the replicates that would tell the best trial from the second."""
        if self.latest is None or (effects := self.desk(self.latest).effects) is None:
            self.notify(WORKING, markup=False)
            return
        jobs = missing_replicates(effects, self.latest.snapshot)
        said = replicates_words(effects, jobs)
        if not self.latest.snapshot.spec.trainable:
            said += " This session was imported: it has nothing to train on."
            jobs = []
        if not jobs:
            self.notify(said, markup=False)
            return
        start = "" if self.latest.engine_alive else " and start an engine"
        answers = [("all", f"Queue {plural(len(jobs), 'training')}{start}")]
        if len(jobs) > 2:
            answers.append(("first", f"Queue one more replicate of each{start}"))
        answers.append(("none", "Leave it"))

        def answer(chosen: str | None) -> None:
            if chosen in ("all", "first"):
                self._queue(jobs if chosen == "all" else jobs[:2])

        self.app.push_screen(Choice("Best and second", said, answers), answer)

    def _queue(self, jobs: list[JobKey]) -> None:
        self.do(lambda update: self.work.queue(update, jobs, "to tell the best trial from the second"))

    def action_collapsed(self) -> None:
        """Take collapsed trainings out of everything that is shown, or count them again."""
        out = not self.state.without_collapsed
        self.look(replace(self.state, trim=self.state.trim.leaving_out_collapsed(out)))
        count = self.desk(self.latest).collapsed if self.latest is not None else 0
        if not count:
            self.notify("No training in view has collapsed.", markup=False)

    def action_interactions(self) -> None:
        """Test what three hyperparameters do together too, or two only."""
        terms = self._analyst.terms
        self._analyst.set_terms(replace(terms, interactions=3 if terms.interactions == 2 else 2))
        self._look_again()

    def action_one_replicate_noise(self) -> None:
        """Take the highest interactions as the noise where every trial has one replicate, or none."""
        terms = self._analyst.terms
        self._analyst.set_terms(replace(terms, one_replicate_noise=not terms.one_replicate_noise))
        self._look_again()

    def _look_again(self) -> None:
        self.notify(terms_words(self._analyst.terms), markup=False)
        self.draw_soon()

    def action_epoch(self) -> None:
        """Show each training's best epoch, or its last."""
        self.look(replace(self.state, epoch="best" if self.state.epoch == "last" else "last"))
