"""What the keys of the trim do: values and trials in and out of view, the filter line, undo."""

from __future__ import annotations

from dataclasses import replace

from textual import on

from hpo_core.errors import FilterError
from hpo_core.results.filter import compile_filter
from hpo_core.results.trim import Trim
from hpo_core.text import plural
from hpo_tui.desk import view_changes as moves
from hpo_tui.desk.filter_example import filter_example
from hpo_tui.screens.cursor_actions import CursorActions
from hpo_tui.widgets.filter_line import FilterLine


class TrimActions(CursorActions):
    """Changes the trim and the filter line."""

    _unfiltered = Trim()

    def action_toggle_value(self, number: int) -> None:
        """Toggle a value of the hyperparameter under the cursor by its number."""
        self.look(moves.toggle_value(self.state, self.factors, number))

    def action_toggle_cursor(self) -> None:
        """Toggle the value under the cursor; in the queue, pick the job or put it back."""
        if self.focused is not None and self.focused.id == "queue":
            self.pick_job()
        else:
            self.look(moves.toggle_at(self.state, self.factors, self.state.cursor))

    def pick_job(self) -> None:
        """Pick the job under the queue's cursor, or put it back."""
        raise NotImplementedError

    def action_only(self) -> None:
        """Show only the value under the cursor, of its hyperparameter."""
        self.look(moves.only(self.state, self.factors))

    def action_slice(self, step: int) -> None:
        """Show only the next or the previous value of the hyperparameter under the cursor."""
        self.look(moves.slice_by(self.state, self.factors, step))

    def action_invert(self) -> None:
        """Swap what is in and out of view."""
        self.look(moves.with_factor(self.state, self.factors, Trim.invert))

    def action_show_all(self) -> None:
        """Bring the hyperparameter's values back."""
        self.look(moves.with_factor(self.state, self.factors, Trim.all))

    def action_reset_trim(self) -> None:
        """Bring everything back, also what the filter line keeps out."""
        self.look(replace(self.state, trim=self.state.trim.reset()))

    def action_undo(self) -> None:
        """Undo the last change of the trim."""
        self._look_back(self.state.trim.undo(), "There is nothing to undo.")

    def action_redo(self) -> None:
        """Take the undo back."""
        self._look_back(self.state.trim.redo(), "Nothing was undone.")

    def _look_back(self, trim: Trim, otherwise: str) -> None:
        if trim is self.state.trim:
            self.notify(otherwise, markup=False)
        self.look(replace(self.state, trim=trim))

    # Single trials --------------------------------------------------------------------------------------------

    def action_drop(self) -> None:
        """Take the trial under the view's cursor out of view; in the effects, the values that lose."""
        if self.state.view == "effects":
            self.action_drop_values()
        elif self.latest is not None and (desk := self.desk(self.latest)).trial is not None:
            following = moves.beside(desk.order, desk.trial)
            self.look(replace(self.state, trim=self.state.trim.drop([desk.trial]), trial=following))
        else:
            self.notify("Choose a trial first: tab to the view, then up and down.", markup=False)

    def action_drop_values(self) -> None:
        """Take every value that is worse than the best beyond noise out of view."""
        raise NotImplementedError

    def action_drop_worse(self) -> None:
        """Take every trial that is worse than the one under the view's cursor out of view."""
        if self.latest is None or (worse := self.desk(self.latest).worse_trials()) is None:
            self.notify("Choose a trial first: tab to the view, then up and down.", markup=False)
            return
        self.look(replace(self.state, trim=self.state.trim.drop(worse)))
        self.notify(f"{plural(len(worse), 'trial')} out of view; u brings them back.", markup=False)

    # The filter line ------------------------------------------------------------------------------------------

    def action_filter(self) -> None:
        """Open the filter line."""
        self._unfiltered = self.state.trim
        self.add_class("-filtering")
        example = filter_example(self.latest.snapshot) if self.latest is not None else ""
        self.query_one(FilterLine).begin(self.state.where, example)

    @on(FilterLine.Typed)
    def filter_as_typed(self, message: FilterLine.Typed) -> None:
        """Look through the filter as it stands, if it can be read; say what is wrong with it otherwise."""
        if self.latest is None:
            return
        try:
            compile_filter(message.line, self.latest.snapshot)
        except FilterError as error:
            self.query_one(FilterLine).say(str(error))
        else:
            self.query_one(FilterLine).say("")
            # Every letter is one way to go on from the trim before: one step for undo, however long the line.
            self.look(replace(self.state, trim=self._unfiltered.filtered(message.line.strip())))

    @on(FilterLine.Left)
    def leave_filter(self, message: FilterLine.Left) -> None:
        """Keep the filter, or go back to the one before."""
        self.remove_class("-filtering")
        self.pane("values").focus()
        if not message.kept:
            self.look(replace(self.state, trim=self._unfiltered))
